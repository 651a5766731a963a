"""Optimizers on surfaces: gradients, minima, published paths, what is recorded, the search for rates, the files."""

import csv
import io
import json
import math
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import minidl
from minidl import Tensor, cli, optim
from minidl.lab import Surface, landscape
from minidl.lab.landscape_figures import look
from minidl.lab.landscape_html import parts
from minidl.lab.surfaces import SURFACES, surface

GRADIENTS = {
    "bowl": lambda x, y: (0.2 * x, 4 * y),
    "valley": lambda x, y: (x / 10, 2 * y),
    "rosenbrock": lambda x, y: (-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
    "beale": lambda x, y: (
        2 * (1.5 - x + x * y) * (y - 1) + 2 * (2.25 - x + x * y**2) * (y**2 - 1)
        + 2 * (2.625 - x + x * y**3) * (y**3 - 1),
        2 * (1.5 - x + x * y) * x + 4 * (2.25 - x + x * y**2) * x * y + 6 * (2.625 - x + x * y**3) * x * y**2,
    ),
    "himmelblau": lambda x, y: (
        4 * x * (x * x + y - 11) + 2 * (x + y * y - 7), 2 * (x * x + y - 11) + 4 * y * (x + y * y - 7)
    ),
    "saddle": lambda x, y: (2 * x, -2 * y),
    "sin": lambda x: (np.cos(x),),
    "rastrigin": lambda x, y: tuple(2 * z + 20 * np.pi * np.sin(2 * np.pi * z) for z in (x, y)),
    "styblinski-tang": lambda x, y: tuple((4 * z**3 - 32 * z + 5) / 2 for z in (x, y)),
}  # fmt: skip

LOWEST = {"sin": -1.0, "styblinski-tang": -78.33233140754282, "saddle": -math.inf}  # of the others 0


# -- the surfaces


@pytest.mark.parametrize("name", SURFACES)
def test_gradients_by_autograd_are_those_of_the_closed_form(name):
    where = SURFACES[name]
    points = np.random.default_rng(0).uniform(*np.array(where.view).T, size=(50, len(where.start)))
    expected = np.stack(GRADIENTS[name](*points.T), axis=1)
    np.testing.assert_allclose(where.gradients(points), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SURFACES)
def test_minima_are_minima_and_lie_in_the_view_as_the_start_does(name):
    where = SURFACES[name]
    assert where.name == name and where.lowest == pytest.approx(LOWEST.get(name, 0.0), abs=1e-12)
    low, high = np.array(where.view).T
    for point in (where.start, *(where.minima if name != "sin" else where.minima[:1])):
        assert np.all(low < point) and np.all(point < high)
    assert bool(where.minima) == (name != "saddle")
    if where.minima:
        np.testing.assert_allclose(where.gradients(where.minima), 0, atol=1e-12)
        axes = np.meshgrid(*(np.linspace(*ends, 201) for ends in where.view))
        assert where.values(np.stack(axes, axis=-1)).min() >= where.lowest
        for point in where.minima:
            around = np.array(point) + 1e-3 * np.random.default_rng(0).normal(size=(20, len(point)))
            assert np.all(where.values(around) > where.lowest)


def test_names_are_found_in_any_spelling():
    assert surface("Styblinski_Tang") is SURFACES["styblinski-tang"]
    with pytest.raises(ValueError, match="unknown surface 'beal'; did you mean beale"):
        surface("beal")


# -- published paths: Dive into Deep Learning, all with 20 steps on the bowl from (-5, -2)


@pytest.mark.parametrize(
    ("optimizer", "settings", "end"),
    [
        ("SGD", {"lr": 0.4}, (-0.943467, -0.000073)),
        ("SGD", {"lr": 0.6}, (-0.387814, -1673.365109)),
        ("SGD", {"lr": 0.4, "momentum": 0.5}, (-0.062843, 0.001202)),
        ("SGD", {"lr": 0.6, "momentum": 0.5}, (0.007188, 0.002553)),
        ("SGD", {"lr": 0.6, "momentum": 0.25}, (-0.126340, -0.186632)),
        ("AdaGrad", {"lr": 0.4, "eps": 1e-6, "eps_inside_sqrt": True}, (-2.382563, -0.158591)),
        ("AdaGrad", {"lr": 2, "eps": 1e-6, "eps_inside_sqrt": True}, (-0.002295, -0.000000)),
        ("RMSProp", {"lr": 0.4, "alpha": 0.9, "eps": 1e-6, "eps_inside_sqrt": True}, (-0.010599, 0.000000)),
    ],
)
def test_the_paths_of_the_book_on_the_bowl(optimizer, settings, end):
    path = landscape.trace("bowl", optimizer, steps=20, **settings)
    assert path.points.shape == (21, 2) and tuple(path.points[0]) == (-5, -2)
    np.testing.assert_allclose(path.points[-1], end, atol=5.1e-7)


def test_trace_2d_is_the_helper_of_the_book():
    f = lambda x1, x2: 0.1 * x1**2 + 2 * x2**2
    path = minidl.lab.trace_2d(f, optim.SGD, (-5, -2), 20, lr=0.4)
    assert path.points.shape == (21, 2) and path.points[0].tolist() == [-5, -2]
    np.testing.assert_allclose(path.points[-1], (-0.943467, -0.000073), atol=5e-7)
    assert np.array_equal(path.points, minidl.lab.trace_2d(f, "sgd", lr=0.4).points)  # start and steps of the book
    assert path.surface.view == ((-7.5, 7.5), (-3, 3))
    with pytest.raises(ValueError, match=r"a point \(x1, x2\), got \(1.0,\)"):
        minidl.lab.trace_2d(lambda x: x, "sgd", (1.0,), lr=0.1)


def test_a_function_may_make_the_optimizer():
    halved = lambda point: optim.SGD(point, lr=lambda t: 0.4 * 0.5**t)
    path = landscape.trace("bowl", halved, steps=2)
    assert (path.optimizer, path.lr, path.cls) == ("SGD", 0.4, optim.SGD)
    np.testing.assert_allclose(path.points[:, 1], [-2, -2 * (1 - 1.6), -2 * (1 - 1.6) * (1 - 0.8)])
    with pytest.raises(ValueError, match="sets its rate"):
        landscape.trace("bowl", halved, lr=0.1)
    with pytest.raises(TypeError, match="gave int"):
        landscape.trace("bowl", lambda point: 3)


def test_paths_are_drawn_on_axes_of_ones_own():
    figure = Figure()
    axes = figure.subplots()
    paths = [landscape.trace("bowl", "sgd", lr=lr, steps=20) for lr in (0.4, 0.6)]
    landscape.draw(axes, *paths, first=2)
    lines = [line for line in axes.lines if len(line.get_xdata()) > 1]
    assert [line.get_color() for line in lines] == [look(2)["color"], look(3)["color"]]
    np.testing.assert_allclose(lines[0].get_xydata(), paths[0].points)
    assert len(lines[1].get_xydata()) < 21  # it diverges, and is cut at the border


def test_the_paths_of_the_book_on_functions_of_ones_own():
    end = landscape.trace(lambda x, y: x**2 + 2 * y**2, "sgd", 0.1, 20, (-5, -2)).points[-1]
    np.testing.assert_allclose(end, (-0.057646, -0.000073), atol=5.1e-7)
    for lr, x in ((0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)):
        path = landscape.trace(lambda x: x**2, optim.SGD, lr, 10, [10])
        assert path.points.shape == (11, 1) and path.points[-1, 0] == pytest.approx(x, abs=5.1e-7)
    path = landscape.trace(lambda x: x * minidl.cos(0.15 * math.pi * x), "sgd", 2, 10, [10])
    assert path.points[-1, 0] == pytest.approx(-1.528166, abs=5.1e-7)


# -- what is recorded


@pytest.mark.parametrize("name", [*optim.names(), "Lion", "LAMB", "Prodigy"])
def test_a_path_is_that_of_the_class_in_a_loop_of_ones_own(name):
    path = landscape.trace("beale", name, 0.003, 12)
    w = Tensor(np.array([1.0, 1.5]), requires_grad=True)
    rule = optim.get(name)([w], lr=0.003)
    for k in range(12):
        np.testing.assert_array_equal(path.points[k], w.data)
        rule.zero_grad()
        loss = SURFACES["beale"].f(w[0], w[1])
        loss.backward()
        assert path.losses[k] == pytest.approx(float(loss)) and path.evaluations == 12
        np.testing.assert_allclose(path.gradients[k], w.grad.data, rtol=1e-12)
        rule.step()
        saved = next(iter(rule.state_dict()["state"].values()))
        assert set(path.states[k + 1]) == {*saved, *rule.common}
        for key, x in saved.items():
            np.testing.assert_array_equal(path.states[k + 1][key], x)
    assert path.states[0] == {} and path.optimizer == name and path.lr == 0.003


def test_states_are_copies_from_which_the_steps_follow():
    path = landscape.trace("bowl", "adam", 0.5, 5)
    for t in range(1, 6):
        m_hat, v_hat = path.states[t]["m"] / (1 - 0.9**t), path.states[t]["v"] / (1 - 0.999**t)
        np.testing.assert_allclose(path.points[t], path.points[t - 1] - 0.5 * m_hat / (np.sqrt(v_hat) + 1e-8))
    assert path.states[3]["t"] == 3
    assert repr(path).startswith("<Trace: Adam, rate 0.5 on bowl, 5 steps to (")


def test_rules_with_closures_get_them_and_their_evaluations_are_counted():
    lbfgs = landscape.trace("rosenbrock", "lbfgs", 1, 5)
    assert lbfgs.losses[-1] < 1e-4 and lbfgs.evaluations > 20
    sam = landscape.trace("bowl", "sam", 0.1, 10)
    assert sam.evaluations == 20 and sam.losses[-1] < sam.losses[0]
    assert landscape.trace("bowl", "lookahead", 0.1, 10).evaluations == 10
    searched = landscape.trace("bowl", "randomlocalsearch", 0.5, 50)
    assert searched.evaluations == 51 and np.all(np.diff(searched.losses) <= 0) and searched.losses[-1] < 2
    for name in ("sophiah", "adahessian", "polyakstep"):
        assert landscape.trace("bowl", name, 0.1, 10).losses[-1] < 10.5


def test_a_rule_for_matrices_is_refused():
    with pytest.raises(ValueError, match="Muon updates matrices, and a point of a surface is a vector"):
        landscape.trace("bowl", "muon", 0.1)


def test_schedule_free_is_shown_where_it_would_be_evaluated():
    path = landscape.trace("bowl", "schedulefreesgd", 0.1, 3)
    w = Tensor(np.array([-5.0, -2.0]), requires_grad=True)
    rule = optim.ScheduleFreeSGD([w], lr=0.1)
    for k in range(3):
        rule.zero_grad()
        SURFACES["bowl"].f(w[0], w[1]).backward()
        rule.step()
        rule.eval()
        np.testing.assert_array_equal(path.points[k + 1], w.data)
        rule.train()


def test_noise_is_added_to_the_gradient_the_same_for_all_and_for_all_evaluations_of_a_step():
    path = landscape.trace("bowl", "sgd", 0.1, 6, noise=0.5, seed=3)
    for k in range(6):
        xi = np.random.default_rng([3, k]).normal(size=2)
        step = -0.1 * (path.gradients[k] + 0.5 * xi)
        np.testing.assert_allclose(path.points[k + 1], path.points[k] + step, rtol=1e-12)
    np.testing.assert_allclose(path.losses, SURFACES["bowl"].values(path.points))  # without noise
    other = landscape.trace("bowl", "sgd", 0.1, 6, noise=0.5, seed=4)
    assert not np.allclose(other.points[1:], path.points[1:])
    sam = landscape.trace("bowl", "sam", 0.1, 1, noise=0.5, seed=3)
    tilt = 0.5 * np.random.default_rng([3, 0]).normal(size=2)
    g = path.gradients[0] + tilt
    nearby = path.points[0] + 0.05 * g / np.linalg.norm(g)
    expected = path.points[0] - 0.1 * (SURFACES["bowl"].gradients(nearby[None])[0] + tilt)
    np.testing.assert_allclose(sam.points[1], expected, rtol=1e-9)


def test_steps_to_a_minimum_count_from_where_the_path_stays():
    where = Surface("track", "", lambda x: x**2, (1.0,), ((-2, 2),), minima=((0.0,),))
    path = landscape.trace(where, "sgd", 0.25, 6)  # x halves
    assert path.points[:, 0].tolist() == [0.5**k for k in range(7)]
    assert path.steps_to(0.1) == 4 and path.steps_to(0.5) == 1 and path.steps_to(0.001) == math.inf
    path.points[5] = 0.3  # out again
    assert path.steps_to(0.1) == 6
    assert landscape.trace("saddle", "sgd", 0.1).steps_to() == math.inf


def test_a_path_that_diverges_says_where_it_left_and_is_cut_at_the_border():
    from minidl.lab.landscape_figures import visible

    path = landscape.trace("bowl", "sgd", 0.6, 20)
    assert path.diverged and path.left_view == 2 and landscape.outcome(path) == "diverged: left the view at step 2"
    np.testing.assert_array_equal(path.points[:2], visible(path)[:2])
    assert len(visible(path)) == 3 and visible(path)[-1, 1] == pytest.approx(-3)  # it was to go from 2.8 to -3.92
    share = (path.points[1] - visible(path)[-1]) / (path.points[1] - path.points[2])
    assert share[0] == pytest.approx(share[1])

    beyond = landscape.trace("bowl", "adagrad", 10)  # leaves the picture and comes back
    assert not beyond.diverged and not beyond.stays and beyond.left_view is None and len(visible(beyond)) == 41
    saddle = landscape.trace("saddle", "sgd", 0.1, 50)
    assert not saddle.diverged and landscape.outcome(saddle) == f"left the view at step {saddle.left_view}"


def test_a_path_that_is_not_finite_any_more_ends_before():
    path = landscape.trace("rosenbrock", "sgd", 0.1, 50)
    assert 1 < len(path.points) < 20 and path.diverged
    assert path.stopped == f"after step {len(path.points)} the loss is not finite"
    for rows in (path.points, path.losses, path.gradients):
        assert np.isfinite(rows).all() and len(rows) == len(path.states)
    assert "diverged: left the view at step 1; after step" in landscape.table([path])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"on": "bowls"}, "unknown surface 'bowls'; did you mean bowl"),
        ({"optimizer": "adm"}, "unknown optimizer 'adm'; did you mean Adam"),
        ({"lr": 0}, "a rate is a positive number, got 0"),
        ({"lr": math.nan}, "a rate is a positive number, got nan"),
        ({"steps": 0}, "the number of steps must be a whole number, 1 or more, got 0"),
        ({"steps": 2.5}, "the number of steps must be a whole number"),
        ({"start": (1, 2, 3)}, "a start is one or two finite numbers"),
        ({"start": (1,)}, r"bowl needs a start of 2 numbers, got \(1\)"),
        ({"start": (math.nan, 1)}, "a start is one or two finite numbers"),
        ({"start": (1e200, 1)}, r"bowl is not finite at the start \(1e\+200, 1\)"),
        ({"noise": -1}, "noise is a standard deviation, 0 or more, got -1"),
        ({"seed": -1}, "seed must be a whole number, 0 or more"),
        ({"beta": 0.9}, "SGD has no hyper-parameter 'beta'; it has lr, momentum, dampening"),
        ({"on": lambda x, y: x * y}, "a function of one's own needs a start"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        landscape.trace(**{"on": "bowl", "optimizer": "sgd", "lr": 0.1, **arguments})


# -- the search for rates


def test_the_search_tries_the_same_rates_for_all_and_takes_the_one_that_ends_lowest_in_the_view():
    for name in ("sgd", "adagrad"):
        best = landscape.explore("bowl", name, 30)
        assert tuple(best.grid) == landscape.RATES and len(best.points) == 31 and best.stays
        for lr, loss in best.grid.items():
            path = landscape.trace("bowl", name, lr, 30)
            assert loss == (pytest.approx(path.losses[-3:].mean()) if path.stays else math.inf)
        assert best.grid[best.lr] == min(best.grid.values())
    assert landscape.trace("bowl", "adagrad", 10, 30).losses[-1] < best.losses[-1]  # lower, but outside of the view


def test_a_search_in_which_every_path_leaves_takes_the_lowest_of_all():
    best = landscape.explore("bowl", "sgd", 20, rates=(0.55, 0.6, 0.7))
    assert best.lr == 0.55 and not best.stays and all(map(math.isfinite, best.grid.values()))
    assert "On the edge of the grid, so that a better one may lie outside: SGD (0.55)" in landscape.rates_text([best])


# -- what is written


@pytest.fixture(scope="module")
def paths():
    return [landscape.trace("bowl", "sgd", 0.6, 20), landscape.trace("bowl", "adam", 0.5, 20)]


def test_the_csv_holds_points_gradients_and_states_in_full(paths):
    rows = list(csv.DictReader(io.StringIO(landscape.csv_text(paths))))
    assert list(rows[0])[:8] == ["optimizer", "rate", "step", "x", "y", "loss", "gradient_x", "gradient_y"]
    adam = [row for row in rows if row["optimizer"] == "Adam"]
    assert len(rows) == 42 and [int(row["step"]) for row in adam] == list(range(21))
    np.testing.assert_array_equal([[float(row["x"]), float(row["y"])] for row in adam], paths[1].points)
    assert [float(row["v_y"]) for row in adam[1:]] == [s["v"][1] for s in paths[1].states[1:]]
    assert adam[0]["m_x"] == "" and rows[5]["m_x"] == ""


def test_the_table_has_a_row_for_each_path(paths):
    lines = landscape.table(paths).splitlines()
    assert lines[0].startswith("bowl: 0.1 x^2 + 2 y^2; twenty times steeper")
    sgd = r"SGD +0\.6 +\(-0\.387814, -1673\.37\) +5\.6003e\+06 +- +20  diverged: left the view at step 2"
    assert re.fullmatch(sgd, lines[4])
    assert re.match(r"Adam +0\.5 ", lines[5])


@pytest.mark.parametrize("name", ["bowl", "saddle", "sin"])
def test_pictures_are_made_of_surfaces_of_every_kind(name, tmp_path):
    from PIL import Image

    made = [landscape.trace(name, "sgd", 0.1, 30), landscape.trace(name, "momentum", 0.1, 30)]
    written = landscape.save(made, tmp_path / "new", gif=True)
    assert [path.name for path in written] == ["trace.csv", "landscape.png", "landscape.gif"]
    assert Image.open(written[1]).size == (1500, 648)
    with Image.open(written[2]) as gif:
        assert gif.n_frames == 31 and written[2].stat().st_size < 1_000_000
        before = np.asarray(gif.convert("RGB")).astype(int)
        gif.seek(20)
        after = np.asarray(gif.convert("RGB")).astype(int)
    for colour in ((0, 114, 178), (213, 94, 0)):  # of the two paths: more of them after 20 steps
        found = [(abs(frame - colour).sum(axis=-1) < 30).sum() for frame in (before, after)]
        assert found[1] > found[0] + 20


@pytest.mark.parametrize("start", [(0, 0), (40, 1), (1e5, -1e5)])
def test_pictures_of_paths_that_begin_at_the_minimum_or_far_outside(start, tmp_path):
    made = [landscape.trace("bowl", name, 0.1, 5, start) for name in ("sgd", "adam")]
    assert all(path.stays for path in made)  # the view grows
    landscape.save(made, tmp_path, gif=True)


def test_nothing_moves_outside_the_axes_of_the_gif(tmp_path):
    from PIL import Image

    path = landscape.trace("bowl", "SGD", lr=0.6, momentum=0.5, steps=8, start=(-5, 2.9))  # out of the view and back
    assert path.points[:, 1].min() < -4 and path.left_view is None
    landscape.save([path], tmp_path, gif=True)
    with Image.open(tmp_path / "landscape.gif") as gif:
        frames = []
        for k in range(gif.n_frames):
            gif.seek(k)
            frames.append(np.asarray(gif.convert("L")).astype(int))
    border = np.flatnonzero((frames[0] < 60).sum(axis=1) > 200)  # the rows of the upper and the lower spine
    moved = (np.array(frames) != frames[0]).any(axis=(0, 2))
    assert moved[border[0] : border[-1]].any()
    assert not moved[: border[0] - 10].any() and not moved[border[-1] + 10 :].any()  # half a marker may stand out



def test_a_picture_of_a_function_of_ones_own(tmp_path):
    path = landscape.trace(lambda x, y: x * y + x**4 + y**4, "adam", 0.05, 10, (1, 0.5))
    assert landscape.table([path]).startswith("f\n")
    landscape.save([path], tmp_path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("SGD", {}), ("Momentum", {"momentum": "v"}), ("Nesterov", {"momentum": "v"}),
        ("AdaGrad", {"second moment": "s"}), ("AdaDelta", {"second moment": "v"}), ("RMSProp", {"second moment": "v"}),
        ("Adam", {"momentum": "m", "second moment": "v"}), ("AdaMax", {"momentum": "m", "root": "u"}),
        ("Adan", {"momentum": "m", "second moment": "n"}), ("Rprop", {}), ("LBFGS", {}),
    ],
)  # fmt: skip
def test_momentum_and_second_moment_are_found_by_trying(name, found):
    assert parts(landscape.trace("bowl", name, 0.1, 2)) == found
    if name == "SGD":
        assert parts(landscape.trace("bowl", name, 0.1, 2, momentum=0.5)) == {"momentum": "b"}


def frames_of(page):
    """The data of the frames: what Plotly.addFrames gets."""
    text = page[page.index("Plotly.addFrames(") :]
    return json.JSONDecoder().raw_decode(text[text.index("[") :])[0]


def test_the_page_of_states_stands_alone_and_has_a_frame_for_each_step(paths):
    pytest.importorskip("plotly")
    page = landscape.states_html(*paths)
    assert "<title>bowl: SGD and Adam</title>" in page and "momentum: m, second moment: v" in page
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", page)
    frames = frames_of(page)
    assert [frame["name"] for frame in frames] == [str(k) for k in range(21)]
    fifth = {(trace.get("name"), i >= 7): trace for i, trace in enumerate(frames[5]["data"])}
    adam = paths[1]
    np.testing.assert_allclose(fifth["path", True]["x"], adam.points[:6, 0], rtol=1e-4)
    arrow = fifth["push of the momentum", True]
    push = np.array([arrow["x"][1] - arrow["x"][0], arrow["y"][1] - arrow["y"][0]])
    m = adam.states[5]["m"]
    np.testing.assert_allclose(push / np.linalg.norm(push), -m / np.linalg.norm(m), atol=1e-3)
    ellipse = fifth["roots of the second moment", True]
    ratio = np.ptp(ellipse["y"]) / 6 / (np.ptp(ellipse["x"]) / 8)  # in shares of the view
    assert ratio == pytest.approx(math.sqrt(adam.states[5]["v"][1] / adam.states[5]["v"][0]), rel=0.01)
    bars = fifth["along y", True]
    assert bars["x"] == ["gradient", "momentum m", "root of v", "last step"]
    np.testing.assert_allclose(
        bars["y"],
        np.abs([adam.gradients[5, 1], m[1], math.sqrt(adam.states[5]["v"][1]), adam.points[5, 1] - adam.points[4, 1]]),
        rtol=1e-4,
    )
    assert fifth["push of the momentum", False]["x"][1] is None  # SGD has none


def test_the_page_of_a_curve_and_of_a_long_path():
    pytest.importorskip("plotly")
    made = [landscape.trace("sin", name, 0.1, 500) for name in ("momentum", "rmsprop")]
    frames = frames_of(landscape.states_html(*made))
    assert len(frames) == 200 and frames[-1]["name"] == "500"


def test_without_plotly_the_error_says_what_to_install(paths, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(ImportError, match="needs plotly, which is not installed: pip install plotly"):
        landscape.states_html(*paths)


# -- the command


OWN_RULE = """
from minidl.optim import Optimizer

class MyRule(Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, lr=lr)

    def update(self, w, g, *, lr):
        w -= lr * g
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    try:
        return cli.main(["landscape", *map(str, arguments)])
    except SystemExit as stop:
        return stop.code


def test_the_command_prints_a_table_and_writes_the_files(folder, capsys):
    Path("own.py").write_text(OWN_RULE)
    options = ["bowl", "--start", "-5,-2", "--steps", "20", "--optimizers", "sgd,own.py:MyRule"]
    assert run(*options, "--lr", "sgd=0.4", "sgd=0.6", "own.py:MyRule=0.4") == 0
    out = capsys.readouterr().out
    assert len(re.findall(r"^SGD +0\.[46] ", out, re.M)) == 2 and out.count("(-0.943467, -7.31232e-05)") == 2
    assert "A path that leaves the view is drawn up to its border." in out and "Rates: for each" not in out
    assert sorted(path.name for path in Path("results/bowl").iterdir()) == ["landscape.png", "trace.csv"]


def test_the_command_searches_rates_by_default_and_writes_gif_and_page_on_request(folder, capsys):
    pytest.importorskip("plotly")
    assert run("valley", "--optimizers", "sgd", "adam", "--steps", "10", "--gif", "--html", "--out", "here") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "the one of 26 from 0.0001 to 10, the same for all, whose path stays in the view and ends lowest" in out
    assert "states.html: SGD, rate" in out
    for name in ("trace.csv", "landscape.png", "landscape.gif", "states.html"):
        assert f"here/{name}" in out and Path("here", name).stat().st_size > 500


def test_the_command_with_hyper_parameters_and_noise(folder, capsys):
    options = ["bowl", "--optimizers", "sgd", "adam", "--lr", "0.4", "--steps", "20", "--set", "momentum=0.5"]
    assert run(*options) == 0
    out = capsys.readouterr().out
    assert "SGD momentum=0.5" in out and "(-0.0628435, 0.00120234)" in out
    assert run(*options, "--noise", "1", "--seed", "7") == 0
    again = capsys.readouterr().out
    assert "(-0.0628435" not in again and "Noise of standard deviation 1 on every coordinate" in again


def test_surfaces_without_a_minimum_to_search_for_have_a_rate_for_all(folder, capsys):
    assert run("saddle", "--optimizers", "sgd", "adam") == 0
    out = capsys.readouterr().out
    assert re.search(r"^Adam +0\.05 .*left the view at step 20$", out, re.M) and "Rates: 0.05 for all" in out


def test_help_fits_80_columns_and_names_the_surfaces(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80 and all(name in text for name in SURFACES)
    assert f"of {len(landscape.RATES)} rates" in " ".join(text.split())
    assert f"(default: {' '.join(landscape.OPTIMIZERS).lower()})" in " ".join(text.split())
    steps = [where.steps for where in SURFACES.values()]
    assert f"default: {min(steps)} to {max(steps)}, as" in " ".join(text.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rosenbrok"], "unknown surface 'rosenbrok'; did you mean rosenbrock"),
        (["--optimizers", "sgd", "rosenbrock"], "rosenbrock is a surface: write it first"),
        (["bowl", "--optimizers", "sdg"], "unknown optimizer 'sdg'; did you mean SGD"),
        (["bowl", "--optimizers", ","], "--optimizers needs at least one name"),
        (["bowl", "--optimizers", "muon"], "Muon updates matrices, and a point of a surface is a vector"),
        (["bowl", "--lr", "0"], "--lr takes a positive rate, NAME=RATE or search, got '0'"),
        (["bowl", "--lr", "-0.1"], "got '-0.1'"),
        (["bowl", "--lr", "adam="], "got 'adam='"),
        (["bowl", "--lr", "inf"], "got 'inf'"),
        (["bowl", "--optimizers", "adam", "--lr", "sgd=1"], "--lr names sgd, which is not among the optimizers: adam"),
        (["saddle", "--lr", "search"], "saddle has no minimum that a search for rates could aim at"),
        (["bowl", "--steps", "-3"], "the number of steps must be a whole number, 1 or more, got -3"),
        (["bowl", "--steps", "x"], "invalid int value: 'x'"),
        (["bowl", "--start", "a,b"], "--start takes a point such as -5,-2, got 'a,b'"),
        (["bowl", "--start", "-5"], "bowl needs a start of 2 numbers, got (-5)"),
        (["sin", "--start", "1,2"], "sin needs a start of 1 number, got (1, 2)"),
        (["bowl", "--start", "nan,1"], "a start is one or two finite numbers"),
        (["bowl", "--noise", "-1"], "noise is a standard deviation, 0 or more"),
        (["bowl", "--seed", "-1"], "seed must be a whole number, 0 or more"),
        (["bowl", "--set", "momentun=1", "--optimizers", "sgd"], "SGD has no such hyper-parameter"),
        (["bowl", "--set", "momentum=2", "--optimizers", "sgd"], "momentum must lie in [0, 1), got 2"),
        (["bowl", "--set", "momentum", "--optimizers", "sgd"], "--set takes NAME=VALUE"),
        (["bowl", "--optimizers", "sgd", "--html"], "--html shows the states of two optimizers side by side: give two"),
        (["bowl", "--optimizers", "broken.py:MyRule"], "optimizer 'broken.py:MyRule': NameError: name 'q' is not"),
        (["bowl", "--out", "taken"], "cannot write results into taken: File exists"),
        (["bowl", "--optimizer", "sgd"], "did you mean --optimizers?"),
    ],
)
def test_bad_input_of_the_command_is_one_clear_line(folder, capsys, arguments, message):
    Path("taken").write_text("")
    Path("broken.py").write_text(OWN_RULE.replace("lr * g", "lr * q"))
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and "Traceback" not in err
    assert len([line for line in err.splitlines() if "error:" in line]) == 1 and not Path("results").exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_found_before_anything_is_computed(folder, capsys):
    Path("closed").mkdir(mode=0o500)
    assert run("bowl", "--out", "closed") == 2
    assert "cannot write results into closed: Permission denied" in capsys.readouterr().err

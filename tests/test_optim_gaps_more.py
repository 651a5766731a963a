"""More that mutation testing found: rules, averages and wrappers from optim/more/."""

import inspect
import re

import numpy as np
import pytest

from minidl import Tensor, optim
from minidl.optim import EMA, SWA


def weight(*values, dtype="float64"):
    return Tensor(list(values), requires_grad=True, dtype=dtype)


# -- sign


def test_rprop_says_what_its_pairs_are():
    w = weight(1.0)
    with pytest.raises(ValueError, match=r"Rprop: etas must be \(below 1, above 1\), got \(0\.0, 1\.2\)"):
        optim.Rprop([w], etas=(0.0, 1.2))
    assert optim.Rprop([w], step_sizes=(0.0, 50.0)).param_groups[0]["step_sizes"] == (0.0, 50.0)


# -- momentum


def test_aggmo_needs_a_beta():
    with pytest.raises(ValueError, match=r"AggMo: betas must be one or more, as many in every group, got \(\)"):
        optim.AggMo([weight(1.0)], lr=0.1, betas=())


# -- second moments


def test_yogi_stays_where_v_is_the_square_already():
    w = weight(1.0)
    optimizer = optim.Yogi([w], initial_accumulator=0.25)
    w.grad = np.array([0.5])
    optimizer.step()
    assert optimizer.state_dict()["state"]["0"]["v"] == [0.25]


# -- Schedule-Free and averages change the weights where they are


@pytest.mark.parametrize("cls", [optim.ScheduleFreeSGD, optim.ScheduleFreeAdamW])
def test_schedule_free_switches_in_the_memory_of_the_weights(cls):
    w = weight(1.0, -2.0)
    held = w.data
    optimizer = cls([w], lr=0.1)
    for g in ([1.0, 3.0], [-0.5, 2.0]):
        w.grad = np.array(g)
        optimizer.step()
    y = w.data.copy()
    optimizer.eval()
    assert w.data is held and not np.array_equal(held, y)
    optimizer.train()
    assert w.data is held and np.array_equal(held, y)


@pytest.mark.parametrize("make", [EMA, SWA])
def test_an_average_is_shown_in_the_memory_of_the_weights(make):
    w = weight(1.0, -2.0)
    held, average = w.data, make([w])
    average.update()
    w.data[...] = 5.0
    with average.applied():
        assert w.data is held and np.array_equal(held, [1.0, -2.0])
    assert w.data is held and np.array_equal(held, [5.0, 5.0])


def test_an_average_of_one_tensor():
    w = weight(1.0, -2.0)
    average = SWA(w)
    assert average.params == [w]


def test_a_decay_from_numpy_keeps_the_dtype():
    w = weight(1.0, dtype="float32")
    average = EMA([w], decay=np.float64(0.5))
    assert type(average.decay) is float
    for _ in range(2):
        average.update()
    assert average.weights()[0].dtype == np.float32


def test_a_corrected_average_before_the_first_update():
    assert EMA([weight(1.0)], bias_correction=True).weights() == [[0.0]]


def test_what_an_average_does_not_load():
    w = weight(1.0, 2.0)
    average = SWA([w])
    good = average.state_dict()
    for bad in ({"average": "EMA", **{k: good[k] for k in ("t", "weights")}}, {"average": "SWA", "t": 1}, [good]):
        with pytest.raises(ValueError, match=r"SWA: expected the dict that SWA\.state_dict\(\) gives, got "):
            average.load_state_dict(bad)
    message = "SWA: the state has shapes and dtypes [((3,), 'float32')], the parameters [((2,), 'float64')]"
    with pytest.raises(ValueError, match=re.escape(message)):
        average.load_state_dict({**good, "weights": [np.zeros(3, "float32")]})


# -- wrappers


def test_a_wrapper_says_what_is_no_state():
    optimizer = optim.Lookahead(optim.SGD([weight(1.0)], lr=0.1))
    for broken in ({"optimizer": "Lookahead"}, {"optimizer": "Lookahead", "base": 3, "state": {}}):
        with pytest.raises(ValueError, match=r"^Lookahead: this is no optimizer state: expected the dict that "):
            optimizer.load_state_dict(broken)
    with pytest.raises(ValueError, match=r"^the state is of SAM, this optimizer is Lookahead$"):
        optimizer.load_state_dict({"optimizer": "SAM"})


def test_lookahead_with_an_alpha_from_numpy_keeps_the_dtype():
    w = weight(1.0, dtype="float32")
    optimizer = optim.Lookahead(optim.SGD([w], lr=0.1), k=1, alpha=np.float64(0.5))
    w.grad = np.ones(1, "float32")
    optimizer.step()
    assert type(optimizer.alpha) is float and optimizer.state_dict()["state"]["0"]["slow"].dtype == np.float32


def test_the_table_says_what_a_step_costs():
    costs = {row.name: row.gradients for row in optim.catalogue()}
    assert (costs["Lookahead"], costs["SAM"], costs["Adam"]) == ("as base", "2", "1")
    assert costs["SophiaH"] == costs["AdaHessian"] == "1 + 1 / update_interval"
    assert costs["LBFGS"] == "1 to max_eval (25)"


# -- conventions


def test_adam_with_eps_inside_keeps_the_largest_average_under_amsgrad():
    w = weight(-3.0)
    optimizer = optim.AdamEpsInside([w], betas=(0.0, 0.5), amsgrad=True, lr=0.1, eps=0.25)
    expected = -3.0
    for t, (g, v_max) in enumerate([(2.0, 2.0), (0.1, 2.0), (3.0, 5.0025)], 1):  # v itself is 2, 1.005, 5.0025
        w.grad = np.array([g])
        optimizer.step()
        expected -= 0.1 * g / np.sqrt(v_max / (1 - 0.5**t) + 0.25)
        assert optimizer.state_dict()["state"]["0"]["v_max"] == pytest.approx([v_max], rel=1e-14)
        assert w.data == pytest.approx([expected], rel=1e-14)


def test_adamax_of_mlx_keeps_the_mean_in_m_and_the_norm_in_u():
    w = weight(1.0)
    optimizer = optim.AdaMaxUncorrected([w], betas=(0.75, 0.9))
    w.grad = np.array([-2.0])
    optimizer.step()
    state = optimizer.state_dict()["state"]["0"]
    assert (state["m"], state["u"]) == ([-0.5], [2.0])


def power(P, exponent):
    values, vectors = np.linalg.eigh(P)
    return np.einsum("ij,j,kj->ik", vectors, values**exponent, vectors)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)])
def test_shampoo_in_sequence_axis_by_axis(shape):
    """Three steps, with the matrices found anew in the first and the third; each axis is written out by itself."""
    rng = np.random.default_rng(0)
    w = Tensor(rng.normal(size=shape), requires_grad=True, dtype="float64")
    optimizer = optim.ShampooSequential([w], lr=0.1, eps=1e-3, precondition_frequency=2)
    expected, k = w.data.reshape(shape or (1,)).copy(), len(shape or (1,))
    Ps, roots = [np.zeros((n, n)) for n in expected.shape], [None] * k
    letters = "abc"[:k]
    for t in range(3):
        w.grad = rng.normal(size=shape)
        h = w.grad.data.reshape(expected.shape)
        for axis, letter in enumerate(letters):
            other = letters.replace(letter, "z")
            Ps[axis] += np.einsum(f"{letters},{other}->{letter}z", h, h)
            if t != 1:
                roots[axis] = power(Ps[axis] + 1e-3 * np.eye(len(Ps[axis])), -1 / k)
            h = np.einsum(f"{letter}z,{other}->{letters}", roots[axis], h)
        expected -= 0.1 * h
        optimizer.step()
    np.testing.assert_allclose(w.data, expected.reshape(shape), rtol=1e-10, atol=1e-12)
    kept = optimizer.state_dict()["state"]["0"]["P"]
    np.testing.assert_allclose(kept.reshape(-1), np.concatenate([P.reshape(-1) for P in Ps]), rtol=1e-12, atol=1e-14)


def test_sophia_of_optax_draws_signs_from_its_seed():
    """The Hessian of a b is [[0, 1], [1, 0]], so that both estimates are u_a u_b: 1 or -1 for signs."""
    drawn = []
    for seed in range(12):
        a, b = weight(2.0), weight(3.0)
        optimizer = optim.SophiaHDelayed([a, b], betas=(0.9, 0.0), seed=seed)
        optimizer.step(lambda a=a, b=b: (a * b).sum())
        drawn.append(optimizer.state_dict()["state"]["0"]["h_next"].item())
    assert set(drawn) == {1.0, -1.0}


# -- the base class


def test_a_state_array_may_be_called_like_a_number_of_the_base_class():
    class Counted(optim.Optimizer):
        state = ("first",)

        def __init__(self, params, lr):
            super().__init__(params, lr=lr)

        def update(self, w, g, first, *, lr):
            first += 1
            w -= lr * g * first

    w = weight(1.0)
    optimizer = Counted([w], lr=0.5)
    for _ in range(2):
        w.grad = np.ones(1)
        optimizer.step()
    assert w.data == [1 - 0.5 - 1.0]


def test_a_group_that_is_no_dict():
    a, b = weight(1.0), weight(2.0)
    for given in (["params", b], 3.0, "params"):
        with pytest.raises(TypeError, match="SGD: a parameter group is a dict with 'params', got "):
            optim.SGD([{"params": [a]}, given], lr=0.1)


def test_only_the_rate_may_be_a_schedule():
    with pytest.raises(TypeError, match="Adam: eps must be a number, got <function"):
        optim.Adam([weight(1.0)], eps=lambda step: 1e-8)


def test_a_transposed_parameter_is_updated_by_one_kernel_on_the_gpu(fake_cupy):
    x = np.arange(6.0).reshape(2, 3)
    launches = []
    for transposed in (False, True):
        w = Tensor(x, requires_grad=True, device="cuda")
        if transposed:
            w._data = w._data.T
        optimizer = optim.Adam([w], lr=0.1)
        w.grad = w._data * 2
        optimizer.step()
        before = fake_cupy.counters.launches
        optimizer.step()
        launches.append(fake_cupy.counters.launches - before)
    assert launches[0] == launches[1]


def test_a_fused_rule_is_made_once(fake_cupy):
    w = Tensor([1.0, 2.0], requires_grad=True, device="cuda")
    optimizer = optim.Adam([w], lr=0.1)
    kernels = []
    for _ in range(3):
        w.grad = w._data * 2
        optimizer.step()
        kernels += optimizer._kernels.values()
    assert len(kernels) == 3 and kernels[0] is kernels[1] is kernels[2]


def test_no_decay_leaves_the_gradient_alone():
    w = weight(np.inf, 1.0)
    optimizer = optim.SGD([w], lr=0.5)
    w.grad = np.array([1.0, 1.0])
    optimizer.step()
    assert w.data.tolist() == [np.inf, 0.5]  # and not inf + 0 * inf


def test_what_a_state_holds():
    w = weight(1.0)
    assert set(optim.Adam([w]).state_dict()) == {"optimizer", "steps", "state", "param_groups"}
    assert set(optim.Prodigy([w]).state_dict()) == {"optimizer", "steps", "state", "param_groups", "common"}


def matrix(rows, columns):
    return Tensor(np.arange(1.0, rows * columns + 1).reshape(rows, columns), requires_grad=True, dtype="float64")


def test_a_loaded_none_takes_the_place_of_a_setting():
    saved = optim.Muon([matrix(2, 3)], adjust_lr_fn=None).state_dict()
    optimizer = optim.Muon([matrix(2, 3)], adjust_lr_fn="match_rms_adamw")
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["adjust_lr_fn"] is None


def test_every_loaded_group_is_checked_as_a_whole():
    groups = [{"params": [weight(1.0)]}, {"params": [weight(2.0)]}]
    optimizer = optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    saved = optimizer.state_dict()
    saved["param_groups"][1]["dampening"] = 0.5
    with pytest.raises(ValueError, match="SGD: nesterov needs momentum > 0 and dampening = 0"):
        optimizer.load_state_dict(saved)


def test_a_loaded_state_is_that_of_its_own_group():
    """Only the second matrix is small enough for eigenbases of both sides."""
    a, b = matrix(3, 4), matrix(3, 4)
    optimizer = optim.SOAP([{"params": [a], "max_precondition_dim": 3}, {"params": [b], "max_precondition_dim": 4}])
    for p in (a, b):
        p.grad = p.data * 2
    optimizer.step()
    saved = optimizer.state_dict()
    assert saved["state"]["0"]["P"].shape != saved["state"]["1"]["P"].shape
    optimizer.load_state_dict(saved)
    assert np.array_equal(optimizer.state_dict()["state"]["1"]["P"], saved["state"]["1"]["P"])


def test_remembered_numbers_are_loaded_as_floats():
    w = weight(1.0)
    optimizer = optim.NAdam([w])
    w.grad = np.ones(1)
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"]["0"]["mu_product"] = np.float64(0.5)
    optimizer.load_state_dict(saved)
    assert type(optimizer.state_dict()["state"]["0"]["mu_product"]) is float


def test_a_vector_has_no_rows_to_load():
    w = weight(1.0, 2.0)
    optimizer = optim.Adafactor([w])
    w.grad = np.ones(2)
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"]["0"]["r"] = np.zeros((2, 1))
    with pytest.raises(ValueError, match="Adafactor: the state of 0 must hold t, v, got "):
        optimizer.load_state_dict(saved)


# -- hyper-parameters of one's own rule


def test_hyper_parameters_that_are_tuples_without_a_default():
    class Mine(optim.Optimizer):
        def __init__(self, params, lr, betas, scales):
            super().__init__(params, lr=lr, betas=betas, scales=scales)

    w = weight(1.0)
    group = Mine([w], lr=0.1, betas=[np.float64(0.0), 0.5], scales=(np.float32(-2), 3)).param_groups[0]
    assert group["betas"] == (0.0, 0.5) and group["scales"] == (-2.0, 3.0)
    assert {type(x) for x in group["betas"] + group["scales"]} == {float}
    for settings, error, message in (
        ({"betas": (0.5, 1.0)}, ValueError, r"Mine: betas must lie in \[0, 1\), got 1\.0"),
        ({"betas": (0.5, "x")}, TypeError, "Mine: betas must be a number, got 'x'"),
        ({"scales": (1.0, True)}, TypeError, "Mine: scales must be a number, got True"),
        ({"scales": (1.0, float("inf"))}, ValueError, r"Mine: scales must lie in \(-inf, inf\), got inf"),
        ({"scales": (-float("inf"), 1.0)}, ValueError, r"Mine: scales must lie in \(-inf, inf\), got -inf"),
    ):
        with pytest.raises(error, match=message):
            Mine([w], **{"lr": 0.1, "betas": (0.0, 0.5), "scales": (1.0,)} | settings)


def test_coefficients_are_numbers():
    with pytest.raises(TypeError, match="Muon: ns_coefficients must be a number, got True"):
        optim.Muon([matrix(2, 2)], ns_coefficients=(1.0, True, 0.5))


def test_newton_schulz_takes_muons_settings_when_told_nothing():
    from minidl.optim.more.matrix import newton_schulz

    defaults = {name: p.default for name, p in inspect.signature(newton_schulz).parameters.items() if name != "d"}
    muon = inspect.signature(optim.Muon).parameters
    assert defaults == {
        "coefficients": muon["ns_coefficients"].default, "steps": muon["ns_steps"].default, "eps": muon["eps"].default
    }  # fmt: skip


def test_muon_groups_takes_pairs_only():
    a, b = matrix(2, 3), matrix(3, 2)
    for wrong in ([a, b], [("a", a), b], [("a", a), ("b", b, 1)], [["a", a], ["b", b]], [("a", a), ("b", b.data)]):
        with pytest.raises(TypeError, match="muon_groups takes a model or pairs of name and Tensor"):
            optim.muon_groups(wrong)


def test_one_name_may_be_excluded_from_muon():
    pairs = [("embedding", matrix(5, 3)), ("body", matrix(3, 3)), ("extra", matrix(3, 3)), ("head", matrix(3, 2))]
    matrices, rest = optim.muon_groups(pairs, exclude="embedding")
    assert [name for name, _ in matrices] == ["body", "extra"] and [name for name, _ in rest] == ["embedding", "head"]


def test_lookahead_loads_slow_weights_of_all_parameters_or_none():
    a, b = weight(1.0), weight(2.0)
    optimizer = optim.Lookahead(optim.SGD([a, b], lr=0.1))
    a.grad, b.grad = np.ones(1), np.ones(1)
    optimizer.step()
    saved = optimizer.state_dict()
    del saved["state"]["1"]["slow"]
    with pytest.raises(ValueError, match=r"Lookahead: the state has slow weights of \['0'\], expected \['0', '1'\]"):
        optimizer.load_state_dict(saved)


def test_sam_keeps_its_radius_as_a_python_number():
    assert type(optim.SAM(optim.SGD([weight(1.0)], lr=0.1), rho=np.float64(0.05)).rho) is float


def test_sam_leaves_a_graph_of_the_weights_before_stale():
    w = weight(2.0)
    optimizer, losses = optim.SAM(optim.SGD([w], lr=0.1)), []

    def closure():
        optimizer.zero_grad()
        losses.append((w * w * w).sum())
        losses[0].backward(retain_graph=True)  # of the first call, in the second too
        return losses[0]

    with pytest.raises(RuntimeError, match="changed"):
        optimizer.step(closure)
    assert len(losses) == 2 and w.data == [2.0]


def test_shampoo_keeps_the_sums_in_p():
    w = matrix(2, 3)
    optimizer = optim.Shampoo([w])
    w.grad = g = np.array([[1.0, 2.0, 0.5], [-1.0, 3.0, 2.0]])
    optimizer.step()
    P = optimizer.state_dict()["state"]["0"]["P"]
    np.testing.assert_allclose(P, np.concatenate([(g @ g.T).reshape(-1), (g.T @ g).reshape(-1)]), rtol=1e-14)

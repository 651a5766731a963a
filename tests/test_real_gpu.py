"""The GPU path on a real GPU; skipped where there is none. Sums run in another order there: close, not equal.

test_gpu_path.py checks the same code on every machine, with a stand-in that computes as NumPy does.
"""

import numpy as np
import pytest
import test_gpu_path as path
from test_gpu_path import LABELS, OPERATIONS, RULES, SHAPES, derivatives, make_data, make_model, make_params, normal

import minidl
from minidl import Tensor, nn, optim
from minidl.data import ArrayDataset, DataLoader
from minidl.train import evaluate, fit


def _why_not():
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except ImportError:
        return "CuPy is not installed"
    except Exception as error:  # no driver, or one that is too old
        return f"no usable GPU: {error}"
    return "" if count else "no GPU"


WHY_NOT = _why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"needs a GPU: {WHY_NOT}")


def close(got, expected, tolerance=1e-5):
    np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=tolerance, atol=tolerance)


def test_a_tensor_on_the_gpu():
    x = Tensor(normal(2, 3), requires_grad=True, device="cuda")
    (x * x).sum().backward()
    assert x.device == x.grad.device == "cuda" and "device='cuda'" in repr(x)
    close(x.grad, Tensor(2 * x.numpy()))
    with pytest.raises(TypeError, match=r"call \.numpy\(\)"):
        np.asarray(x)
    for wrong in (normal(2, 3), Tensor(normal(2, 3))):
        with pytest.raises(ValueError, match="is on cuda"):
            x + wrong


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_and_its_derivatives(name, dtype):
    function, arrays = OPERATIONS[name]
    got = derivatives(function, arrays, "cuda", dtype)
    for x, y in zip(got, derivatives(function, arrays, "cpu", dtype), strict=True):
        assert x.device == "cuda" and x.dtype == y.dtype
        close(x, y, 1e-5 if dtype == "float64" else 1e-4)  # float32: a few operations one after the other


def test_indices_and_conditions_of_the_host():
    a = normal(4, 3)
    x, c = Tensor(a, device="cuda"), Tensor(a)
    for index in (LABELS, a > 0, (np.arange(4), LABELS), [1, 3]):
        close(x[index], c[index])
    close(x[x > 0], c[c > 0])
    close(minidl.where(a > 0, x, 0.0), minidl.where(a > 0, c, 0.0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "settings"), RULES, ids=lambda x: str(x))
def test_an_optimizer_walks_the_same_path(name, settings, dtype):
    params = {place: make_params(place, dtype) for place in ("cpu", "cuda")}
    optimizers = {place: getattr(optim, name)(ps, **settings) for place, ps in params.items()}
    for step in range(1, 9):
        for place, optimizer in optimizers.items():
            path.set_gradients(params[place], step)
            optimizer.step()
    for p, q in zip(params["cpu"], params["cuda"], strict=True):
        close(q, p)
    for entries in optimizers["cuda"].state_dict()["state"].values():
        assert all(type(x) is np.ndarray for key, x in entries.items() if key != "t")


@pytest.mark.parametrize(("name", "settings"), RULES, ids=lambda x: str(x))
def test_every_rule_is_fused(name, settings):
    optimizer = getattr(optim, name)(make_params("cuda"), **settings)
    for step in range(1, 4):
        path.set_gradients(list(optimizer.parameters()), step)
        optimizer.step()
    for kernel in optimizer._kernels.values():
        state = dict(zip(kernel.__code__.co_freevars, (cell.cell_contents for cell in kernel.__closure__), strict=True))
        assert state["traceable"]


def test_late_updates_keep_their_digits():
    """At t = 300, t - 1 does not fit int8; lr * weight_decay is lost in float16."""
    for settings in ({"lr": 1e-4, "weight_decay": 1e-2}, {"lr": 1e-4, "weight_decay": 0.0}):
        params = {place: make_params(place) for place in ("cpu", "cuda")}
        for ps in params.values():
            optimizer = optim.AdamW(ps, **settings)
            for step in range(300):
                path.set_gradients(ps, 1 + step % 4)
                optimizer.step()
        for p, q in zip(params["cpu"], params["cuda"], strict=True):
            close(q, p)


def test_a_model_of_every_layer(tmp_path):
    models = {place: make_model().to(place) for place in ("cpu", "cuda")}
    for place, model in models.items():
        x = Tensor(normal(7, 2, 3), device=place)
        for _ in range(2):
            nn.CrossEntropyLoss()(model(x), np.arange(7) % 3).backward()
    for p, q in zip(models["cpu"].parameters(), models["cuda"].parameters(), strict=True):
        close(q.grad, p.grad, 1e-4)
    models["cuda"].save(tmp_path / "weights.safetensors")
    other = make_model(1)
    other.load(tmp_path / "weights.safetensors")
    for name, x in other.state_dict().items():
        assert np.array_equal(x, models["cuda"].state_dict()[name])
    models["cuda"].to("cpu")
    assert {p.device for p in models["cuda"].parameters()} == {"cpu"}


@pytest.mark.parametrize("where", ["dataset", "loader", "fit"])
def test_fit(where):
    x, y = make_data()
    histories, results = [], []
    for place in ("cpu", "cuda"):
        model = nn.Sequential(nn.Dense(6, 16, rng=0), nn.BatchNorm1d(16), nn.ReLU(), nn.Dense(16, 3, rng=1)).to(place)
        data = ArrayDataset(x, y).to(place) if where == "dataset" else ArrayDataset(x, y)
        loader = DataLoader(data, 16, shuffle=True, seed=1, device=place if where == "loader" else None)
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        validation = DataLoader((x, y), 25)
        histories.append(fit(model, loader, optimizer, nn.CrossEntropyLoss(), 5, validation, progress=False))
        results.append(evaluate(model, DataLoader((x, y), 16), nn.CrossEntropyLoss()))
    np.testing.assert_allclose(histories[1].steps, histories[0].steps, rtol=1e-3)
    assert results[1]["loss"] == pytest.approx(results[0]["loss"], rel=1e-3)


def test_clipping():
    norms = []
    for place in ("cpu", "cuda"):
        params = make_params(place)
        path.set_gradients(params, 3)
        norms.append(optim.clip_grad_norm(params, 0.5))
        optim.clip_grad_value(params, 0.01)
        assert max(float(abs(p.grad).data.max()) for p in params) <= 0.01 + 1e-9
    assert norms[0] == pytest.approx(norms[1], rel=1e-6)


def test_detect_anomaly():
    with minidl.detect_anomaly(), pytest.raises(FloatingPointError, match="log made the first NaN"):
        minidl.log(Tensor([-1.0], requires_grad=True, device="cuda"))


def test_two_gpus():
    import cupy

    if cupy.cuda.runtime.getDeviceCount() < 2:
        pytest.skip("one GPU only")
    params = {place: make_params(place) for place in ("cpu", "cuda:1")}
    for place, ps in params.items():
        loss = (ps[0] * ps[2]).sum() + (ps[1] ** 2).mean() * ps[3]
        loss.backward()
        optim.Adam(ps).step()
        assert {p.device for p in ps} == {p.grad.device for p in ps} == {loss.device} == {place}
    for p, q in zip(params["cpu"], params["cuda:1"], strict=True):
        close(q, p)
    with pytest.raises(ValueError, match=r"cuda, another .* on cuda:1"):
        Tensor([1.0], device="cuda") + params["cuda:1"][1]
    assert len(SHAPES) == len(params["cpu"])

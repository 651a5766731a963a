"""The layers: what they compute, their gradients, how parameters are found, modes, state and files."""

import copy
import inspect
import json
import math
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import minidl
from minidl import Tensor, gradcheck, nn, no_grad, optim

TORCH = json.loads((Path(__file__).parent / "golden" / "nn_torch_layers.json").read_text())


def leaf(x):
    return Tensor(np.array(x), requires_grad=True)


def check(layer, record, **leaves):
    """Output and gradients for the input x equal the recorded ones; record["grads"] knows the leaves by name."""
    for p in leaves.values():
        p.grad = None
    y = layer(leaves["x"])
    np.testing.assert_allclose(y.data, record["output"], rtol=1e-12, atol=1e-13)
    y.backward(np.array(record["upstream"]))
    assert set(leaves) == set(record["grads"])
    for name, p in leaves.items():
        np.testing.assert_allclose(p.grad.data, record["grads"][name], rtol=1e-10, atol=1e-12, err_msg=name)


def put(layer, record):
    for name in ("weight", "bias"):
        getattr(layer, name).data = np.array(record[name])
    return layer


# -- against recorded values


@pytest.mark.parametrize("record", TORCH["activations"], ids=lambda r: f"{r['layer']}{r['settings'] or ''}")
def test_activations_equal_torch(record):
    x = leaf(record["x"])
    check(getattr(nn, record["layer"])(**record["settings"]), record, x=x)


def test_dense_equals_torch():
    record = TORCH["linear"]
    layer, x = put(nn.Dense(4, 3, dtype="float64"), record), leaf(record["x"])
    check(layer, record, x=x, weight=layer.weight, bias=layer.bias)


@pytest.mark.parametrize("record", TORCH["batch_norm"], ids=lambda r: str(r["settings"]))
def test_batch_norm_equals_torch_over_several_batches_and_in_evaluation(record):
    layer = put(nn.BatchNorm1d(3, dtype="float64", **record["settings"]), record)
    assert layer.running_mean.tolist() == [0, 0, 0] and layer.running_var.tolist() == [1, 1, 1]
    for step in record["steps"]:
        x = leaf(step["x"])
        check(layer, step, x=x, weight=layer.weight, bias=layer.bias)
        np.testing.assert_allclose(layer.running_mean, step["running_mean"], rtol=1e-13)
        np.testing.assert_allclose(layer.running_var, step["running_var"], rtol=1e-13)
    layer.eval()
    x = leaf(record["eval"]["x"])
    check(layer, record["eval"], x=x, weight=layer.weight, bias=layer.bias)
    assert layer.running_mean.tolist() == pytest.approx(record["steps"][-1]["running_mean"], rel=1e-13)  # as it was


@pytest.mark.parametrize("record", TORCH["layer_norm"], ids=lambda r: str(r["settings"]))
def test_layer_norm_equals_torch(record):
    layer, x = put(nn.LayerNorm(4, dtype="float64", **record["settings"]), record), leaf(record["x"])
    check(layer, record, x=x, weight=layer.weight, bias=layer.bias)
    with no_grad():
        one = layer.eval()(np.array(record["x"])[:1])  # the same in evaluation, and for a batch of one
    np.testing.assert_allclose(one.data, record["output"][:1], rtol=1e-12)


# -- against the formulas, in plain Python

FORMULAS = {
    nn.ReLU: lambda x: max(x, 0.0),
    nn.LeakyReLU: lambda x: x if x > 0 else 0.01 * x,
    nn.ELU: lambda x: x if x > 0 else math.exp(x) - 1,
    nn.GELU: lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    nn.Sigmoid: lambda x: 1 / (1 + math.exp(-x)),
    nn.Tanh: lambda x: (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1),
}


@pytest.mark.parametrize("cls", FORMULAS)
def test_activation_formulas(cls):
    x = np.linspace(-4, 4, 33)
    np.testing.assert_allclose(cls()(Tensor(x)).data, [FORMULAS[cls](v) for v in x], rtol=1e-12, atol=1e-14)


def test_dense_is_a_matrix_product():
    layer = nn.Dense(2, 3, init=lambda shape, rng: np.arange(6.0).reshape(shape))
    layer.bias.data[...] = [10, 20, 30]
    assert layer([[1.0, 0.0], [1.0, 2.0]]).data.tolist() == [[10, 21, 32], [16, 29, 42]]
    assert layer(np.ones((4, 5, 2))).shape == (4, 5, 3)
    assert layer([1.0, 0.0]).data.tolist() == [10, 21, 32]
    without = nn.Dense(2, 3, bias=False, init=lambda shape, rng: np.arange(6.0).reshape(shape))
    assert without.bias is None and [n for n, _ in without.named_parameters()] == ["weight"]
    assert without([[1.0, 2.0]]).data.tolist() == [[6, 9, 12]]


def test_flatten_shapes():
    assert nn.Flatten()(np.zeros((5, 2, 3))).shape == (5, 6)
    assert nn.Flatten()(np.zeros(5)).shape == (5, 1)
    assert nn.Flatten()(np.zeros((0, 2, 3))).shape == (0, 6)
    with pytest.raises(ValueError, match=r"Flatten\(\) needs x of shape"):
        nn.Flatten()(3.0)


# -- gradients, for every layer there is

F64 = {"dtype": "float64"}


def _off_kinks(*shape, seed=0):
    x = np.random.default_rng(seed).normal(size=shape)
    return x + 0.1 * np.sign(x)


GRADCHECK = {  # for each class: layers, with the shape of the input
    "Dense": [(nn.Dense(4, 3, **F64), (2, 4)), (nn.Dense(4, 3, bias=False, **F64), (2, 3, 4))],
    "Sequential": [(nn.Sequential(nn.Dense(3, 4, **F64), nn.Tanh(), nn.Dense(4, 2, **F64)), (2, 3))],
    "Flatten": [(nn.Flatten(), (2, 3, 2))],
    "Dropout": [(nn.Dropout(0.4), (3, 4)), (nn.Dropout(0.4).eval(), (3, 4))],
    "BatchNorm1d": [(nn.BatchNorm1d(3, **F64), (4, 3)), (nn.BatchNorm1d(3, **F64).eval(), (4, 3))],
    "LayerNorm": [(nn.LayerNorm(4, **F64), (3, 4)), (nn.LayerNorm(4, **F64), (2, 2, 4))],
    "ReLU": [(nn.ReLU(), (3, 4))],
    "LeakyReLU": [(nn.LeakyReLU(), (3, 4)), (nn.LeakyReLU(0.3), (3, 4))],
    "ELU": [(nn.ELU(), (3, 4)), (nn.ELU(0.6), (3, 4))],
    "GELU": [(nn.GELU(), (3, 4))],
    "Sigmoid": [(nn.Sigmoid(), (3, 4))],
    "Tanh": [(nn.Tanh(), (3, 4))],
    "Softmax": [(nn.Softmax(), (3, 4)), (nn.Softmax(axis=0), (3, 4))],
    "LogSoftmax": [(nn.LogSoftmax(), (3, 4)), (nn.LogSoftmax(axis=0), (3, 4))],
}
LAYERS = sorted(n for n in nn.__all__ if inspect.isclass(getattr(nn, n)) and n != "Module" and not n.endswith("Loss"))


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_passes_gradcheck(name):
    assert name in GRADCHECK, f"minidl.nn.{name} has no gradcheck case: add one to GRADCHECK"
    for layer, shape in GRADCHECK[name]:
        layer = copy.deepcopy(layer)
        assert type(layer) is getattr(nn, name)
        parameters = layer.parameters()
        for i, p in enumerate(parameters):
            p.data = _off_kinks(*p.shape, seed=i + 1)

        def f(x, *values, layer=layer, parameters=parameters):
            if isinstance(layer, nn.Dropout):
                layer.rng = np.random.default_rng(5)  # the same elements dropped in every evaluation
            swapped = dict(zip(map(id, parameters), values, strict=True))
            return _with(layer, swapped)(x)

        inputs = [leaf(_off_kinks(*shape)), *[leaf(p.data) for p in parameters]]
        gradcheck(f, inputs, order=2)


def _with(module, swapped):
    """A copy of the Module in which other Tensors stand for its parameters."""
    module = copy.copy(module)
    for key, x in vars(module).items():
        if isinstance(x, Tensor):
            setattr(module, key, swapped.get(id(x), x))
        elif isinstance(x, list):
            setattr(module, key, [_with(m, swapped) for m in x])
    return module


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_keeps_its_dtype_and_works_at_once_after_eval(name):
    """float32 stays float32 through forward, backward, a step, the running statistics, evaluation."""
    made = {"Dense": (4, 3), "BatchNorm1d": (4,), "LayerNorm": (4,), "Sequential": (nn.Dense(4, 2), nn.ReLU())}
    for dtype in ("float32", "float64"):
        takes_dtype = "dtype" in inspect.signature(getattr(nn, name)).parameters
        if dtype == "float64" and name in ("Sequential",):
            continue
        layer = getattr(nn, name)(*made.get(name, ()), **({"dtype": dtype} if takes_dtype else {}))
        x = Tensor(_off_kinks(3, 4).astype(dtype), requires_grad=True)
        y = layer(x)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == dtype
        assert all(p.dtype == p.grad.dtype == dtype for p in layer.parameters())
        assert all(a.dtype == dtype for a in layer.state_dict().values())
        assert layer.eval()(x).dtype == dtype


# -- the input


def test_arrays_are_cast_to_the_models_dtype():
    for dtype in ("float32", "float64"):
        layer = nn.Dense(3, 2, dtype=dtype)
        images = np.array([[0, 128, 255]], dtype=np.uint8)
        expected = images.astype(dtype) @ layer.weight.data
        for x in (images, images.astype(np.float64), images.astype(np.float32), images.astype(bool) * images):
            y = layer(x)
            assert y.dtype == dtype
            np.testing.assert_array_equal(y.data, expected)
        assert layer([[0, 128, 255]]).data.tolist() == expected.tolist()
        np.testing.assert_allclose(layer(Tensor(images)).data, expected, rtol=1e-6)  # integers have no dtype to keep
    assert images.dtype == np.uint8 and images.tolist() == [[0, 128, 255]]


def test_a_list_keeps_all_digits_of_a_float64_model():
    third = nn.Dense(1, 1, init=lambda shape, rng: np.ones(shape), dtype="float64")
    assert third([[1 / 3]]).item() == 1 / 3


def test_layers_without_parameters_make_float32_of_what_is_not_floating():
    assert nn.ReLU()([1, -1]).dtype == nn.ReLU()([1.0, -1.0]).dtype == np.float32
    assert nn.ReLU()(np.arange(3)).dtype == np.float32
    assert nn.ReLU()(np.arange(3.0)).dtype == np.float64
    assert nn.Sequential(nn.ReLU(), nn.Dense(3, 2))(np.ones((1, 3))).dtype == np.float32


@pytest.mark.parametrize(
    "layer", [nn.Dense(3, 2), nn.BatchNorm1d(3), nn.BatchNorm1d(3).eval(), nn.LayerNorm(3)], ids=repr
)
def test_a_tensor_of_another_floating_dtype_raises_and_names_the_layer(layer):
    before = layer.state_dict()
    with pytest.raises(TypeError) as error:
        layer(Tensor(np.ones((4, 3))))
    assert repr(layer) in str(error.value)
    assert "float32" in str(error.value) and "float64" in str(error.value)
    for name, x in layer.state_dict().items():  # the running statistics are as they were
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x, before[name])


def test_integer_tensors_are_cast():
    x = Tensor([[1, 2, 3], [3, 2, 2]], dtype="int64")
    for layer in (nn.Dense(3, 2), nn.BatchNorm1d(3), nn.LayerNorm(3)):
        expected = layer(x.data)
        assert layer(x).dtype == np.float32
        np.testing.assert_array_equal(layer(x).data, expected.data)
        assert all(a.dtype == np.float32 for a in layer.state_dict().values())


def test_wrong_shapes_name_the_layer():
    with pytest.raises(ValueError, match=r"Dense\(784, 128\) got x of shape \(32, 28, 28\); flatten it first: .*Flat"):
        nn.Dense(784, 128)(np.zeros((32, 28, 28)))
    with pytest.raises(ValueError, match=r"Dense\(4, 2, bias=False\) got x of shape \(3, 5\); the last axis.* 4"):
        nn.Dense(4, 2, bias=False)(np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"Dense\(4, 2\) got x of shape \(\)"):
        nn.Dense(4, 2)(1.0)
    for shape in ((3, 5), (4,), (2, 3, 4)):
        with pytest.raises(ValueError, match=r"BatchNorm1d\(4\) needs x of shape \(N, 4\), got"):
            nn.BatchNorm1d(4)(np.zeros(shape))
    with pytest.raises(ValueError, match=r"LayerNorm\(4\) needs x of shape \(\.\.\., 4\), got \(4, 3\)"):
        nn.LayerNorm(4)(np.zeros((4, 3)))


@pytest.mark.parametrize("bad", [np.array([["a"]]), np.array([[1j]]), [[None]]])
def test_input_that_is_no_number_raises(bad):
    with pytest.raises(TypeError, match=r"Dense\(1, 1\) takes real numbers, got data of dtype"):
        nn.Dense(1, 1)(bad)


def test_batch_norm_refuses_a_training_batch_of_one():
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match=r"a batch of 1 has no variance.*drop_last"):
        layer(np.ones((1, 3)))
    assert layer.running_mean.tolist() == [0, 0, 0]
    assert layer.eval()(np.ones((1, 3))).shape == (1, 3)


@pytest.mark.parametrize("size", [0, -1, 2.0, "3", None])
def test_sizes_must_be_positive_integers(size):
    for make in (lambda: nn.Dense(size, 2), lambda: nn.Dense(2, size), lambda: nn.BatchNorm1d(size),
                 lambda: nn.LayerNorm(size)):  # fmt: skip
        with pytest.raises(ValueError, match="must be a positive integer, got"):
            make()


def test_numpy_numbers_as_settings_do_not_promote():
    layer = nn.BatchNorm1d(np.int64(2), eps=np.float64(1e-3), momentum=np.float64(0.3))
    layer(_off_kinks(4, 2))
    assert layer.running_mean.dtype == layer.running_var.dtype == np.float32
    assert layer.eval()(Tensor(np.ones((3, 2), np.float32))).dtype == np.float32


# -- Sequential


def test_sequential_is_a_list_of_layers():
    a, b, c = nn.Dense(3, 4), nn.ReLU(), nn.Dense(4, 2)
    model = nn.Sequential(a, b, c)
    assert len(model) == 3 and list(model) == [a, b, c]
    assert model[0] is a and model[-1] is c
    head = model[:2]
    assert isinstance(head, nn.Sequential) and list(head) == [a, b]
    x = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(model(x).data, c(b(a(x))).data)
    np.testing.assert_array_equal(head(x).data, np.maximum(x @ a.weight.data, 0))
    with pytest.raises(IndexError):
        model[3]
    assert nn.Sequential()(x).data is x
    assert not model.eval()[1:].training


def test_sequential_takes_functions_and_modules_of_ones_own():
    class Double(nn.Module):
        def forward(self, x):
            return 2 * x

    model = nn.Sequential(nn.Dense(2, 2), minidl.relu, Double(), lambda x: x + 1)
    assert (model(-np.ones((1, 2))).data >= 1).all()
    assert [n for n, _ in model.named_parameters()] == ["0.weight", "0.bias"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((nn.ReLU(), 3), "layer 1 is 3; give layers one by one"),
        (([nn.ReLU(), nn.ReLU()],), "layer 0 is .*ReLU.*; give layers one by one"),
        ((nn.Dense(2, 2), nn.ReLU), r"layer 1 is the class ReLU; make one: ReLU\(\)"),
    ],
)
def test_sequential_refuses_what_is_no_layer(layers, message):
    with pytest.raises(TypeError, match=message):
        nn.Sequential(*layers)


def test_sequential_notes_which_layer_failed():
    model = nn.Sequential(nn.Dense(4, 3), nn.ReLU(), nn.Dense(5, 2))
    with pytest.raises(ValueError, match=r"Dense\(5, 2\) got x of shape \(6, 3\)") as error:
        model(np.zeros((6, 4)))
    assert error.value.__notes__ == ["in layer 2 of 3, Dense(5, 2), which got x of shape (6, 3)"]
    with pytest.raises(TypeError) as error:
        nn.Sequential(lambda x: [x], nn.Dense(2, 2), nn.Softmax(axis="rows"))(np.zeros((1, 2)))
    assert error.value.__notes__ == ["in layer 2 of 3, Softmax(axis='rows'), which got x of shape (1, 1, 2)"]
    with pytest.raises(TypeError) as error:
        nn.Sequential(lambda x: ["text"], nn.Dense(2, 2))(np.zeros((1, 2)))
    assert error.value.__notes__ == ["in layer 1 of 2, Dense(2, 2), which got x of shape None"]


def test_a_subclass_of_sequential_keeps_what_it_adds():
    class Scaled(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Dense(2, 3), nn.ReLU())
            self.scale = Tensor([2.0], requires_grad=True)
            self.last = nn.Dense(3, 1)

        def forward(self, x):
            return self.last(super().forward(x) * self.scale)

    model = Scaled()
    assert [n for n, _ in model.named_parameters()] == ["0.weight", "0.bias", "scale", "last.weight", "last.bias"]
    assert not model.eval().last.training


# -- parameters


class Zoo(nn.Module):
    """Every place in which a parameter or a buffer can sit."""

    def __init__(self):
        self.out = nn.Dense(1, 2)
        self.blocks = [nn.Dense(1, 1), nn.Sequential(nn.Dense(1, 1, bias=False), nn.Tanh())]
        self.pair = (Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True))
        self.heads = {"a": nn.Dense(1, 1), "b": {"c": Tensor([3.0], requires_grad=True)}}
        self.shared = self.out
        self.tied = self.out.weight
        self.frozen = Tensor([4.0])
        self.table = np.arange(3)
        self.number, self.nothing = 3, None
        self.scale = Tensor(1.5, requires_grad=True)


NAMES = [
    "out.weight", "out.bias", "blocks.0.weight", "blocks.0.bias", "blocks.1.0.weight", "pair.0", "pair.1",
    "heads.a.weight", "heads.a.bias", "heads.b.c", "scale",
]  # fmt: skip


def test_parameters_are_found_in_the_order_of_definition():
    zoo = Zoo()
    named = list(zoo.named_parameters())
    assert [n for n, _ in named] == NAMES  # a shared one once; frozen Tensors and arrays are no parameters
    assert [p.name for p in zoo.parameters()] == NAMES
    assert all(p is q for (_, p), q in zip(named, zoo.parameters(), strict=True))
    assert named[0][1] is zoo.tied
    expected = [*NAMES[:10], "frozen", "table", "scale"]
    assert list(zoo.state_dict()) == expected


def test_freezing_takes_a_parameter_out():
    model = nn.Sequential(nn.Dense(2, 3), nn.Dense(3, 1))
    model[0].weight.requires_grad = False
    assert [n for n, _ in model.named_parameters()] == ["0.bias", "1.weight", "1.bias"]
    assert "0.weight" in model.state_dict()
    before = model.state_dict()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    model(np.ones((4, 2))).sum().backward()
    optimizer.step()
    changed = [n for n, x in model.state_dict().items() if not np.array_equal(x, before[n])]
    assert changed == ["0.bias", "1.weight", "1.bias"]


def test_modules_are_found_once_and_a_cycle_ends():
    zoo = Zoo()
    names = [n for n, _ in zoo.named_modules()]
    assert names == ["", "out", "blocks.0", "blocks.1", "blocks.1.0", "blocks.1.1", "heads.a"]
    assert [type(m).__name__ for m in zoo.modules()] == ["Zoo", *["Dense"] * 2, "Sequential", "Dense", "Tanh", "Dense"]
    zoo.out.parent = zoo
    assert [n for n, _ in zoo.named_parameters()] == NAMES
    assert all(not m.training for m in zoo.eval().modules())


def test_the_optimizers_state_is_kept_by_these_names():
    model = nn.Sequential(nn.Dense(2, 3), nn.ReLU(), nn.Dense(3, 1))
    optimizer = optim.Adam(model.parameters())
    model.summary()
    list(model[2].parameters())
    model(np.ones((4, 2))).sum().backward()
    optimizer.step()
    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert list(optimizer.state_dict()["state"]) == names
    assert optimizer.state_dict()["param_groups"][0]["params"] == names


def test_zero_grad_and_deepcopy():
    model = nn.Sequential(nn.Dense(2, 3), nn.BatchNorm1d(3))
    model(_off_kinks(4, 2)).sum().backward()
    twin = copy.deepcopy(model)
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    assert all(p.grad is not None for p in twin.parameters())
    twin[0].weight.data[...] = 7
    assert not (model[0].weight.data == 7).any()
    assert list(twin.state_dict()) == list(model.state_dict())


def test_to_moves_and_returns_the_model():
    model = small()
    before = [id(p) for p in model.parameters()]
    assert model.to("cpu") is model and [id(p) for p in model.parameters()] == before
    with pytest.raises(ValueError, match="unknown device 'gpu'"):
        model.to("gpu")


def test_forward_takes_keywords_and_none():
    class Masked(nn.Module):
        def forward(self, x, mask=None, scale=1.0):
            return x * scale if mask is None else x * scale * mask

    layer = Masked()
    assert layer([2.0], None).data.tolist() == [2]
    assert layer([2.0], [3.0], scale=2.0).data.tolist() == [12]
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()([1.0])


# -- modes


def test_train_and_eval_reach_every_part():
    zoo = Zoo()
    assert all(m.training for m in zoo.modules())
    assert zoo.eval() is zoo
    assert not any(m.training for m in [zoo, zoo.out, zoo.blocks[0], zoo.blocks[1][1], zoo.heads["a"]])
    assert zoo.train() is zoo and all(m.training for m in zoo.modules())
    assert not zoo.train(False).training
    assert nn.Module.training  # the instances changed, not the class


def test_dropout_keeps_the_mean_and_scales():
    x = np.ones((400, 500), np.float32)
    for p in (0.1, 0.5, 0.8):
        y = nn.Dropout(p, rng=0)(x).data
        assert set(np.unique(y)) == {0, np.float32(1) / np.float32(1 - p)}
        share = (y == 0).mean()
        assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / x.size)
        assert abs(y.mean() - 1) < 5 * math.sqrt(p / (1 - p) / x.size)


def test_dropout_is_the_identity_in_evaluation_and_for_zero():
    x = Tensor([[1.0, 2.0]])
    assert nn.Dropout(0.5).eval()(x) is x
    assert nn.Dropout(0.0)(x) is x


def test_dropout_is_determined_by_its_seed():
    x = np.ones((20, 20))
    a, b = nn.Dropout(0.5, rng=3), nn.Dropout(0.5, rng=3)
    first = a(x).data
    np.testing.assert_array_equal(first, b(x).data)
    assert not np.array_equal(first, a(x).data)  # the next mask is another one
    assert not np.array_equal(first, nn.Dropout(0.5, rng=4)(x).data)
    layer = nn.Dropout(0.5)
    minidl.seed(3)
    second = layer(x).data
    assert not np.array_equal(second, layer(x).data)
    minidl.seed(3)  # also for a layer made before
    np.testing.assert_array_equal(second, layer(x).data)


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, math.nan, math.inf])
def test_dropout_refuses_p_out_of_range(p):
    with pytest.raises(ValueError, match=r"Dropout: p must lie in \[0, 1\), got"):
        nn.Dropout(p)


# -- what is shown


def test_summary_of_the_mnist_network():
    model = nn.Sequential(nn.Flatten(), nn.Dense(784, 256), nn.ReLU(), nn.Dense(256, 128), nn.ReLU(), nn.Dense(128, 10))
    text = model.summary()
    assert repr(text) == str(text)
    assert [line.split() for line in text.splitlines()] == [
        ["layer", "parameters"], ["0", "Flatten()", "0"], ["1", "Dense(784,", "256)", "200,960"], ["2", "ReLU()", "0"],
        ["3", "Dense(256,", "128)", "32,896"], ["4", "ReLU()", "0"], ["5", "Dense(128,", "10)", "1,290"],
        ["total", "235,146"],
    ]  # fmt: skip
    assert len({len(line) for line in text.splitlines()}) == 1  # the columns are aligned


def test_summary_finds_nested_shared_and_direct_parameters():
    zoo = Zoo()
    rows = [(line.split()[0], int(line.split()[-1])) for line in zoo.summary().splitlines()[1:]]
    assert rows == [
        ("Zoo(out=Dense(1,", 4), ("out", 4), ("blocks.0", 2), ("blocks.1.0", 1), ("blocks.1.1", 0), ("heads.a", 2),
        ("total", 13),
    ]  # fmt: skip
    assert sum(p.size for p in zoo.parameters()) == 13
    single = nn.Dense(2, 3).summary().splitlines()
    assert single[1].split() == ["Dense(2,", "3)", "9"] and single[2].split() == ["total", "9"]


def test_reprs():
    last = nn.Dense(3, 1, bias=False)
    model = nn.Sequential(nn.Dense(2, 3), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.BatchNorm1d(3), last)
    assert repr(model) == (
        "Sequential(Dense(2, 3), LeakyReLU(negative_slope=0.2), Dropout(0.1), BatchNorm1d(3), Dense(3, 1, bias=False))"
    )
    assert repr(nn.ELU()) == "ELU(alpha=1.0)" and repr(nn.ReLU().eval()) == "ReLU()"

    class Net(nn.Module):
        def __init__(self):
            self.width = 3
            self.a = nn.Dense(2, self.width)
            self.f = np.tanh

    assert repr(Net()) == "Net(width=3, a=Dense(2, 3))"


# -- state


def small():
    return nn.Sequential(nn.Dense(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Dense(3, 1))


def equal(a, b):
    return list(a) == list(b) and all(np.array_equal(a[n], b[n]) and a[n].dtype == b[n].dtype for n in a)


def test_state_dict_holds_copies_and_loads_back():
    model, other = small(), small()
    model(_off_kinks(4, 2))
    state = model.state_dict()
    assert list(state) == [
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "3.weight", "3.bias",
    ]  # fmt: skip
    kept = {n: x.copy() for n, x in state.items()}
    for p in model.parameters():
        p.data += 1
    model[1].running_mean += 1
    assert equal(state, kept)
    tensors = other.parameters()
    other.load_state_dict(state)
    assert equal(other.state_dict(), kept)
    assert all(a is b for a, b in zip(other.parameters(), tensors, strict=True))
    state["0.weight"][...] = 9
    assert not (other[0].weight.data == 9).any()


def test_load_casts_to_the_models_dtype_and_takes_tensors_and_lists():
    model = nn.Dense(2, 1)
    model.load_state_dict({"weight": Tensor([[1.0], [2.0]], dtype="float64"), "bias": [3]})
    assert model.weight.dtype == np.float32 and model.weight.data.tolist() == [[1], [2]]
    assert model.bias.data.tolist() == [3] and model.bias.dtype == np.float32


def test_load_lists_all_problems_and_changes_nothing():
    model = small()
    before = model.state_dict()
    state = {n: x + 1 for n, x in before.items()}
    del state["0.bias"], state["3.weight"]
    state |= {"1.weight": np.ones((3, 1)), "4.weight": np.ones(2), "1.bias": np.array(["a", "b", "c"])}
    with pytest.raises(ValueError) as error:
        model.load_state_dict(state)
    lines = str(error.value).splitlines()
    assert lines[0].startswith("this state does not fit Sequential(")
    assert sorted(line.strip() for line in lines[1:]) == [
        "1.bias: has dtype <U1, expected real numbers",
        "1.weight: has shape (3, 1), expected (3,)",
        "missing: 0.bias",
        "missing: 3.weight",
        "unexpected: 4.weight",
    ]
    assert equal(model.state_dict(), before)


def test_a_retained_graph_raises_after_load():
    model = nn.Sequential(nn.Dense(2, 3), nn.Tanh(), nn.Dense(3, 1))
    y = model(np.ones((4, 2))).sum()
    y.backward(retain_graph=True)
    assert len(model.parameters()) == 4  # asking for them gives them their names
    model.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match=r"2\.weight .*changed in place"):
        y.backward()


# -- files


def test_weights_go_through_a_file(tmp_path):
    path = tmp_path / "weights.safetensors"
    zoo, other = Zoo(), Zoo()
    zoo.out.weight.data[...] = 5
    zoo.scale.data[...] = 2.5  # a parameter without axes keeps its shape ()
    zoo.save(path)
    other.load(str(path))
    assert equal(zoo.state_dict(), other.state_dict()) and other.scale.shape == ()
    assert other.table.dtype == zoo.table.dtype
    read = load_file(path)
    assert read.keys() == zoo.state_dict().keys()
    assert all(np.array_equal(read[n], x) for n, x in zoo.state_dict().items())


def test_the_file_holds_numbers_and_no_pickle(tmp_path):
    path = tmp_path / "w"
    nn.Dense(2, 1).save(path)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert header.keys() == {"weight", "bias"} and header["weight"]["shape"] == [2, 1]
    assert len(content) == 8 + length + 4 * 3
    assert list(tmp_path.iterdir()) == [path]  # nothing is left beside it


def test_a_transposed_parameter_is_saved_in_its_own_order(tmp_path):
    layer = nn.Dense(2, 3, init=lambda shape, rng: np.arange(6.0).reshape(3, 2).T)
    layer.save(tmp_path / "w")
    other = nn.Dense(2, 3)
    other.load(tmp_path / "w")
    np.testing.assert_array_equal(other.weight.data, np.arange(6.0).reshape(3, 2).T)


@pytest.mark.parametrize("failing", ["os.replace", "os.fdopen", "os.chmod"])
def test_a_failure_while_writing_leaves_the_old_file(tmp_path, monkeypatch, failing):
    path = tmp_path / "w.safetensors"
    layer = nn.Dense(2, 1)
    layer.save(path)
    old = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(failing, fail)
    layer.weight.data += 1
    with pytest.raises(OSError, match="no space left"):
        layer.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == old and list(tmp_path.iterdir()) == [path]
    layer.save(path)
    assert path.read_bytes() != old


def test_a_failure_half_way_through_the_bytes(tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    layer = nn.Dense(2, 1)
    layer.save(path)
    old = path.read_bytes()
    real = os.fdopen

    def half(handle, mode):
        file = real(handle, mode)

        class Half:
            def __enter__(self):
                return self

            def __exit__(self, *error):
                file.close()

            def write(self, content):
                file.write(content[: len(content) // 2])
                file.flush()
                raise KeyboardInterrupt

        return Half()

    monkeypatch.setattr(os, "fdopen", half)
    with pytest.raises(KeyboardInterrupt):
        layer.save(path)
    assert path.read_bytes() == old and list(tmp_path.iterdir()) == [path]


def test_bad_files_raise_and_change_nothing(tmp_path):
    layer = nn.Dense(4, 3)
    before = layer.state_dict()
    good = tmp_path / "good"
    layer.save(good)
    content = good.read_bytes()
    bad = tmp_path / "bad"
    for broken in (b"", b"abc", content[:20], content[:-1], b"\x80\x04\x95pickle", b"PK\x03\x04" * 40, bytes(200)):
        bad.write_bytes(broken)
        with pytest.raises(ValueError, match="bad is no safetensors file, or a damaged one"):
            layer.load(bad)
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(FileNotFoundError, match="no weight file at"):
            layer.load(missing)
    nn.Dense(4, 2).save(bad)
    with pytest.raises(ValueError, match=r"does not fit Dense\(4, 3\)"):
        layer.load(bad)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to write w into"):
        layer.save(tmp_path / "nowhere" / "w")
    assert equal(layer.state_dict(), before)


def test_save_into_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nn.Dense(2, 1).save("w")
    assert (tmp_path / "w").is_file()


def test_a_pytorch_name_gets_a_hint():
    with pytest.raises(AttributeError, match=r"minidl.nn has no 'Linear'; minidl's name for it is Dense\(in_features"):
        nn.Linear  # noqa: B018
    assert not hasattr(nn, "nothing_like_it")

"""Records what PyTorch's layers and losses compute: writes nn_torch_layers.json beside this file.

Needs torch (CPU), which minidl itself never imports: in a scratch environment, `pip install torch==2.13.0`, then
`python tests/golden/make_torch_layers.py`. The tests read the JSON only.

Every case is float64 and holds what went in, the output, and the gradients for a random gradient `upstream` of the
output. Gradients of ones would let a wrong reduction through.
"""

import json
import random
from pathlib import Path

import torch
from torch import nn

RNG = random.Random(11)


def numbers(*shape: int, low: float = -3.0, high: float = 3.0) -> list:
    if not shape:
        return round(RNG.uniform(low, high), 6)
    return [numbers(*shape[1:], low=low, high=high) for _ in range(shape[0])]


def tensor(x: list, requires_grad: bool = True) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64, requires_grad=requires_grad)


def backward(output: torch.Tensor, **leaves: torch.Tensor) -> dict:
    """Output, upstream gradient, and the gradient of every leaf."""
    upstream = numbers(*output.shape, low=-1, high=1)
    output.backward(torch.tensor(upstream, dtype=torch.float64))
    grads = {name: leaf.grad.tolist() for name, leaf in leaves.items()}
    return {"output": output.tolist(), "upstream": upstream, "grads": grads}


def with_parameters(layer: nn.Module, weight: list, bias: list) -> nn.Module:
    layer = layer.double()
    with torch.no_grad():
        layer.weight.copy_(tensor(weight, False))
        layer.bias.copy_(tensor(bias, False))
    return layer


def activations() -> list:
    layers = [
        ("ReLU", {}, nn.ReLU()),
        ("LeakyReLU", {}, nn.LeakyReLU()),
        ("LeakyReLU", {"negative_slope": 0.3}, nn.LeakyReLU(0.3)),
        ("ELU", {}, nn.ELU()),
        ("ELU", {"alpha": 0.7}, nn.ELU(0.7)),
        ("GELU", {}, nn.GELU(approximate="tanh")),
        ("Sigmoid", {}, nn.Sigmoid()),
        ("Tanh", {}, nn.Tanh()),
        ("Softmax", {}, nn.Softmax(dim=-1)),
        ("Softmax", {"axis": 0}, nn.Softmax(dim=0)),
        ("LogSoftmax", {}, nn.LogSoftmax(dim=-1)),
        ("LogSoftmax", {"axis": 0}, nn.LogSoftmax(dim=0)),
        ("Flatten", {}, nn.Flatten()),
    ]
    cases = []
    for name, settings, layer in layers:
        x = tensor(numbers(3, 2, 2) if name == "Flatten" else [*numbers(3, 4), [-30.0, 0.0, 25.0, -0.5]])
        cases.append({"layer": name, "settings": settings, "x": x.tolist(), **backward(layer(x), x=x)})
    return cases


def linear() -> dict:
    weight, bias, x = numbers(4, 3), numbers(3), tensor(numbers(2, 5, 4))  # the weight as minidl has it: (in, out)
    layer = with_parameters(nn.Linear(4, 3), [list(column) for column in zip(*weight, strict=True)], bias)
    case = {"weight": weight, "bias": bias, "x": x.tolist()}
    case |= backward(layer(x), x=x, weight=layer.weight, bias=layer.bias)
    case["grads"]["weight"] = layer.weight.grad.T.tolist()
    return case


def batch_norm(settings: dict) -> dict:
    weight, bias = numbers(3), numbers(3)
    layer = with_parameters(nn.BatchNorm1d(3, **settings), weight, bias)
    case = {"settings": settings, "weight": weight, "bias": bias, "steps": []}
    for n in (5, 2, 7):
        x = tensor(numbers(n, 3))
        layer.zero_grad()
        step = {"x": x.tolist(), **backward(layer(x), x=x, weight=layer.weight, bias=layer.bias)}
        step |= {"running_mean": layer.running_mean.tolist(), "running_var": layer.running_var.tolist()}
        case["steps"].append(step)
    layer.eval()
    layer.zero_grad()
    x = tensor(numbers(4, 3))
    case["eval"] = {"x": x.tolist(), **backward(layer(x), x=x, weight=layer.weight, bias=layer.bias)}
    return case


def layer_norm(settings: dict) -> dict:
    weight, bias, x = numbers(4), numbers(4), tensor(numbers(2, 3, 4))
    layer = with_parameters(nn.LayerNorm(4, **settings), weight, bias)
    case = {"settings": settings, "weight": weight, "bias": bias, "x": x.tolist()}
    return {**case, **backward(layer(x), x=x, weight=layer.weight, bias=layer.bias)}


def losses() -> list:
    logits = [*numbers(4, 3), [800.0, -800.0, 1.0], [-800.0, 800.0, 1.0]]
    labels = [2, 0, 1, 1, 0, 0]
    shares = [*numbers(4, 3, low=0, high=1), [0.0, 1.0, 0.25], [0.0, 1.0, 1.0]]
    cases = []
    for reduction in ("mean", "sum", "none"):
        x = tensor(logits)
        loss = nn.CrossEntropyLoss(reduction=reduction)(x, torch.tensor(labels))
        cases.append({"loss": "CrossEntropyLoss", "reduction": reduction, "x": logits, "target": labels})
        cases[-1] |= backward(loss, x=x)
        x = tensor(logits)
        loss = nn.BCEWithLogitsLoss(reduction=reduction)(x, tensor(shares, False))
        cases.append({"loss": "BCEWithLogitsLoss", "reduction": reduction, "x": logits, "target": shares})
        cases[-1] |= backward(loss, x=x)
        x, y = tensor(numbers(4, 3)), tensor(numbers(4, 3))
        loss = nn.MSELoss(reduction=reduction)(x, y)
        cases.append({"loss": "MSELoss", "reduction": reduction, "x": x.tolist(), "target": y.tolist()})
        cases[-1] |= backward(loss, x=x, target=y)
    return cases


def main() -> None:
    data = {
        "source": f"torch.nn {torch.__version__}, float64, recorded by make_torch_layers.py",
        "licence": "numbers computed with PyTorch (BSD-3-Clause); no code of it is contained",
        "activations": activations(),
        "linear": linear(),
        "batch_norm": [batch_norm({}), batch_norm({"eps": 1e-2, "momentum": 0.3})],
        "layer_norm": [layer_norm({}), layer_norm({"eps": 1e-2})],
        "losses": losses(),
    }
    path = Path(__file__).with_name("nn_torch_layers.json")
    text = json.dumps(data, separators=(",", ":"))
    for mark in ('{"layer"', '{"loss"', '{"settings"', '"linear"'):
        text = text.replace(mark, "\n" + mark)
    path.write_text(text + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Module: a function with parameters. Layers, losses and whole networks are Modules."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import Array, check_device, device_of, is_array, to_device, to_numpy
from ..tensor import Tensor, _result, mark_changed


class Module:
    """A function of Tensors with parameters; a subclass writes `forward`.

    Attributes are found by themselves, in the order of their definition, also in lists, tuples and dicts: a Tensor
    is a parameter, a Module a part with parameters of its own, an array a buffer (kept in the state, not trained).
    """

    training: bool = True

    def forward(self, *inputs: Any) -> Any:
        """The function itself."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *inputs: Any) -> Any:
        """forward, with arrays made Tensors of the model's dtype (float32 where it has no parameters)."""
        return self.forward(*[x if isinstance(x, Tensor) else self._as_input(x) for x in inputs])

    def _as_input(self, x: Any) -> Any:
        x = x if is_array(x) else np.asarray(x, dtype=None if hasattr(x, "dtype") else np.float32)
        first = next((p for _, _, p in self._walk() if isinstance(p, Tensor)), None)
        if first is None:
            return _result(x if x.dtype.kind == "f" else x.astype(np.float32))
        if device_of(x) != first.device:
            raise ValueError(
                f"{self!r:.60} is on {first.device}, its input on {device_of(x)}: move the input "
                f"(Tensor(x, device={first.device!r})) or the model (model.to({device_of(x)!r}))"
            )
        return _result(x.astype(first.dtype, copy=False))

    # -- what it consists of

    def _parts(self) -> Iterator[tuple[str, Any]]:
        """(name, attribute) in the order of definition."""
        yield from vars(self).items()

    def _walk(self, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
        """(dotted name, place to set it in, Tensor or array) for every parameter and buffer, each object once."""
        seen: set[int] = set()

        def visit(holder: Any, items: Iterator[tuple[Any, Any]], prefix: str) -> Iterator[tuple[str, Any, Any]]:
            for key, x in items:
                name = f"{prefix}{key}"
                if isinstance(x, Tensor) or is_array(x):
                    if id(x) not in seen:
                        seen.add(id(x))
                        yield name, (holder, key), x
                elif isinstance(x, Module):
                    yield from visit(x, x._parts(), name + ".")
                elif isinstance(x, list | tuple):
                    yield from visit(x, iter(list(enumerate(x))), name + ".")
                elif isinstance(x, dict):
                    yield from visit(x, iter(list(x.items())), name + ".")

        yield from visit(self, self._parts(), prefix)

    def modules(self) -> Iterator[Module]:
        """This Module and every one inside it."""

        def visit(x: Any) -> Iterator[Module]:
            if isinstance(x, Module):
                yield x
                for _, part in x._parts():
                    yield from visit(part)
            elif isinstance(x, list | tuple | dict):
                for part in x.values() if isinstance(x, dict) else x:
                    yield from visit(part)

        yield from visit(self)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """(name, Tensor) of every trainable parameter, named "layer.weight", in the order of definition."""
        for name, _, p in self._walk():
            if isinstance(p, Tensor) and p.requires_grad:
                p.name = name  # for error messages and the optimizer's state
                yield name, p

    def parameters(self) -> list[Tensor]:
        """The trainable parameters: what an optimizer takes."""
        return [p for _, p in self.named_parameters()]

    # -- modes and places

    def train(self, mode: bool = True) -> Module:
        """Switch to training (dropout on, batch statistics); returns the Module."""
        for m in self.modules():
            m.training = mode
        return self

    def eval(self) -> Module:
        """Switch to evaluation (dropout off, running statistics); returns the Module."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to None."""
        for p in self.parameters():
            p.grad = None

    def to(self, device: str) -> Module:
        """Move parameters and buffers to "cpu", "cuda" or "cuda:1"; returns the Module. Make the optimizer after."""
        device = check_device(device)
        for _, (holder, key), x in self._walk():
            if isinstance(x, Tensor):
                x._data = to_device(x._data, device)
                x._grad = None if x._grad is None else _result(to_device(x._grad._data, device))
                mark_changed(x)
            elif isinstance(holder, Module):
                setattr(holder, key, to_device(x, device))
            else:
                holder[key] = to_device(x, device)
        return self

    # -- state

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and buffers on the host, by name."""
        return {name: np.array(to_numpy(x.data if isinstance(x, Tensor) else x)) for name, _, x in self._walk()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Copy the values in; ValueError that lists every missing, unexpected or misshapen name, and nothing changed."""
        mine = {name: x for name, _, x in self._walk()}
        problems = [f"missing: {name}" for name in mine if name not in state]
        problems += [f"unexpected: {name}" for name in state if name not in mine]
        values: dict[str, Array] = {}
        for name, x in mine.items():
            if name in state:
                value = state[name].data if isinstance(state[name], Tensor) else np.asarray(state[name])
                if value.shape != x.shape:
                    problems.append(f"{name}: has shape {value.shape}, expected {x.shape}")
                values[name] = value
        if problems:
            raise ValueError(f"this state does not fit {self!r:.100}:\n  " + "\n  ".join(problems))
        for name, value in values.items():
            x = mine[name]
            data = x.data if isinstance(x, Tensor) else x
            data[...] = to_device(value.astype(data.dtype), device_of(data))
            if isinstance(x, Tensor):
                mark_changed(x)

    def save(self, path: str | Path) -> None:
        """Write the state as a safetensors file (no pickle), whole or not at all."""
        write_safetensors(path, self.state_dict())

    def load(self, path: str | Path) -> None:
        """Read what `save` wrote; errors as `load_state_dict`, and for a file that is no safetensors file."""
        self.load_state_dict(read_safetensors(path)[0])

    def summary(self) -> Summary:
        """A table of the layers with their parameters; print it."""
        rows = []
        for name, part in [(n, p) for n, p in self._parts() if isinstance(p, Module)] or [("", self)]:
            rows.append((name, repr(part), sum(p.size for p in part.parameters())))
        total = sum(p.size for p in self.parameters())
        width = max(len(r[1]) for r in rows)
        lines = [f"{'':4}{'layer':{width}}  {'parameters':>12}"]
        lines += [f"{name:4}{text:{width}}  {count:>12,}" for name, text, count in rows]
        lines += [f"{'':4}{'total':{width}}  {total:>12,}"]
        return Summary("\n".join(lines))

    def __repr__(self) -> str:
        inner = ", ".join(f"{n}={p!r}" for n, p in self._parts() if isinstance(p, Module))
        return f"{type(self).__name__}({inner})"


class Summary(str):
    """Text that shows itself as it is at the prompt."""

    def __repr__(self) -> str:
        return str(self)


def write_safetensors(path: str | Path, arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> None:
    """Arrays by name into a safetensors file: first beside it, then renamed, so that no half file can be left."""
    try:
        from safetensors.numpy import save
    except ImportError:
        raise ImportError("weight files need safetensors: pip install safetensors") from None
    path = Path(path)
    content = save({k: np.ascontiguousarray(v) for k, v in arrays.items()}, metadata)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read_safetensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays by name, metadata) of a safetensors file; ValueError where the file is none."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise ImportError("weight files need safetensors: pip install safetensors") from None
    if not Path(path).is_file():
        raise FileNotFoundError(f"no weight file at {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            return {k: file.get_tensor(k) for k in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file, or a damaged one ({error})") from None

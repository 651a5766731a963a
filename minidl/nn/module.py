"""Module: a function with parameters. Layers, losses and whole networks are Modules."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import Array, check_device, device_of, is_array, on_device_of, to_device, to_numpy
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

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """forward, with positional arrays and lists made Tensors of the model's dtype; a Tensor goes in as it is.

        A Module without parameters leaves a floating array's dtype alone and makes float32 of anything else.
        TypeError for what holds no real numbers, ValueError for an array on another device than the model.
        """
        return self.forward(*[x if isinstance(x, Tensor) else self._as_input(x) for x in inputs], **options)

    def _as_input(self, x: Any) -> Any:
        if x is None:  # an argument left out
            return None
        has_dtype = hasattr(x, "dtype")
        x = x if is_array(x) else np.asarray(x)
        if x.dtype.kind not in "biuf":
            raise TypeError(f"{self!r:.60} takes real numbers, got data of dtype {x.dtype}")
        first = next((p for _, _, p in self._walk() if isinstance(p, Tensor) and p.dtype.kind == "f"), None)
        if first is None:
            return _result(x if has_dtype and x.dtype.kind == "f" else x.astype(np.float32))
        if device_of(x) != first.device:
            raise ValueError(
                f"{self!r:.60} is on {first.device}, its input on {device_of(x)}: move the input "
                f"(Tensor(x, device={first.device!r})) or the model (model.to({device_of(x)!r}))"
            )
        with on_device_of(x):
            return _result(x.astype(first.dtype, copy=False))

    # -- what it consists of

    def _parts(self) -> Iterator[tuple[str, Any]]:
        """(name, attribute) in the order of definition."""
        yield from list(vars(self).items())

    def _walk(self) -> Iterator[tuple[str, Any, Any]]:
        """(dotted name, place to set it in, it) for every parameter, buffer and Module inside, each object once."""
        seen = {id(self)}

        def visit(holder: Any, items: Iterable[tuple[Any, Any]], prefix: str) -> Iterator[tuple[str, Any, Any]]:
            for key, x in items:
                name = f"{prefix}{key}"
                if isinstance(x, list | tuple | dict):
                    yield from visit(x, list(x.items() if isinstance(x, dict) else enumerate(x)), name + ".")
                elif (isinstance(x, Tensor | Module) or is_array(x)) and id(x) not in seen:
                    seen.add(id(x))
                    yield name, (holder, key), x
                    if isinstance(x, Module):
                        yield from visit(x, x._parts(), name + ".")

        yield from visit(self, self._parts(), "")

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """(dotted name, Module) for this Module (its name is "") and every one inside it, each once."""
        yield "", self
        yield from ((name, x) for name, _, x in self._walk() if isinstance(x, Module))

    def modules(self) -> Iterator[Module]:
        """This Module and every one inside it."""
        return (m for _, m in self.named_modules())

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
            if isinstance(x, Module):
                continue
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

    def _arrays(self) -> Iterator[tuple[str, Any, Array]]:
        """(name, Tensor or array, its array) for every parameter and buffer."""
        return ((n, x, x.data if isinstance(x, Tensor) else x) for n, _, x in self._walk() if not isinstance(x, Module))

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and buffers on the host, by name."""
        return {name: np.array(to_numpy(data)) for name, _, data in self._arrays()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Copy the values in, cast to the model's dtype and moved to its device.

        ValueError that lists every missing, unexpected or misshapen name, and nothing changed, where they do not fit.
        """
        values = self._fitting(state)
        for name, x, data in self._arrays():
            with on_device_of(data):
                data[...] = values[name]
            if isinstance(x, Tensor):
                mark_changed(x)

    def _fitting(self, state: dict[str, Any]) -> dict[str, Array]:
        """The values of a state, ready to be copied in; ValueError where they do not fit. Changes nothing."""
        mine = {name: data for name, _, data in self._arrays()}
        problems = [f"missing: {name}" for name in mine if name not in state]
        problems += [f"unexpected: {name}" for name in state if name not in mine]
        values: dict[str, Array] = {}
        for name in [name for name in mine if name in state]:
            x, data = state[name], mine[name]
            x = x.data if isinstance(x, Tensor) else x if is_array(x) else np.asarray(x)
            if x.shape != data.shape:
                problems.append(f"{name}: has shape {x.shape}, expected {data.shape}")
            elif x.dtype.kind not in "biuf":
                problems.append(f"{name}: has dtype {x.dtype}, expected real numbers")
            else:
                with on_device_of(data):
                    values[name] = to_device(x, device_of(data)).astype(data.dtype)
        if problems:
            raise ValueError(f"this state does not fit {self!r:.100}:\n  " + "\n  ".join(problems))
        return values

    def save(self, path: str | Path) -> None:
        """Write the state as a safetensors file (no pickle), whole or not at all; the folder must exist."""
        write_safetensors(path, self.state_dict())

    def load(self, path: str | Path) -> None:
        """Read what `save` wrote; errors as `load_state_dict`, and for a file that is no safetensors file."""
        arrays, metadata = read_safetensors(path)
        if "minidl_checkpoint" in metadata:
            raise ValueError(f"{path} is the checkpoint of a run: minidl.checkpoint.load_checkpoint reads it")
        self.load_state_dict(arrays)

    def summary(self) -> Summary:
        """A table of the layers with their trainable parameters (a shared one counts once); print it."""
        modules = dict(self.named_modules())
        counts = dict.fromkeys(modules, 0)
        for name, p in self.named_parameters():
            while name not in modules:  # the innermost Module that holds it
                name = name.rpartition(".")[0]
            counts[name] += p.size
        rows = [
            (name, f"{m!r:.60}", counts[name])
            for name, m in modules.items()
            if counts[name] or len(list(m.modules())) == 1
        ]
        rows.append(("", "total", sum(counts.values())))
        first, second = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
        lines = [f"{'':{first}}  {'layer':{second}}  {'parameters':>12}"]
        lines += [f"{name:{first}}  {text:{second}}  {count:>12,}" for name, text, count in rows]
        return Summary("\n".join(lines))

    def __repr__(self) -> str:
        shown = [(n, x) for n, x in self._parts() if n != "training" and isinstance(x, Module | int | float | str)]
        return f"{type(self).__name__}({', '.join(f'{n}={x!r}' for n, x in shown)})"


class Summary(str):
    """Text that shows itself as it is at the prompt."""

    def __repr__(self) -> str:
        return str(self)


def write_safetensors(path: str | Path, arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> None:
    """Arrays by name into a safetensors file: first beside it, then renamed, so that no half file can be left.

    FileNotFoundError where the folder does not exist.
    """
    try:
        from safetensors.numpy import save
    except ImportError:
        raise ImportError("weight files need safetensors: pip install safetensors") from None
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    content = save({k: np.asarray(v, order="C") for k, v in arrays.items()}, metadata)
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
    """(arrays by name, metadata) of a safetensors file.

    FileNotFoundError where there is no file, ValueError for another kind of file or a damaged one.
    """
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

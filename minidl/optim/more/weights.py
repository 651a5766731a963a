"""Moving averages of weights: trained weights jump about a minimum, their average lies closer to it.

    ema = EMA(model.parameters(), decay=0.999)
    ...                                           # after every optimizer.step():
    ema.update()
    with ema.applied():                           # the model holds the average, and afterwards its own weights again
        print(evaluate(model, validation, loss))

Averages are of parameters only. Running statistics of BatchNorm belong to the weights they were collected with: under
`applied()`, run some training batches through the model in training mode first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...backend import Array, array_module, device_of, on_device_of, to_device, to_numpy
from ...tensor import Tensor, mark_changed


class Average:
    """What averages share: `update()` takes the weights in, `applied()` shows the average to the model.

    params: Tensors, an iterator of them, `model.parameters()` or `model.named_parameters()`.
    """

    def __init__(self, params: Any) -> None:
        entries = [params] if isinstance(params, Tensor) else list(params)
        self.params: list[Tensor] = [e[1] if isinstance(e, tuple) else e for e in entries]
        self.t = 0  # updates so far
        for p in self.params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{type(self).__name__} averages Tensors, got {p!r:.60}")
        if not self.params:
            raise ValueError(
                f"{type(self).__name__} got no parameters; an iterator such as model.parameters() gives them only once"
            )
        self._sums: list[Array] = []
        for p in self.params:
            with on_device_of(p._data):
                self._sums.append(array_module(p._data).zeros_like(p._data, order="C"))
        self._applied = False

    def update(self) -> None:
        """Take in the weights as they are now: after every step, or as often as the average shall see them."""
        if self._applied:
            raise RuntimeError(f"{type(self).__name__}.update() inside applied(): the model holds the average itself")
        self.t += 1
        for p, a in zip(self.params, self._sums, strict=True):
            with on_device_of(a):
                self.average(a, p._data)

    def average(self, a: Array, w: Array) -> None:
        """The rule: change a in place, given the weights w of update number self.t."""
        raise NotImplementedError

    def corrected(self, a: Array) -> Array:
        """The average, where it is not a itself."""
        return a

    def _shown(self, a: Array) -> Array:
        with on_device_of(a):
            return self.corrected(a)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """A context in which the parameters hold the average; afterwards they hold their own values, to the bit."""
        if self._applied or not self.t:
            reason = "it is applied already" if self._applied else "there is no average before the first update()"
            raise RuntimeError(f"{type(self).__name__}.applied(): {reason}")
        own = []
        for p in self.params:
            with on_device_of(p._data):
                own.append(p._data.copy())
        self._applied = True
        try:
            for p, a in zip(self.params, self._sums, strict=True):
                self._set(p, self._shown(a))
            yield
        finally:
            for p, w in zip(self.params, own, strict=True):
                self._set(p, w)
            self._applied = False

    def _set(self, p: Tensor, w: Array) -> None:
        with on_device_of(p._data):
            p._data[...] = w
        mark_changed(p)

    def weights(self) -> list[np.ndarray]:
        """The averages as NumPy arrays, in the order of the parameters."""
        return [np.array(to_numpy(self._shown(a))) for a in self._sums]

    def state_dict(self) -> dict[str, Any]:
        """Everything a continued run needs, as copies on the host."""
        return {"average": type(self).__name__, "t": self.t, "weights": [np.array(to_numpy(a)) for a in self._sums]}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take over a state_dict; ValueError, and nothing changed, where it is of another average or other shapes."""
        me = type(self).__name__
        if not isinstance(saved, dict) or saved.get("average") != me or not {"t", "weights"} <= set(saved):
            raise ValueError(f"{me}: expected the dict that {me}.state_dict() gives, got {saved!r:.60}")
        arrays = [np.asarray(x) for x in saved["weights"]]
        theirs, mine = [(x.shape, str(x.dtype)) for x in arrays], [(p.shape, str(p.dtype)) for p in self.params]
        if theirs != mine:
            raise ValueError(f"{me}: the state has shapes and dtypes {theirs}, the parameters {mine}")
        self._sums = [to_device(np.array(x, order="C"), device_of(p._data))
                      for x, p in zip(arrays, self.params, strict=True)]  # fmt: skip
        self.t = int(saved["t"])


class EMA(Average):
    """a <- decay a + (1 - decay) w, and a = w at the first update (as in torch.optim.swa_utils)

    bias_correction (optax): a starts at 0 instead, and a / (1 - decay^t) is the average; early weights then fade as
    late ones do, where the first w would count for long. Polyak averaging with a memory of about 1 / (1 - decay)
    updates; ValueError for a decay outside [0, 1).
    """

    def __init__(self, params: Any, decay: float = 0.999, bias_correction: bool = False) -> None:
        super().__init__(params)
        if isinstance(decay, bool | str) or not 0 <= decay < 1:
            raise ValueError(f"EMA: decay must lie in [0, 1), got {decay!r}")
        self.decay, self.bias_correction = float(decay), bias_correction

    def average(self, a: Array, w: Array) -> None:
        if self.t == 1 and not self.bias_correction:
            a[...] = w
        else:
            a *= self.decay
            a += (1 - self.decay) * w

    def corrected(self, a: Array) -> Array:
        return a / (1 - self.decay**self.t) if self.bias_correction and self.t else a


class SWA(Average):
    """a <- a + (w - a) / t: the plain mean of the weights at every update

    Stochastic weight averaging: Izmailov et al. 2018 (arXiv 1803.05407), Algorithm 1. Update once per epoch or cycle,
    late in training, at a rate that is constant or cyclic and not small.
    """

    def average(self, a: Array, w: Array) -> None:
        a += (w - a) / self.t

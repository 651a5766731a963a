"""Rules that see a weight as a matrix: Muon, Shampoo, SOAP.

Adam gives every weight a rate of its own; these give every direction one. Where the gradient is G = U S V', Muon
steps along U V' (all directions alike), Shampoo along L^(-1/4) G R^(-1/4), and SOAP runs Adam on G seen in the
eigenvectors of L and R.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...backend import Array, array_module
from ...kernels import maximum, sqrt
from ...tensor import Tensor
from ..optimizer import Optimizer, Schedule


class Muon(Optimizer):
    """b <- momentum b + (1 - momentum) g;  d = (1 - momentum) g + momentum b  (nesterov; else d = b)
    w <- (1 - lr weight_decay) w - lr scale orthogonal(d)               Jordan et al. 2024, "Muon" (blog post)

    orthogonal(d) is about U V' where d = U S V': every direction moves by the same amount. See `newton_schulz`.
    scale, where w is (in, out) as in nn.Dense: adjust_lr_fn="original" (also None) sqrt(max(1, out / in));
    "match_rms_adamw" 0.2 sqrt(max(in, out)), steps as large as AdamW's (Liu et al. 2025, arXiv 2502.16982, eq. 4).

    Matrices only, and not the last layer's: `muon_groups` says which. PyTorch computes the iteration in bfloat16
    (minidl in the dtype of w) and stores (out, in). Jordan's b is a sum, momentum b + g: the same direction. optax
    divides b by 1 - momentum^(t + 1) and g by 1 - momentum^t, which mixes them differently.
    """

    state = ("b",)
    elementwise = False
    ranges = {"ns_steps": "{1, 2, ...}"}

    def __init__(
        self, params: Any, lr: float | Schedule = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95,
        nesterov: bool = True, ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov,
            ns_coefficients=ns_coefficients, eps=eps, ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn,
        )  # fmt: skip

    def check_group(self, group: dict[str, Any]) -> None:
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Muon: adjust_lr_fn is 'original' or 'match_rms_adamw', got {group['adjust_lr_fn']!r}")
        for p in group["params"]:
            if p.ndim != 2:
                raise ValueError(
                    f"Muon updates matrices, and {self._names[p]} has shape {p.shape}; give it, like every bias and "
                    "gain, to AdamW: matrices, rest = optim.muon_groups(model); Muon(matrices) and AdamW(rest), "
                    "and call step() of both"
                )

    def update(
        self, w: Array, g: Array, b: Array, *, lr: float, weight_decay: float, momentum: float, nesterov: bool,
        ns_coefficients: tuple[float, float, float], eps: float, ns_steps: int, adjust_lr_fn: str | None,
    ) -> None:  # fmt: skip
        b *= momentum
        b += (1 - momentum) * g
        d = (1 - momentum) * g + momentum * b if nesterov else b
        rows, columns = w.shape  # in, out
        like_adamw = adjust_lr_fn == "match_rms_adamw"
        scale = 0.2 * math.sqrt(max(rows, columns)) if like_adamw else math.sqrt(max(1, columns / rows))
        w *= 1 - lr * weight_decay
        w -= lr * scale * newton_schulz(d, ns_coefficients, ns_steps, eps)


def newton_schulz(
    d: Array, coefficients: Sequence[float] = (3.4445, -4.7750, 2.0315), steps: int = 5, eps: float = 1e-7
) -> Array:
    """U p(S) V' of the matrix d = U S V', with p(S) near 1: X <- a X + b (X X') X + c (X X')^2 X, from d / |d|.

    Only products of matrices, no decomposition. The coefficients trade accuracy for speed: after 5 steps singular
    values that were at least 0.01 |d| lie in [0.68, 1.14], not at 1; (1.875, -1.25, 0.375) converges to 1, slowly.
    """
    a, b, c = coefficients  # of a polynomial; b is not the buffer
    tall = d.shape[0] > d.shape[1]  # X X' shall be the smaller of the two
    x = (d.T if tall else d) / (np.linalg.norm(d) + eps)
    for _ in range(steps):
        xx = x @ x.T
        x = a * x + (b * xx + c * (xx @ xx)) @ x
    return x.T if tall else x


def muon_groups(
    parameters: Any, output_layer: bool = False, exclude: Iterable[str] = ()
) -> tuple[list[tuple[str, Tensor]], list[tuple[str, Tensor]]]:
    """The parameters for Muon and the rest, for AdamW, both as (name, Tensor).

    parameters: a model, or (name, Tensor) pairs in the order of the layers. To Muon go the matrices but the last one:
    the output layer is AdamW's (Jordan 2024), unless `output_layer`. exclude: names, or their beginnings, that are
    AdamW's too: embeddings are matrices by shape only. ValueError where nothing is left for Muon.

        matrices, rest = muon_groups(model)
        optimizers = Muon(matrices, lr=0.02), AdamW(rest, lr=1e-3)       # and step() both
    """
    pairs = list(parameters.named_parameters() if hasattr(parameters, "named_parameters") else parameters)
    if not all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], Tensor) for pair in pairs):
        raise TypeError("muon_groups takes a model or pairs of name and Tensor: model.named_parameters()")
    exclude = (exclude,) if isinstance(exclude, str) else tuple(exclude)
    matrices = [(name, p) for name, p in pairs if p.ndim == 2]
    if not output_layer:
        del matrices[-1:]
    matrices = [(name, p) for name, p in matrices if not name.startswith(exclude)]
    if not matrices:
        raise ValueError(
            f"muon_groups found no hidden matrix among {', '.join(name for name, _ in pairs) or 'no parameters'}; "
            "a model of one layer is its output layer: use AdamW, or muon_groups(model, output_layer=True)"
        )
    taken = {name for name, _ in matrices}
    return matrices, [(name, p) for name, p in pairs if name not in taken]


class _Sided(Optimizer):
    """A rule that keeps a square matrix for each side (axis) of a parameter, all of them in one flat state array."""

    elementwise = False
    flat: tuple[str, ...] = ()  # the states that hold such matrices

    def sides(self, shape: tuple[int, ...], group: dict[str, Any]) -> list[int]:
        """The length of each axis; 0 for an axis that gets no matrix."""
        return list(shape)

    def initial(self, name: str, w: Array, group: dict[str, Any]) -> Any:
        if name not in self.flat:
            return super().initial(name, w, group)
        return array_module(w).zeros(sum(n * n for n in self.sides(w.shape, group)), dtype=w.dtype)


def _matrices(flat: Array, sides: Sequence[int]) -> list[Array]:
    """A flat array as the square matrices that it holds one after the other: views."""
    ends = np.cumsum([n * n for n in sides])
    return [flat[end - n * n : end].reshape(n, n) for n, end in zip(sides, ends.tolist(), strict=True)]


def _gram(g: Array, axis: int) -> Array:
    """g seen as a matrix with that axis for its rows, times its transpose: G G' for the first, G' G for the second."""
    rows = np.moveaxis(g, axis, 0).reshape(g.shape[axis], -1)
    return rows @ rows.T


def _turned(g: Array, matrices: Sequence[Array]) -> Array:
    """Every axis of g times its matrix; of a matrix g: A' g B. An empty matrix leaves the axis as it is."""
    for a in matrices:  # the first axis goes, the result's comes last: after a full round the order is the old one
        g = np.tensordot(g, a, axes=(0, 0)) if a.size else np.moveaxis(g, 0, -1)
    return g


class Shampoo(_Sided):
    """L <- L + g g';  R <- R + g' g;  w <- w - lr L^(-1/4) g R^(-1/4)     Gupta, Koren & Singer 2018, Algorithm 1

    L and R start at eps times the identity. A tensor with k axes has one matrix for each, with the exponent -1/(2k)
    (Algorithm 2): a bias (k = 1) gets full-matrix AdaGrad, a single number AdaGrad. P holds these matrices, `root`
    their powers, found anew at every `precondition_frequency`-th update: an axis of length n costs 2 n^2 numbers and
    n^3 time.
    weight_decay is added to the gradient. torch_optimizer uses -1/k, that is -1/2 for a matrix, and each side sees the
    gradient as the one before left it: another method, ShampooSequential.
    """

    state = ("P", "root")
    flat = state
    ranges = {"precondition_frequency": "{1, 2, ...}"}

    def __init__(
        self, params: Any, lr: float | Schedule = 0.1, eps: float = 1e-4, precondition_frequency: int = 1,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, eps=eps, precondition_frequency=precondition_frequency, weight_decay=weight_decay
        )

    def sides(self, shape: tuple[int, ...], group: dict[str, Any]) -> list[int]:
        return list(shape) or [1]

    def update(
        self, w: Array, g: Array, P: Array, root: Array, *, lr: float, eps: float, precondition_frequency: int, t: int
    ) -> None:
        g = g.reshape(w.shape or (1,))
        Ps, roots = _matrices(P, g.shape), _matrices(root, g.shape)
        for axis in range(g.ndim):
            Ps[axis] += _gram(g, axis)
            if (t - 1) % precondition_frequency == 0:
                roots[axis][...] = _power(Ps[axis], -1 / (2 * g.ndim), eps)
        w -= lr * _turned(g, roots).reshape(w.shape)


def _power(P: Array, exponent: float, eps: float) -> Array:
    """(P + eps I)^exponent: the same eigenvectors, the eigenvalues to that power."""
    values, vectors = np.linalg.eigh(P)
    # P is a sum of squares: an eigenvalue below zero is rounding
    return (vectors * (maximum(values, 0.0) + eps) ** exponent) @ vectors.T


class SOAP(_Sided):
    """Adam in the eigenbases Q of Shampoo's matrices:                           Vyas et al. 2024, arXiv 2409.11321
    m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) (QL' g QR)^2                               Algorithm 3
    w <- w - lr c QL (QL' m QR / (sqrt(v) + eps)) QR',  then  w <- (1 - lr weight_decay) w
    L <- shampoo_beta L + (1 - shampoo_beta) g g';  every precondition_frequency updates  QL <- orthogonal(L QL)

    R and QR likewise, from g' g; P holds L and R, Q holds QL and QR.

    As in the authors' code: the first update only sets up L, R, QL, QR (w stays), so that Adam's t is one less;
    c = sqrt(1 - beta2^t) / (1 - beta1^t), eps being added to the uncorrected root; weight decay comes after the step.
    Vectors, unless `precondition_1d`, and axes longer than `max_precondition_dim` keep their own axes: for a bias it is
    Adam. The authors' shampoo_beta is beta2 unless given.
    """

    state = ("m", "v", "P", "Q")
    flat = ("P", "Q")
    ranges = {
        "precondition_frequency": "{1, 2, ...}", "shampoo_beta": "[0, 1)",
        "max_precondition_dim": "{0, 1, ...}",
    }  # fmt: skip

    def __init__(
        self, params: Any, lr: float | Schedule = 3e-3, betas: tuple[float, float] = (0.95, 0.95),
        shampoo_beta: float = 0.95, eps: float = 1e-8, weight_decay: float = 1e-2, precondition_frequency: int = 10,
        max_precondition_dim: int = 10000, precondition_1d: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr=lr, betas=betas, shampoo_beta=shampoo_beta, eps=eps, weight_decay=weight_decay,
            precondition_frequency=precondition_frequency, max_precondition_dim=max_precondition_dim,
            precondition_1d=precondition_1d,
        )  # fmt: skip

    def sides(self, shape: tuple[int, ...], group: dict[str, Any]) -> list[int]:
        if len(shape) < 2 and not group["precondition_1d"]:
            return [0] * len(shape)
        return [n if n <= group["max_precondition_dim"] else 0 for n in shape]

    def update(
        self, w: Array, g: Array, m: Array, v: Array, P: Array, Q: Array, *, lr: float, betas: tuple[float, float],
        shampoo_beta: float, eps: float, weight_decay: float, precondition_frequency: int,
        max_precondition_dim: int, precondition_1d: bool, t: int,
    ) -> None:  # fmt: skip
        beta1, beta2 = betas
        group = {"max_precondition_dim": max_precondition_dim, "precondition_1d": precondition_1d}
        sides = self.sides(w.shape, group)
        Ps, Qs = _matrices(P, sides), _matrices(Q, sides)
        if t > 1:
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * _turned(g, Qs) ** 2
            c = math.sqrt(1 - beta2 ** (t - 1)) / (1 - beta1 ** (t - 1))
            w -= lr * c * _turned(_turned(m, Qs) / (sqrt(v) + eps), [q.T for q in Qs])
            w *= 1 - lr * weight_decay
        for axis in [axis for axis, n in enumerate(sides) if n]:
            Ps[axis] *= shampoo_beta
            Ps[axis] += (1 - shampoo_beta) * _gram(g, axis)
            if t == 1:
                Qs[axis][...] = np.linalg.eigh(Ps[axis])[1][:, ::-1]  # the largest eigenvalue first
            elif (t - 1) % precondition_frequency == 0:
                _refresh(Qs[axis], Ps[axis], v, axis)


def _refresh(Q: Array, P: Array, v: Array, axis: int) -> None:
    """One power iteration of all eigenvectors, Q <- orthogonal(P Q) (Algorithm 4), after sorting them by eigenvalue;
    v, whose axes they are, is sorted with them."""
    PQ = P @ Q
    order = np.argsort(-(Q * PQ).sum(axis=0))
    v[...] = np.take(v, order, axis=axis)
    Q[...] = np.linalg.qr(PQ[:, order])[0]

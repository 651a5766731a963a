"""What goes wrong in e29."""

from minidl.homework.check import mistake

_KEEP = "keep = self.rng.random(x.shape) >= self.p"
_FACTOR = "self.factor = keep / (1 - self.p)"
_ONES = "self.factor = np.ones(x.shape)"
_IF = "if self.training:"
_OUT = "return x * self.factor"
_BACK = "return dout * self.factor"
_SAME = "forward must keep its mask for backward"
_WHOLE = "every number is dropped by a draw of its own: the mask has the shape of x"

MISTAKES = [
    mistake(
        "dropout scaled by 1 / p",
        "what is kept is rare when p is large: which probability makes up for it?",
        (_FACTOR, "self.factor = keep / self.p"),
        id="DO02",
    ),
    mistake(
        "dropout that multiplies by 1 - p",
        "what is left becomes larger, not smaller",
        (_FACTOR, "self.factor = keep * (1 - self.p)"),
    ),
    mistake(
        "dropout that multiplies by p",
        "what is left becomes larger, by 1 / (1 - p)",
        (_FACTOR, "self.factor = keep * self.p"),
    ),
    mistake(
        "dropout that scales by the root of 1 - p",
        "the mean is to be kept, not the variance",
        (_FACTOR, "self.factor = keep / np.sqrt(1 - self.p)"),
    ),
    mistake(
        "dropout that scales nothing, neither in training nor in use",
        "divide by 1 - p in training",
        (_FACTOR, "self.factor = keep * 1.0"),
    ),
    mistake(
        "the original dropout, which scales in use by 1 - p and not in training",
        "here training divides by 1 - p, and use leaves x alone",
        (_FACTOR, "self.factor = keep * 1.0"),
        (_ONES, "self.factor = np.full(x.shape, 1 - self.p)"),
        convention=True,
    ),
    mistake(
        "dropout that scales in use as well, by 1 - p",
        "in use forward returns x",
        (_ONES, "self.factor = np.full(x.shape, 1 - self.p)"),
        id="DO04",
    ),
    mistake(
        "dropout that scales in use as well, by 1 - p, but not in the backward of use",
        "in use forward returns x",
        (_OUT, "return x * self.factor if self.training else x * (1 - self.p)"),
        id="DO04",
    ),
    mistake(
        "dropout that scales in use as well, by 1 / (1 - p)",
        "in use forward returns x",
        (_ONES, "self.factor = np.full(x.shape, 1 / (1 - self.p))"),
    ),
    mistake(
        "dropout with p the probability to keep (C2W1's keep_prob)",
        "here p is the probability to drop: put 1 - p for p",
        (_KEEP, "keep = self.rng.random(x.shape) < self.p"),
        (_FACTOR, "self.factor = keep / self.p"),
        convention=True,
    ),
    mistake(
        "dropout that keeps with probability p and divides by 1 - p",
        "look at which side of p is kept",
        (_KEEP, "keep = self.rng.random(x.shape) < self.p"),
    ),
    mistake(
        "dropout that keeps with probability p and does not scale",
        "look at which side of p is kept, and divide by 1 - p",
        (_KEEP, "keep = self.rng.random(x.shape) < self.p"),
        (_FACTOR, "self.factor = keep * 1.0"),
    ),
    mistake(
        "dropout with normal random numbers",
        "rng.normal is not below p with probability p: rng.random is",
        (_KEEP, "keep = self.rng.normal(size=x.shape) >= self.p"),
    ),
    mistake("dropout that always drops, in use too", "look at self.training", (_IF, "if True:")),
    mistake("dropout that never drops", "look at self.training", (_IF, "if False:")),
    mistake("dropout that drops when it is not training", "look at self.training", (_IF, "if not self.training:")),
    mistake(
        "a backward without the mask",
        "what was dropped has no influence: its gradient is 0",
        (_BACK, "return dout * 1.0"),
        id="DO06",
    ),
    mistake(
        "a backward with the mask and without the factor",
        "forward multiplied by 1 / (1 - p): so does its derivative",
        (_BACK, "return dout * (self.factor != 0)"),
    ),
    mistake(
        "a backward that divides by forward's factor",
        "the derivative of c x is c",
        (_BACK, "return np.where(self.factor != 0, dout / self.factor, 0.0)"),
    ),
    mistake(
        "a backward that multiplies by the factor twice",
        "the derivative of c x is c",
        (_BACK, "return dout * self.factor * self.factor"),
    ),
    mistake(
        "a backward with the factor and without the mask",
        "what was dropped has no influence: its gradient is 0",
        (_BACK, "return dout / (1 - self.p) if self.training else dout * 1.0"),
    ),
    mistake(
        "a backward with a new mask",
        _SAME,
        (
            _BACK,
            "return dout * (self.rng.random(dout.shape) >= self.p) / (1 - self.p) if self.training else dout * 1.0",
        ),
        id="DO08",
    ),
    mistake(
        "a backward that drops in use as well",
        "in use forward returned x: look at self.training",
        (_ONES, "self.factor = getattr(self, 'factor', np.ones(x.shape))"),
        (_OUT, _OUT + " if self.training else x * 1.0"),
    ),
    mistake(
        "a backward of use that needs the mask of a training step",
        "in use there may be no mask: look at self.training",
        (_ONES, "pass"),
        (_OUT, _OUT + " if self.training else x * 1.0"),
    ),
    mistake(
        "one mask for all examples of the batch",
        _WHOLE,
        (_KEEP, "keep = np.broadcast_to(self.rng.random(x.shape[1:]) >= self.p, x.shape)"),
        id="DO10",
    ),
    mistake(
        "whole examples dropped",
        _WHOLE,
        (_KEEP, "keep = np.broadcast_to(self.rng.random((len(x),) + (1,) * (x.ndim - 1)) >= self.p, x.shape)"),
    ),
    mistake("one draw for everything", _WHOLE, (_KEEP, "keep = np.full(x.shape, self.rng.random() >= self.p)")),
    mistake(
        "a forward that changes its input",
        "x * mask makes a new array, x *= mask does not",
        (_OUT, "x *= self.factor\nreturn x"),
        id="DO12",
    ),
    mistake(
        "a backward that changes the gradient it is given",
        "dout * mask makes a new array, dout *= mask does not",
        (_BACK, "dout *= self.factor\nreturn dout"),
    ),
    mistake(
        "one mask for ever, drawn at the first call",
        "draw a new mask in every forward",
        (
            _KEEP,
            "if not hasattr(self, 'keep') or self.keep.shape != x.shape:\n"
            "    self.keep = self.rng.random(x.shape) >= self.p\nkeep = self.keep",
        ),
    ),
    mistake(
        "a generator of its own with a fixed seed",
        "draw from self.rng",
        (_KEEP, "keep = np.random.default_rng(0).random(x.shape) >= self.p"),
    ),
    mistake(
        "draws that do not come from rng",
        "draw from self.rng, not from np.random",
        (_KEEP, "keep = np.random.random(x.shape) >= self.p"),
    ),
    mistake(
        "a probability fixed at 0.5",
        "use p",
        (_KEEP, "keep = self.rng.random(x.shape) >= 0.5"),
        (_FACTOR, "self.factor = keep / 0.5"),
    ),
    mistake(
        "a factor computed from the share that was kept",
        "divide by 1 - p, the probability",
        (_FACTOR, "self.factor = keep / max(keep.mean(), 1e-3)"),
    ),
    mistake(
        "a fixed number of dropped entries per call, with noise added",
        "set to zero, do not add",
        (_OUT, "return x + (self.factor - 1)"),
    ),
    mistake(
        "a layer that is not training at first",
        "training starts as True",
        ("self.training = True", "self.training = False"),
    ),
]

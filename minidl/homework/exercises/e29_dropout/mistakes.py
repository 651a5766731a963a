"""What goes wrong in e29."""

from minidl.homework.check import mistake

KEEP = "keep = self.rng.random(x.shape) >= self.p"
MASK = "self.mask = (keep / (1 - self.p)).astype(x.dtype)"
FORWARD, BACKWARD = "return x * self.mask", "return dout * self.mask"
OFF, OFF_BACKWARD = "if not self.training:\nreturn x", "if not self.training:\nreturn dout"

MISTAKES = [
    mistake("dropout scaled by 1 / p, the probability of dropping",
            "how large must the numbers be that stay, so that the mean stays?",
            (MASK, "self.mask = (keep / max(self.p, 1e-300)).astype(x.dtype)"), id="DO02"),
    mistake("dropout that is not scaled in training: the paper's form, which multiplies by 1 - p when the network is "
            "used", "here the numbers that stay are scaled in training, and nothing is done later",
            (MASK, "self.mask = keep.astype(x.dtype)"), (OFF, "if not self.training:\n    return x * (1 - self.p)"),
            convention=True),
    mistake("dropout that is not scaled at all", "look at the mean of the output",
            (MASK, "self.mask = keep.astype(x.dtype)")),
    mistake("dropout that is scaled in its backward pass only", "look at the mean of the output",
            (FORWARD, "return x * (self.mask != 0)")),
    mistake("dropout that multiplies by 1 - p where it should divide", "look at the mean of the output",
            (MASK, "self.mask = (keep * (1 - self.p)).astype(x.dtype)")),
    mistake("dropout that scales again when the network is used", "with training = False x comes out as it is",
            (OFF, "if not self.training:\n    return x * (1 - self.p)"), id="DO04"),
    mistake("dropout that divides by 1 - p when the network is used, too", "with training = False x comes out as it is",
            (OFF, "if not self.training:\n    return x / (1 - self.p)")),
    mistake("dropout whose backward pass ignores the mask", "what was dropped passes no gradient",
            (BACKWARD, "return dout"), id="DO06"),
    mistake("dropout whose backward pass drops, but does not scale", "y = mask * x, so what is dy / dx?",
            (BACKWARD, "return dout * (self.mask != 0)")),
    mistake("dropout with a new mask in backward", "backward goes through the mask of the last forward pass",
            (BACKWARD, "return dout * (self.rng.random(dout.shape) >= self.p) / (1 - self.p)"), id="DO08"),
    mistake("dropout whose backward pass scales twice", "the mask holds the factor already",
            (BACKWARD, "return dout * self.mask / (1 - self.p)")),
    mistake("dropout with one mask for the whole batch", "every entry of x has a random number of its own",
            (KEEP, "keep = (self.rng.random(x.shape[1:]) >= self.p) & np.ones(x.shape, bool)"), id="DO10"),
    mistake("dropout of whole rows: one random number for each example",
            "every entry of x has a random number of its own",
            (KEEP, "keep = (self.rng.random((len(x),) + (1,) * (x.ndim - 1)) >= self.p) & np.ones(x.shape, bool)")),
    mistake("dropout that changes its input", "x is the caller's; make a new array",
            (FORWARD, "x *= self.mask\nreturn x"), id="DO12"),
    mistake("dropout whose backward pass changes the gradient it was given", "dout is the caller's; make a new array",
            (BACKWARD, "dout *= self.mask\nreturn dout")),
    mistake("dropout that keeps with probability p", "p is the probability of dropping",
            (KEEP, "keep = self.rng.random(x.shape) < self.p")),
    mistake("dropout that keeps with probability p and scales by 1 / p: p read as the probability of keeping "
            "(CS231n, the paper)", "p is the probability of dropping; put 1 - p where you have p",
            (KEEP, "keep = self.rng.random(x.shape) < self.p"),
            (MASK, "self.mask = (keep / max(self.p, 1e-300)).astype(x.dtype)"), convention=True),
    mistake("dropout that goes on when the network is used", "look at `training`",
            (OFF, ""), (OFF_BACKWARD, "")),
    mistake("dropout whose forward pass goes on when the network is used", "look at `training` in forward", (OFF, "")),
    mistake("dropout whose backward pass uses a mask when the network is used", "look at `training` in backward",
            (OFF_BACKWARD, "if self.mask is None:\n    return dout")),
    mistake("dropout that is off at first", "a new layer trains", ("self.training = True", "self.training = False")),
    mistake("dropout that draws one mask and keeps it for ever", "every forward pass draws anew",
            (KEEP, "if self.mask is not None:\n    return x * self.mask\n" + KEEP)),
    mistake("dropout with random numbers of its own in place of those of rng", "random numbers come from rng",
            (KEEP, "keep = np.random.default_rng(0).random(x.shape) >= self.p")),
    mistake("dropout with normal instead of uniform random numbers", "a uniform number is below p with probability p",
            (KEEP, "keep = self.rng.normal(size=x.shape) >= self.p")),
    mistake("dropout with p fixed at 0.5", "p is the one that __init__ was given",
            (KEEP, "keep = self.rng.random(x.shape) >= 0.5"),
            (MASK, "self.mask = (keep / 0.5).astype(x.dtype)")),
    mistake("dropout that fills in the mean instead of zeros", "what is dropped becomes zero",
            (FORWARD, "return np.where(keep, x * self.mask, x.mean())")),
]  # fmt: skip

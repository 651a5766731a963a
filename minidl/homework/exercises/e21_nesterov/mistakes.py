"""What goes wrong in e21."""

from minidl.homework.check import mistake

SAVE, KEEP, ADD = "v_prev = v.copy()", "v *= self.mu", "v -= self.lr * g"
STEP = "p += (1 + self.mu) * v - self.mu * v_prev"
LOOP = "for p, v, g in zip(self.params, self.v, grads):"
START = "self.v = [np.zeros_like(p) for p in params]"

MISTAKES = [
    mistake("plain momentum, p = p + v: no look-ahead, or a v_prev that is the new velocity already",
            "v_prev must be saved before v changes, and saved as a copy: `v_prev = v` is a second name for the same "
            "array",
            (STEP, "p += v"), id="NE04"),
    mistake("Nesterov with the sign of the look-back term turned round, + mu v_prev",
            "the old look-ahead is taken back before a new one is added",
            (STEP, "p += (1 + self.mu) * v + self.mu * v_prev"), id="NE02"),
    mistake("Nesterov that never takes the old look-ahead back, p = p + (1 + mu) v", "look for v_prev in the update",
            (STEP, "p += (1 + self.mu) * v")),
    mistake("Nesterov with mu v in place of (1 + mu) v", "the ball moves by v and looks mu v ahead of that",
            (STEP, "p += self.mu * v - self.mu * v_prev")),
    mistake("plain SGD: the velocity is not used, or p gains v in place of (1 + mu) v, which leaves -lr g",
            "the ball moves by v and looks mu v ahead of that",
            (STEP, "p += v - self.mu * v_prev")),
    mistake("Nesterov with v_prev in place of mu v_prev", "the old look-ahead was mu v_prev long",
            (STEP, "p += (1 + self.mu) * v - v_prev")),
    mistake("Nesterov with a look-ahead of the wrong sign, (1 - mu) v in place of (1 + mu) v",
            "the ball moves by v and looks mu v ahead of that",
            (STEP, "p += (1 - self.mu) * v - self.mu * v_prev")),
    mistake("Nesterov with old and new velocity swapped in the update", "(1 + mu) belongs to the new velocity",
            (STEP, "p += (1 + self.mu) * v_prev - self.mu * v")),
    mistake("Nesterov that climbs: v = mu v + lr g, or the whole update turned round, p = p - (...)",
            "lr g has one minus, inside v, and p gains what is left",
            (STEP, "p -= (1 + self.mu) * v - self.mu * v_prev")),
    mistake("Nesterov that uses the new velocity and the gradient once too often, p = p + v - lr g",
            "written out, the update is mu v - lr g", (STEP, "p += v - self.lr * g")),
    mistake("a velocity without the learning rate, v = mu v - g", "in this form lr is inside v", (ADD, "v -= g")),
    mistake("Nesterov with lr in the velocity and again in the update", "lr belongs to one of the two",
            (STEP, "p += self.lr * ((1 + self.mu) * v - self.mu * v_prev)")),
    mistake("Nesterov on an averaged velocity, with a factor (1 - mu) before the gradient",
            "here g has no such factor; to go that way with this rule, multiply lr by (1 - mu)",
            (ADD, "v -= self.lr * (1 - self.mu) * g"), convention=True),
    mistake("a velocity that never decays, v = v - lr g", "the old velocity is multiplied by mu", (KEEP, "")),
    mistake("a velocity without memory, always -lr g: made anew at every step, or calculated and never kept",
            "what the velocity was after the last step must be there at the next one",
            (SAVE, "v[...] = 0\n" + SAVE)),
    mistake("a velocity that starts at one", "at first the ball lies still",
            (START, "self.v = [np.ones_like(p) for p in params]")),
    mistake("Nesterov with mu fixed at 0.9", "mu is the one that __init__ was given",
            (LOOP, "self.mu = 0.9\n" + LOOP)),
    mistake("Nesterov with the learning rate fixed at 0.1", "the rate is the one that __init__ was given",
            (ADD, "v -= 0.1 * g")),
    mistake("Nesterov that makes new arrays and leaves those of the network as they were",
            "`p = p + ...` gives the name p to a new array; change the old one in place",
            (STEP, "p = p + (1 + self.mu) * v - self.mu * v_prev")),
    mistake("one velocity shared by arrays of the same shape",
            "every array has a velocity of its own, whatever its shape",
            (START, "self.v = [np.zeros_like(p) for p in params]\nof = {v.shape: v for v in self.v}\n"
             "self.v = [of[p.shape] for p in params]")),
    mistake("velocities kept in the class, shared by all optimizers", "what belongs to one optimizer is kept "
            "in self", (START, "type(self).v = [np.zeros_like(p) for p in params]")),
    mistake("Nesterov on the first array only", "look at how the loop goes over params",
            (LOOP, "for p, v, g in list(zip(self.params, self.v, grads))[:1]:")),
    mistake("Nesterov that moves the first row of each array only", "look at which part of p the update reaches",
            (STEP, "p[0] += (1 + self.mu) * v[0] - self.mu * v_prev[0]")),
    mistake("Nesterov that changes the gradients it was given", "the gradients are the caller's; work on a copy",
            (ADD, "g *= self.lr\nv -= g")),
    mistake("Nesterov that does not move the numbers whose gradient is zero", "the velocity carries them on",
            (STEP, "p += ((1 + self.mu) * v - self.mu * v_prev) * (g != 0)")),
    mistake("Nesterov with the gradient clipped to -1 ... 1", "the rule takes a gradient as it is, however large",
            (ADD, "v -= self.lr * np.clip(g, -1, 1)")),
]  # fmt: skip

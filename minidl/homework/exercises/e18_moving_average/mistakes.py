"""What goes wrong in e18."""

from minidl.homework.check import mistake

_V = "v = beta * v + (1 - beta) * x"
_FOR = "for t, x in enumerate(xs, start=1):"
_IF = "if correct:"
_CORRECT = "averages[t - 1] = v / (1 - beta**t)"
_START = "v = 0.0"
_DIVIDE = "look at what v is divided by in step t = 1, 2, 3"

MISTAKES = [
    mistake(
        "an average with beta and 1 - beta exchanged",
        "beta is the weight of the past",
        (_V, "v = (1 - beta) * v + beta * x"),
    ),
    mistake(
        "a leaky sum, without the factor 1 - beta",
        "the weights of past and present add up to 1",
        (_V, "v = beta * v + x"),
        id="EW02",
    ),
    mistake(
        "a past that does not fade (v + (1 - beta) x)",
        "what is k steps old counts with beta^k",
        (_V, "v = v + (1 - beta) * x"),
    ),
    mistake("an average that does not remember (v = (1 - beta) x)", "v_t needs v_{t-1}", (_V, "v = (1 - beta) * x")),
    mistake(
        "a past counted with beta squared",
        "the past fades by beta once per step",
        (_V, "v = beta**2 * v + (1 - beta) * x"),
    ),
    mistake("a minus between past and present", "the two parts are added", (_V, "v = beta * v - (1 - beta) * x")),
    mistake("a beta fixed at 0.9", "use the argument", (_V, "v = 0.9 * v + 0.1 * x")),
    mistake(
        "a beta fixed at 0.9 everywhere, the correction too",
        "use the argument",
        (_V, "beta = 0.9\nv = beta * v + (1 - beta) * x"),
    ),
    mistake("a correction by 1 - beta, whatever t is", _DIVIDE, (_CORRECT, "averages[t - 1] = v / (1 - beta)")),
    mistake(
        "a correction by 1 - beta * t",
        "t is an exponent: " + _DIVIDE,
        (_CORRECT, "averages[t - 1] = v / (1 - beta * t)"),
        id="EW04",
    ),
    mistake(
        "a correction by 1 - t ** beta",
        "t is the exponent, beta the base",
        (_CORRECT, "averages[t - 1] = v / (1 - t**beta)"),
    ),
    mistake(
        "a t that starts at 2",
        "t counts from 1: " + _DIVIDE,
        (_CORRECT, "averages[t - 1] = v / (1 - beta ** (t + 1))"),
        id="EW06",
    ),
    mistake(
        "a t that starts at 0: a division by 0 in the first step",
        "t counts from 1",
        (_CORRECT, "averages[t - 1] = v / np.float64(1 - beta ** (t - 1))"),
    ),
    mistake(
        "a t that starts at 0, where Python's numbers stop at the division by 0",
        "t counts from 1",
        (_CORRECT, "averages[t - 1] = float(v) / (1 - beta ** (t - 1))"),
    ),
    mistake(
        "a t that ends at n in every step (1 - beta^n)",
        "t is the number of the step",
        (_CORRECT, "averages[t - 1] = v / (1 - beta ** len(xs))"),
    ),
    mistake(
        "a multiplication by the correction",
        "v is too small at first: divide by a number below 1",
        (_CORRECT, "averages[t - 1] = v * (1 - beta**t)"),
        id="EW08",
    ),
    mistake("a division by beta^t", "the weights add up to 1 - beta^t", (_CORRECT, "averages[t - 1] = v / beta**t")),
    mistake(
        "a division by 1 + beta^t",
        "the weights add up to 1 - beta^t: look at the sign",
        (_CORRECT, "averages[t - 1] = v / (1 + beta**t)"),
    ),
    mistake(
        "an average that is always corrected", "with correct=False the result is v itself", (_IF, "if True:"), id="EW10"
    ),
    mistake("an average that is never corrected", "with correct=True v is divided by 1 - beta^t", (_IF, "if False:")),
    mistake("the flag the wrong way round", "correct=True asks for the correction", (_IF, "if not correct:")),
    mistake(
        "a correction that is off unless asked for",
        "correct is True by default",
        ("def ewa(xs, beta, correct=True):", "def ewa(xs, beta, correct=False):"),
    ),
    mistake(
        "a recursion that goes on with the corrected value",
        "correct a copy and keep v as it is",
        (_CORRECT, "v = v / (1 - beta**t)\naverages[t - 1] = v"),
    ),
    mistake(
        "a start at the first value in place of 0",
        "v_0 = 0 (pandas with adjust=False starts at x_1)",
        (_V, "v = beta * v + (1 - beta) * x if t > 1 else x"),
    ),
    mistake("a start at 1", "v_0 = 0", (_START, "v = 1.0")),
    mistake(
        "an average one step late: the value of the step does not count yet",
        "update v, then keep it",
        (_V, "before, v = v, beta * v + (1 - beta) * x"),
        ("averages[t - 1] = v", "averages[t - 1] = before"),
        (_CORRECT, "averages[t - 1] = before / (1 - beta**t)"),
    ),
    mistake(
        "a running mean of all values",
        "the past fades: beta v + (1 - beta) x",
        (_V, "v = v + (x - v) / t"),
        (_IF, "if False:"),
    ),
    mistake("the last average only", "one value per step", ("return averages", "return averages[-1]")),
    mistake(
        "a series that begins with v_0",
        "one value per step, the first belongs to x_1",
        ("return averages", "return np.r_[0.0, averages]"),
    ),
    mistake("a list in place of an array", "np.array(...) makes one", ("return averages", "return list(averages)")),
    mistake(
        "averages written over xs",
        "make a new array: the caller needs xs",
        ("averages = np.zeros_like(xs)", "averages = xs"),
    ),
]

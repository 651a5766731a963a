"""What goes wrong in e14."""

from minidl.homework.check import mistake

_W = 'params[f"W{number}"] = rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))'
_B = 'params[f"b{number}"] = np.zeros(n_out)'
_SD = "np.sqrt(2 / n_in)"
_ROOT = "the standard deviation is sqrt(2 / n_in); look at what you multiply with"


def _deviation(says, look, sd, **more):
    return mistake(says, look, (_W, _W.replace(_SD, sd)), **more)


MISTAKES = [
    _deviation(
        "weights with the variance in place of the standard deviation",
        "2 / n_in is the variance; the width of a normal distribution is its standard deviation",
        "2 / n_in",
        id="IN02",
    ),
    _deviation("weights of size 0.01 in every layer", _ROOT, "0.01", id="IN04"),
    _deviation(
        "Xavier's initialisation, 1 / n_in",
        "behind a ReLU half of the signal is gone: 2 / n_in",
        "np.sqrt(1 / n_in)",
        id="IN06",
    ),
    _deviation(
        "Xavier's initialisation, 2 / (n_in + n_out)", "He's takes the inputs alone", "np.sqrt(2 / (n_in + n_out))"
    ),
    _deviation("Xavier's initialisation, 1 / (n_in + n_out)", "He's is 2 / n_in", "np.sqrt(1 / (n_in + n_out))"),
    _deviation(
        "weights scaled by the number of outputs", "n_in counts the units that feed the layer", "np.sqrt(2 / n_out)"
    ),
    _deviation("weights that are not scaled (standard deviation 1)", _ROOT, "1"),
    _deviation("weights scaled by sqrt(n_in / 2)", "more inputs ask for smaller weights", "np.sqrt(n_in / 2)"),
    _deviation("weights scaled by 1 / n_in", _ROOT, "1 / n_in"),
    _deviation("weights scaled by sqrt(2) / n_in", "the root belongs to n_in as well", "np.sqrt(2) / n_in"),
    _deviation(
        "weights scaled by the width of the first layer everywhere",
        "every layer has its own n_in",
        "np.sqrt(2 / sizes[0])",
    ),
    _deviation("weights scaled by 2 / sqrt(n_in)", "the root belongs to the 2 as well", "2 / np.sqrt(n_in)"),
    mistake(
        "weights that are all zero",
        "units that start alike stay alike: draw them from rng, and look at the scale (2 // n is 0)",
        (_W, _W.replace("rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))", "np.zeros((n_in, n_out))")),
    ),
    mistake(
        "weights from a uniform distribution with the right standard deviation",
        "the exercise asks for a normal distribution",
        (_W, _W.replace("normal(0, np.sqrt(2 / n_in), ", "uniform(-np.sqrt(6 / n_in), np.sqrt(6 / n_in), ")),
    ),
    mistake(
        "weights from a uniform distribution on [0, 1), scaled",
        "rng.random has mean 0.5 and is not normal",
        (_W, 'params[f"W{number}"] = rng.random((n_in, n_out)) * np.sqrt(2 / n_in)'),
    ),
    mistake(
        "positive weights only",
        "a normal distribution has either sign",
        (_W, _W + '\nparams[f"W{number}"] = np.abs(params[f"W{number}"])'),
    ),
    mistake(
        "a generator of its own with one seed, so that layers of one shape are identical",
        "take every number from the rng that is given; it goes on by itself",
        (_W, _W.replace("rng", "np.random.default_rng(0)")),
        id="IN08",
    ),
    mistake(
        "a generator of its own with one seed for the whole network",
        "take every number from the rng that is given; it goes on by itself",
        ("params = {}", "params, rng = {}, np.random.default_rng(0)"),
    ),
    mistake(
        "random numbers that do not come from rng",
        "rng.normal, not np.random.normal: a seed must repeat the network",
        (_W, _W.replace("rng", "np.random")),
    ),
    mistake(
        "one column of weights for all units of a layer",
        "every entry of W is drawn by itself",
        (_W, 'params[f"W{number}"] = np.repeat(rng.normal(0, np.sqrt(2 / n_in), (n_in, 1)), n_out, axis=1)'),
    ),
    mistake(
        "weights of shape (n_out, n_in)",
        "this course stores one row per input; the other one is C2W1's",
        (_W, _W.replace("(n_in, n_out))", "(n_out, n_in))")),
        convention=True,
    ),
    mistake(
        "biases as columns (n_out, 1)",
        "b has shape (n_out,); the column is C2W1's",
        (_B, _B.replace("n_out", "(n_out, 1)")),
        convention=True,
    ),
    mistake("biases as rows (1, n_out)", "b has shape (n_out,)", (_B, _B.replace("n_out", "(1, n_out)"))),
    mistake("biases with n_in entries", "one bias per unit of the layer", (_B, _B.replace("n_out", "n_in"))),
    mistake("biases of ones", "the biases start at zero", (_B, _B.replace("zeros", "ones"))),
    mistake(
        "random biases",
        "the biases start at zero",
        (_B, _B.replace("np.zeros(n_out)", "rng.normal(0, np.sqrt(2 / n_in), n_out)")),
    ),
    mistake("biases of 0.01", "the biases start at zero", (_B, _B.replace("zeros(n_out)", "full(n_out, 0.01)"))),
    mistake(
        "layers numbered from 0",
        "the first layer is W1, b1",
        ("for number in range(1, len(sizes)):", "for number in range(len(sizes) - 1):"),
        ("n_in, n_out = sizes[number - 1], sizes[number]", "n_in, n_out = sizes[number], sizes[number + 1]"),
    ),
    mistake(
        "a network without its last layer",
        "sizes of length L + 1 make L layers",
        ("for number in range(1, len(sizes)):", "for number in range(1, len(sizes) - 1):"),
    ),
    mistake(
        "weights in float32",
        "rng.normal gives float64: leave it so",
        (_W, _W + '\nparams[f"W{number}"] = params[f"W{number}"].astype(np.float32)'),
    ),
]

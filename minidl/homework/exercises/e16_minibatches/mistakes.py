"""What goes wrong in e16."""

from minidl.homework.check import mistake

_ORDER = "order = np.arange(len(X))\nrng.shuffle(order)"
_LOOP = "for start in range(0, len(order), size):"
_CHOSEN = "chosen = order[start : start + size]"
_YIELD = "yield X[chosen], Y[chosen]"
_ONCE = "draw one permutation of all examples at the start of a call"

MISTAKES = [
    mistake(
        "a last partial batch that is dropped",
        "what is left over is a batch too, a smaller one",
        (_LOOP, "for start in range(0, len(order) - size + 1, size):"),
    ),
    mistake(
        "a last partial batch that is dropped, but for a data set smaller than one batch",
        "what is left over is a batch too, a smaller one",
        (_LOOP, "for start in range(0, max(1, len(order) // size) * size, size):"),
    ),
    mistake(
        "X in the new order and Y in the old one",
        "the same chosen numbers pick the rows of both",
        (_YIELD, "yield X[chosen], Y[start : start + size]"),
        id="MB02",
    ),
    mistake(
        "Y in the new order and X in the old one",
        "the same chosen numbers pick the rows of both",
        (_YIELD, "yield X[start : start + size], Y[chosen]"),
    ),
    mistake(
        "X and Y each in a random order of its own",
        "one permutation for both: example and label stay together",
        (_ORDER, _ORDER + "\nother = rng.permutation(len(X))"),
        (_YIELD, "yield X[chosen], Y[other[start : start + size]]"),
    ),
    mistake(
        "an empty batch at the end where size divides the number of examples",
        "look at where the loop ends",
        (_LOOP, "for start in range(0, len(order) + 1, size):"),
        id="MB04",
    ),
    mistake(
        "an empty batch at the end in every call",
        "look at where the loop ends",
        (_LOOP, "for start in range(0, len(order) + size, size):"),
    ),
    mistake(
        "batches that overlap by one example",
        "a slice a:b holds b - a entries; look at where it ends",
        (_CHOSEN, "chosen = order[start : start + size + 1]"),
        id="MB06",
    ),
    mistake(
        "batches one example too short",
        "a slice a:b holds b - a entries; look at where it ends",
        (_CHOSEN, "chosen = order[start : start + size - 1]"),
    ),
    mistake(
        "batches that begin one after the other example",
        "the start moves on by size",
        (_LOOP, "for start in range(len(order)):"),
    ),
    mistake(
        "a generator of its own with a fixed seed: the same order in every epoch",
        "take the permutation from the rng that is given",
        (_ORDER, _ORDER.replace("rng", "np.random.default_rng(0)")),
        id="MB08",
    ),
    mistake(
        "an order that does not come from rng",
        "take the permutation from the rng that is given, not from np.random",
        (_ORDER, _ORDER.replace("rng", "np.random")),
    ),
    mistake(
        "examples drawn with replacement: some come twice, others never",
        _ONCE,
        (_ORDER, "order = rng.integers(0, len(X), len(X))"),
        id="MB10",
    ),
    mistake(
        "every batch drawn anew from the whole set",
        _ONCE,
        (_CHOSEN, "chosen = rng.permutation(len(X))[: min(size, len(X) - start)]"),
    ),
    mistake(
        "a data set that is shuffled in place",
        "shuffle numbers of rows and leave X and Y as they are",
        (_ORDER, _ORDER + "\nX[:], Y[:] = X[order], Y[order]\norder.sort()"),
        id="MB12",
    ),
    mistake(
        "a permutation of the columns (the wrong axis)",
        "examples are rows: count them with len(X)",
        (_ORDER, "order = rng.permutation(X.shape[1])"),
        id="MB14",
    ),
    mistake(
        "a permutation of the columns (the wrong axis)",
        "examples are rows: count them with len(X)",
        (_ORDER, "order = rng.permutation(X.shape[1])"),
        (_LOOP, "for start in range(0, len(X), size):"),
        id="MB14",
    ),
    mistake(
        "examples in columns, as in C2W2",
        "here an example is a row: index the first axis",
        (_ORDER, "order = rng.permutation(X.shape[1])"),
        (_YIELD, "yield X[:, chosen], Y[..., chosen]"),
        convention=True,
    ),
    mistake(
        "no shuffling at all", "draw a permutation from rng in every call", (_ORDER, "order = list(range(len(X)))")
    ),
    mistake(
        "batches in a random order, each with neighbours of the data set",
        "shuffle the examples one by one, not the batches or where they begin",
        (_LOOP, "for start in rng.permutation(range(0, len(order), size)):"),
        (_ORDER, "order = list(range(len(X)))"),
    ),
    mistake(
        "examples shuffled inside their batch only",
        "draw one permutation of all examples",
        (_ORDER, "order = [i for s in range(0, len(X), size) for i in s + rng.permutation(min(size, len(X) - s))]"),
    ),
    mistake(
        "the data set in its old order from a random beginning",
        "a permutation, not a turn",
        (_ORDER, "order = (rng.integers(len(X)) + np.arange(len(X))) % len(X)"),
    ),
    mistake(
        "a last batch filled up with examples of the beginning",
        "the last batch is smaller: no example comes twice",
        (_CHOSEN, "chosen = np.resize(order, start + size)[start:]"),
    ),
    mistake(
        "a first batch that is missing", "the loop starts at 0", (_LOOP, "for start in range(size, len(order), size):")
    ),
    mistake(
        "a return after the first batch",
        "yield gives a batch and goes on; return ends the function",
        (_YIELD, "yield X[chosen], Y[chosen]\nreturn"),
    ),
    mistake(
        "a return in place of yield",
        "yield gives a batch and goes on; return ends the function",
        (_YIELD, "return X[chosen], Y[chosen]"),
    ),
    mistake("labels before examples", "pairs are (x, y)", (_YIELD, "yield Y[chosen], X[chosen]")),
    mistake(
        "numbers of examples in place of the examples",
        "pick the rows: X[chosen], Y[chosen]",
        (_YIELD, "yield chosen, chosen"),
    ),
    mistake(
        "size taken for the number of batches",
        "size is the number of examples in a batch",
        (_LOOP, "for start in range(0, len(order), -(-len(order) // size)):"),
        (_CHOSEN, "chosen = order[start : start - (-len(order) // size)]"),
    ),
]

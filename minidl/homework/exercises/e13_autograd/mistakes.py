"""What goes wrong in e13."""

from minidl.homework.check import mistake

_SUB = "self._receive(out.grad)\no._receive(-out.grad)"
_ADD = "self._receive(out.grad)\no._receive(out.grad)"
_MUL = "self._receive(out.grad * o.data)", "o._receive(out.grad * self.data)"
_MATMUL = "self._receive(out.grad @ o.data.T)", "o._receive(self.data.T @ out.grad)"
_POW = "out._pass_on = lambda: self._receive(out.grad * n * self.data ** (n - 1))"
_EXP = "out._pass_on = lambda: self._receive(out.grad * out.data)"
_LOG = "out._pass_on = lambda: self._receive(out.grad / self.data)"
_TANH = "out._pass_on = lambda: self._receive(out.grad * (1 - out.data**2))"
_RELU = "out._pass_on = lambda: self._receive(out.grad * (self.data > 0))"
_MEAN = "out._pass_on = lambda: self._receive(np.full(self.data.shape, out.grad / self.data.size))"
_RECEIVE = "self.grad = self.grad + _unbroadcast(g, self.data.shape)"
_AXIS = "if axis is not None:\n    g = np.expand_dims(g, axis)"
_LEADING = "g = g.sum(axis=tuple(range(g.ndim - len(shape))))"
_STRETCHED = "return g.sum(axis=stretched, keepdims=True)"
_RESET = "for t in order:\n    if t.parents:\n        t.grad = np.zeros_like(t.data)"
_SEED = "self.grad = np.ones_like(self.data)"
_BACKWARD = "for t in reversed(order):\n    t._pass_on()"
_ORDER = """order, seen = [], {id(root)}
path = [(root, iter(root.parents))]
while path:
    t, unseen = path[-1]
    for p in unseen:
        if id(p) not in seen:
            seen.add(id(p))
            path.append((p, iter(p.parents)))
            break
    else:
        order.append(t)
        path.pop()
return order"""


def _receives(operand, g="out.grad"):
    """An operand that takes a gradient in place of what it had."""
    return f"{operand}.grad = _unbroadcast({g}, {operand}.data.shape)"


def _forgets(operation, old, new):
    return mistake(f"{operation} whose backward forgets to multiply by the gradient that comes in",
                   "every rule of the table has a g in it: out.grad", (old, new))  # fmt: skip


_OVERWRITE = "a T may be an operand in many places, and all that it receives adds up: += and not ="

MISTAKES = [
    # one operation
    mistake("a product whose first operand receives its own value, not the other's",
            "in x * y the share of x is g times y; look at which of the two .data you multiply by",
            (_MUL[0], "self._receive(out.grad * self.data)"), id="AG02"),
    mistake("a product whose second operand receives its own value, not the other's",
            "in x * y the share of y is g times x; look at which of the two .data you multiply by",
            (_MUL[1], "o._receive(out.grad * o.data)")),
    mistake("a product in which each operand receives its own value", "the share of x is g times y, and the reverse",
            (_MUL[0], "self._receive(out.grad * self.data)"), (_MUL[1], "o._receive(out.grad * o.data)")),
    mistake("a difference whose second operand receives +g", "x - y falls when y grows; look at the sign",
            (_SUB, _ADD)),
    mistake("a difference with both signs turned round", "x - y grows with x and falls with y; look at the signs",
            (_SUB, "self._receive(-out.grad)\no._receive(out.grad)")),
    mistake("a product that passes nothing on to its second operand", "both operands of x * y receive something",
            (_MUL[1], "pass")),
    mistake("a matrix product whose backward does not transpose", "work the shapes out with x (3, 2) and y (2, 4)",
            (_MATMUL[0], "self._receive(out.grad @ o.data)"), (_MATMUL[1], "o._receive(self.data @ out.grad)")),
    mistake("a matrix product whose first operand receives g @ y, without the transpose",
            "work the shapes out with x (3, 2) and y (2, 4)", (_MATMUL[0], "self._receive(out.grad @ o.data)")),
    mistake("a matrix product whose second operand receives x @ g, without the transpose",
            "work the shapes out with x (3, 2) and y (2, 4)", (_MATMUL[1], "o._receive(self.data @ out.grad)")),
    mistake("a matrix product whose second operand receives g @ x.T", "matrices do not commute; look at the order",
            (_MATMUL[1], "o._receive(out.grad @ self.data.T)")),
    mistake("a matrix product whose first operand receives y.T @ g", "matrices do not commute; look at the order",
            (_MATMUL[0], "self._receive(o.data.T @ out.grad)")),
    mistake("a power whose derivative keeps the exponent n", "the derivative of x^n has a lower power of x",
            (_POW, _POW.replace("(n - 1)", "n")), id="AG06"),
    mistake("a power whose derivative lacks the factor n", "the derivative of x^n has n in two places",
            (_POW, _POW.replace("* n * self", "* self"))),
    mistake("an exp whose derivative is x, not exp(x)", "exp is its own derivative; the value is in out",
            (_EXP, "out._pass_on = lambda: self._receive(out.grad * self.data)"), id="AG08"),
    mistake("an exp whose derivative is that of a power, x exp(x)", "exp is its own derivative",
            (_EXP, "out._pass_on = lambda: self._receive(out.grad * self.data * out.data)")),
    mistake("a log whose derivative is 1 / log(x)", "the derivative of log(x) is 1 / x; out.data is not x",
            (_LOG, "out._pass_on = lambda: self._receive(out.grad / out.data)")),
    mistake("a log that multiplies by x", "the derivative of log(x) is 1 / x",
            (_LOG, "out._pass_on = lambda: self._receive(out.grad * self.data)")),
    mistake("a tanh whose derivative is 1 - x^2", "the derivative is 1 - tanh(x)^2; the value of tanh is in out",
            (_TANH, _TANH.replace("out.data**2", "self.data**2")), id="AG10"),
    mistake("a tanh whose derivative lacks the square", "the derivative is 1 - tanh(x)^2",
            (_TANH, _TANH.replace("out.data**2", "out.data"))),
    mistake("a tanh with the derivative of the sigmoid, s (1 - s)", "the derivative is 1 - tanh(x)^2",
            (_TANH, _TANH.replace("(1 - out.data**2)", "out.data * (1 - out.data)"))),
    mistake("a relu that passes everything on", "what relu cut off receives nothing",
            (_RELU, "out._pass_on = lambda: self._receive(out.grad)")),
    mistake("a relu whose mask comes from the gradient, not from x", "look at what has to be above zero",
            (_RELU, _RELU.replace("self.data > 0", "out.grad > 0"))),
    mistake("a relu whose mask is the wrong way round", "look at which entries relu let through",
            (_RELU, _RELU.replace("self.data > 0", "self.data < 0"))),
    mistake("a relu that multiplies by its value, not by its slope", "the slope is 1 where x > 0, whatever x is",
            (_RELU, _RELU.replace("(self.data > 0)", "out.data"))),
    mistake("a relu that changes its operand's data", "out is a new T; x.data stays as it was",
            ("out = T(np.maximum(self.data, 0), (self,))",
             "np.maximum(self.data, 0, out=self.data)\nout = T(self.data.copy(), (self,))")),
    mistake("a sum along an axis that spreads its gradient along the wrong one",
            "the axis is gone in out.grad: put one of length 1 back in its place", (_AXIS, "pass"), id="AG12"),
    mistake("a sum along an axis whose gradient gets its axis back at the end",
            "put the axis back where it was, not always at the end",
            (_AXIS, "if axis is not None:\n    g = np.expand_dims(g, -1)")),
    mistake("a sum that takes no notice of axis", "sum(axis=0) of shape (2, 3) has shape (3,)",
            ("out = T(self.data.sum(axis=axis), (self,))", "axis = None\nout = T(self.data.sum(), (self,))")),
    mistake("a sum whose backward divides as a mean does", "every entry of a sum receives g itself",
            ("self._receive(np.broadcast_to(g, self.data.shape))",
             "self._receive(np.broadcast_to(g / (self.data.size / out.data.size), self.data.shape))")),
    mistake("a mean whose backward divides by the first axis only", "count all the entries that were averaged",
            (_MEAN, _MEAN.replace("self.data.size", "(self.data.shape or (1,))[0]")), id="AG14"),
    mistake("a mean whose backward divides by the last axis only", "count all the entries that were averaged",
            (_MEAN, _MEAN.replace("self.data.size", "(self.data.shape or (1,))[-1]"))),
    mistake("a mean whose backward does not divide", "each entry has a small part in a mean: how small?",
            (_MEAN, _MEAN.replace(" / self.data.size", ""))),
    mistake("a mean whose value is the sum", "look at the forward part of mean",
            ("out = T(self.data.mean(), (self,))", "out = T(self.data.sum(), (self,))")),
    mistake("a product x * y whose backward forgets to multiply by the gradient that comes in",
            "every rule of the table has a g in it: out.grad",
            (_MUL[0], "self._receive(np.ones_like(out.grad) * o.data)"),
            (_MUL[1], "o._receive(np.ones_like(out.grad) * self.data)")),
    _forgets("a power x ** n", _POW, _POW.replace("out.grad * n", "n")),
    _forgets("an exp", _EXP, _EXP.replace("out.grad * ", "")),
    _forgets("a log", _LOG, _LOG.replace("out.grad", "1")),
    _forgets("a tanh", _TANH, _TANH.replace("out.grad * ", "")),
    _forgets("a relu", _RELU, _RELU.replace("out.grad * (self.data > 0)", "(self.data > 0).astype(float)")),
    # what is received adds up
    mistake("an engine that keeps only the last gradient an operand receives", _OVERWRITE,
            (_RECEIVE, "self.grad = _unbroadcast(g, self.data.shape)")),
    mistake("a sum x + y that overwrites the gradient of its first operand", _OVERWRITE,
            (_ADD, f"{_receives('self')}\no._receive(out.grad)"), id="AG04"),
    mistake("a sum and a difference that overwrite the gradient of their first operand", _OVERWRITE,
            (_ADD, f"{_receives('self')}\no._receive(out.grad)"),
            (_SUB, f"{_receives('self')}\no._receive(-out.grad)"), id="AG04"),
    mistake("a sum x + y that overwrites the gradients of both operands", _OVERWRITE,
            (_ADD, f"{_receives('self')}\n{_receives('o')}")),
    mistake("a difference x - y that overwrites the gradient of its first operand", _OVERWRITE,
            (_SUB, f"{_receives('self')}\no._receive(-out.grad)")),
    mistake("a product x * y that overwrites the gradient of its first operand", _OVERWRITE,
            (_MUL[0], _receives("self", "out.grad * o.data"))),
    mistake("a product x * y that overwrites the gradient of its second operand", _OVERWRITE,
            (_MUL[1], _receives("o", "out.grad * self.data"))),
    mistake("a product x * y that overwrites the gradients of both operands", _OVERWRITE,
            (_MUL[0], _receives("self", "out.grad * o.data")), (_MUL[1], _receives("o", "out.grad * self.data"))),
    mistake("a matrix product that overwrites the gradients of its operands", _OVERWRITE,
            (_MATMUL[0], _receives("self", "out.grad @ o.data.T")),
            (_MATMUL[1], _receives("o", "self.data.T @ out.grad"))),
    mistake("an engine in which two T share one gradient array, so that += on one changes the other",
            "out.grad belongs to out: give every operand an array of its own",
            (_RECEIVE, "if self.grad.any() or self.data.shape != g.shape:\n"
                       "    self.grad += _unbroadcast(g, self.data.shape)\nelse:\n    self.grad = g")),
    # shapes
    mistake("an engine that does not sum the gradient of a broadcast operand",
            "the gradient of x has the shape of x: e12",
            (_RECEIVE, "self.grad = self.grad + g")),
    mistake("an engine that does not sum the gradient of a broadcast operand",
            "the gradient of x has the shape of x: e12", (_RECEIVE, "self.grad += g")),
    mistake("an engine that takes one slice of a stretched axis where it should sum",
            "an axis of length 1 was used for every index of the other operand: all of them count",
            (_STRETCHED, "for axis in stretched:\n    g = g[(slice(None),) * axis + (slice(0, 1),)]\nreturn g"),
            id="AG22"),
    mistake("an engine that averages over a stretched axis", "e12: the shares of a broadcast operand add up",
            (_STRETCHED, "return g.mean(axis=stretched, keepdims=True)")),
    mistake("an engine that does not sum the axes of length 1", "e12: the operand may have had the axis, of length 1",
            (_STRETCHED, "return g")),
    mistake("an engine that does not sum the axes of length 1", "e12: the operand may have had the axis, of length 1",
            (_STRETCHED, "return g"), (_RECEIVE, "self.grad += _unbroadcast(g, self.data.shape)")),
    mistake("an engine that takes the first slice of the axes that broadcasting put in front",
            "e12: the shares of a broadcast operand add up",
            (_LEADING, "while g.ndim > len(shape):\n    g = g[0]")),
    mistake("an engine that does not sum the axes that broadcasting put in front",
            "e12: the operand may have had fewer axes", (_LEADING, "g = np.asarray(g)")),
    mistake("an engine that does not sum the axes that broadcasting put in front",
            "e12: the operand may have had fewer axes",
            (_LEADING, "g = np.asarray(g)"), (_RECEIVE, "self.grad += _unbroadcast(g, self.data.shape)")),
    # the walk
    mistake("a backward without a topological order: a T passes on every time something reaches it",
            "a T that is used twice passes its gradient on once, when it has all of it",
            (_BACKWARD, "def go(t):\n    t._pass_on()\n    for p in t.parents:\n        go(p)\ngo(self)"), id="AG16"),
    mistake("a backward that goes from the leaves to the loss", "the loss passes on first; look at the direction",
            (_BACKWARD, "for t in order:\n    t._pass_on()")),
    mistake("a backward in the order of distance from the loss (breadth first)",
            "a T that is near the loss on one path may be far on another, and must wait for both",
            (_ORDER, "order, seen = [root], {id(root)}\nfor t in order:\n    for p in t.parents:\n"
                     "        if id(p) not in seen:\n            seen.add(id(p))\n            order.append(p)\n"
                     "return order[::-1]")),
    mistake("a backward that lists a T before its operands are listed (depth first, but too early)",
            "append a T to the list after its operands, not when you first meet it",
            (_ORDER, "order, seen, todo = [], set(), [root]\nwhile todo:\n    t = todo.pop()\n"
                     "    if id(t) not in seen:\n        seen.add(id(t))\n        order.append(t)\n"
                     "        todo.extend(t.parents)\nreturn order[::-1]")),
    mistake("a backward that lists a T before its operands are listed, the first operand's side first",
            "append a T to the list after its operands, not when you first meet it",
            (_ORDER, "order, seen, todo = [], set(), [root]\nwhile todo:\n    t = todo.pop()\n"
                     "    if id(t) not in seen:\n        seen.add(id(t))\n        order.append(t)\n"
                     "        todo.extend(reversed(t.parents))\nreturn order[::-1]")),
    mistake("a walk that takes two T with equal values for one", "T are told apart by id(t), not by what they hold",
            (_ORDER, _ORDER.replace("id(p)", "p.data.tobytes()").replace("id(root)", "root.data.tobytes()")),
            id="AG20"),
    mistake("a walk by a function that calls itself: a deep graph goes past Python's limit",
            "Python allows about a thousand calls inside one another; keep a list of what is still to be visited",
            (_ORDER, "order, seen = [], set()\n\ndef visit(t):\n    if id(t) not in seen:\n        seen.add(id(t))\n"
                     "        for p in t.parents:\n            visit(p)\n        order.append(t)\n\n"
                     "visit(root)\nreturn order"), id="AG24"),
    mistake("a backward that begins with zero", "d(loss) / d(loss) is not 0", (_SEED, "pass"), id="AG18"),
    mistake("a backward that begins with the value of its T", "d(loss) / d(loss) does not depend on the loss",
            (_SEED, "self.grad = self.data.copy()")),
    mistake("a backward that begins with 1 / (number of entries)", "an array is differentiated as its sum",
            (_SEED, "self.grad = np.full(self.data.shape, 1 / self.data.size)")),
    mistake("a backward that keeps what lies between from the call before",
            "leaves collect over calls; every other T begins a call with zeros", (_RESET, "pass")),
    mistake("a backward that keeps what lies between, and adds 1 to the end, from the call before",
            "leaves collect over calls; every other T begins a call afresh",
            (_RESET, "pass"), (_SEED, "self.grad = self.grad + 1")),
    mistake("a backward that clears the leaves too", "two calls give twice the gradient of a leaf",
            (_RESET, "for t in order:\n    t.grad = np.zeros_like(t.data)")),
]  # fmt: skip

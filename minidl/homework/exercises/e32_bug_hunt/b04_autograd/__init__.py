"""A bug planted in e13_autograd."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e13_autograd",
    "later_share_replaces_the_earlier",
    (
        "product_uses_its_own_value",
        "broadcasting_not_undone",
        "tanh_differentiated_at_its_input",
        "leaves_first",
        "backward_begins_with_zero",
    ),
    (
        "self.grad = self.grad + _unbroadcast(g, self.data.shape)",
        "self.grad = _unbroadcast(g, self.data.shape)",
    ),
)

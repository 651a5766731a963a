"""A bug planted in e25_adam."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e25_adam",
    "steps_counted_once_per_array",
    (
        "exponent_fixed_at_one",
        "b1_and_b2_swapped",
        "eps_inside_the_root",
        "gradients_of_the_caller_changed",
        "m_and_v_share_their_arrays",
        "decay_on_the_weights_themselves",
    ),
    (
        "self.t += 1\nfor p, m, v, g in zip(self.params, self.m, self.v, grads):",
        "for p, m, v, g in zip(self.params, self.m, self.v, grads):\n    self.t += 1",
    ),
)

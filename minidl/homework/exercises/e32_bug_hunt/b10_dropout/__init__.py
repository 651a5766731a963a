"""A bug planted in e29_dropout."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e29_dropout",
    "one_mask_for_the_whole_batch",
    (
        "scaled_by_the_wrong_probability",
        "scaled_again_in_use",
        "backward_draws_a_new_mask",
        "still_dropping_in_use",
        "input_changed_in_place",
    ),
    (
        "keep = self.rng.random(x.shape) >= self.p",
        "keep = self.rng.random(x.shape[1:]) >= self.p",
    ),
)

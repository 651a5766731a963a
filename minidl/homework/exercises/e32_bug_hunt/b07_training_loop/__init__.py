"""A bug planted in e17_training_loop."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e17_training_loop",
    "gradients_cleared_once_per_epoch",
    (
        "step_before_backward",
        "short_batch_counts_too_much",
        "only_the_last_batch_reported",
        "measured_while_training",
        "training_switched_off_for_good",
    ),
    (
        "for x, y in batches():\n    opt.zero_grad()",
        "opt.zero_grad()\nfor x, y in batches():",
    ),
)

"""A bug planted in e16_minibatches."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e16_minibatches",
    "last_batch_dropped",
    (
        "labels_in_another_order",
        "same_order_every_epoch",
        "batches_overlap",
        "examples_drawn_with_replacement",
        "data_shuffled_in_place",
    ),
    (
        "for start in range(0, len(order), size):",
        "for start in range(0, len(order) - size + 1, size):",
    ),
)

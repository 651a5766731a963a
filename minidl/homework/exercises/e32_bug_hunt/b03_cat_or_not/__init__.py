"""A bug planted in e09_logistic_loss."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e09_logistic_loss",
    "labels_spread_to_N_by_N",
    (
        "sigmoid_overflows",
        "gradient_not_divided_by_N",
        "yes_and_no_swapped",
        "logarithm_of_zero",
        "labels_minus_one_and_one",
    ),
    (
        "labels = y.reshape(-1, 1)",
        "labels = y",
    ),
)

"""A bug planted in e08_cross_entropy."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e08_cross_entropy",
    "one_taken_from_whole_columns",
    (
        "loss_summed_not_averaged",
        "gradient_not_divided_by_N",
        "softmax_over_the_wrong_axis",
        "logarithm_of_zero",
        "sign_of_the_gradient",
    ),
    (
        "dz[rows, y] -= 1",
        "dz[:, y] -= 1",
    ),
)

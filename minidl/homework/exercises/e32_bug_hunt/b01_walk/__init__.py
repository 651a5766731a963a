"""A bug planted in e01_gradient_descent."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e01_gradient_descent",
    "slopes_of_two_different_points",
    (
        "start_missing_from_the_path",
        "slopes_swapped",
        "one_step_too_many",
        "slope_of_the_start_kept",
        "rate_applied_twice",
    ),
    (
        "slope1, slope2 = grad(x1, x2)\nx1 = x1 - lr * slope1\nx2 = x2 - lr * slope2",
        "slope1, _ = grad(x1, x2)\nx1 = x1 - lr * slope1\n_, slope2 = grad(x1, x2)\nx2 = x2 - lr * slope2",
    ),
)

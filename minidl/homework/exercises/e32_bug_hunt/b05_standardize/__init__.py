"""A bug planted in e15_data."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e15_data",
    "test_set_has_statistics_of_its_own",
    (
        "images_mixed_by_reshape",
        "pixels_divided_as_integers",
        "constant_feature_divided_by_zero",
        "labels_counted_from_one",
        "statistics_per_example",
    ),
    (
        "return (train - mu) / sigma, (test - mu) / sigma",
        "mu_test, sigma_test = test.mean(axis=0), test.std(axis=0)\n"
        "sigma_test[sigma_test == 0] = 1\n"
        "return (train - mu) / sigma, (test - mu_test) / sigma_test",
    ),
)

"""A bug planted in e21_nesterov."""

from minidl.homework.exercises.e32_bug_hunt import hunt

EXERCISE = hunt(
    __name__,
    "e21_nesterov",
    "old_velocity_is_the_new_one",
    (
        "look_back_with_the_wrong_sign",
        "velocity_never_decays",
        "learning_rate_forgotten",
        "velocity_lost_between_steps",
        "new_array_instead_of_a_change_in_place",
    ),
    (
        "v_prev = v.copy()",
        "v_prev = v",
    ),
)

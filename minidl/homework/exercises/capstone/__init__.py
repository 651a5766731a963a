"""The capstone stands apart from the exercises: it is graded on the learner's own runs."""

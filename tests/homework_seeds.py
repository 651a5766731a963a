"""How much the homework's tests grade: with HOMEWORK_SEEDS=200 everything, over so many seeds; otherwise samples."""

import os

MANY = int(os.environ.get("HOMEWORK_SEEDS", "3"))
EVERY = 3 if MANY <= 3 else 1  # of long tables every third row


def sample(table):
    """Every third row of a long table, all of a short one or where time does not count."""
    rows = list(table)
    return rows[::EVERY] if len(rows) > 40 else rows

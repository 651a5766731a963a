"""How many seeds the slow tests of the homework grade with: HOMEWORK_SEEDS=200 for a morning's run; a few otherwise."""

import os

MANY = int(os.environ.get("HOMEWORK_SEEDS", "3"))

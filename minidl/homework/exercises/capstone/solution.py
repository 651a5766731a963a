"""capstone: one network, eight optimizers, and what your own runs say.

Everything comes together here: `train` lets minidl train the same network under every optimizer of the course, from
the same start, on the same batches, each at its own best learning rate. Then five functions answer five questions.
Your answers are compared with what your own runs say, so they may differ from your neighbour's.

    python capstone.py                     trains (two or three minutes on two cores), then prints your answers
    minidl homework check capstone         grades them; runs that are missing or unfair are told

Every finished run is kept as a file in capstone_runs/: stopped at any time, training goes on from there. Change PROBLEM
for other data ("cat_dog_faces", or "mnist", which is downloaded); then give RUNS another name, or empty the folder.

What the functions get: runs[name] for "SGD", "Momentum", "Nesterov", "AdaGrad", "AdaDelta", "RMSProp", "Adam" and
"AdamW" has three lists of runs:

    "trials"     one for each learning rate that was tried, all with one seed
    "final"      at the rate that was chosen, one for each of several new seeds
    "default"    at the optimizer's default rate, with the same seeds; empty for "SGD", "Momentum" and "Nesterov", which
                 have none

and every run is a dict with

    "lr" "seed"                    its rate and its seed
    "validation_accuracy"          after the last step, in [0, 1]; "train_loss" likewise
    "test_accuracy"                likewise, of "final" and "default" runs only: a rate is never chosen by it
    "steps_to_target"              the first step at which the validation accuracy reached the target, or inf
    "evaluations"                  a list, in time, of {"step", "train_loss", "validation_accuracy"}
    "diverged"                     whether it ended worse than it began

Convention: means and medians are over the seeds; where several optimizers share the first place, any of them is right.
Among several names, the median of an even number of values is the mean of the middle two.

    >>> run = lambda steps: {"steps_to_target": steps}
    >>> first_to_target({"SGD": {"final": [run(90), run(70), run(80)]}, "Adam": {"final": [run(20), run(30), run(90)]}})
    'Adam'
"""

import numpy as np

PROBLEM = "digits"
RUNS = "capstone_runs"


def train():  # given
    """Make the runs that are not there yet: eight optimizers, at least seven rates each, three seeds."""
    from minidl import lab

    return lab.compare(PROBLEM, seeds=3, out=RUNS)


def first_to_target(runs):
    """Question 1. Who needs the fewest steps? The name with the smallest median "steps_to_target" of its final runs."""
    steps = {name: np.median([run["steps_to_target"] for run in of["final"]]) for name, of in runs.items()}
    return min(steps, key=steps.get)


def rate_ratio(runs):
    """Question 2. Is one rate good for all? The rate chosen for "SGD" divided by the one chosen for "Adam", a float."""
    return runs["SGD"]["final"][0]["lr"] / runs["Adam"]["final"][0]["lr"]


def forgiving(runs):
    """Question 3. Who forgives a rate that is off? For each name, at how many of its trials the validation accuracy is
    at most 0.02 below that of its best trial (the best one counts): a dict from name to int."""
    counts = {}
    for name, of in runs.items():
        accuracies = [run["validation_accuracy"] for run in of["trials"]]
        counts[name] = sum(a >= max(accuracies) - 0.02 for a in accuracies)
    return counts


def is_clear(runs):
    """Question 4. Is the winner a winner? True if the best mean test accuracy of the final runs is above the second
    best by more than the spread over seeds (largest less smallest test accuracy) of each of the two; else False."""
    accuracies = {name: [run["test_accuracy"] for run in of["final"]] for name, of in runs.items()}
    second, first = sorted(accuracies.values(), key=np.mean)[-2:]
    lead = np.mean(first) - np.mean(second)
    return bool(lead > max(np.ptp(first), np.ptp(second)))


def price_of_default(runs):
    """Question 5. What does it cost not to tune? For each name, the mean test accuracy of its final runs less that of
    its default runs, in percentage points (negative where the default did better): a dict from name to float, without
    the names that have no default runs."""
    price = {}
    for name, of in runs.items():
        if not of["default"]:
            continue
        tuned, default = (np.mean([run["test_accuracy"] for run in of[kind]]) for kind in ("final", "default"))
        price[name] = float(100 * (tuned - default))
    return price


if __name__ == "__main__":
    train()
    from minidl.homework.runs import read_runs

    mine = read_runs(RUNS)
    for question in (first_to_target, rate_ratio, forgiving, is_clear, price_of_default):
        print(question.__name__, question(mine))

"""What goes wrong in the capstone."""

from minidl.homework.check import mistake

_STEPS = 'steps = {name: np.median([run["steps_to_target"] for run in of["final"]]) for name, of in runs.items()}'
_LEAD = "return bool(lead > max(np.ptp(first), np.ptp(second)))"

MISTAKES = [
    mistake("the mean of the steps to the target in place of the median", "look at what one seed that misses does",
            (_STEPS, _STEPS.replace("median", "mean"))),
    mistake("the slowest optimizer in place of the fastest", "look at whether few or many steps are good",
            ("return min(steps, key=steps.get)", "return max(steps, key=steps.get)")),
    mistake("the steps of the trials in place of those of the final runs", "look at which list the question names",
            (_STEPS, _STEPS.replace('of["final"]', 'of["trials"]'))),
    mistake("the rates divided the other way round", "look at which of the two stands above the line",
            ('return runs["SGD"]["final"][0]["lr"] / runs["Adam"]["final"][0]["lr"]',
             'return runs["Adam"]["final"][0]["lr"] / runs["SGD"]["final"][0]["lr"]')),
    mistake("the default rates in place of the chosen ones", "look at which list has the chosen rate",
            ('return runs["SGD"]["final"][0]["lr"] / runs["Adam"]["final"][0]["lr"]',
             'return runs["SGD"]["default"][0]["lr"] / runs["Adam"]["default"][0]["lr"]')),
    mistake("2 % of the best accuracy in place of 0.02 below it", "look at whether 0.02 is taken away or multiplied",
            ("counts[name] = sum(a >= max(accuracies) - 0.02 for a in accuracies)",
             "counts[name] = sum(a >= max(accuracies) * 0.98 for a in accuracies)")),
    mistake("the best trial not counted", "look at whether the best trial is within 0.02 of itself",
            ("counts[name] = sum(a >= max(accuracies) - 0.02 for a in accuracies)",
             "counts[name] = sum(max(accuracies) > a >= max(accuracies) - 0.02 for a in accuracies)")),
    mistake("the lead compared with the winner's spread only", "look at the spread of the second as well",
            (_LEAD, "return bool(lead > np.ptp(first))")),
    mistake("any lead taken for a clear one", "look at how far the seeds of one optimizer lie apart",
            (_LEAD, "return bool(lead > 0)")),
    mistake("accuracies in [0, 1] in place of percentage points", "look at the factor 100",
            ("price[name] = float(100 * (tuned - default))", "price[name] = float(tuned - default)")),
    mistake("the default runs less the tuned ones", "look at which is taken from which",
            ("price[name] = float(100 * (tuned - default))", "price[name] = float(100 * (default - tuned))")),
]  # fmt: skip

"""Figures from records, each against numbers worked out by hand or by trying everything."""

import itertools
import math
import statistics

import numpy as np
import pytest
from scipy import stats

from minidl.lab import summary
from minidl.lab.summary import (
    RateRange,
    band,
    best,
    bootstrap_means,
    budget_curve,
    cost_to_target,
    distinguishable,
    evaluation_share,
    final,
    median_cost,
    performance_profile,
    quantile,
    ranking,
    rate_range,
    trial_figures,
)

INF = math.inf


def record(accuracies=(0.1, 0.8, 0.9), losses=None, **more):
    """A record with an evaluation every 10 steps, of half an epoch, 20 gradients and 0.3 seconds."""
    losses = [1 - a for a in accuracies] if losses is None else losses
    rows = [
        {"step": 10 * i, "epoch": i / 2, "gradients": 20 * i, "train_seconds": 0.3 * i, "train_loss": x,
         "train_accuracy": a, "validation_loss": x, "validation_accuracy": a}
        for i, (a, x) in enumerate(zip(accuracies, losses, strict=True))
    ]  # fmt: skip
    ends = {"validation_accuracy": accuracies[-1], "validation_loss": losses[-1], "loss_before_first_step": losses[0]}
    return {"evaluations": rows, "diverged": False, "lr": 0.1, **ends, **more}


def test_final_and_best_are_not_mixed():
    r = record([0.99, 0.8, 0.95, 0.9], test_accuracy=0.7)
    assert (final(r, "accuracy"), best(r, "accuracy"), final(r, "accuracy", "test")) == (0.9, 0.95, 0.7)
    r = record([0, 0, 0, 0], [0.1, 3.0, 0.5, math.nan], validation_loss=INF)
    assert (final(r, "loss"), best(r, "loss")) == (INF, 0.5)
    assert best(record([0.1], [2.0]), "loss") == INF and best(record([0.1], [2.0]), "accuracy") == 0  # no step done
    assert final({}, "loss") == INF and final({}, "accuracy") == 0


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("q", [0, 0.25, 0.5, 0.75, 0.9, 1])
def test_quantile_is_numpys_where_that_is_defined(n, q):
    x = np.random.default_rng(n).normal(size=(n, 4))
    assert np.allclose(quantile(x, q), np.quantile(x, q, axis=0), rtol=1e-14)


def test_quantile_with_infinities():
    assert quantile([1.0, INF, 2.0], 0.5) == 2 and quantile([1.0, INF], 0.5) == INF and quantile([INF, INF], 0.3) == INF
    for values in itertools.product([1.0, 2.0, INF], repeat=4):
        assert quantile(values, 0.5) == statistics.median(values)


def test_band_over_seeds_with_a_run_that_stopped():
    runs = [record([0.1, a, b]) for a, b in ((0.5, 0.9), (0.7, 0.8), (0.6, 0.7), (0.4, 0.6))]
    runs.append(record([0.1, 0.9, 0.9]))
    runs[-1]["evaluations"] = runs[-1]["evaluations"][:2]
    got = band(runs, "validation_accuracy")
    assert got.x.tolist() == [0, 10, 20]
    assert got.median.tolist() == [0.1, 0.6, 0.7]  # of .5 .7 .6 .4 .9 and of .9 .8 .7 .6 0
    assert got.low.tolist() == [0.1, 0.5, 0.6] and got.high.tolist() == [0.1, 0.7, 0.8]
    assert band(runs, "validation_accuracy", "epochs").x.tolist() == [0, 0.5, 1]
    losses = band(runs, "train_loss", worst=5.0)
    assert losses.high.tolist() == pytest.approx([0.9, 0.5, 0.4]) and band(runs[4:], "train_loss").median.size == 2
    assert band([runs[0], runs[4]], "train_loss").high[2] == INF


def test_a_figure_beside_a_loss_that_is_not_finite_is_the_worst():
    r = record([0.1, 0.8], [2.0, math.nan])
    assert band([r], "validation_accuracy").median.tolist() == [0.1, 0]


@pytest.mark.parametrize(
    ("target", "unit", "cost"),
    [(0.8, "steps", 10), (0.81, "steps", 20), (0.9, "epochs", 1), (0.9, "gradients", 40), (0.9, "seconds", 0.6),
     (0.91, "steps", INF), (0.05, "steps", 0)],
)  # fmt: skip
def test_cost_to_a_target_of_accuracy(target, unit, cost):
    assert cost_to_target(record(), target, "accuracy", unit) == cost


def test_cost_to_a_target_of_loss_counts_downwards_and_misses_are_counted():
    runs = [record([0, 0, 0], x) for x in ([9, 5, 4], [9, 4, 9], [9, math.nan, math.nan])]
    assert [cost_to_target(r, 4, "loss") for r in runs] == [20, 10, INF]
    assert median_cost(runs, 4, "loss") == (20, 1) and median_cost(runs, 4.5, "loss", "gradients") == (40, 1)
    assert median_cost(runs, 1, "loss") == (INF, 3) and median_cost(runs[1:], 4, "loss") == (INF, 1)


def tuning(scores, metric="accuracy", diverged=()):
    return [{"lr": lr, f"validation_{metric}": x, "diverged": lr in diverged} for lr, x in scores.items()]


def test_range_of_rates_within_ten_percent():
    scores = {0.001: 0.95, 0.01: 0.5, 0.1: 0.9, 1.0: 1.0, 10.0: 0.899, 100.0: 0.95}
    got = rate_range(tuning(scores), "accuracy")
    assert got == RateRange(0.1, 1.0, 1.0) and got.decades == 1  # 0.001 is good too, but not next to it
    assert rate_range(tuning(scores)[::-1], "accuracy") == got
    assert rate_range(tuning(scores, diverged=[1.0]), "accuracy") == RateRange(0.001, 0.001, 0.001)
    assert rate_range(tuning(scores), "accuracy", 0.11) == RateRange(0.1, 1.0, 100.0)
    assert rate_range(tuning(scores, diverged=scores), "accuracy") is None


def test_range_of_rates_of_a_loss():
    scores = {0.001: 2.3, 0.01: 2.2, 0.1: 2.0, 1.0: 2.1, 10.0: INF}
    assert rate_range(tuning(scores, "loss"), "loss") == RateRange(0.01, 0.1, 1.0)
    assert rate_range(tuning({0.1: INF}, "loss"), "loss") is None
    doubled = tuning({0.1: 3.0, 1.0: 1.0}, "loss") + tuning({0.1: 1.05}, "loss")  # two trials at one rate
    assert rate_range(doubled, "loss") == RateRange(0.1, 1.0, 1.0)


# -- ranks


@pytest.mark.parametrize("d", [[1.0, 2.0], [0.5, -1, 3], [0.1, 0.2, -0.3, 0.4, 5]])
def test_a_small_bootstrap_takes_all_resamples(d):
    everything = sorted(statistics.fmean(x) for x in itertools.product(d, repeat=len(d)))
    assert np.allclose(bootstrap_means(d), everything)


def test_a_large_bootstrap_is_sampled_and_near_the_exact_spread():
    d = np.random.default_rng(0).normal(1, 2, 12)
    means = bootstrap_means(d, seed=1)
    assert len(means) == summary.EXACT and np.array_equal(means, bootstrap_means(d, seed=1))
    assert means.mean() == pytest.approx(d.mean(), abs=0.02)
    assert means.std() == pytest.approx(d.std() / math.sqrt(12), rel=0.03)


def by_hand(d):
    """Where 0 lies in the expanded interval of all resampled means, without any code of the summary's."""
    n = len(d)
    means = [statistics.fmean(x) for x in itertools.product(d, repeat=n)]
    outside = stats.norm.cdf(-math.sqrt(n / (n - 1)) * stats.t.ppf(0.975, n - 1))
    low, high = np.quantile(means, [outside, 1 - outside])
    return 1 if low > 0 else -1 if high < 0 else 0


@pytest.mark.parametrize("seed", range(20))
def test_telling_apart_is_a_paired_bootstrap(seed):
    rng = np.random.default_rng(seed)
    n, shift = 5, rng.choice([-3, 0, 3])
    shared = rng.normal(0, 100, n)  # the luck of a seed, which both have
    a, b = shared + rng.normal(shift, 1, n), shared + rng.normal(0, 1, n)
    assert distinguishable(a, b) == by_hand(a - b) == -distinguishable(b, a)


def test_chance_alone_is_seldom_taken_for_a_difference():
    """Of 400 comparisons of equals with five seeds, 8 % are told apart (of a plain bootstrap's 17 %)."""
    rng = np.random.default_rng(0)
    told = [distinguishable(*rng.normal(size=(2, 5))) for _ in range(400)]
    assert 0.03 < np.mean(np.abs(told)) < 0.11 and {-1, 0, 1} == set(told)


def test_pairs_count_and_few_pairs_say_nothing():
    a = np.array([1.0, 5.0, 9.0, 13.0, 17.0])
    assert distinguishable(a + 0.1, a) == 1 and distinguishable(a + 0.1, a[::-1]) == 0
    assert distinguishable(a, a) == 0 and not any(distinguishable(a[:n] + 1, a[:n]) for n in range(1, 5))
    assert distinguishable(a, [INF] * 5) == -1 and distinguishable([INF] * 5, [INF] * 5) == 0


def test_ranks_and_ties():
    low, high = [0.90, 0.91, 0.92, 0.90, 0.91], [0.95, 0.96, 0.97, 0.95, 0.96]
    between = [0.95, 0.97, 0.96, 0.94, 0.97]
    figures = {"a": low, "b": high, "c": between, "d": [0.1] * 5}
    ranks = {r.name: r for r in ranking(figures, "accuracy")}
    assert list(ranks) == ["b", "c", "a", "d"] or list(ranks) == ["c", "b", "a", "d"]
    assert {name: r.rank for name, r in ranks.items()} == {"b": 1, "c": 1, "a": 3, "d": 4}
    assert ranks["b"].tied == ("c",) and ranks["c"].tied == ("b",) and ranks["a"].tied == ranks["d"].tied == ()
    assert ranks["a"].mean == pytest.approx(0.908)
    losses = [r.rank for r in ranking({k: [1 - x for x in v] for k, v in figures.items()}, "loss")]
    assert losses == [1, 1, 3, 4]
    assert [r.rank for r in ranking({"a": [0.1], "b": [0.2]}, "accuracy")] == [1, 1]


# -- profiles and budgets


def test_performance_profile_by_hand():
    costs = {
        "a": {("p", 1): 10, ("p", 2): 20, ("q", 1): INF, ("q", 2): INF},
        "b": {("p", 1): 20, ("p", 2): 15, ("q", 1): 7, ("q", 2): INF},
    }
    got = performance_profile(costs, [1, 4 / 3, 1.9, 2, 100])
    assert got["a"].tolist() == [0.25, 0.5, 0.5, 0.5, 0.5]  # nobody solves (q, 2)
    assert got["b"].tolist() == [0.5, 0.5, 0.5, 0.75, 0.75]
    assert performance_profile({"a": {1: 0.0}, "b": {1: 0.0}, "c": {1: 5.0}}, [1, 1e9])["c"].tolist() == [0, 0]
    assert performance_profile({"a": {1: 0.0}, "b": {1: 0.0}}, [1])["b"].tolist() == [1]
    assert performance_profile({"a": {1: 3.0, 2: 4.0}, "b": {1: 3.0}}, [1])["b"].tolist() == [0.5]  # 2 is missing


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
@pytest.mark.parametrize("n", [1, 2, 5, 7])
def test_budget_curve_is_the_mean_over_all_choices_of_k_trials(metric, n):
    figures = np.random.default_rng(n).normal(size=n).round(1)  # ties too
    pick = max if metric == "accuracy" else min
    expected = [statistics.fmean(pick(c) for c in itertools.combinations(figures, k)) for k in range(1, n + 1)]
    assert np.allclose(budget_curve(figures, metric), expected)


def test_a_budget_of_trials_of_which_one_diverged():
    runs = [record([0.1, 0.5], [2.0, 1.0]), record([0.1, 0.2], [2.0, 9.0], diverged=True)]
    assert trial_figures(runs, "accuracy") == [0.5, 0] and trial_figures(runs, "loss") == [1.0, 2.0]
    assert budget_curve([1.0, INF], "loss").tolist() == [INF, 1.0]


def test_the_share_of_evaluation():
    runs = [{"seconds_training": 3.0, "seconds_evaluation": 1.0}, {"seconds_training": 1.0, "seconds_evaluation": 3.0}]
    assert evaluation_share(runs) == 0.5 and evaluation_share(runs[:1]) == 0.25

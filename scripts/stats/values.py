#!/usr/bin/env python3
"""What SciPy and statsmodels compute, for src/stats/ranks.rs to agree with.

    pip install scipy statsmodels && python3 scripts/stats/values.py > tests/vectors/stats/ranks.json

Intervals are not in SciPy: they are found from its p-values, by moving one set until the test no longer rejects.
"""
import json

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests


def paired_interval(differences, alpha):
    """The shifts that the exact signed-rank test does not reject: between two Walsh averages."""
    n = len(differences)
    walsh = sorted((differences[i] + differences[j]) / 2 for i in range(n) for j in range(i, n))
    inside = []
    for low, high in zip(walsh, walsh[1:]):
        shift = (low + high) / 2
        if stats.wilcoxon(differences - shift, method="exact").pvalue > alpha:
            inside += [low, high]
    outer = stats.wilcoxon(differences - (walsh[0] - 1), method="exact").pvalue
    return None if outer > alpha else [min(inside), max(inside)]


def unpaired_interval(base, new, alpha):
    """The same of the exact rank-sum test."""
    gaps = sorted(b - a for a in base for b in new)
    inside = []
    for low, high in zip(gaps, gaps[1:]):
        shift = (low + high) / 2
        if stats.mannwhitneyu(new - shift, base, method="exact").pvalue > alpha:
            inside += [low, high]
    outer = stats.mannwhitneyu(new - (gaps[0] - 1), base, method="exact").pvalue
    return None if outer > alpha else [min(inside), max(inside)]


def main():
    rng = np.random.default_rng(5)
    paired, unpaired, holm = [], [], []
    for n in (3, 5, 6, 8, 15, 24):
        for shift in (0.0, 0.4, 1.5):
            d = rng.standard_t(3, n) + shift
            walsh = [(d[i] + d[j]) / 2 for i in range(n) for j in range(i, n)]
            paired.append(
                {
                    "differences": d.tolist(),
                    "estimate": float(np.median(walsh)),
                    "p": float(stats.wilcoxon(d, method="exact").pvalue),
                    "interval": paired_interval(d, 0.05),
                }
            )
    # Ties and zeros: every assignment of signs, counted.
    for d in ([1, 1, -1, 2, 2, 3, 0, 4], [0, 0, 0], [2, 2, 2, 2, 2, 2, 2]):
        a = np.array(d, dtype=float)
        nonzero = a[a != 0]
        ranks = stats.rankdata(np.abs(nonzero))
        observed = ranks[nonzero > 0].sum()
        sums = [
            sum(r for bit, r in enumerate(ranks) if signs >> bit & 1) for signs in range(2 ** len(ranks))
        ]
        below = sum(s <= observed for s in sums) / len(sums)
        above = sum(s >= observed for s in sums) / len(sums)
        walsh = [(a[i] + a[j]) / 2 for i in range(len(a)) for j in range(i, len(a))]
        paired.append(
            {
                "differences": a.tolist(),
                "estimate": float(np.median(walsh)),
                "p": float(min(1.0, 2 * min(below, above))),
                "interval": "ties",
            }
        )
    for n, m in ((3, 3), (4, 4), (5, 8), (15, 15)):
        for shift in (0.0, 2.0):
            base, new = rng.standard_t(3, n), rng.standard_t(3, m) + shift
            unpaired.append(
                {
                    "base": base.tolist(),
                    "new": new.tolist(),
                    "estimate": float(np.median([b - a for a in base for b in new])),
                    "p": float(stats.mannwhitneyu(new, base, method="exact").pvalue),
                    "interval": unpaired_interval(base, new, 0.05),
                }
            )
    for count in (1, 4, 9):
        p = rng.uniform(0, 0.2, count)
        adjusted = multipletests(p, method="holm")[1]
        holm.append({"p": p.tolist(), "adjusted": adjusted.tolist()})
    print(json.dumps({"paired": paired, "unpaired": unpaired, "holm": holm}, indent=1))


main()

"""Nested selection of GCCA's parameters by NumPy: selection.json.

    pip install numpy
    python golden/make_selection.py

Made with numpy 2.4.6. Three views of 150 planted items, five given folds, twelve candidates. Every candidate is fitted on the
rows outside a fold by an eigendecomposition of the stacked covariances, without any sharing between folds or candidates, and
scored on the rows of the fold: Rank-1 and MRR in the universe, means over ordered pairs.
"""

import itertools
import json
import pathlib

import numpy as np

here = pathlib.Path(__file__).parent
generator = np.random.default_rng(21)
ITEMS, FOLDS, WIDTHS, SHARED = 150, 5, [12, 10, 14], 6
TIE = 1e-6

factors = generator.standard_normal((ITEMS, SHARED)) * np.linspace(2.0, 0.5, SHARED)
views = []
for width in WIDTHS:
    own = generator.standard_normal((ITEMS, width)) @ (generator.standard_normal((width, width)) * 0.5)
    views.append((factors @ generator.standard_normal((SHARED, width)) + own).astype("f4"))
folds = generator.permutation(np.arange(ITEMS) % FOLDS)


def fit(rows, rank, ridge, whiten):
    """Means, deviations and map of every view."""
    shapes = [(x.mean(0), x.std(0)) for x in rows]
    z = [(x - mean) / std for x, (mean, std) in zip(rows, shapes)]
    count = len(z[0])
    pieces = [np.linalg.svd(x, full_matrices=False) for x in z]
    whiteners = [v.T / np.sqrt(s**2 + ridge * count) for _, s, v in pieces]
    stacked = np.hstack([x @ w for x, w in zip(z, whiteners)])
    values, vectors = np.linalg.eigh(stacked.T @ stacked)
    top = vectors[:, np.argsort(-values)[:rank]]
    maps, start = [], 0
    for (_, _, v), whitener in zip(pieces, whiteners):
        part = top[start : start + len(v)]
        start += len(v)
        maps.append((whitener if whiten == "inverse_singular" else v.T) @ part)
    return [(mean, std, q) for (mean, std), q in zip(shapes, maps)]


def scores(fitted, rows):
    """Rank-1 and MRR, means over ordered pairs."""
    unit = []
    for (mean, std, q), x in zip(fitted, rows):
        u = ((x - mean) / std) @ q
        unit.append(u / np.linalg.norm(u, axis=1, keepdims=True))
    found = []
    for a, b in itertools.permutations(range(len(rows)), 2):
        s = unit[a] @ unit[b].T
        ranks = (s >= np.diag(s)[:, None] - TIE).sum(1)
        found.append(((ranks <= 1).mean(), (1 / ranks).mean()))
    return np.mean(found, axis=0)


candidates = [
    {"rank": rank, "ridge": ridge, "whiten": whiten}
    for rank in [2, 4, 8]
    for ridge in [0.0, 0.1]
    for whiten in ["none", "inverse_singular"]
]
exact = [x.astype("f8") for x in views]
by_fold = np.array(
    [
        [
            scores(fit([x[folds != fold] for x in exact], **candidate), [x[folds == fold] for x in exact])
            for fold in range(FOLDS)
        ]
        for candidate in candidates
    ]
)
result = {
    "views": [[[float(value) for value in row] for row in x] for x in views],
    "folds": folds.tolist(),
    "candidates": candidates,
}
for at, metric in enumerate(["rank1", "mrr"]):
    means = by_fold[:, :, at].mean(1)
    result[metric] = {
        "folds": by_fold[:, :, at].tolist(),
        "mean": means.tolist(),
        "standard_error": (by_fold[:, :, at].std(1, ddof=1) / np.sqrt(FOLDS)).tolist(),
        "chosen": int(np.argmax(means)),
    }
    print(metric, np.round(means, 4), candidates[int(np.argmax(means))])
(here / "selection.json").write_text(json.dumps(result) + "\n")

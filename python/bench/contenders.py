"""The operations that `speed.py` times: each takes the arrays of its case and returns a function to call again and again.

A function returns a dictionary. `quality` says how good the result is, by one formula for all contenders of a case; what it
costs to compute is outside of the timed part.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
Timed = Callable[[], Any]
Quality = Callable[[Any], str]


# ---------------------------------------------------------------------------------------------------------------- data


def torch_baseline() -> Any:
    """The operations in torch that docs/performance.md measures against."""
    sys.path.append(str(Path(__file__).parents[2] / "docs/baseline"))
    import torch_baseline

    return torch_baseline


def correlated_views(rows: int, width: int, views: int) -> Arrays:
    """Standardised views of one latent table, rotated, each with noise: the data of docs/baseline/torch_baseline.py."""
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((rows, width)) * (1.0 + np.arange(width)) ** -0.6
    made = {}
    for m in range(views):
        rotation = np.linalg.qr(rng.standard_normal((width, width)))[0]
        x = latent @ rotation + 0.5 / width**0.5 * rng.standard_normal((rows, width))
        x = (x - x.mean(0)) / (x.std(0) + 1e-8)
        made[f"v{m}"] = np.ascontiguousarray(x, dtype=np.float32)
    return made


def pair(rows: int, width: int) -> Arrays:
    """Two views of the same items, with rows of length one."""
    rng = np.random.default_rng(2)
    a = rng.standard_normal((rows, width))
    b = a + 1.5 * rng.standard_normal((rows, width))
    unit = lambda x: np.ascontiguousarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float32)  # noqa: E731
    return {"a": unit(a), "b": unit(b)}


def blobs(rows: int, width: int, clusters: int) -> Arrays:
    """Gaussian clusters that overlap."""
    rng = np.random.default_rng(3)
    centres = rng.standard_normal((clusters, width))
    x = centres[rng.integers(clusters, size=rows)] + 1.5 * rng.standard_normal((rows, width))
    return {"x": x.astype(np.float32)}


# ----------------------------------------------------------------------------------------------------------------- GPA


def gpa_quality(views: Arrays) -> Quality:
    """The sum over views of the squared distances of rotated rows to their mean; lower is better."""

    def quality(aligned: Any) -> str:
        stacked = [np.asarray(x, dtype=np.float64) for x in aligned]
        mean = sum(stacked) / len(stacked)
        return f"objective {sum(float(((x - mean) ** 2).sum()) for x in stacked):.6g}"

    return quality


def gpa_polyalign(views: Arrays, **params: Any) -> tuple[Timed, Quality]:
    import polyalign as pa

    def call() -> Any:
        return pa.GPA(**params).fit(views)

    def quality(fitted: Any) -> str:
        return gpa_quality(views)(list(fitted.transform(views).values()))

    return call, quality


def gpa_procrustes(views: Arrays) -> tuple[Timed, Quality]:
    from procrustes import generalized

    arrays = list(views.values())

    def call() -> Any:
        # A tolerance of zero: 5 rounds, because they are slow; what that costs in quality is in the table.
        return generalized(arrays, tol=0.0, n_iter=5)[0]

    return call, gpa_quality(views)


def gpa_torch(views: Arrays) -> tuple[Timed, Quality]:
    import torch

    baseline = torch_baseline()
    z = [torch.from_numpy(x) for x in views.values()]

    def call() -> Any:
        torch.manual_seed(0)
        return baseline.gpa_aligned(z, 20)[0]

    return call, lambda aligned: gpa_quality(views)([x.numpy() for x in aligned])


# ---------------------------------------------------------------------------------------------------------------- GCCA

COMPONENTS = 128


def gcca_quality(projected: Any) -> str:
    """The correlation of the same component in two views, mean over pairs of views and components; higher is better."""
    z = [np.asarray(x, dtype=np.float64) for x in projected]
    z = [(x - x.mean(0)) / x.std(0) for x in z]
    pairs = [(i, j) for i in range(len(z)) for j in range(i)]
    return f"mean correlation {float(np.mean([(z[i] * z[j]).mean(0).mean() for i, j in pairs])):.4f}"


def gcca_polyalign(views: Arrays) -> tuple[Timed, Quality]:
    import polyalign as pa

    def call() -> Any:
        return pa.GCCA(whiten="inverse_singular", rank=COMPONENTS).fit(views)

    return call, lambda fitted: gcca_quality(list(fitted.transform(views).values()))


def gcca_mvlearn(views: Arrays) -> tuple[Timed, Quality]:
    from mvlearn.embed import GCCA

    arrays = list(views.values())
    width = arrays[0].shape[1]

    def call() -> Any:
        return GCCA(n_components=width - 1, tall=True).fit(arrays)

    return call, lambda fitted: gcca_quality([x[:, :COMPONENTS] for x in fitted.transform(arrays)])


def gcca_cca_zoo(views: Arrays) -> tuple[Timed, Quality]:
    from cca_zoo.linear import GCCA

    arrays = list(views.values())

    def call() -> Any:
        return GCCA(n_components=COMPONENTS).fit(arrays)

    return call, lambda fitted: gcca_quality(fitted.transform(arrays))


def gcca_torch(views: Arrays) -> tuple[Timed, Quality]:
    import torch

    baseline = torch_baseline()
    z = [torch.from_numpy(x) for x in views.values()]

    def call() -> Any:
        bases, _, vectors = baseline.gcca_solved(z)
        leading = vectors[:, :COMPONENTS].split([u.shape[1] for u in bases])
        return [u @ part for u, part in zip(bases, leading)]

    return call, lambda projected: gcca_quality([x.numpy() for x in projected])


# ----------------------------------------------------------------------------------------------------------- retrieval


def retrieval_polyalign(views: Arrays) -> tuple[Timed, Quality]:
    import polyalign as pa

    def call() -> Any:
        return pa.ranks(views["a"], views["b"], both=True)

    return call, lambda ranks: f"Rank-1 {float(np.mean([(r == 1).mean() for r in ranks])):.4f}"


def retrieval_torch(views: Arrays) -> tuple[Timed, Quality]:
    import torch

    a, b = torch.from_numpy(views["a"]), torch.from_numpy(views["b"])

    def call() -> Any:
        similarity = a @ b.T
        return [(s > s.diagonal()[:, None]).sum(1) + 1 for s in (similarity, similarity.T)]

    return call, lambda ranks: f"Rank-1 {float(np.mean([(r == 1).double().mean() for r in ranks])):.4f}"


def retrieval_faiss(views: Arrays) -> tuple[Timed, Quality]:
    import faiss

    def nearest(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        index = faiss.IndexFlatIP(candidates.shape[1])
        index.add(candidates)
        return index.search(queries, 1)[1][:, 0]

    def call() -> Any:
        return nearest(views["a"], views["b"]), nearest(views["b"], views["a"])

    return call, lambda found: f"Rank-1 {float(np.mean([(f == np.arange(len(f))).mean() for f in found])):.4f}"


# ------------------------------------------------------------------------------------------------------------- k-means

CLUSTERS, RESTARTS, STEPS = 60, 3, 20


def inertia(x: np.ndarray, centres: np.ndarray) -> str:
    """The squared distances of rows to their nearest centre, summed; lower is better."""
    x, centres = x.astype(np.float64), np.asarray(centres, dtype=np.float64)
    squares = (x**2).sum(1)[:, None] - 2 * x @ centres.T + (centres**2).sum(1)
    return f"inertia {float(squares.min(1).sum()):.6g}"


def of_labels(x: np.ndarray, labels: np.ndarray) -> str:
    labels = np.asarray(labels)
    return inertia(x, np.stack([x[labels == k].mean(0) for k in np.unique(labels)]))


def kmeans_polyalign(views: Arrays) -> tuple[Timed, Quality]:
    import polyalign as pa

    def call() -> Any:
        return pa.kmeans(views["x"], CLUSTERS, n_init=RESTARTS, max_iter=STEPS, init="k-means++", random_state=1)

    return call, lambda found: of_labels(views["x"], found.labels)


def kmeans_sklearn(views: Arrays) -> tuple[Timed, Quality]:
    from sklearn.cluster import KMeans

    def call() -> Any:
        return KMeans(CLUSTERS, n_init=RESTARTS, max_iter=STEPS, random_state=1).fit(views["x"])

    return call, lambda fitted: of_labels(views["x"], fitted.labels_)


def kmeans_faiss(views: Arrays) -> tuple[Timed, Quality]:
    import faiss

    def call() -> Any:
        # faiss draws a subset of the rows if there are more than 256 to a cluster; there are not.
        clustering = faiss.Kmeans(views["x"].shape[1], CLUSTERS, niter=STEPS, nredo=RESTARTS, seed=1)
        clustering.train(views["x"])
        return clustering.index.search(views["x"], 1)[1][:, 0]

    return call, lambda labels: of_labels(views["x"], labels)

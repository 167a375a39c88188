"""Parts of the tasks as functions of arrays: ranks of true matches, k-means."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from . import _native
from .arrays import Array, ArrayLike, as_rows
from .settings import integer, seed_of, switch

__all__ = ["Clusters", "kmeans", "ranks"]

Ranks = npt.NDArray[np.uint32]


class Clusters(NamedTuple):
    """Clusters of rows.

    Attributes
    ----------
    labels : numpy.ndarray of shape (n,)
        The cluster of each row.
    centers : numpy.ndarray of shape (k, d)
        The mean of each cluster.
    inertia : float
        The sum of the squared distances of all rows to the centers of their clusters.
    """

    labels: npt.NDArray[np.uint32]
    centers: Array
    inertia: float


@overload
def ranks(queries: ArrayLike, gallery: ArrayLike, *, both: Literal[False] = False) -> Ranks: ...
@overload
def ranks(queries: ArrayLike, gallery: ArrayLike, *, both: Literal[True]) -> tuple[Ranks, Ranks]: ...
def ranks(queries: ArrayLike, gallery: ArrayLike, *, both: bool = False) -> Ranks | tuple[Ranks, Ranks]:
    """Ranks of the true matches by cosine: row i of `gallery` is the match of row i of `queries`.

    The n x n matrix of cosines is never in memory.

    Parameters
    ----------
    queries, gallery : array_like of shape (n, d)
        Rows of the same items in two views, both in the universe or in the space of one view.
    both : bool
        Also give the ranks of the rows of `queries` among each other for the rows of `gallery`, at no cost.

    Returns
    -------
    numpy.ndarray of shape (n,), or two of them
        Ranks from 1. Rows that are as near as the match count as nearer.

    Examples
    --------
    >>> import numpy as np
    >>> import polyalign as pa
    >>> x = np.eye(3, dtype="float32")
    >>> pa.ranks(x, x[[0, 2, 1]])
    array([1, 3, 3], dtype=uint32)
    """
    forward, back = _native.ranks(as_rows(queries, "queries"), as_rows(gallery, "gallery"), switch(both, "both"))
    return forward if back is None else (forward, back)


def kmeans(
    x: ArrayLike,
    n_clusters: int,
    *,
    n_init: int = 3,
    max_iter: int = 20,
    init: Literal["random", "k-means++"] = "random",
    random_state: Any = None,
) -> Clusters:
    """K-means with several starts; the one with the lowest inertia is kept.

    The defaults are those of the task ``clustering`` of a grid.

    Parameters
    ----------
    x : array_like of shape (n, d)
        The rows. The task takes them at unit length; this function takes them as they are.
    n_clusters : int
        Number of clusters.
    n_init : int
        Number of starts.
    max_iter : int
        Number of steps of assignment and update.
    init : {'random', 'k-means++'}
        Starting centers: distinct rows, or rows far from each other.
    random_state : int or numpy.random.RandomState or Generator, optional
        Seed of the starts; 42 by default.

    Returns
    -------
    Clusters
        The labels, the centers and the inertia.

    Examples
    --------
    >>> import numpy as np
    >>> import polyalign as pa
    >>> x = np.array([[0.0, 0.0], [0.0, 0.1], [5.0, 5.0], [5.0, 5.1]])
    >>> found = pa.kmeans(x, 2)
    >>> bool(found.labels[0] == found.labels[1] != found.labels[2])
    True
    """
    if init not in ("random", "k-means++"):
        raise ValueError(f"init is {init!r}, expected 'random' or 'k-means++'")
    clusters = integer(n_clusters, "n_clusters", 1)
    starts, steps = integer(n_init, "n_init", 1), integer(max_iter, "max_iter", 1)
    seed = seed_of(None, random_state)
    return Clusters(*_native.kmeans(as_rows(x, "x"), clusters, starts, steps, init == "k-means++", seed))

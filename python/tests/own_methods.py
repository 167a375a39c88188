"""Methods written in Python, for the tests."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


class Rotations:
    """Orthogonal maps of all views to the first, with a part of the rows that the seed draws."""

    name = "rotations"

    def __init__(self, share: float = 1.0) -> None:
        self.share = share

    def fit(self, views: dict[str, Array], seed: int) -> RotationsFit:
        rows = len(next(iter(views.values())))
        taken = np.random.default_rng(seed).permutation(rows)[: max(2, int(self.share * rows))]
        means = {name: x.mean(axis=0, dtype=np.float64) for name, x in views.items()}
        first = next(iter(views))
        maps = {}
        for name, x in views.items():
            cross = (x[taken] - means[name]).T.astype(np.float64) @ (views[first][taken] - means[first])
            u, _, v = np.linalg.svd(cross, full_matrices=False)
            maps[name] = u @ v
        return RotationsFit(means, maps)


class RotationsFit:
    def __init__(self, means: dict[str, Array], maps: dict[str, Array]) -> None:
        self.means, self.maps = means, maps

    def transform(self, view: str, x: Array) -> Array:
        return (x - self.means[view]) @ self.maps[view]

    def translate(self, source: str, target: str, x: Array) -> Array:
        return self.transform(source, x) @ self.maps[target].T + self.means[target]


class Bad:
    """Goes wrong in the way that `how` names."""

    name = "bad"
    seeded = False

    def __init__(self, how: str = "raise") -> None:
        self.how = how

    def fit(self, views: dict[str, Array], seed: int) -> Any:
        if self.how == "raise":
            raise ArithmeticError("nothing converged")
        if self.how == "none":
            return None
        return self

    def transform(self, view: str, x: Array) -> Any:
        if self.how == "nan":
            return np.full((len(x), 3), np.nan)
        if self.how == "short":
            return x[:-1]
        if self.how == "flat":
            return x[:, 0]
        if self.how == "narrow":
            return x[:, :0]
        if self.how == "text":
            return np.array([["a"]])
        if self.how == "raise in transform":
            return x @ np.zeros((1, 1))
        return x[:, :3]

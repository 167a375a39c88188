"""The harness: grids on files and on arrays, results, methods that are written in Python, recommendations."""

from __future__ import annotations

from .evaluate import evaluate
from .recommend import Recommendation, recommend
from .results import Difference, Differences, Figure, Results, Table, read_results
from .run import run

__all__ = [
    "Difference",
    "Differences",
    "Figure",
    "Recommendation",
    "Results",
    "Table",
    "evaluate",
    "read_results",
    "recommend",
    "run",
]

"""Multi-way alignment of embeddings.

Several encoders embed the same items: views, arrays whose row i is the same item. A method fits them into one universe.

>>> import numpy as np
>>> import polyalign as pa
>>> rng = np.random.default_rng(0)
>>> items = rng.normal(size=(200, 8))
>>> views = {name: (items @ rng.normal(size=(8, 8))).astype("float32") for name in ("en", "fr", "de")}
>>> gpa = pa.GPA().fit(views)
>>> gpa.transform("en", views["en"]).shape
(200, 8)
>>> gpa.translate("en", "fr", views["en"][:5]).shape
(5, 8)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _native
from . import methods as _methods
from .base import Aligner, load
from .dataset import Data, Split, read_data
from .errors import DataWarning, ExportWarning, FitWarning, NotFittedError, UnknownViewError
from .harness import Recommendation, Results, evaluate, read_results, recommend, run
from .measures import Clusters, kmeans, ranks
from .methods import *  # noqa: F403
from .report import Report

if TYPE_CHECKING:
    from . import sklearn as sklearn

__version__: str = _native.__version__

__all__ = [
    "Aligner",
    "Clusters",
    "Data",
    "DataWarning",
    "ExportWarning",
    "FitWarning",
    "NotFittedError",
    "Recommendation",
    "Report",
    "Results",
    "Split",
    "UnknownViewError",
    "__version__",
    "evaluate",
    "kmeans",
    "load",
    "ranks",
    "read_data",
    "read_results",
    "recommend",
    "run",
    *_methods.__all__,  # pyright: ignore[reportUnsupportedDunderAll]
]


def __getattr__(name: str) -> Any:
    # scikit-learn takes a second to load, and not everybody has it.
    if name == "sklearn":
        from importlib import import_module

        return import_module(".sklearn", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

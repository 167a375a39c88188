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
from .measures import Clusters, kmeans, ranks
from .methods import *  # noqa: F403
from .report import Report

if TYPE_CHECKING:
    from . import sklearn as sklearn
    from .harness.evaluate import evaluate
    from .harness.recommend import Recommendation, recommend
    from .harness.results import Results, read_results
    from .harness.run import run

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
    # Not everybody needs them: the harness loads a quarter of all that the rest loads, scikit-learn takes a second.
    from importlib import import_module

    if name in ("harness", "sklearn"):
        return import_module(f".{name}", __name__)
    if name in __all__:
        return getattr(import_module(".harness", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "harness", "sklearn"})

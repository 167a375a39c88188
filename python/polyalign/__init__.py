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

from . import _native
from . import methods as _methods
from .base import Aligner, load
from .errors import FitWarning, NotFittedError, UnknownViewError
from .harness import Recommendation, Results, evaluate, read_results, recommend, run
from .methods import *  # noqa: F403
from .report import Report

__version__: str = _native.__version__

__all__ = [
    "Aligner",
    "FitWarning",
    "NotFittedError",
    "Recommendation",
    "Report",
    "Results",
    "UnknownViewError",
    "__version__",
    "evaluate",
    "load",
    "read_results",
    "recommend",
    "run",
    *_methods.__all__,  # pyright: ignore[reportUnsupportedDunderAll]
]

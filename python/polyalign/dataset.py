"""Data sets of manifests as arrays."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from . import _native
from .arrays import Array
from .errors import DataWarning

__all__ = ["Data", "Split", "read_data"]


@dataclass(frozen=True)
class Split:
    """The items of one split, all in the same order.

    Attributes
    ----------
    views : dict of str to numpy.ndarray of shape (n, d_m)
        The rows of each view. Rows that a view misses are NaN.
    labels, groups : dict of str to numpy.ndarray of shape (n,)
        Classes of the items, and items that belong together.
    ids : numpy.ndarray of shape (n,) or None
        Unique numbers of the items, if the data have them.
    """

    views: dict[str, Array]
    labels: dict[str, npt.NDArray[np.int64]]
    groups: dict[str, npt.NDArray[np.int64]]
    ids: npt.NDArray[np.int64] | None


@dataclass(frozen=True)
class Data:
    """A data set: training rows, test rows, and validation rows if it has some.

    Attributes
    ----------
    name, title : str
        Its names in grids and in tables.
    train, test : Split
        Rows to fit on, and rows to judge on.
    validation : Split or None
        Rows for early stopping.
    """

    name: str
    title: str
    train: Split
    test: Split
    validation: Split | None


def read_data(manifest: str | os.PathLike[str]) -> Data:
    """Reads the data that a manifest names, verifies their checksums and checks them.

    Parameters
    ----------
    manifest : path
        A manifest, as ``runner import`` writes it.

    Returns
    -------
    Data
        The splits as arrays.

    Warns
    -----
    DataWarning
        For duplicates, rows of the test split that occur in training, views that do not correspond, and the like.
    """
    found = _native.read_data(Path(manifest))
    for text in found["warnings"]:
        warnings.warn(text, DataWarning, stacklevel=2)
    splits = {name: Split(**split) for name, split in found["splits"].items()}
    return Data(found["name"], found["title"], splits["train"], splits["test"], splits.get("validation"))

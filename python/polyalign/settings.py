"""Settings of a fit as users of Python give them: seeds, numbers of threads, labels."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["lists", "seed_of", "threads_of"]

SEED = 42
"""The seed of ``runner fit``."""


def seed_of(seed: Any, random_state: Any) -> int:
    """The seed from one of its two names. A generator is asked for its next number."""
    if seed is not None and random_state is not None:
        raise TypeError("seed and random_state mean the same; give one of them")
    name, value = ("seed", seed) if random_state is None else ("random_state", random_state)
    if value is None:
        return SEED
    if isinstance(value, np.random.Generator):
        return int(value.integers(0, 2**31))
    if isinstance(value, np.random.RandomState):
        return int(value.randint(0, 2**31 - 1))
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {type(value).__name__}, expected an integer or a generator of NumPy") from None
    if not 0 <= number < 2**64:
        raise ValueError(f"{name} is {number}, expected an integer from 0 to 2**64 - 1")
    return number


def threads_of(n_jobs: int | None) -> int | None:
    """The number of threads; None for all cores. Negative numbers count from all cores, as in joblib."""
    if n_jobs is None:
        return None
    try:
        number = operator.index(n_jobs)
    except TypeError:
        raise TypeError(f"n_jobs is {type(n_jobs).__name__}, expected an integer") from None
    if number == 0:
        raise ValueError("n_jobs is 0, expected a number of threads, or -1 for all cores")
    if number > 0:
        return number
    return max((os.cpu_count() or 1) + 1 + number, 1)


def lists(given: Any, name: str, rows: int) -> list[tuple[str, list[int]]]:
    """Labellings or groupings, by name: one value for each row. Values that are no integers get numbers in sorted order."""
    if given is None:
        return []
    named = given if isinstance(given, Mapping) else {name: given}
    return [(str(key), _integers(values, str(key), rows)) for key, values in named.items()]


def _integers(values: Any, name: str, rows: int) -> list[int]:
    array = np.asarray(values)
    if array.shape != (rows,):
        raise ValueError(f"{name} has shape {array.shape}, expected one value for each of the {rows} rows")
    if array.dtype.kind in "iu":
        return [int(value) for value in array.tolist()]
    _, numbers = np.unique(array, return_inverse=True)
    return [int(value) for value in numbers]

"""Settings as users of Python give them, checked: numbers, switches, seeds, numbers of threads, labels."""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["column", "integer", "lists", "memory_of", "parallel", "seed_of", "switch", "text", "threads_of"]

SEED = 42
"""The seed of ``runner fit``."""

MOST_THREADS = 1024
"""The largest number of threads, and of cells at the same time."""


def switch(value: Any, name: str) -> bool:
    """True or False; other values are refused, because ``"no"`` and ``"False"`` would count as true."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {_shown(value)}, expected True or False")
    return bool(value)


def text(value: Any, name: str) -> str:
    """A text, such as the name of a view."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}, expected str")
    return value


def integer(value: Any, name: str, least: int = 0, most: int = 2**63 - 1) -> int:
    """An integer in a range. True and False are no integers here."""
    number = _index(value, name, "an integer")
    if number < least:
        raise ValueError(f"{name} is {number}, expected at least {least}")
    if number > most:
        raise ValueError(f"{name} is {number}, expected at most {most}")
    return number


def _index(value: Any, name: str, expected: str) -> int:
    try:
        if not isinstance(value, (bool, np.bool_)):
            return operator.index(value)
    except TypeError:
        pass
    raise TypeError(f"{name} is {_shown(value)}, expected {expected}")


def _shown(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} ({value!r})" if isinstance(value, (bool, int, float, str, np.generic)) else kind


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
    number = _index(value, name, "an integer or a generator of NumPy")
    if not 0 <= number < 2**64:
        raise ValueError(f"{name} is {number}, expected an integer from 0 to 2**64 - 1")
    return number


def threads_of(n_jobs: int | None) -> int | None:
    """The number of threads; None for all cores. Negative numbers count from all cores, as in joblib."""
    if n_jobs is None:
        return None
    number = integer(n_jobs, "n_jobs", -(2**63), MOST_THREADS)
    if number == 0:
        raise ValueError("n_jobs is 0, expected a number of threads, or -1 for all cores")
    if number > 0:
        return number
    return max((os.cpu_count() or 1) + 1 + number, 1)


def parallel(jobs: int | None) -> int | None:
    """The number of cells at the same time; None if the number of cells decides."""
    return None if jobs is None else integer(jobs, "jobs", 1, MOST_THREADS)


def memory_of(amount: int | str | None) -> int | None:
    """Bytes, from a number or from a text as the option ``--max-memory`` takes it."""
    if amount is None:
        return None
    if not isinstance(amount, str):
        return integer(amount, "max_memory", 1)
    # K, M, G and T are powers of 1,024, as in `grid::pick::Bytes`.
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([KMGT]?)i?B?", amount.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError(f"max_memory is {amount!r}, expected a number of bytes, or an amount such as '8G' or '512M'")
    bytes_ = float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " ")
    return integer(int(bytes_), "max_memory", 1)


def lists(given: Any, name: str, rows: int) -> list[tuple[str, list[int]]]:
    """Labellings or groupings, by name: one value for each row. Values that are no integers get numbers in sorted order."""
    if given is None:
        return []
    named = given if isinstance(given, Mapping) else {name: given}
    return [(str(key), _integers(values, str(key), rows)) for key, values in named.items()]


def _integers(values: Any, name: str, rows: int) -> list[int]:
    array = column(values, name, rows)
    if array.dtype.kind in "iu":
        return [int(value) for value in array.tolist()]
    _, numbers = np.unique(array, return_inverse=True)
    return [int(value) for value in numbers]


def column(values: Any, name: str, rows: int) -> np.ndarray[Any, Any]:
    """One value for each row. NaN, NaT and None are no values."""
    array = np.asarray(values)
    expected = f"expected one value for each of the {rows} rows"
    if array.shape != (rows,):
        raise ValueError(f"{name} has shape {array.shape}, {expected}")
    # Of all values, only NaN and NaT differ from themselves.
    empty = np.asarray(array != array)
    if array.dtype == object:
        empty |= np.array([value is None for value in array], dtype=bool)
    if empty.any():
        row = int(empty.argmax())
        raise ValueError(f"{name} holds {array[row]} at row {row}, {expected}; leave out the rows without a value")
    return array

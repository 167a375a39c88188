"""Arrays of any library as rows that the Rust library reads: C-contiguous, two-dimensional, ``float32``.

Every array that is this already is used as it is, without a copy. Half precision, double precision and integers are converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "ArrayLike", "Missing", "as_rows", "named_rows"]

Array: TypeAlias = npt.NDArray[np.float32]
"""What polyalign returns: ``float32``, C-contiguous."""

ArrayLike: TypeAlias = Any
"""What polyalign takes: arrays of NumPy and torch, nested lists, and objects with ``__array__`` or ``__dlpack__``."""

Missing: TypeAlias = Literal["nan"] | Mapping[str, ArrayLike] | None
"""Rows that views miss: ``"nan"`` for the rows that hold a NaN, or for each view that misses rows a mask of them."""

Named: TypeAlias = tuple[str, Array, list[bool] | None]
"""A view: its name, its rows, and if it misses rows one truth value for each row."""

# Devices of DLPack whose memory the processor reads: kDLCPU, kDLCUDAHost.
_READABLE = (1, 3)


def as_rows(x: ArrayLike, name: str, *, finite: bool = True) -> Array:
    """The rows of ``x`` as a C-contiguous ``float32`` array of shape (n, d).

    Parameters
    ----------
    x : array_like of shape (n, d)
        Real numbers in any precision. An array that is C-contiguous and ``float32`` is returned as it is.
    name : str
        What the array is, for errors, such as ``view `en```.
    finite : bool
        Whether NaN and infinity are refused.

    Raises
    ------
    TypeError
        For values that are no real numbers, and for arrays on a device that the processor cannot read.
    ValueError
        For arrays that do not have two dimensions or have no columns. For NaN, infinity, and values beyond ``float32``.
    """
    numbers = _numbers(x, name)
    rows = _single(numbers)
    if finite:
        _check_finite(rows, numbers, name, "drop the row or repair it")
    return rows


def _numbers(x: ArrayLike, name: str) -> npt.NDArray[Any]:
    array = _on_processor(x, name)
    kind = array.dtype.kind
    if kind not in "fiu":
        raise TypeError(f"{name} holds values of type {array.dtype}, expected real numbers: {_remedy(array)}")
    if array.ndim != 2:
        what = "a scalar" if array.ndim == 0 else f"{array.ndim}-dimensional, of shape {array.shape}"
        hint = "; one row is x.reshape(1, -1)" if array.ndim == 1 else ""
        raise ValueError(f"{name} is {what}, expected two dimensions: one row for each item{hint}")
    if array.shape[1] == 0:
        raise ValueError(f"{name} is {len(array)} x 0, expected at least one column")
    return array


def _single(numbers: npt.NDArray[Any]) -> Array:
    # A value that is too large for single precision becomes infinite; `_check_finite` refuses it.
    with np.errstate(over="ignore"):
        return cast("Array", np.require(numbers, dtype=np.float32, requirements=["C_CONTIGUOUS", "ALIGNED"]))


def _check_finite(rows: Array, numbers: npt.NDArray[Any], name: str, remedy: str) -> None:
    """Refuses NaN and infinity among the rows; `numbers` are the values before their conversion."""
    # The sum is not finite if a value is not, and needs no array of truth values.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(rows.sum()):
            return
    wrong = ~np.isfinite(rows)
    if not wrong.any():
        return
    row, column = (int(at) for at in np.unravel_index(int(wrong.argmax()), rows.shape))
    value = numbers[row, column]
    found = f"{name} holds {'NaN' if np.isnan(value) else f'{value:g}'} at row {row}, column {column}"
    if np.isfinite(value):
        raise ValueError(f"{found}, expected values in the range of float32, up to 3.4e38; scale the values")
    raise ValueError(f"{found}, expected finite values; {remedy}")


def _remedy(array: npt.NDArray[Any]) -> str:
    if array.dtype.kind == "c":
        return "take its real part, or stack real and imaginary parts as columns"
    if array.dtype.kind == "b":
        return "convert it with x.astype('float32')"
    return "make an array of numbers of it, such as numpy.asarray(x, dtype='float32')"


def _on_processor(x: ArrayLike, name: str) -> npt.NDArray[Any]:
    if isinstance(x, np.ndarray):
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError(f"{name} is a masked array; fill it, and name the rows that are missing in `missing`")
        return np.asarray(x)
    if type(x).__module__.partition(".")[0] == "torch" or hasattr(x, "resolve_neg"):
        return _of_torch(x, name)
    if hasattr(x, "toarray") and hasattr(x, "nnz"):
        raise TypeError(f"{name} is a sparse matrix; make it dense with x.toarray()")
    if hasattr(x, "__dlpack_device__"):
        device = x.__dlpack_device__()
        if int(device[0]) not in _READABLE:
            raise TypeError(f"{name} is on another device ({device}), expected the memory of the processor; copy it there first")
        if not hasattr(x, "__array__"):
            return np.from_dlpack(x)
    try:
        return np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise type(error)(f"{name} cannot be made an array of: {error}") from error


def _of_torch(x: Any, name: str) -> npt.NDArray[Any]:
    if not hasattr(x, "device") or not hasattr(x, "detach"):
        return np.asarray(x)
    if x.device.type != "cpu":
        raise TypeError(f"{name} is on the device `{x.device}`, expected the memory of the processor; give x.cpu()")
    x = x.detach()
    if str(x.layout) != "torch.strided":
        raise TypeError(f"{name} is a sparse tensor; make it dense with x.to_dense()")
    if str(x.dtype) == "torch.bfloat16":
        # NumPy does not have this type.
        x = x.float()
    return np.asarray(x.resolve_conj().resolve_neg().numpy())


def named_rows(
    views: Mapping[str, ArrayLike], missing: Missing = None, *, of: str = "views"
) -> list[Named]:
    """The rows of each view with its name and, if it misses rows, one truth value for each row."""
    if not isinstance(views, Mapping):
        raise TypeError(f"{of} are {type(views).__name__}, expected a mapping from names to arrays, such as {{'en': X_en, 'fr': X_fr}}")
    for name in views:
        if not isinstance(name, str):
            raise TypeError(f"{of}: the name {name!r} is {type(name).__name__}, expected str")
    titles = {name: f"view `{name}`" if of == "views" else f"view `{name}` of {of}" for name in views}
    numbers = {name: _numbers(x, titles[name]) for name, x in views.items()}
    masks = _masks(missing, numbers)
    return [(name, *_present(x, masks.get(name), titles[name])) for name, x in numbers.items()]


def _masks(missing: Missing, numbers: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.bool_]]:
    if missing is None:
        return {}
    if isinstance(missing, Mapping):
        _check_known(missing, numbers)
        return {name: _mask(missing[name], name, len(numbers[name])) for name in missing}
    expected = "expected 'nan', or for each view that misses rows a mask of them"
    if not isinstance(missing, str):
        raise TypeError(f"missing is {type(missing).__name__}, {expected}")
    if missing != "nan":
        raise ValueError(f"missing is {missing!r}, {expected}")
    return {name: cast("npt.NDArray[np.bool_]", np.isnan(x).any(axis=1)) for name, x in numbers.items()}


def _present(numbers: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None, name: str) -> tuple[Array, list[bool] | None]:
    rows, missed = _single(numbers), None
    if mask is not None and mask.any():
        # Nobody reads these rows; their values need not be numbers.
        rows, missed = np.where(mask[:, None], np.float32(0), rows), [bool(value) for value in mask]
    _check_finite(rows, numbers, name, "drop the item from every view or repair it")
    return rows, missed


def _check_known(given: Iterable[str], rows: Mapping[str, Any]) -> None:
    from .errors import UnknownViewError

    for name in given:
        if name not in rows:
            known = ", ".join(f"`{view}`" for view in rows)
            raise UnknownViewError(f"missing: no view `{name}`; the views here are {known}")


def _mask(mask: ArrayLike, name: str, rows: int) -> npt.NDArray[np.bool_]:
    mask = np.asarray(mask)
    if mask.dtype != np.bool_ or mask.shape != (rows,):
        got = f"{mask.dtype} of shape {mask.shape}"
        raise ValueError(f"missing of view `{name}` is {got}, expected one bool for each of the {rows} rows")
    return cast("npt.NDArray[np.bool_]", mask)

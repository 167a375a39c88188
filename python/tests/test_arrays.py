"""What a view can be: arrays of several libraries and precisions, in any order; and what it cannot be."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import polyalign as pa
from polyalign import _native
from conftest import Views, synthetic
from polyalign.arrays import as_rows, named_rows

# These few rows do not always let GPA converge.
pytestmark = pytest.mark.filterwarnings("ignore::polyalign.FitWarning")


def test_contiguous_single_precision_is_not_copied(views: Views) -> None:
    x = views["en"]
    assert np.shares_memory(as_rows(x, "x"), x)
    address = x.__array_interface__["data"][0]
    assert as_rows(x, "x").__array_interface__["data"][0] == address
    assert _native.address(as_rows(x, "x")) == address, "a fit reads the memory of the array itself"
    assert _native.address(as_rows(x.astype("float64"), "x")) != address


def test_a_fit_holds_the_arrays_while_it_runs(views: Views) -> None:
    x = views["en"]
    before = sys.getrefcount(x)
    counts: list[int] = []
    pa.GCPA(epochs=1, steps_per_epoch=200, batch=64).fit(views, progress=lambda *_: counts.append(sys.getrefcount(x)))
    # `named_rows` has one reference, and the rows in Rust another.
    assert counts and max(counts) >= before + 2
    del counts
    assert sys.getrefcount(x) == before


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int32", "uint8"])
def test_precisions_are_converted(views: Views, dtype: str) -> None:
    converted = {name: np.round(x * 20).clip(0).astype(dtype) for name, x in views.items()}
    single = {name: x.astype("float32") for name, x in converted.items()}
    a, b = (pa.GPA().fit(rows).transform("en", rows["en"]) for rows in (converted, single))
    assert a.dtype == np.float32 and np.array_equal(a, b)


def test_double_precision_gives_single_precision(views: Views) -> None:
    fit = pa.GPA().fit(views)
    double = views["en"].astype("float64")
    assert fit.transform("en", double).dtype == np.float32
    assert fit.translate("en", "fr", double).dtype == np.float32
    assert fit.inverse_transform("en", fit.transform("en", double).astype("float64")).dtype == np.float32


@pytest.mark.parametrize("order", ["fortran", "strided", "reversed", "read-only", "unaligned", "list"])
def test_memory_in_any_order(views: Views, order: str) -> None:
    def changed(x: Any) -> Any:
        if order == "fortran":
            return np.asfortranarray(x)
        if order == "strided":
            wide = np.zeros((len(x), 2 * x.shape[1]), dtype="float32")
            wide[:, ::2] = x
            return wide[:, ::2]
        if order == "reversed":
            return x[::-1].copy()[::-1]
        if order == "read-only":
            x = x.copy()
            x.flags.writeable = False
            return x
        if order == "unaligned":
            memory = np.zeros(x.nbytes + 1, dtype="uint8")
            memory[1:] = x.view("uint8").ravel()
            return memory[1:].view("float32").reshape(x.shape)
        return x.tolist()

    given = {name: changed(x) for name, x in views.items()}
    fit, want = pa.GPA().fit(given), pa.GPA().fit(views)
    assert np.array_equal(fit.transform("en", given["en"]), want.transform("en", views["en"]))
    assert np.array_equal(fit.translate("en", "fr", given["en"]), want.translate("en", "fr", views["en"]))


@pytest.mark.parametrize(
    ("bad", "error", "text"),
    [
        (np.zeros((3, 2), dtype=object), TypeError, "values of type object, expected real numbers"),
        (np.zeros((3, 2), dtype=complex), TypeError, "complex128.*real part"),
        (np.full((3, 2), "a"), TypeError, "<U1, expected real numbers"),
        ([["a", "b"]], TypeError, "expected real numbers"),
        (np.zeros((3, 2), dtype=bool), TypeError, "astype"),
        (np.zeros((3, 2), dtype="datetime64[s]"), TypeError, "datetime64"),
        (np.zeros(3), ValueError, "1-dimensional, of shape .3,., expected two dimensions.*reshape"),
        (np.zeros((2, 2, 2)), ValueError, "3-dimensional"),
        (3.0, ValueError, "a scalar"),
        ([[1.0], [1.0, 2.0]], ValueError, "cannot be made an array of"),
        (np.ma.masked_array(np.zeros((3, 2))), TypeError, "masked array"),
        (np.zeros((3, 0)), ValueError, "is 3 x 0, expected at least one column"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(views: Views, bad: Any, error: type[Exception], text: str) -> None:
    for call in (
        lambda: pa.GPA().fit({**views, "fr": bad}),
        lambda: pa.GPA().fit(views).transform("fr", bad),
        lambda: pa.GPA().fit(views).translate("fr", "en", bad),
    ):
        with pytest.raises(error, match=text) as caught:
            call()
        assert "view `fr`" in str(caught.value)


def test_an_empty_view_is_refused(views: Views) -> None:
    with pytest.raises(ValueError, match="view `en` is 0 x 12; a view needs at least one row"):
        pa.GPA().fit({**views, "en": np.zeros((0, 12))})


def test_no_rows_are_projected_to_no_rows(views: Views) -> None:
    assert pa.GPA().fit(views).transform("en", views["en"][:0]).shape == (0, 14)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.nan, "holds NaN at row 7, column 3, expected finite values"),
        (np.inf, "holds inf at row 7, column 3, expected finite values"),
        (-np.inf, "holds -inf at row 7, column 3, expected finite values"),
        (1e300, "holds 1e[+]300 at row 7, column 3, expected values in the range of float32, up to 3.4e38"),
    ],
)
def test_values_that_are_not_finite_are_refused_with_their_place(views: Views, value: float, text: str) -> None:
    x = views["fr"].astype("float64")
    x[7, 3] = value
    fit = pa.GPA().fit(views)
    calls: list[tuple[str, Any]] = [
        ("view `fr`", lambda: pa.GPA().fit({**views, "fr": x})),
        ("view `fr` of validation", lambda: pa.GPA().fit(views, validation={**views, "fr": x})),
        ("view `fr`", lambda: pa.GPA().fit({**views, "fr": x}, missing={"fr": np.arange(200) == 3})),
        ("view `fr`", lambda: fit.transform("fr", x)),
        ("view `fr`", lambda: fit.transform({"fr": x})),
        ("view `fr`", lambda: fit.translate("fr", "en", x)),
        ("universe rows", lambda: fit.inverse_transform("fr", x)),
        ("view `it`", lambda: fit.add_view("it", x, {"en": views["en"]})),
        ("view `fr` of anchors", lambda: fit.add_view("it", views["fr"], {"fr": x})),
        ("queries", lambda: pa.ranks(x, x)),
        ("x", lambda: pa.kmeans(x, 2)),
    ]
    for name, call in calls:
        with pytest.raises(ValueError, match=f"^{name} {text}"):
            call()


def test_large_finite_values_are_taken() -> None:
    x = np.full((4, 3), 3e38, dtype=np.float32)
    assert as_rows(x, "x") is x, "their sum is infinite, they are not"


def test_rows_with_nan_are_missing_if_that_is_said(views: Views) -> None:
    mask = np.zeros(200, dtype=bool)
    mask[[3, 50, 51]] = True
    holes = views["fr"].copy()
    holes[mask, 2] = np.nan
    by_nan = pa.GPA().fit({**views, "fr": holes}, missing="nan")
    by_mask = pa.GPA().fit(views, missing={"fr": mask})
    assert np.isnan(holes[3, 2]), "the array is not changed"
    assert np.array_equal(by_nan.transform("fr", views["fr"]), by_mask.transform("fr", views["fr"]))
    complete = pa.GPA().fit(views)
    assert not np.array_equal(by_mask.transform("fr", views["fr"]), complete.transform("fr", views["fr"]))
    for given, missing in (({**views, "fr": holes}, "nan"), (views, {"fr": mask})):
        together = pa.GPA().fit_transform(given, missing=missing)
        assert np.array_equal(np.isnan(together["fr"]).all(axis=1), mask), "a row that a view misses is NaN"
        assert np.array_equal(together["fr"][~mask], by_nan.transform("fr", views["fr"][~mask]))
        assert np.isfinite(together["en"]).all()
    with pytest.raises(ValueError, match="expected 'nan'"):
        pa.GPA().fit(views, missing="NaN")
    with pytest.raises(TypeError, match="missing is bool, expected 'nan'"):
        pa.GPA().fit(views, missing=True)  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="no view `es`; the views here are `en`, `fr`, `de`"):
        pa.GPA().fit(views, missing={"es": mask})
    with pytest.raises(ValueError, match="one bool for each of the 200 rows"):
        pa.GPA().fit(views, missing={"fr": mask[:5]})


def test_rows_must_match(views: Views) -> None:
    with pytest.raises(ValueError, match="view `fr` has 199 rows, `en` has 200; row i must be the same item in every view"):
        pa.GPA().fit({"en": views["en"], "fr": views["fr"][1:]})
    with pytest.raises(ValueError, match="project: view `fr` has width 10, the given matrix has 12 columns"):
        pa.GPA().fit(views).transform("fr", views["en"])
    with pytest.raises(TypeError, match="expected a mapping from names to arrays"):
        pa.GPA().fit([views["en"], views["fr"]])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the name 3 is int, expected str"):
        named_rows({3: views["en"]})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="found 1 view"):
        pa.GPA().fit({"en": views["en"]})
    with pytest.raises(ValueError, match="found 0 views"):
        pa.GPA().fit({})


class OnlyDlpack:
    def __init__(self, x: Any, device: int = 1) -> None:
        self.x, self.device = x, device

    def __dlpack__(self, **settings: Any) -> Any:
        return self.x.__dlpack__(**settings)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (self.device, 0)


class OnlyArray:
    def __init__(self, x: Any) -> None:
        self.x = x

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.x


def test_other_libraries_by_their_protocols(views: Views) -> None:
    want = pa.GPA().fit(views).transform("en", views["en"])
    for wrapped in (OnlyDlpack, OnlyArray):
        given = {name: wrapped(x) for name, x in views.items()}
        assert np.array_equal(pa.GPA().fit(given).transform("en", given["en"]), want)
        assert np.shares_memory(as_rows(given["en"], "x"), views["en"])
    with pytest.raises(TypeError, match="view `en` is on another device"):
        pa.GPA().fit({**views, "en": OnlyDlpack(views["en"], device=2)})
    with pytest.raises(TypeError, match="expected real numbers"):
        pa.GPA().fit({**views, "en": object()})


@pytest.mark.torch
def test_tensors_of_torch(views: Views) -> None:
    torch = pytest.importorskip("torch")
    want = pa.GPA().fit(views).transform("en", views["en"])
    tensors = {name: torch.from_numpy(x) for name, x in views.items()}
    assert np.shares_memory(as_rows(tensors["en"], "x"), views["en"]), "no copy"
    fit = pa.GPA().fit(tensors)
    assert np.array_equal(fit.transform("en", tensors["en"]), want)
    grad = {name: x.clone().requires_grad_() for name, x in tensors.items()}
    assert np.array_equal(pa.GPA().fit(grad).transform("en", grad["en"]), want)
    assert np.array_equal(fit.transform("en", tensors["en"].double()), want)
    assert np.array_equal(fit.transform("en", tensors["en"].T.contiguous().T), want)
    half = tensors["en"].half()
    assert np.array_equal(fit.transform("en", half), fit.transform("en", half.float()))
    brain = tensors["en"].bfloat16()
    assert np.array_equal(fit.transform("en", brain), fit.transform("en", brain.float()))
    with pytest.raises(TypeError, match="view `en` is on the device `meta`, expected the memory of the processor; give x.cpu"):
        fit.transform("en", tensors["en"].to("meta"))
    with pytest.raises(TypeError, match="sparse"):
        fit.transform("en", tensors["en"].to_sparse())
    with pytest.raises(TypeError, match="complex64, expected real numbers"):
        fit.transform("en", tensors["en"].to(torch.complex64))


def test_frames_and_sparse_matrices(views: Views) -> None:
    fit = pa.GPA().fit(views)
    pandas = pytest.importorskip("pandas")
    assert np.array_equal(fit.transform("en", pandas.DataFrame(views["en"])), fit.transform("en", views["en"]))
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="sparse matrix; make it dense"):
        fit.transform("en", sparse.csr_matrix(views["en"]))


def test_outputs_are_contiguous_and_own_their_memory() -> None:
    views = synthetic()
    z = pa.GPA().fit(views).transform(views)
    assert set(z) == set(views)
    for x in z.values():
        assert x.flags.c_contiguous and x.flags.writeable and x.dtype == np.float32
        x += 1

"""The classes of the methods: parameters, their errors, their texts."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import polyalign as pa
from conftest import Views
from polyalign import stubs
from polyalign.params import registry

CLASSES = [getattr(pa, spec.class_name) for spec in registry().values()]

# These few rows do not always let GPA converge.
pytestmark = pytest.mark.filterwarnings("ignore::polyalign.FitWarning")


def test_every_method_of_the_registry_has_a_class() -> None:
    names = "NA PA GPA GCCA GCPA AddView CCA Pivot SUMCOR SRM ConsensusRidge Relative KernelGCCA LowRankAffine ResidualMlp Select".split()
    assert sorted(cls.__name__ for cls in CLASSES) == sorted(names)
    assert set(names) <= set(pa.__all__)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_defaults_are_those_of_the_library(cls: type[pa.Aligner]) -> None:
    method = cls()
    spec = cls._spec
    assert repr(method) == f"{cls.__name__}()"
    assert method._settings() == {}
    assert list(method.get_params(deep=False)) == list(spec.own) == list(inspect.signature(cls).parameters)
    # The defaults, given as such, are the defaults.
    given = cls(**{name: own.default for name, own in spec.own.items()})
    assert given._normalised() == method._normalised()
    # Every default of a setting, given by its own name, changes nothing.
    for name, nested in spec.nested.items():
        if nested.default is not None:
            assert cls(**{name: nested.default})._normalised() == method._normalised(), name
    assert spec.summary in (cls.__doc__ or "")
    assert all(name in (cls.__doc__ or "") for name in spec.keywords())


def test_the_stubs_are_those_of_the_registry() -> None:
    assert stubs.FILE.read_text(encoding="utf-8") == stubs.text(), "write them anew: python -m polyalign.stubs"


def test_settings_are_given_as_in_a_grid_file_or_by_their_last_name() -> None:
    a = pa.GCPA(loss={"tau": 0.05, "lambda": 0.5}, base={"gpa": {"solver": "accelerated"}})
    b = pa.GCPA(tau=0.05, lambda_=0.5, solver="accelerated")
    assert a._normalised() == b._normalised()
    assert repr(b) == "GCPA(base={'gpa': {'solver': 'accelerated'}}, loss={'tau': 0.05, 'lambda': 0.5})"
    assert pa.GCPA(training="fast", lr=0.01).training == {"fast": {"lr": 0.01}}
    assert pa.GCPA(training={"fast": {"epochs": 2}}, lr=0.01).training == {"fast": {"epochs": 2, "lr": 0.01}}
    assert pa.GCPA(epochs=3).training == {"released": {"epochs": 3}}
    with pytest.raises(ValueError, match="`solver` is a parameter of `base: gpa`, and `base` is 'gcca'"):
        pa.GCPA(base="gcca", solver="released")
    # A method can be a setting of another.
    inside = pa.AddView(base=pa.GPA(rank=8))
    assert inside._normalised() == pa.AddView(base={"gpa": {"rank": 8}})._normalised()
    assert pa.Select(method="gpa", with_={"solver": "accelerated"})._settings() == {
        "method": "gpa",
        "with": {"solver": "accelerated"},
    }


def test_numbers_of_numpy_are_numbers() -> None:
    assert pa.GPA(rank=np.int64(3), tol=np.float32(0.5))._normalised() == pa.GPA(rank=3, tol=0.5)._normalised()
    assert pa.GPA(weights={"given": {"en": np.float64(2)}})._normalised()["weights"] == {"given": {"en": 2.0}}


def test_unknown_keywords_are_answered_with_the_nearest() -> None:
    with pytest.raises(TypeError, match=r"GPA\(\) got an unexpected keyword argument 'max_itr'; did you mean 'max_iter'\?"):
        pa.GPA(max_itr=3)
    with pytest.raises(TypeError, match=r"GPA.set_params\(\) got an unexpected keyword argument 'rnk'; did you mean 'rank'"):
        pa.GPA().set_params(rnk=3)
    with pytest.raises(TypeError, match=r"GCPA: loss.taw: unknown key `taw`; did you mean `tau`\?"):
        pa.GCPA(loss={"taw": 1})
    with pytest.raises(TypeError, match="positional"):
        pa.GPA(3)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: pa.GCPA(tau=3), ValueError, "gcpa: `tau` is 3, expected a number from 0 to 2"),
        (lambda: pa.GPA(rank=0), ValueError, "`rank` of GPA is 0, expected an integer >= 1, or None"),
        (lambda: pa.GPA(rank=-1), ValueError, "`rank` of GPA is -1, expected an integer >= 1, or None"),
        (lambda: pa.GPA(rank=1.5), ValueError, "`rank` of GPA is 1.5, expected an integer >= 1, or None"),
        (lambda: pa.GPA(max_iter=True), ValueError, "`max_iter` of GPA is True, expected an integer >= 1, or None"),
        (lambda: pa.GPA(max_iter=2**70), ValueError, "expected an integer >= 1, or None, below 2[*][*]64"),
        (lambda: pa.GPA(tol="x"), ValueError, "`tol` of GPA is 'x', expected a number >= 0"),
        (lambda: pa.GPA(tol=None), ValueError, "`tol` of GPA is None, expected a number >= 0"),
        (lambda: pa.GPA(scale=1), ValueError, "`scale` of GPA is 1, expected one of True, False"),
        (lambda: pa.GPA(robust="huber"), ValueError, "`robust` of GPA is 'huber', expected one of None, {huber: number > 0}"),
        (lambda: pa.GPA(solver=3), ValueError, "`solver` of GPA is 3, expected one of released, accelerated"),
        (lambda: pa.GCPA(loss=3), ValueError, "`loss` of GCPA is 3, expected a {tau: number from 0 to 2, "),
        (lambda: pa.GCPA(loss={"tau": "x"}), ValueError, "`loss.tau` of GCPA is 'x', expected a number from 0 to 2"),
        (lambda: pa.GCPA(base={"gpa": {"max_iter": 1.5}}), ValueError, "`base.gpa.max_iter` of GCPA is 1.5, expected an"),
        (lambda: pa.Select(over=3), ValueError, "`over` of Select is 3, expected a mapping from parameters to lists"),
        (lambda: pa.Pivot(pivot=3), ValueError, "`pivot` of Pivot is 3, expected a name of a view, or None"),
        (lambda: pa.GPA(solver="releasd"), ValueError, "did you mean `released`"),
        (lambda: pa.GPA(tol=float("nan")), ValueError, "is nan, expected a finite number"),
        (lambda: pa.GPA(rank=object()), TypeError, "expected a number, a text, a list or a mapping"),
        (lambda: pa.Select(method="gcaa"), ValueError, "gcca"),
    ],
)
def test_wrong_values_are_refused_with_the_values_that_are_right(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


def test_parameters_are_set_and_got_as_in_scikit_learn() -> None:
    method = pa.GCPA(tau=0.05)
    assert method.get_params(deep=False)["loss"] == {"tau": 0.05}
    deep = method.get_params()
    assert deep["loss__tau"] == 0.05 and deep["loss__lambda"] == 0.7 and deep["base__gpa__solver"] == "released"
    assert method.set_params(loss__tau=0.1, hidden=3.0) is method
    assert method.get_params()["loss__tau"] == 0.1 and method.hidden == 3.0
    with pytest.raises(ValueError, match="`tau` is 7, expected a number from 0 to 2"):
        method.set_params(hidden=1.0, loss__tau=7)
    assert method.hidden == 3.0 and method.loss == {"tau": 0.1}, "a wrong value changes nothing"
    assert pa.GCPA(**method.get_params(deep=False))._normalised() == method._normalised()


def test_clone_and_grid_search_of_scikit_learn(views: Views) -> None:
    sklearn = pytest.importorskip("sklearn")
    from sklearn.model_selection import ParameterGrid
    from sklearn.utils.validation import check_is_fitted

    assert sklearn
    base = __import__("sklearn.base").base
    method = pa.GCPA(tau=0.05, training="fast")
    clone = base.clone(method)
    assert clone is not method and repr(clone) == repr(method)
    assert [repr(base.clone(method).set_params(**p)) for p in ParameterGrid({"loss__tau": [0.1]})]
    fitted = pa.GPA().fit(views)
    check_is_fitted(fitted)
    assert not base.clone(fitted).__sklearn_is_fitted__()

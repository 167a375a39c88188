"""The estimators of `polyalign.sklearn`: all of scikit-learn's own checks, and what users do with estimators."""

import io
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import polyalign as pa

# Without it scikit-learn leaves out its checks of the array API. It is read when SciPy is first loaded.
os.environ["SCIPY_ARRAY_API"] = "1"
pytest.importorskip("sklearn")
import joblib
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from polyalign.sklearn import (
    CCARegressor,
    GCCARegressor,
    ProcrustesRegressor,
    StackedViewsTransformer,
    TranslationRegressor,
)

REGRESSORS = [
    ProcrustesRegressor(),
    CCARegressor(),
    GCCARegressor(),
    TranslationRegressor(),
    TranslationRegressor(pa.GPA(solver="accelerated")),
]
TRANSFORMERS = [
    StackedViewsTransformer(),
    StackedViewsTransformer(pa.GCCA(whiten="inverse_singular"), combine="concatenate"),
]


def two_views(rows=300, d=8, t=8, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, d))
    return x, x @ np.linalg.qr(rng.standard_normal((max(d, t), max(d, t))))[0][:d, :t] + noise * rng.standard_normal((rows, t))


def wide(rows=200, views=3, d=5, seed=0):
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((rows, d))
    return np.hstack([latent @ np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(views)])


@parametrize_with_checks([*REGRESSORS, *TRANSFORMERS])
def test_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", [*REGRESSORS, *TRANSFORMERS], ids=repr)
def test_no_check_is_left_out(estimator):
    results = check_estimator(estimator, on_skip=None)
    skipped = [(r["check_name"], str(r["exception"])) for r in results if r["status"] == "skipped"]
    # What is skipped is for estimators of the array API, which these are not.
    assert all("array_api" in name or "ARRAY_API" in reason for name, reason in skipped), skipped
    assert {r["status"] for r in results} <= {"passed", "skipped"}
    print(f"{estimator!r}: {sum(r['status'] == 'passed' for r in results)} checks passed")


@pytest.mark.parametrize("model", REGRESSORS, ids=repr)
def test_predictions_are_translations(model):
    x, y = two_views()
    model = clone(model).fit(x[:200], y[:200])
    assert model.score(x[200:], y[200:]) > 0.9
    direct = model.fitted_.translate("x", "y", x[200:])
    assert np.array_equal(model.predict(x[200:].astype(np.float32)), direct)


def test_regression_is_least_squares():
    x, y = two_views(d=6, t=4)
    ours = CCARegressor().fit(x, y).predict(x)
    theirs = LinearRegression().fit(x, y).predict(x)
    assert np.abs(ours - theirs).max() < 1e-4


def test_pipeline_and_grid_search():
    x, y = two_views(t=5)
    steps = make_pipeline(StandardScaler(), CCARegressor())
    search = GridSearchCV(steps, {"ccaregressor__rank": [1, 5], "ccaregressor__ridge": [0.0, 1.0]}, cv=3, n_jobs=2).fit(x, y)
    assert search.best_params_ == {"ccaregressor__rank": 5, "ccaregressor__ridge": 0.0}
    nested = GridSearchCV(TranslationRegressor(pa.GCCA(decoder="least_squares")), {"method__rank": [1, 5]}, cv=3).fit(x, y)
    assert nested.best_params_ == {"method__rank": 5}
    assert cross_val_score(ProcrustesRegressor(), x, y, cv=3).min() > 0.0


def test_transformer_in_a_pipeline():
    x = wide()
    slices = {"en": slice(0, 5), "fr": slice(5, 10), "de": slice(10, 15)}
    target = x[:, 0] - x[:, 3]
    stacked = StackedViewsTransformer(pa.GCCA(), view_slices=slices)
    search = GridSearchCV(
        make_pipeline(stacked, LinearRegression()), {"stackedviewstransformer__method__rank": [1, 5]}, cv=3
    ).fit(x, target)
    assert search.best_params_ == {"stackedviewstransformer__method__rank": 5}
    assert search.best_score_ > 0.99


def test_clone_pickle_and_joblib():
    x, y = two_views()
    model = TranslationRegressor(pa.CCA(rank=3)).fit(x, y)
    copy = clone(model)
    assert copy.get_params()["method__rank"] == 3 and not hasattr(copy, "fitted_")
    copy.set_params(method__rank=2)
    assert model.get_params()["method__rank"] == 3
    expected = model.predict(x)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(x), expected)
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    assert np.array_equal(joblib.load(buffer).predict(x), expected)
    parts = joblib.Parallel(n_jobs=2)(joblib.delayed(model.predict)(part) for part in np.array_split(x, 3))
    assert np.allclose(np.vstack(parts), expected, atol=1e-6)


def test_set_output_and_names():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    x = wide()
    names = [f"c{k}" for k in range(x.shape[1])]
    stacked = StackedViewsTransformer(view_slices=[(0, 5), (5, 10), (10, 15)]).set_output(transform="pandas")
    out = stacked.fit_transform(pandas.DataFrame(x, columns=names))
    assert isinstance(out, pandas.DataFrame) and list(out.columns) == list(stacked.get_feature_names_out())
    assert list(stacked.feature_names_in_) == names
    out = stacked.set_output(transform="polars").transform(polars.DataFrame(dict(zip(names, x.T, strict=True))))
    assert isinstance(out, polars.DataFrame) and out.shape == (200, 5)


def test_stacked_views_return_to_their_columns():
    x = wide()
    stacked = StackedViewsTransformer(view_slices=[(0, 5), (5, 10), (10, 15)])
    universe = stacked.fit_transform(x)
    # Standardised views are rotations of each other but for the scales of their columns.
    assert np.linalg.norm(stacked.inverse_transform(universe) - x) < 0.1 * np.linalg.norm(x)
    both = StackedViewsTransformer(view_slices=[(0, 5), (5, 10), (10, 15)], combine="concatenate").fit(x)
    assert both.transform(x).shape == (200, 15)
    assert np.abs(both.inverse_transform(both.transform(x)) - x).max() < 1e-4
    assert np.allclose(both.transform(x).reshape(200, 3, 5).mean(1), universe, atol=1e-6)


@pytest.mark.parametrize(
    ("slices", "text"),
    [
        ([(0, 15)], "view_slices has 1 view, expected at least 2"),
        ([(0, 5), (5, 16)], "view 'v1' are slice(5, 16, None), expected"),
        ([(0, 5), (7, 7)], "view 'v1' are slice(7, 7, None), expected"),
        ({"a": slice(0, 5), "b": slice(5, 15, 2)}, "view 'b' are slice(5, 15, 2), expected"),
    ],
)
def test_slices_that_are_none(slices, text):
    with pytest.raises(ValueError, match="expected") as error:
        StackedViewsTransformer(view_slices=slices).fit(wide())
    assert text in str(error.value)


def test_other_errors():
    with pytest.raises(ValueError, match='combine is \'sum\', expected "mean" or "concatenate"'):
        StackedViewsTransformer(combine="sum").fit(wide())
    with pytest.raises(ValueError, match="U has 15 columns, expected 8"):
        StackedViewsTransformer().fit(wide()).inverse_transform(wide())
    x, y = two_views()
    with pytest.raises(TypeError):
        TranslationRegressor(pa.NA()).fit(x, y).predict(x)


def test_scikit_learn_is_not_loaded_by_polyalign():
    code = "import sys, polyalign; sys.exit(any(name.split('.')[0] in ('sklearn', 'scipy', 'pandas', 'torch') for name in sys.modules))"
    subprocess.run([sys.executable, "-c", code], check=True)

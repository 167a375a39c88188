"""Estimators in the manner of scikit-learn.

A *two-view* estimator is a regressor: it learns to take rows ``X`` of one encoder to the rows ``Y`` of another. The *stacked-views*
transformer takes one wide matrix, in which the columns of several views stand side by side, to the universe of these views. All
of them work in ``Pipeline``, ``GridSearchCV``, ``clone`` and ``set_output``, and can be pickled.

This module needs scikit-learn (``pip install polyalign[sklearn]``); ``import polyalign`` does not load it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

try:
    from sklearn.base import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        MultiOutputMixin,
        RegressorMixin,
        TransformerMixin,
        clone,
    )
    from sklearn.utils.validation import check_array, check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        f"polyalign.sklearn needs scikit-learn 1.6 or newer, and it cannot be imported ({error}); "
        "install it with `pip install polyalign[sklearn]`"
    ) from error

from . import CCA, GCCA, GPA, PA
from .errors import FitWarning

__all__ = [
    "CCARegressor",
    "GCCARegressor",
    "ProcrustesRegressor",
    "StackedViewsTransformer",
    "TranslationRegressor",
]

_SOURCE, _TARGET = "x", "y"


def _as_slice(columns: slice | tuple[int, int]) -> slice:
    return columns if isinstance(columns, slice) else slice(*columns)


def _as_float32(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x, dtype=np.float32)


class _TwoViews(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """What the two-view estimators share: a fit of the views ``x`` and ``y``, and the translation of ``x`` to ``y``."""

    # A regression is not stretched to the variance of its target.
    calibrate = False
    random_state: Any = None
    # The method, whose parameters are those of the estimator.
    _class: ClassVar[Any]

    def _method(self) -> Any:
        return self._class(**self.get_params(deep=False))

    def fit(self, X: Any, y: Any) -> Any:
        """Fit on rows of the same items in both views.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of the first view.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Rows of the second view; row i is the same item as row i of `X`.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        X, y = validate_data(
            self, X, y, dtype=[np.float64, np.float32], multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        self._one_target = y.ndim == 1
        rows = y.reshape(-1, 1) if self._one_target else y
        views = {_SOURCE: _as_float32(X), _TARGET: _as_float32(rows)}
        with warnings.catch_warnings():
            # A regression has less variance than its target, as it should.
            warnings.filterwarnings("ignore", "rows translated to", FitWarning)
            self.fitted_ = self._method().fit(views, random_state=self.random_state, calibrate=self.calibrate)
        self.n_targets_ = int(rows.shape[1])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Translate rows of the first view to the second.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of the first view.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            The rows in the space of the second view, of the type of `X`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        rows: np.ndarray = self.fitted_.translate(_SOURCE, _TARGET, _as_float32(X)).astype(X.dtype, copy=False)
        return rows[:, 0] if self._one_target else rows


class ProcrustesRegressor(_TwoViews):
    """Orthogonal Procrustes: the best rotation of the standardised rows of one view to those of another.

    Distances between rows stay as they are. If the views have different widths, the map keeps the shared number of directions.

    Parameters
    ----------
    scale : bool, default=False
        Multiply the rotation by its best factor.

    Attributes
    ----------
    fitted_ : polyalign.PA
        The fit of the views ``"x"`` and ``"y"``.
    n_features_in_, n_targets_ : int
        Widths of the two views.

    Examples
    --------
    >>> import numpy as np
    >>> from polyalign.sklearn import ProcrustesRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 4))
    >>> rotation = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    >>> model = ProcrustesRegressor().fit(X[:80], X[:80] @ rotation)
    >>> model.predict(X[80:]).shape
    (20, 4)
    >>> model.score(X[80:], X[80:] @ rotation) > 0.9
    True
    """

    _class = PA

    def __init__(self, *, scale: bool = False) -> None:
        self.scale = scale

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # A rotation reads one direction of X for one target; it is no regression.
        tags.regressor_tags.poor_score = True
        return tags


class CCARegressor(_TwoViews):
    """Regression through canonical directions: least squares, ridge, reduced rank, or whiten-rotate-dewhiten.

    Parameters
    ----------
    rank : int or None, default=None
        Number of canonical directions, the most correlated first; None uses all.
    ridge : float, default=0.0
        Directions in which a standardised view varies by less than the square root of `ridge` count less.
    power : float, default=1.0
        Power of the canonical correlations as weights: 1 is regression, 0 a rotation between whitened views.

    Attributes
    ----------
    fitted_ : polyalign.CCA
        The fit of the views ``"x"`` and ``"y"``.
    n_features_in_, n_targets_ : int
        Widths of the two views.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from polyalign.sklearn import CCARegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((120, 6))
    >>> Y = X @ rng.standard_normal((6, 3)) + 0.1 * rng.standard_normal((120, 3))
    >>> search = GridSearchCV(CCARegressor(), {"rank": [1, 3], "ridge": [0.0, 0.1]}, cv=3).fit(X, Y)
    >>> search.best_params_["rank"]
    3
    """

    _class = CCA

    def __init__(self, *, rank: int | None = None, ridge: float = 0.0, power: float = 1.0) -> None:
        self.rank = rank
        self.ridge = ridge
        self.power = power


class GCCARegressor(_TwoViews):
    """Generalised CCA of two views; rows go through the universe and back to the second view by least squares.

    Parameters
    ----------
    rank : int or None, default=None
        Width of the universe; None is the width of the narrower view.
    ridge : float, default=0.0
        Directions in which a standardised view varies by less than the square root of `ridge` count less.
    whiten : {"inverse_singular", "none"}, default="inverse_singular"
        Weight of a direction: one for all (textbook GCCA), or its singular value.
    decoder : {"least_squares", "pseudo_inverse", "transpose"}, default="least_squares"
        Map from the universe to the second view. With "transpose" only the directions of rows have a meaning.

    Attributes
    ----------
    fitted_ : polyalign.GCCA
        The fit of the views ``"x"`` and ``"y"``.
    n_features_in_, n_targets_ : int
        Widths of the two views.

    Examples
    --------
    >>> import numpy as np
    >>> from polyalign.sklearn import GCCARegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> Y = X @ rng.standard_normal((5, 4))
    >>> GCCARegressor(rank=3).fit(X, Y).predict(X).shape
    (100, 4)
    """

    _class = GCCA

    def __init__(
        self,
        *,
        rank: int | None = None,
        ridge: float = 0.0,
        whiten: str = "inverse_singular",
        decoder: str = "least_squares",
    ) -> None:
        self.rank = rank
        self.ridge = ridge
        self.whiten = whiten
        self.decoder = decoder


class TranslationRegressor(_TwoViews):
    """Any method of polyalign that translates rows, as a regressor.

    Parameters
    ----------
    method : a method of polyalign or None, default=None
        The method to fit, such as ``polyalign.KernelGCCA(rank=8)``; None is ``polyalign.CCA()``. It is copied, not changed. Its
        parameters are ``method__rank`` and so on, for example in ``GridSearchCV``.
    calibrate : bool, default=True
        Give predictions the location and scale of the training targets. Methods that keep only directions, such as
        ``polyalign.GCPA``, need it; False suits methods that minimise the squared error.
    random_state : int, numpy.random.RandomState or None, default=None
        Seed of the methods that draw numbers; None is 42, as in ``polyalign.Aligner.fit``.

    Attributes
    ----------
    fitted_ : object
        The fitted copy of `method`.
    n_features_in_, n_targets_ : int
        Widths of the two views.

    Examples
    --------
    >>> import numpy as np
    >>> import polyalign as pa
    >>> from polyalign.sklearn import TranslationRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 4))
    >>> model = TranslationRegressor(pa.GPA(solver="accelerated")).fit(X, X[:, ::-1])
    >>> bool(np.abs(model.predict(X) - X[:, ::-1]).max() < 0.01)
    True
    """

    def __init__(self, method: Any = None, *, calibrate: bool = True, random_state: Any = None) -> None:
        self.method = method
        self.calibrate = calibrate
        self.random_state = random_state

    def _method(self) -> Any:
        return CCA() if self.method is None else clone(self.method)


class StackedViewsTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Several views, side by side in one matrix, to their universe.

    Parameters
    ----------
    method : a method of polyalign or None, default=None
        The method to fit, such as ``polyalign.GCCA(rank=64)``; None is ``polyalign.GPA(solver="accelerated")``. It is copied, not
        changed. Its parameters are ``method__rank`` and so on.
    view_slices : mapping of names to slices, sequence of slices, or None, default=None
        The columns of each view. In a sequence the views are called ``"v0"``, ``"v1"``, and so on. A pair ``(start, stop)`` may
        stand for a slice. None divides the columns into two halves.
    combine : {"mean", "concatenate"}, default="mean"
        What a row becomes: the mean of its rows in the universe, or all of them side by side.
    random_state : int, numpy.random.RandomState or None, default=None
        Seed of the methods that draw numbers; None is 42, as in ``polyalign.Aligner.fit``.

    Attributes
    ----------
    fitted_ : object
        The fitted copy of `method`.
    view_slices_ : dict of str to slice
        The columns of each view.
    n_features_in_ : int
        Number of columns of all views together.

    Examples
    --------
    >>> import numpy as np
    >>> import polyalign as pa
    >>> from polyalign.sklearn import StackedViewsTransformer
    >>> rng = np.random.default_rng(0)
    >>> latent = rng.standard_normal((200, 4))
    >>> wide = np.hstack([latent @ np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(3)])
    >>> stacked = StackedViewsTransformer(
    ...     pa.GCCA(rank=2), view_slices={"en": slice(0, 4), "fr": slice(4, 8), "de": slice(8, 12)}
    ... )
    >>> stacked.fit_transform(wide).shape
    (200, 2)
    >>> stacked.get_feature_names_out()
    array(['stackedviewstransformer0', 'stackedviewstransformer1'],
          dtype=object)
    """

    def __init__(
        self,
        method: Any = None,
        *,
        view_slices: Mapping[str, slice] | Sequence[slice | tuple[int, int]] | None = None,
        combine: str = "mean",
        random_state: Any = None,
    ) -> None:
        self.method = method
        self.view_slices = view_slices
        self.combine = combine
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Any:
        """Fit on rows of the same items in all views.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The views side by side.
        y : None
            Not used.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        if self.combine not in ("mean", "concatenate"):
            raise ValueError(f'combine is {self.combine!r}, expected "mean" or "concatenate"')
        X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2, ensure_min_features=2)
        self._width = int(X.shape[1])
        self.view_slices_ = self._slices(self._width)
        method: Any = GPA(solver="accelerated") if self.method is None else clone(self.method)
        self.fitted_ = method.fit(self._views(X), random_state=self.random_state)
        width = self._combined(X[:1]).shape[1]
        self._n_features_out = int(width)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Rows in the universe.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The views side by side.

        Returns
        -------
        U : ndarray of shape (n_samples, width) or (n_samples, n_views * width)
            The mean over the views, or all views side by side, of the type of `X`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self._combined(X)

    def inverse_transform(self, U: Any) -> np.ndarray:
        """Rows of the universe in the columns of all views.

        Parameters
        ----------
        U : array-like of shape (n_samples, width) or (n_samples, n_views * width)
            Rows as `transform` makes them.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The views side by side. Columns of no view are 0.
        """
        check_is_fitted(self)
        types: Any = [np.float64, np.float32]
        U = check_array(U, dtype=types)
        if U.shape[1] != self._n_features_out:
            raise ValueError(f"U has {U.shape[1]} columns, expected {self._n_features_out}")
        count = len(self.view_slices_)
        parts = np.split(U, count, axis=1) if self.combine == "concatenate" else [U] * count
        X = np.zeros((U.shape[0], self._width), dtype=U.dtype)
        for (name, columns), rows in zip(self.view_slices_.items(), parts):
            X[:, columns] = self.fitted_.inverse_transform(name, _as_float32(rows))
        return X

    def _views(self, X: np.ndarray) -> dict[str, np.ndarray]:
        return {name: _as_float32(X[:, columns]) for name, columns in self.view_slices_.items()}

    def _combined(self, X: np.ndarray) -> np.ndarray:
        projected = list(self.fitted_.transform(self._views(X)).values())
        if self.combine == "concatenate":
            return np.hstack(projected).astype(X.dtype, copy=False)
        return np.asarray(np.mean(projected, axis=0, dtype=X.dtype))

    def _slices(self, width: int) -> dict[str, slice]:
        given = self.view_slices
        if given is None:
            given = [slice(0, (width + 1) // 2), slice((width + 1) // 2, width)]
        if not isinstance(given, Mapping):
            given = {f"v{position}": _as_slice(columns) for position, columns in enumerate(given)}
        slices = {}
        for name, columns in given.items():
            columns = _as_slice(columns)
            start, stop, step = columns.indices(width)
            if step != 1 or start >= stop or (columns.stop is not None and columns.stop > width):
                raise ValueError(
                    f"the columns of view {name!r} are {columns}, expected a slice without step that holds at least one of the "
                    f"{width} columns"
                )
            slices[name] = slice(start, stop)
        if len(slices) < 2:
            raise ValueError(f"view_slices has {len(slices)} view, expected at least 2")
        return slices

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

"""What the classes of all methods share: fit, transform, translate, files."""

from __future__ import annotations

import copy
import json
import os
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, overload

import numpy as np

from . import _native
from .arrays import Array, ArrayLike, Missing, Named, as_rows, named_rows
from .errors import ExportWarning, FitWarning, NotFittedError
from .params import MethodSpec, as_json, lay_in, registry
from .progress import reporter
from .report import Report
from .settings import lists, seed_of, switch, text, threads_of

__all__ = ["Aligner", "load"]

_A = TypeVar("_A", bound="Aligner")

Views: TypeAlias = Mapping[str, ArrayLike]
"""Views by name: arrays of shape (N, d_m), row i of each for the same item."""


class Aligner:
    """A method with its parameters, and after :meth:`fit` the fitted maps.

    Every method of the registry has a subclass, such as :class:`GPA` and :class:`GCPA`. All take their parameters as keyword
    arguments and have the same methods.

    Attributes
    ----------
    fit_ : _native.Fitted
        The fitted maps.
    views_ : dict
        Names and widths of the views, in order.
    width_ : int or None
        Width of the universe, the coordinates that all views share; None for a method without one.
    report_ : Report
        How the fit ended: stop reason, iterations, objective, seconds, warnings.
    """

    _spec: ClassVar[MethodSpec]

    def __init__(self, **params: Any) -> None:
        for name, parameter in self._spec.own.items():
            setattr(self, name, parameter.default)
        self._set(params, f"{type(self).__name__}()")
        self._check()

    # Parameters.

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return list(cls._spec.own)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, as scikit-learn asks for them.

        Parameters
        ----------
        deep : bool
            Whether to include the parameters of settings too, such as ``loss__tau``.
        """
        params = {name: getattr(self, name) for name in self._spec.own}
        if deep:
            params.update(_flat(self._normalised(), ""))
        return params

    def set_params(self: _A, **params: Any) -> _A:
        """Sets parameters by name; ``loss__tau=0.1`` sets one of a setting. Returns the method itself."""
        before = dict(self.__dict__)
        try:
            self._set(params, f"{type(self).__name__}.set_params()")
            self._check()
        except Exception:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def _set(self, params: Mapping[str, Any], caller: str) -> None:
        spec = self._spec
        for name in [name for name in params if name in spec.own]:
            setattr(self, name, params[name])
        for name, value in params.items():
            if name in spec.own:
                continue
            path = self._path(name)
            if path is None:
                known = spec.keywords()
                near = _native.nearest(name, known)
                hint = f"did you mean {near!r}? " if near else ""
                raise TypeError(
                    f"{caller} got an unexpected keyword argument {name!r}; {hint}the parameters are {', '.join(known) or 'none'}"
                )
            top = next(keyword for keyword, own in spec.own.items() if own.path[0] == path[0])
            setattr(self, top, lay_in(getattr(self, top), path, value, spec))

    def _path(self, name: str) -> tuple[str, ...] | None:
        spec = self._spec
        if name in spec.nested:
            return spec.nested[name].path
        path = tuple(key if key == "_" else key.removesuffix("_") for key in name.split("__"))
        tops = {own.path[0] for own in spec.own.values()}
        return path if len(path) > 1 and path[0] in tops else None

    def _settings(self) -> dict[str, Any]:
        """The parameters that are not at their defaults, by their keys in grid files."""
        own = self._spec.own
        return {own[name].path[0]: getattr(self, name) for name in own if not _same(getattr(self, name), own[name].default)}

    def _as_setting(self) -> dict[str, Any]:
        return {self._spec.name: self._settings()}

    def _json(self) -> str:
        return as_json(self._settings(), self._spec)

    def _normalised(self) -> dict[str, Any]:
        return _native.normalised(self._spec.name, self._json(), type(self).__name__)

    def _check(self) -> None:
        self._normalised()

    def __repr__(self) -> str:
        own = self._spec.own
        shown = [f"{name}={getattr(self, name)!r}" for name in own if not _same(getattr(self, name), own[name].default)]
        return f"{type(self).__name__}({', '.join(shown)})"

    # Fits.

    def fit(
        self: _A,
        views: Views,
        y: ArrayLike = None,
        *,
        seed: Any = None,
        random_state: Any = None,
        labels: Any = None,
        groups: Any = None,
        validation: Views | None = None,
        missing: Missing = None,
        calibrate: bool = True,
        n_jobs: int | None = None,
        progress: Callable[[int, int], object] | bool | None = None,
        data: str = "arrays",
    ) -> _A:
        """Fits the method on the training rows.

        The interpreter is free during the fit, and Ctrl-C ends it. ``float32`` arrays in C order are not copied; do not change
        them meanwhile.

        Parameters
        ----------
        views : mapping of str to array_like of shape (N, d_m)
            Row i is the same item in every view.
        y : array_like of shape (N,), optional
            Labels of the items, for methods that need them; the same as `labels`.
        seed, random_state : int or numpy.random.RandomState or Generator, optional
            Seed of the draws; 42 by default, as in ``runner fit``. The two names mean the same.
        labels, groups : array_like of shape (N,) or mapping of str to such arrays, optional
            Classes of the items, and groups of items that belong together.
        validation : mapping of str to array_like, optional
            Rows for early stopping, for methods that use them.
        missing : 'nan' or mapping of str to bool array_like of shape (N,), optional
            Rows that views miss: those that hold a NaN, or those of the masks. By default a NaN is an error.
        calibrate : bool
            Whether translated rows get the location and scale of the target's training rows.
        n_jobs : int, optional
            Number of threads, at most 1,024; all cores by default and for -1. The result does not depend on it.
        progress : bool or callable, optional
            True shows a progress bar of tqdm; a callable is called as ``progress(done, total)``.
        data : str
            Name of the data, kept in the file of the fit.

        Returns
        -------
        Aligner
            The method itself.
        """
        rows = named_rows(views, missing)
        count = len(rows[0][1]) if rows else 0
        if y is not None and labels is not None:
            raise TypeError("y and labels mean the same; give one of them")
        with reporter(progress, type(self).__name__) as report:
            settings = {
                "seed": seed_of(seed, random_state),
                "calibrate": switch(calibrate, "calibrate"),
                "threads": threads_of(n_jobs),
                "progress": report,
                "labels": lists(labels if labels is not None else y, "labels", count),
                "groups": lists(groups, "groups", count),
                "validation": _validation(validation, rows),
                "data": (text(data, "data"), ""),
            }
            fit = _native.Fitted.fit(self._spec.name, self._json(), type(self).__name__, rows, settings)
        self.fit_ = fit
        for warning in fit.report["warnings"]:
            warnings.warn(warning, FitWarning, stacklevel=2)
        return self

    def fit_transform(self, views: Views, y: ArrayLike = None, **settings: Any) -> dict[str, Array]:
        """Fits the method and gives the training rows of all views in the universe. Rows that a view misses are NaN."""
        return self.fit(views, y, **settings)._project(named_rows(views, settings.get("missing")), False)

    def _fitted(self) -> _native.Fitted:
        fit: _native.Fitted | None = self.__dict__.get("fit_")
        if fit is None:
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet; call fit first, or polyalign.load a fit")
        return fit

    def _with_space(self, target: str | None) -> _native.Fitted:
        """The fit, if it has a map to the view `target`, or to the universe if that is None."""
        fit, name = self._fitted(), type(self).__name__
        if target is None and not fit.projects:
            there = "has no universe, the coordinates that all views share"
            raise TypeError(f"{name} {there}; translate to a view, or fit a method with a universe, such as GPA")
        if target is not None and not fit.translates:
            raise TypeError(f"{name} cannot translate rows; fit a method that can, such as PA or GPA")
        return fit

    def __sklearn_is_fitted__(self) -> bool:
        return self.__dict__.get("fit_") is not None

    def __sklearn_tags__(self) -> Any:
        # Asked for by scikit-learn, which is there then.
        from sklearn.utils import Tags, TargetTags  # pyright: ignore[reportMissingImports]

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    @property
    def views_(self) -> dict[str, int]:
        """Names and widths of the views, in order."""
        return self._fitted().views

    @property
    def width_(self) -> int | None:
        """Width of the universe; None for a method without one."""
        return self._fitted().width

    @property
    def report_(self) -> Report:
        """How the fit ended."""
        return Report._of(self._fitted().report)

    @overload
    def transform(self, view: str, x: ArrayLike, *, unit_variance: bool = ...) -> Array: ...

    @overload
    def transform(self, view: Views, *, unit_variance: bool = ...) -> dict[str, Array]: ...

    def transform(
        self, view: str | Views, x: ArrayLike = None, *, unit_variance: bool = False
    ) -> Array | dict[str, Array]:
        """Rows in the universe, the coordinates that all views share.

        Parameters
        ----------
        view : str or mapping of str to array_like
            The view of the rows, or the rows of several views by name.
        x : array_like of shape (n, d_m), optional
            The rows, if `view` is a name.
        unit_variance : bool
            Whether every coordinate is divided by its standard deviation over the consensus of the training rows.

        Returns
        -------
        numpy.ndarray of shape (n, D), or dict of such arrays by view
            Always ``float32``.

        Raises
        ------
        ValueError
            If a row holds NaN or infinity. Leave out rows that a view misses.
        """
        switch(unit_variance, "unit_variance")
        if isinstance(view, str):
            if x is None:
                raise TypeError(f"transform({view!r}) has no rows; give transform({view!r}, X), or a mapping of views")
            return self._project([(view, as_rows(x, f"view `{view}`"), None)], unit_variance)[view]
        if x is not None:
            raise TypeError(f"the view is {type(view).__name__}, expected a name: transform(name, X)")
        return self._project(named_rows(view), unit_variance)

    def _project(self, views: list[Named], unit_variance: bool) -> dict[str, Array]:
        fit = self._with_space(None)
        projected = {name: fit.project(name, rows, unit_variance) for name, rows, _ in views}
        for name, _, missing in views:
            if missing is not None:
                projected[name][missing] = np.nan
        return projected

    def translate(self, source: str, target: str, x: ArrayLike) -> Array:
        """Rows of the view `source` in the coordinates of the view `target`.

        Returns
        -------
        numpy.ndarray of shape (n, d_target)
            Always ``float32``.
        """
        fit = self._with_space(text(target, "target"))
        return fit.translate(source, target, as_rows(x, f"view `{text(source, 'source')}`"))

    def inverse_transform(self, view: str, u: ArrayLike) -> Array:
        """Rows of the universe, of shape (n, D), in the coordinates of a view."""
        return self._fitted().inverse(text(view, "view"), as_rows(u, "universe rows"))

    def add_view(self: _A, name: str, x: ArrayLike, anchors: Views, *, form: str = "scaled") -> _A:
        """Adds a view to the universe by items that it shares with other views, whose maps do not change.

        Parameters
        ----------
        name : str
            Name of the new view.
        x : array_like of shape (n, d)
            Its rows.
        anchors : mapping of str to array_like of shape (n, d_m)
            Rows of the same items in views that the universe has.
        form : {'scaled', 'orthogonal'}
            A pairwise translator (released), or one orthogonal Procrustes step.

        Returns
        -------
        Aligner
            The method itself. ``copy.copy`` of it before keeps the narrower universe.
        """
        before = self._fitted()
        rows = as_rows(x, f"view `{text(name, 'name')}`")
        self.fit_ = before.add(name, rows, named_rows(anchors, of="anchors"), text(form, "form"))
        for warning in self.fit_.report["warnings"][len(before.report["warnings"]) :]:
            warnings.warn(warning, FitWarning, stacklevel=2)
        return self

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> str:
        """Writes the fit to a file ``.safetensors``, as ``runner fit`` does, and returns its SHA-256.

        Raises
        ------
        FileExistsError
            If the file exists and `overwrite` is false.
        """
        fit = self._fitted()
        path = Path(path)
        if path.suffix != ".safetensors":
            raise ValueError(f"{path}: the name ends in {path.suffix!r}, expected '.safetensors'")
        if not switch(overwrite, "overwrite") and path.exists():
            raise FileExistsError(f"{path}: is there already; choose another name, or give overwrite=True")
        return fit.write(path)

    def export_map(
        self,
        path: str | os.PathLike[str],
        *,
        source: str,
        target: str | None = None,
        format: Literal["npz", "safetensors", "sentence-transformers", "faiss", "onnx"],
        overwrite: bool = False,
    ) -> dict[str, Any]:
        """Writes the map from one view to another, or to the universe, for another program, as ``runner export-map`` does.

        Mapped rows equal those of :meth:`translate` or :meth:`transform` to about 1e-6.

        Parameters
        ----------
        path : path
            The file to write; for ``sentence-transformers`` a folder.
        source : str
            The view of the rows.
        target : str, optional
            The view to whose coordinates the map leads; the universe if it is left out.
        format : {'npz', 'safetensors', 'sentence-transformers', 'faiss', 'onnx'}
            ``faiss`` holds one affine map, ``sentence-transformers`` affine maps and steps to unit length, the others
            any map.
        overwrite : bool
            Whether to overwrite what exists.

        Returns
        -------
        dict
            The metadata: ends, steps, and the origin of the fit.

        Raises
        ------
        FileExistsError
            If the path exists and `overwrite` is false.
        ValueError
            If the format cannot hold the map.

        Warns
        -----
        ExportWarning
            If rows need a step that the file cannot hold, or if the map is not exact.
        """
        fit, overwrite = self._with_space(target), switch(overwrite, "overwrite")
        about: dict[str, Any] = json.loads(fit.export_map(Path(path), source, target, format, overwrite))
        for note in about["notes"]:
            warnings.warn(note, ExportWarning, stacklevel=2)
        return about

    def affine_map(self, source: str, target: str | None = None) -> tuple[Array, Array]:
        """Matrix A and shift b of the map ``x @ A + b`` from one view to another, or to the universe.

        Returns
        -------
        tuple of numpy.ndarray
            A of shape (d_source, d_target) and b of shape (d_target,), ``float32``.

        Raises
        ------
        ValueError
            If the map has other steps, such as the corrector of GCPA.

        Warns
        -----
        ExportWarning
            If rows must be brought to unit length before or after the map, or if the map is not exact.
        """
        matrix, shift, notes = self._with_space(target).affine(source, target)
        for note in notes:
            warnings.warn(note, ExportWarning, stacklevel=2)
        return matrix, shift

    def to_faiss(self, source: str, target: str | None = None) -> Any:
        """The map as a ``faiss.LinearTransform``, ready for ``faiss.IndexPreTransform``.

        It takes the arguments of :meth:`affine_map`, with the same errors and warnings, and needs faiss.

        Returns
        -------
        faiss.LinearTransform
            The transform of rows of `source`.
        """
        # It is there with whoever asks for its transforms.
        faiss: Any = import_module("faiss")
        matrix, shift = self.affine_map(source, target)
        transform = faiss.LinearTransform(*matrix.shape, True)
        faiss.copy_array_to_vector(matrix.T.ravel(), transform.A)
        faiss.copy_array_to_vector(shift, transform.b)
        transform.is_trained = True
        return transform


def load(path: str | os.PathLike[str]) -> Aligner:
    """Loads a fit that :meth:`Aligner.save` or ``runner fit`` has written.

    Returns
    -------
    Aligner
        A method of the class and with the parameters of the fit, which transforms and translates to the same bits.
    """
    from . import methods

    fit = _native.Fitted.read(Path(path))
    method: Any = fit.origin["method"]
    name, params = next(iter(method.items())) if isinstance(method, dict) and method else (method, {})
    spec = registry().get(str(name))
    if spec is None:
        fitted: Aligner = methods.Loaded()
    else:
        by_key: dict[str, str] = {own.path[0]: keyword for keyword, own in spec.own.items()}
        fitted = getattr(methods, spec.class_name)()
        own = {by_key[key]: value for key, value in (params or {}).items() if key in by_key}
        fitted.__dict__.update(copy.deepcopy(own))
    fitted.fit_ = fit
    return fitted


def _validation(views: Views | None, train: list[Named]) -> list[Named] | None:
    """Rows for early stopping, with the widths of the training rows."""
    if views is None:
        return None
    rows = named_rows(views, of="validation")
    widths = {name: x.shape[1] for name, x, _ in train}
    for name, x, _ in rows:
        if x.shape[1] != widths.get(name, x.shape[1]):
            raise ValueError(f"view `{name}` of validation has {x.shape[1]} columns, expected {widths[name]} as in training")
    return rows


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and isinstance(a, (str, int, float, bool)) and a == b)


def _flat(params: Mapping[str, Any], before: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, Mapping) and value:
            flat.update(_flat(value, f"{before}{key}__"))
        elif before:
            flat[before + key] = value
    return flat



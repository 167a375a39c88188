"""Recommendation of a method by cross-validation on training rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .. import _native
from .. import methods as _methods
from ..arrays import ArrayLike, Missing, named_rows
from ..base import Aligner
from ..params import registry
from ..progress import reporter
from ..settings import integer, lists, seed_of, text, threads_of
from .results import Table

__all__ = ["Recommendation", "recommend"]


class Recommendation:
    """Methods with their scores, the best first, and the one to take.

    Attributes
    ----------
    method : Aligner
        The recommended method with its parameters, not fitted.
    methods : list of dict
        For each method its best candidate: parameters, mean score over folds, interval, standard error.
    without_score : list of dict
        Methods that do not apply, with the reason.
    curve : list of dict
        Scores of the recommended method on parts of the rows.
    twice : list of float or None
        What twice the rows would add to the score: the estimate, and its interval.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        self.metric: str = found["metric"]
        self.folds: int = found["folds"]
        self.items: int = found["items"]
        self.methods: list[dict[str, Any]] = found["methods"]
        self.without_score: list[dict[str, Any]] = found["without_score"]
        self.curve: list[dict[str, Any]] = found["curve"]
        self.twice: list[float] | None = found["twice"]
        self.seconds: float = found["seconds"]
        self.recommended: dict[str, Any] = self.methods[found["recommended"]]

    @property
    def method(self) -> Aligner:
        name, settings = next(iter(self.recommended["settings"].items()))
        cls: type[Aligner] = getattr(_methods, registry()[name].class_name)
        own = {spec.path[0]: keyword for keyword, spec in registry()[name].own.items()}
        return cls(**{own[key]: value for key, value in settings.items() if key in own and value is not None})

    @property
    def table(self) -> Table:
        """One line for each method."""

        def row(method: dict[str, Any]) -> list[str]:
            mark = "*" if method is self.recommended else "=" if method["as_good"] else ""
            interval = method["interval"]
            return [
                mark,
                method["method"],
                f"{method['score']:.3f}",
                f"[{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "",
                f"{method['seconds']:.1f}",
                method["parameters"],
            ]

        notes = [
            f"Means of {self.metric} over {self.folds} folds of the {self.items} rows.",
            "* recommended; = at most one standard error from the best.",
        ]
        notes += [f"Without a score: {one['method']}: {one['reason']}" for one in self.without_score]
        headers = ["", "method", self.metric, "95% interval", "s", "parameters"]
        return Table.plain("recommend", "Methods by cross-validation", headers, [row(method) for method in self.methods], notes)

    def __repr__(self) -> str:
        return f"<Recommendation {self.method!r}, {self.metric} {self.recommended['score']:.3f}>\n{self.table}"

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def recommend(
    views: Mapping[str, ArrayLike],
    *,
    labels: Any = None,
    groups: Any = None,
    methods: Iterable[Any] | str | type[Aligner] = (),
    task: Any = "retrieval",
    by: str = "rank1",
    folds: int = 5,
    budget: int = 24,
    seed: Any = None,
    random_state: Any = None,
    missing: Missing = None,
    n_jobs: int | None = None,
    progress: Any = None,
) -> Recommendation:
    """Recommends a method and its parameters for these views, by cross-validation on their rows.

    Parameters
    ----------
    views : mapping of str to array_like of shape (N, d_m)
        Training rows; row i is the same item in every view.
    labels, groups : array_like of shape (N,) or mapping of str to such arrays, optional
        Classes of the items, and groups that stay together in a fold.
    methods : list of str or of classes, or one of them, optional
        Methods to try; by default all that apply. Their parameters are chosen here: an object whose parameters differ from the
        defaults is an error.
    task : str or mapping
        Task on the rows that a fold holds out, as in a grid file.
    by : str
        Metric of the task that chooses.
    folds, budget : int
        Number of folds, and the largest number of candidates per method.
    seed, random_state : int, optional
        Seed of folds and fits; 42 by default.
    n_jobs, progress
        As for :meth:`Aligner.fit`.

    Returns
    -------
    Recommendation
    """
    rows = named_rows(views, missing)
    if len(rows) < 2:
        raise ValueError(f"recommend: found {len(rows)} view{'s' * (len(rows) != 1)}, expected at least 2")
    count = len(rows[0][1])
    given = [methods] if isinstance(methods, (str, type, Aligner, Mapping)) or not isinstance(methods, Iterable) else methods
    names = [_name(method, f"methods[{at}]") for at, method in enumerate(given)]
    with reporter(progress, "recommend") as report:
        settings = {
            "methods": names,
            "folds": integer(folds, "folds", 2),
            "budget": integer(budget, "budget", 1),
            "task": task if isinstance(task, str) else json.dumps(task),
            "by": text(by, "by"),
            "seed": seed_of(seed, random_state),
            "threads": threads_of(n_jobs),
            "progress": report,
        }
        split = {"views": rows, "labels": lists(labels, "label", count), "groups": lists(groups, "group", count), "ids": None}
        return Recommendation(_native.recommend(split, settings))


def _name(method: Any, place: str) -> str:
    if isinstance(method, str):
        return method
    if isinstance(method, Aligner):
        _check_defaults(method, place)
    elif not (isinstance(method, type) and issubclass(method, Aligner) and hasattr(method, "_spec")):
        found = type(method).__name__
        raise TypeError(f"{place} is {found}, expected the name of a method, such as 'gcca', or its class, such as GCCA")
    name: str = method._spec.name
    return name


def _check_defaults(method: Aligner, place: str) -> None:
    settings = method._settings()
    if not settings:
        return
    cls, name, others = type(method).__name__, method._spec.name, ", ".join(f"`{key}`" for key in settings)
    raise ValueError(
        f"{place} is {method!r}, expected the defaults: recommend chooses the parameters itself, also {others}; give {cls} or "
        f"{name!r}, and to keep a value and choose the others fit Select(method={name!r}, with_={settings!r})"
    )

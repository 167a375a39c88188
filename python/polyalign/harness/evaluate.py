"""Evaluation of methods on arrays."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import ArrayLike, Missing, named_rows
from ..base import Aligner
from ..params import registry
from ..settings import column, integer, lists, memory_of, parallel, switch, text, threads_of
from . import own
from .results import Results
from .run import Progress, run_with

__all__ = ["evaluate"]

Lists = Any
"""One value for each row: an array, or a mapping from names to arrays."""


def evaluate(
    methods: Any,
    *,
    train: Mapping[str, ArrayLike],
    test: Mapping[str, ArrayLike],
    validation: Mapping[str, ArrayLike] | None = None,
    labels: Lists = None,
    train_labels: Lists = None,
    groups: Lists = None,
    train_groups: Lists = None,
    tasks: Iterable[Any] | str = ("retrieval",),
    seeds: int | Iterable[int] = 3,
    noise: Any = None,
    missing: Missing = None,
    name: str = "evaluate",
    data: str = "arrays",
    out: str | os.PathLike[str] | None = None,
    report: bool | None = None,
    n_jobs: int | None = None,
    jobs: int | None = None,
    max_memory: int | str | None = None,
    progress: Progress | bool | None = None,
    **grid: Any,
) -> Results:
    """Fits methods on training rows, judges them by tasks on held-out rows, and compares them.

    The harness of the command line does the work, so records, intervals and tests are those of a grid file with the same data.

    Parameters
    ----------
    methods : list
        Methods: objects such as ``pa.GCCA(rank=64)``, names such as ``"gpa"``, entries of grid files such as ``{"gcca": {"rank":
        64}}``, and classes or objects of your own with ``fit(views, seed)``.
    train, test : mapping of str to array_like of shape (N, d_m)
        Rows for the fits, and held-out rows of the same views; row i is the same item in every view.
    validation : mapping of str to array_like, optional
        Rows for the choice among classifiers. Without them, tasks that need some take a tenth of the training rows.
    labels, train_labels : array_like or mapping of str to array_like, optional
        Classes of the test rows and of the training rows, for clustering, probing and others.
    groups, train_groups : array_like or mapping of str to array_like, optional
        Items that belong together, such as captions of one picture. Intervals draw whole groups.
    tasks : list of str or mapping
        Tasks as in a grid file, such as ``["retrieval", {"retrieval": {"scoring": "csls"}}]``.
    seeds : int or list of int
        Seeds of the fits, or how many: ``3`` means 0, 1 and 2.
    noise : str, mapping or list of these, optional
        What is done to the training rows, as in a grid file.
    missing : 'nan', optional
        Training rows with a NaN are rows that a view misses. By default a NaN is an error.
    name, data : str
        Names of the evaluation and of the data in records and titles.
    out : path, optional
        Folder for the results, in a folder below it that has the name of the evaluation. Cells that are there already are not
        computed again. Without it, nothing stays on disk once the results are gone.
    report : bool, optional
        Whether to write tables, figures and the report now; by default if `out` is given. ``Results.report`` does so later.
    n_jobs, jobs, max_memory, progress
        As for :func:`polyalign.run`.
    **grid
        Other keys of a grid file: ``views``, ``fit_rows``, ``pairing``, ``widths``, ``primary``, ``selection``, ``figures``.

    Returns
    -------
    Results

    Warns
    -----
    DataWarning
        For duplicates, test rows that occur in training, views that do not correspond, and the like.
    CellWarning
        If cells failed.

    Examples
    --------
    >>> import numpy as np
    >>> import polyalign as pa
    >>> rng = np.random.default_rng(0)
    >>> items = rng.normal(size=(300, 8))
    >>> views = {name: (items @ rng.normal(size=(8, 8))).astype("float32") for name in ("en", "fr", "de")}
    >>> train, test = ({name: x[rows] for name, x in views.items()} for rows in (slice(200), slice(200, 300)))
    >>> results = pa.evaluate([pa.NA(), pa.GPA()], train=train, test=test, seeds=1)
    >>> results.compare("gpa", "na", metric="rank1").difference > 0.5
    True
    """
    entries, live = _entries(methods)
    spec: dict[str, Any] = {
        "name": text(name, "name"),
        "data": text(data, "data"),
        "methods": entries,
        "tasks": _listed(tasks),
        "seeds": _seeds(seeds),
    }
    if noise is not None:
        spec["noise"] = _listed(noise)
    spec.update({key: value for key, value in grid.items() if value is not None})
    arrays = _arrays(train, test, validation, (labels, train_labels), (groups, train_groups), missing)
    arrays["title"] = f"arrays in memory, {len(train)} views"
    temporary = None
    if out is None:
        temporary = tempfile.TemporaryDirectory(prefix="polyalign-")
        out = temporary.name
    # The name of the folder is checked where the file is read.
    file = Path(out) / f"{Path(name).name or 'evaluate'}.grid.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(spec, indent=1, default=_unknown) + "\n", encoding="utf-8")
    settings = {
        "out": Path(out),
        "overrides": "null",
        "threads": threads_of(n_jobs),
        "jobs": parallel(jobs),
        "max_memory": memory_of(max_memory),
        "fail_fast": False,
        "recompute": False,
        "allow_stand_in": False,
        "report": temporary is None if report is None else switch(report, "report"),
        "command": "polyalign.evaluate in Python, on arrays in memory",
    }
    try:
        with own.live(live):
            folder = run_with(file, settings, arrays, progress, name)
    except ValueError as error:
        if str(file) not in str(error):
            raise
        # The user has not written this file.
        raise ValueError(re.sub(re.escape(str(file)) + r"(:\d+)*(: )?", "", str(error))) from None
    return Results(folder, temporary)


def _entries(methods: Any) -> tuple[list[Any], dict[tuple[str, str, str, str], Any]]:
    if isinstance(methods, (str, Mapping)) or not isinstance(methods, Iterable):
        methods = [methods]
    entries: list[Any] = []
    live: dict[tuple[str, str, str, str], Any] = {}
    for method in methods:
        if isinstance(method, (str, Mapping)):
            entries.append(method)
        elif isinstance(method, Aligner):
            entries.append({method._spec.name: json.loads(method._json())})
        elif isinstance(method, type) and issubclass(method, Aligner):
            entries.append(method._spec.name)
        else:
            settings, key, made = own.entry(method)
            _check_name(settings["name"])
            entries.append({"python": settings})
            live[key] = made
    if not entries:
        raise ValueError("methods is empty; give at least one")
    return entries, live


def _check_name(name: str) -> None:
    for spec in registry().values():
        if name.lower() in (spec.name.lower(), spec.title.lower()):
            taken = f"a method of your own has the name {name!r}, which is that of {spec.class_name}"
            raise ValueError(f"{taken}; give its class another `name`")


def _listed(given: Any) -> list[Any]:
    return [given] if isinstance(given, (str, Mapping)) else list(given)


def _seeds(seeds: int | Iterable[int]) -> list[int]:
    if isinstance(seeds, Iterable):
        return [integer(seed, f"seeds[{at}]", 0, 2**64 - 1) for at, seed in enumerate(seeds)]
    return list(range(integer(seeds, "seeds", 1)))


def _arrays(
    train: Mapping[str, ArrayLike],
    test: Mapping[str, ArrayLike],
    validation: Mapping[str, ArrayLike] | None,
    labels: tuple[Lists, Lists],
    groups: tuple[Lists, Lists],
    missing: Missing,
) -> dict[str, Any]:
    rows = {"train": named_rows(train, missing, of="train"), "test": named_rows(test, of="test")}
    counts = {split: len(views[0][1]) if views else 0 for split, views in rows.items()}
    of_labels = _coded(labels, "labels", counts)
    of_groups = _coded(groups, "groups", counts)
    arrays: dict[str, Any] = {
        split: {"views": rows[split], "labels": of_labels[split], "groups": of_groups[split], "ids": None} for split in rows
    }
    none: list[Any] = []
    arrays["validation"] = None
    if validation is not None:
        arrays["validation"] = {"views": named_rows(validation, of="validation"), "labels": none, "groups": none, "ids": None}
    return arrays


def _coded(lists_of: tuple[Lists, Lists], kind: str, counts: Mapping[str, int]) -> dict[str, list[tuple[str, list[int]]]]:
    """Lists of test and train, with the same number for the same value in both."""
    test, train = (_named(values, kind) for values in lists_of)
    if train and list(train) != list(test):
        names = [", ".join(names) or "none" for names in (train, test)]
        raise ValueError(f"{kind} of train are {names[0]}, those of test {names[1]}; expected the same names in one order")
    coded: dict[str, list[tuple[str, list[int]]]] = {"train": [], "test": []}
    for name in test:
        given = {"test": test[name], **({"train": train[name]} if train else {})}
        columns = {split: column(values, f"{kind}: `{name}` of {split}", counts[split]) for split, values in given.items()}
        if any(values.dtype.kind not in "iu" for values in columns.values()):
            known = np.unique(np.concatenate([values.astype(str) for values in columns.values()]))
            columns = {split: np.searchsorted(known, values.astype(str)) for split, values in columns.items()}
        for split, values in columns.items():
            coded[split] += lists({name: values}, kind, counts[split])
    return coded


def _named(given: Lists, kind: str) -> dict[str, Any]:
    if given is None:
        return {}
    return dict(given) if isinstance(given, Mapping) else {{"labels": "label", "groups": "group"}[kind]: given}


def _unknown(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} is {type(value).__name__}, expected what a grid file can hold: numbers, texts, lists, mappings")

"""Runs of grid files."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .. import _native
from ..errors import DataWarning
from ..progress import reporter
from ..settings import memory_of, parallel, switch, threads_of
from .own import folder_of_modules
from .results import Results

__all__ = ["run"]

logger = logging.getLogger("polyalign")

Progress = Callable[[int, int], object]


class CellWarning(UserWarning):
    """Cells of a grid that failed. The results have no values of them; the next run tries them again."""


def run(
    grid: str | os.PathLike[str],
    out: str | os.PathLike[str] = "results",
    *,
    overrides: Mapping[str, Any] | None = None,
    n_jobs: int | None = None,
    jobs: int | None = None,
    max_memory: int | str | None = None,
    fail_fast: bool = False,
    recompute: bool = False,
    stand_in: bool = True,
    report: bool = True,
    progress: Progress | bool | None = None,
) -> Results:
    """Runs a grid file, with the same cells and records as ``runner run``, and returns its results.

    Cells that are done already are not computed again. Ctrl-C ends the run; the finished cells stay, and the next run goes on
    from there. What happens is logged by the logger ``polyalign``.

    A grid that is run here can name methods that are written in Python: ``python: {module: mine, class: MyMethod, params:
    {alpha: 1}}`` under ``methods`` takes the class of ``mine.py`` beside the grid file, or of a module that Python can import.
    Its cells are computed again if the source of the module changes.

    Parameters
    ----------
    grid : path
        The grid file.
    out : path
        Folder of the results of all grids; those of this one are in a folder below it that has its name.
    overrides : mapping, optional
        Values that override those of the file, such as ``{"seeds": [0]}``.
    n_jobs : int, optional
        Number of threads in all, at most 1,024; all cores by default and for -1. The values do not depend on it.
    jobs : int, optional
        Number of cells at the same time, at most 1,024.
    max_memory : int or str, optional
        Limit on the memory of all running cells: bytes, or an amount such as ``"8G"``.
    fail_fast : bool
        Whether the first failure ends the run.
    recompute : bool
        Whether to compute cells again that are done.
    stand_in : bool
        Whether bundled data may take the place of data that are not present, if the file names such data.
    report : bool
        Whether to write tables, figures and the report.
    progress : bool or callable, optional
        True shows a progress bar of tqdm; a callable is called as ``progress(done, total)`` with numbers of cells.

    Returns
    -------
    Results

    Warns
    -----
    DataWarning
        For duplicates, rows of the test split that occur in training, data that bundled data take the place of, and the like.
    CellWarning
        If cells failed.
    """
    file = Path(grid)
    settings = {
        "out": Path(out),
        "overrides": json.dumps(dict(overrides) if overrides else None),
        "threads": threads_of(n_jobs),
        "jobs": parallel(jobs),
        "max_memory": memory_of(max_memory),
        "fail_fast": switch(fail_fast, "fail_fast"),
        "recompute": switch(recompute, "recompute"),
        "allow_stand_in": switch(stand_in, "stand_in"),
        "report": switch(report, "report"),
        "command": None,
    }
    with folder_of_modules(file.parent):
        found = run_with(file, settings, None, progress, file.stem)
    return Results(found)


def run_with(
    file: Path, settings: Mapping[str, Any], arrays: Mapping[str, Any] | None, progress: Progress | bool | None, name: str
) -> Path:
    """Runs a grid and tells what happens; the folder of its results."""
    with reporter(progress, name) as show:
        told = _Told(show)
        found = _native.run_grid(file, {**settings, "on_event": told}, arrays)
    for text in told.of_data:
        warnings.warn(text, DataWarning, stacklevel=3)
    if told.failures:
        count = found["failed"]
        first = told.failures[0]
        warnings.warn(f"{count} of the cells failed, the first because of {first}", CellWarning, stacklevel=3)
    if found["left"]:
        left, folder = found["left"], found["folder"]
        raise RuntimeError(f"{left} cells were not computed, because one failed; the finished ones are in {folder}")
    return Path(found["folder"])


class _Told:
    """What a run says: to the log, and to whoever shows progress."""

    def __init__(self, show: Progress | None) -> None:
        self._show = show
        self._done = self._cells = 0
        self.failures: list[str] = []
        self.of_data: list[str] = []

    def __call__(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == "data":
            texts = [text for text in [event["stand_in"], *event["warnings"]] if text]
            self.of_data += texts
            for text in texts:
                logger.warning("%s", text)
            for text in event["notes"]:
                logger.info("%s", text)
        elif kind == "damaged":
            logger.warning("cell %s is computed again: %s", event["cell"], event["why"])
        elif kind == "cells_begin":
            self._cells = event["cells"]
        elif kind == "cell_ended":
            self._done += 1
            self.failures += [f"{event['label']}: {why}" for why in event["failures"]]
            level = logging.WARNING if event["failures"] else logging.INFO
            reasons = "".join(f"; {why}" for why in event["failures"])
            logger.log(level, "%s: %.2f s%s", event["label"], event["seconds"], reasons)
            if self._show is not None:
                self._show(self._done, self._cells)
        elif kind == "run_ended":
            numbers = (event["name"], event["before"], event["done"], event["failed"], event["left"])
            logger.info("%s: %d cells were done, %d computed, %d failed, %d left", *numbers)
        elif kind == "findings":
            for text in event["findings"]:
                logger.info("%s", text)
        elif kind == "warnings":
            for text in event["warnings"]:
                logger.warning("%s", text)

"""The report of a fit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """How a fit ended, its objective, its size and its warnings.

    Attributes
    ----------
    stop : str
        Why the fit ended: ``closed_form``, ``converged``, ``iteration_cap`` or ``patience``.
    iterations : int or None
        Sweeps of GPA and SRM, steps of the corrector of GCPA; None for closed forms.
    objective : float or None
        Final value of what the method optimises.
    residual : float or None
        Relative change in the last sweep.
    spread : float or None
        Distance from the lowest to the highest objective over restarts.
    optimality_gap : float or None
        Upper bound on the distance of the objective of GPA from the lowest one.
    maps, parameters : int
        Number of matrices, and of numbers in them and in the corrector.
    kept : list of int
        Directions that a whitening method kept of each view.
    corrector : dict or None
        Training of the corrector of GCPA.
    selection : dict or None
        Choice of parameters by cross-validation.
    warnings : list of str
        What readers of the numbers need to know.
    seconds : float or None
        Wall-clock time of the fit; None for a fit that was loaded.
    """

    stop: str
    iterations: int | None
    objective: float | None
    residual: float | None
    spread: float | None
    optimality_gap: float | None
    maps: int
    parameters: int
    kept: list[int]
    corrector: dict[str, Any] | None
    selection: dict[str, Any] | None
    warnings: list[str]
    seconds: float | None

    @classmethod
    def _of(cls, value: dict[str, Any]) -> Report:
        # What a report leaves out is empty.
        empty: dict[str, Any] = {field.name: None for field in fields(cls)}
        given = {name: value[name] for name in empty if name in value}
        return cls(**{**empty, "kept": [], "warnings": [], **given})

"""Exceptions and warnings of polyalign that Python has no class for."""

from __future__ import annotations

__all__ = ["DataWarning", "ExportWarning", "FitWarning", "NotFittedError", "UnknownViewError"]


class NotFittedError(ValueError, AttributeError):
    """A method that has to be fitted first. As in scikit-learn, it is a ``ValueError`` and an ``AttributeError``."""


class UnknownViewError(KeyError):
    """A view that a fit or a set of views does not have."""

    def __str__(self) -> str:
        # A KeyError shows its text in quotes.
        return str(self.args[0]) if self.args else ""


class FitWarning(UserWarning):
    """What readers of the numbers of a fit need to know: an iteration that did not converge, a view that is constant."""


class DataWarning(UserWarning):
    """What a reader of scores needs to know of the data: duplicates, test rows that occur in training, and the like."""


class ExportWarning(UserWarning):
    """What the user of an exported map has to do: a step that its format cannot hold, a map that is not exact."""

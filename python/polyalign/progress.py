"""Progress of a fit: a callable, or a bar of tqdm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["reporter"]

Report = Callable[[int, int], object]


@contextmanager
def reporter(progress: Report | bool | None, name: str) -> Iterator[Report | None]:
    """What a fit calls as ``report(done, total)``; None if nobody wants to know."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        bar = _Bar(name)
        try:
            yield bar
        finally:
            bar.close()
    elif callable(progress):
        yield progress
    else:
        raise TypeError(f"progress is {type(progress).__name__}, expected True, False or a callable progress(done, total)")


class _Bar:
    """A bar of tqdm for each loop of a fit."""

    def __init__(self, name: str) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            raise ImportError("progress=True needs tqdm: pip install tqdm, or give a callable progress(done, total)") from None
        self._tqdm: Any = tqdm
        self._name = name
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None or self._bar.total != total or done < self._bar.n:
            self.close()
            self._bar = self._tqdm(total=total, desc=self._name, leave=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

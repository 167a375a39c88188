"""The Rust library. Use the package `polyalign`, whose names stay as they are."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, final

import numpy as np
import numpy.typing as npt

__version__: str

def methods() -> list[dict[str, Any]]:
    """The methods in their order, each with its name, title, summary, version, parameters and needs."""

def nearest(name: str, known: Sequence[str]) -> str | None:
    """The name among `known` that is most similar to `name`, if one is similar enough to be suggested."""

def normalised(name: str, parameters: str, shown: str) -> dict[str, Any]:
    """All parameters of the method `name` with these values, which are JSON."""

def address(rows: npt.NDArray[np.float32]) -> int:
    """The address at which a fit reads the rows: that of the array, because they are not copied."""

@final
class Fitted:
    """A fitted method. It does not change; `add` gives a new one."""

    @staticmethod
    def fit(
        name: str,
        parameters: str,
        shown: str,
        rows: Sequence[tuple[str, npt.NDArray[np.float32], Sequence[bool] | None]],
        settings: Mapping[str, Any],
    ) -> Fitted: ...
    @staticmethod
    def read(file: str | PathLike[str]) -> Fitted: ...
    @staticmethod
    def from_bytes(bytes: bytes, seconds: float | None = None) -> Fitted: ...
    def to_bytes(self) -> bytes: ...
    def write(self, file: str | PathLike[str]) -> str: ...
    def project(
        self, view: str, rows: npt.NDArray[np.float32], unit_variance: bool = False
    ) -> npt.NDArray[np.float32]: ...
    def translate(self, source: str, target: str, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...
    def inverse(self, view: str, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...
    def add(
        self,
        name: str,
        rows: npt.NDArray[np.float32],
        anchors: Sequence[tuple[str, npt.NDArray[np.float32], Sequence[bool] | None]],
        form: str,
    ) -> Fitted: ...
    @property
    def views(self) -> dict[str, int]: ...
    @property
    def width(self) -> int | None: ...
    @property
    def projects(self) -> bool: ...
    @property
    def translates(self) -> bool: ...
    @property
    def origin(self) -> dict[str, Any]: ...
    @property
    def report(self) -> dict[str, Any]: ...
    @property
    def consensus(self) -> tuple[int, list[float], npt.NDArray[np.float64]] | None: ...
    def __copy__(self) -> Fitted: ...
    def __deepcopy__(self, memo: Any, /) -> Fitted: ...

"""What the tests share."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

ROOT = Path(__file__).parents[2]

Views = dict[str, npt.NDArray[np.float32]]


def synthetic(rows: int = 200, widths: tuple[int, ...] = (12, 10, 14), seed: int = 0) -> Views:
    """Views of one latent, with noise of their own."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(rows, max(widths))) * (1 + np.arange(max(widths))) ** -0.5
    views = {}
    for name, width in zip(("en", "fr", "de", "it"), widths):
        rotation = np.linalg.qr(rng.normal(size=(max(widths), max(widths))))[0]
        noise = 0.1 * rng.normal(size=(rows, width))
        views[name] = (latent @ rotation[:, :width] + noise).astype(np.float32)
    return views


@pytest.fixture()
def views() -> Views:
    return synthetic()


def read_safetensors(file: Path) -> tuple[dict[str, npt.NDArray[np.generic]], dict[str, str], bytes]:
    """The arrays, the metadata, and the bytes after the header."""
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    metadata = header.pop("__metadata__", {})
    types = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}
    arrays = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(data[start:end], types[entry["dtype"]]).reshape(entry["shape"])
    return arrays, metadata, data


@pytest.fixture(scope="session")
def emoji() -> Callable[[str], Views]:
    """The rows of a split of three views of the bundled data set `emoji`."""

    def rows(split: str) -> Views:
        names = ("text_en", "text_zh", "image_mobilenet")
        return {name: read_safetensors(ROOT / f"data/emoji/{name}.safetensors")[0][split] for name in names}  # type: ignore[misc]

    return rows


@pytest.fixture(scope="session")
def runner() -> Path:
    """The program `runner` of this tree: POLYALIGN_RUNNER, or the latest in the target folder."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    if "POLYALIGN_RUNNER" in os.environ:
        return Path(os.environ["POLYALIGN_RUNNER"])
    built = [place for place in (target / "release/runner", target / "debug/runner") if place.exists()]
    if built:
        # An older one has other versions of methods.
        return max(built, key=lambda place: place.stat().st_mtime)
    pytest.skip("the program runner is not built: cargo build --workspace, or give its path in POLYALIGN_RUNNER")

"""Exported maps in the programs that they are for: NumPy, safetensors, faiss, ONNX, torch as sentence-transformers uses it."""

from __future__ import annotations

import importlib
import json
import runpy
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import polyalign as pa
from conftest import ROOT, Views, read_safetensors, synthetic

# These few rows do not always let GPA converge.
pytestmark = pytest.mark.filterwarnings("ignore::polyalign.FitWarning")

Array = npt.NDArray[np.float32]

AFFINE = [
    pa.PA(),
    pa.GPA(),
    pa.GCCA(whiten="inverse_singular", rank=8, decoder="least_squares"),
    pa.LowRankAffine(rank=6),
    pa.AddView(),
]
NETWORKS = [
    pa.GCPA(epochs=2, steps_per_epoch=20),
    pa.GCPA(epochs=2, steps_per_epoch=20, rescale="all"),
    pa.GCPA(epochs=2, steps_per_epoch=20, rescale="universe"),
    pa.ResidualMlp(hidden=16, scale=True, training={"steps": 200}),
    pa.KernelGCCA(landmarks=40, rank=8),
]
RELATIVE = pa.Relative(anchors=8)
ENDS = [("en", "fr"), ("de", "en"), ("en", None)]


def rows(start: int, end: int) -> Views:
    return {name: x[start:end] for name, x in synthetic(400).items()}


def fitted(method: pa.Aligner) -> pa.Aligner:
    return type(method)(**method.get_params(deep=False)).fit(rows(0, 200))


def held_out() -> Views:
    return rows(200, 400)


def cases(methods: list[pa.Aligner]) -> Any:
    named = [(type(method).__name__ + str(at), method) for at, method in enumerate(methods)]
    return pytest.mark.parametrize("method", [pytest.param(method, id=name) for name, method in named])


def maps(method: pa.Aligner) -> list[tuple[pa.Aligner, str, str | None, Array, Array]]:
    """The fit, and for each map that it has: source, target, rows, and the rows that the fit makes of them."""
    fit, views = fitted(method), held_out()
    found = []
    for source, target in ENDS:
        if target is None and fit.width_ is None:
            continue
        x = views[source]
        y = fit.transform(source, x) if target is None else fit.translate(source, target, x)
        found.append((fit, source, target, x, y))
    return found


def close(a: Array, b: Array) -> None:
    """To 1e-5 in units of the rows' root mean square, which is near 1 for all but whitened coordinates."""
    assert a.shape == b.shape and np.abs(a - b).max() < 1e-5 * np.sqrt(np.mean(a**2, dtype=np.float64))


def run_onnx(file: Path, x: Array) -> Array:
    import onnx
    import onnxruntime

    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (output,) = session.run(["y"], {"x": x})
    # The number of rows is free.
    assert np.allclose(session.run(None, {"x": x[:1]})[0], output[:1], atol=1e-5)
    return np.asarray(output)


@pytest.fixture(scope="module")
def reader() -> Any:
    """The reader of docs/map.py."""
    return runpy.run_path(str(ROOT / "docs/map.py"))["apply"]


@cases([*AFFINE, RELATIVE, *NETWORKS])
def test_numpy_reads_npz(method: pa.Aligner, tmp_path: Path, reader: Any) -> None:
    for fit, source, target, x, y in maps(method):
        file = tmp_path / f"{source}.{target}.npz"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pa.ExportWarning)
            about = fit.export_map(file, source=source, target=target, format="npz")
        with np.load(file) as arrays:
            assert json.loads(arrays["metadata"].tobytes()) == about
            close(y, reader(arrays, about["steps"], x))
        assert about["deviation"] < 1e-5
        assert about["source"] == {"view": source, "width": x.shape[1]}
        assert about["target"] == {"view": target, "width": y.shape[1]}
        assert about["origin"]["seed"] == 42 and about["tool"].startswith("polyalign ")


@cases([*AFFINE, RELATIVE, *NETWORKS])
def test_onnxruntime_runs_the_model(method: pa.Aligner, tmp_path: Path) -> None:
    for fit, source, target, x, y in maps(method):
        file = tmp_path / f"{source}.{target}.onnx"
        about = fit.export_map(file, source=source, target=target, format="onnx")
        assert about["notes"] == []
        x[3] = 0
        y = fit.transform(source, x) if target is None else fit.translate(source, target, x)
        close(y, run_onnx(file, x))
        import onnx

        (entry,) = onnx.load(file).metadata_props
        assert entry.key == "polyalign" and json.loads(entry.value) == about


def test_rows_of_zeros_have_no_direction_in_onnx(tmp_path: Path) -> None:
    # Without standardisation, rows of zeros come to the steps that divide by a length.
    views = synthetic()
    fit = pa.GCPA(epochs=2, steps_per_epoch=20).fit({name: x - x.mean(axis=0) for name, x in views.items()})
    x = np.zeros((2, 12), np.float32)
    x[1] = 1
    file = tmp_path / "map.onnx"
    fit.export_map(file, source="en", format="onnx")
    y = run_onnx(file, x)
    assert np.isfinite(y).all()
    close(fit.transform("en", x)[1:], y[1:])


@cases(AFFINE)
def test_faiss_reads_its_transform(method: pa.Aligner, tmp_path: Path) -> None:
    faiss = importlib.import_module("faiss")
    for fit, source, target, x, y in maps(method):
        file = tmp_path / f"{source}.{target}.faiss"
        fit.export_map(file, source=source, target=target, format="faiss")
        of_file, direct = faiss.read_VectorTransform(str(file)), fit.to_faiss(source, target)
        assert (of_file.d_in, of_file.d_out, of_file.is_trained) == (x.shape[1], y.shape[1], True)
        for transform in (of_file, direct):
            close(y, transform.apply(x))
        # The bytes are those that faiss itself writes.
        again = tmp_path / "again.faiss"
        faiss.write_VectorTransform(direct, str(again))
        assert again.read_bytes() == file.read_bytes()
        # Queries of the new view on an index of the old one.
        index = faiss.IndexPreTransform(direct, faiss.IndexFlatL2(y.shape[1]))
        index.index.add(y)
        index.ntotal = len(y)
        assert (index.search(x, 1)[1].ravel() == np.arange(len(x))).mean() > 0.99


@cases([*AFFINE, *NETWORKS])
def test_safetensors_reads_the_same_arrays(method: pa.Aligner, tmp_path: Path, reader: Any) -> None:
    numpy_of, safe_open = (getattr(importlib.import_module(f"safetensors{of}"), name) for of, name in ((".numpy", "load_file"), ("", "safe_open")))
    for fit, source, target, x, y in maps(method):
        file = tmp_path / f"{source}.{target}.safetensors"
        about = fit.export_map(file, source=source, target=target, format="safetensors")
        close(y, reader(numpy_of(str(file)), about["steps"], x))
        with safe_open(str(file), "numpy") as contents:
            assert json.loads(contents.metadata()["polyalign"]) == about


def dense(folder: Path, x: Any) -> Any:
    """What `Dense.load` and `Dense.forward` of sentence-transformers do: a layer by `config.json`, its weights, its activation."""
    torch = pytest.importorskip("torch")
    config = json.loads((folder / "config.json").read_text())
    module, _, name = config.pop("activation_function").rpartition(".")
    activation = getattr(importlib.import_module(module), name)()
    linear = torch.nn.Linear(**config)
    arrays, _, _ = read_safetensors(folder / "model.safetensors")
    weights = {key.removeprefix("linear."): torch.from_numpy(np.array(value)) for key, value in arrays.items()}
    linear.load_state_dict(weights)
    return activation(linear(x))


@pytest.mark.torch
@cases(AFFINE)
def test_a_module_of_torch_gives_the_same_rows(method: pa.Aligner, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    for fit, source, target, x, y in maps(method):
        folder = tmp_path / f"{source}.{target}"
        fit.export_map(folder, source=source, target=target, format="sentence-transformers")
        with torch.no_grad():
            close(y, dense(folder, torch.from_numpy(x)).numpy())


@pytest.mark.torch
def test_modules_of_torch_one_after_another(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    for fit, source, target, x, y in maps(RELATIVE):
        folder = tmp_path / f"{source}.{target}"
        fit.export_map(folder, source=source, target=target, format="sentence-transformers")
        mapped = torch.from_numpy(x)
        for module in json.loads((folder / "modules.json").read_text()):
            kind = module["type"].rpartition(".")[2]
            with torch.no_grad():
                mapped = dense(folder / module["path"], mapped) if kind == "Dense" else torch.nn.functional.normalize(mapped, p=2, dim=-1)
        close(y, mapped.numpy())


def test_modules_have_the_weights_of_the_map(tmp_path: Path) -> None:
    fit, folder = fitted(pa.GPA()), tmp_path / "map"
    fit.export_map(folder, source="en", target="fr", format="sentence-transformers")
    arrays, _, _ = read_safetensors(folder / "model.safetensors")
    matrix, shift = fit.affine_map("en", "fr")
    assert np.array_equal(arrays["linear.weight"], matrix.T) and np.array_equal(arrays["linear.bias"], shift)
    x = held_out()["en"]
    close(fit.translate("en", "fr", x), x @ matrix + shift)


def test_steps_that_a_format_cannot_hold_are_said(tmp_path: Path) -> None:
    relative = fitted(RELATIVE)
    with pytest.warns(pa.ExportWarning, match="bring every row to unit length where the steps in the metadata say"):
        relative.export_map(tmp_path / "map.npz", source="en", target="fr", format="npz")
    with pytest.raises(ValueError, match="affine, unit_rows, affine, and `faiss` holds one affine map; expected one of these formats: `npz`"):
        relative.to_faiss("en", "fr")
    corrected = fitted(NETWORKS[0])
    for call in (
        lambda: corrected.affine_map("en"),
        lambda: corrected.export_map(tmp_path / "map", source="en", format="sentence-transformers"),
    ):
        with pytest.raises(ValueError, match="affine, corrector"):
            call()


def test_what_is_refused(tmp_path: Path) -> None:
    fit, file = fitted(pa.GPA()), tmp_path / "map.npz"
    fit.export_map(file, source="en", target="fr", format="npz")
    with pytest.raises(FileExistsError, match="is there already"):
        fit.export_map(file, source="en", target="fr", format="npz")
    fit.export_map(file, source="en", target="universe", format="npz", overwrite=True)
    with np.load(file) as arrays:
        assert json.loads(arrays["metadata"].tobytes())["target"]["view"] is None
    with pytest.raises(pa.UnknownViewError, match="it"):
        fit.export_map(tmp_path / "x", source="en", target="it", format="npz")
    with pytest.raises(ValueError, match="unknown format `tf`, expected one of `npz`"):
        fit.export_map(tmp_path / "x", source="en", format="tf")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="PA has no universe"):
        fitted(pa.PA()).export_map(tmp_path / "x", source="en", format="npz")
    with pytest.raises(TypeError, match="NA cannot translate rows"):
        pa.NA().fit(synthetic()).affine_map("en", "fr")
    with pytest.raises(OSError, match="cannot be written"):
        fit.export_map(file / "map.npz", source="en", format="npz")
    with pytest.raises(pa.NotFittedError):
        pa.GPA().to_faiss("en")


def test_the_program_writes_the_same_map(runner: Path, tmp_path: Path) -> None:
    fit = fitted(pa.GPA())
    universe = tmp_path / "u.safetensors"
    fit.save(universe)
    for format in ("npz", "safetensors", "sentence-transformers", "faiss", "onnx"):
        ours, theirs = tmp_path / f"ours.{format}", tmp_path / f"theirs.{format}"
        fit.export_map(ours, source="en", target="fr", format=format)  # type: ignore[arg-type]
        command = [runner, "export-map", universe, "--from", "en", "--to", "fr", "--format", format, "--out", theirs]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
        assert "steps affine; equals the fit to" in done.stdout
        if format == "faiss":
            assert ours.read_bytes() == theirs.read_bytes()
        if format == "npz":
            with np.load(ours) as a, np.load(theirs) as b:
                assert all(np.array_equal(a[name], b[name]) for name in ("A", "b"))

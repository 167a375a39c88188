"""Grids on files and on arrays give the records of the command line, and results can be read, compared and shown."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyalign as pa
from conftest import ROOT, read_safetensors
from polyalign.harness.run import CellWarning
from polyalign.settings import memory_of

ALL = ["text_en", "text_ko", "text_ru", "text_ja", "text_zh", "image_efficientnet", "image_mobilenet"]
VIEWS = ["text_en", "text_zh", "image_mobilenet"]
# What differs between two runs, and between data in files and in memory.
COST = {
    "fit_seconds", "fit_cpu_seconds", "score_seconds", "selection_seconds", "peak_rss_mb", "host", "threads", "node", "restarts",
    "finished_at", "git", "lock_sha256", "grid_git",
}  # fmt: skip
GRID: dict[str, Any] = {
    "name": "mine",
    "data": str(ROOT / "data-manifests/emoji.yaml"),
    "views": {"m3": VIEWS},
    "methods": ["na", "gpa", {"gcca": {"ridge": 0.1, "rank": 32}}],
    "tasks": ["retrieval", {"clustering": {"restarts": 1, "seeds": [0]}}],
    "seeds": [0, 1],
}


def grid_file(folder: Path, **changes: Any) -> Path:
    file = folder / "grid.yaml"
    file.write_text(json.dumps({**GRID, **changes}))
    return file


def same(ours: dict[str, Any], theirs: dict[str, Any], without: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    assert set(ours) == set(theirs)
    for name in set(ours) - COST - without:
        a, b = ours[name], theirs[name]
        equal = np.array_equal(a, b, equal_nan=True) if isinstance(a, np.ndarray) else a == b
        assert equal, name


@pytest.fixture(scope="module")
def by_command(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    runner = request.getfixturevalue("runner")
    folder = tmp_path_factory.mktemp("command")
    done = subprocess.run([runner, "run", grid_file(folder), "--out", folder / "out"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "out" / "mine"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> pa.Results:
    folder = tmp_path_factory.mktemp("python")
    return pa.run(grid_file(folder), folder / "out", n_jobs=1, report=False)


def emoji_arrays() -> dict[str, Any]:
    rows = {view: read_safetensors(ROOT / f"data/emoji/{view}.safetensors")[0] for view in ALL}
    lists = read_safetensors(ROOT / "data/emoji/labels.safetensors")[0]
    known = [name.removeprefix("train.") for name in lists if name.startswith("train.") and not name.endswith(".ids")]
    labels = {split: {name: lists[f"{split}.{name}"] for name in known} for split in ("train", "test")}
    return {
        "train": {view: x["train"] for view, x in rows.items()},
        "test": {view: x["test"] for view, x in rows.items()},
        "labels": labels["test"],
        "train_labels": labels["train"],
    }


def test_a_grid_has_the_records_of_the_command_line(results: pa.Results, by_command: Path) -> None:
    same(results.records, pa.read_results(by_command).records)


def test_arrays_have_the_records_of_the_same_data_in_files(by_command: Path) -> None:
    arrays = emoji_arrays()
    labels = {name: arrays["labels"][name] for name in ("group", "subgroup") if name in arrays["labels"]}
    train_labels = {name: arrays["train_labels"][name] for name in labels}
    methods = [pa.NA(), "gpa", pa.GCCA(ridge=0.1, rank=32)]
    found = pa.evaluate(
        methods,
        train=arrays["train"],
        test=arrays["test"],
        labels=labels,
        train_labels=train_labels,
        tasks=GRID["tasks"],
        seeds=2,
        views={"m3": VIEWS},
        name="mine",
        n_jobs=2,
    )
    theirs = pa.read_results(by_command).records
    ours = found.records
    # The names of the data and their checksums differ, and with them the ids of cells.
    assert len(ours["cell"]) == len(theirs["cell"])
    same(ours, theirs, {"cell", "data", "data_sha256"})
    mine, other = (res.compare("gcca", "gpa", metric="rank1") for res in (found, pa.read_results(by_command)))
    assert mine.difference is not None
    assert (mine.difference, mine.interval, mine.p) == (other.difference, other.interval, other.p)
    folder = found.folder
    assert folder.exists()
    del found
    assert not folder.exists(), "nothing stays on disk"


def test_a_second_run_computes_nothing(results: pa.Results, caplog: pytest.LogCaptureFixture) -> None:
    out = results.folder.parent
    told: list[tuple[int, int]] = []
    with caplog.at_level("INFO", "polyalign"):
        again = pa.run(out.parent / "grid.yaml", out, report=False, progress=lambda *numbers: told.append(numbers))
    assert told == [] and " cells were done, 0 computed, 0 failed, 0 left" in caplog.text
    same(again.records, results.records)


def test_results_are_shown(results: pa.Results, tmp_path: Path) -> None:
    assert "GCCA" in str(results.table()) and "GCCA" in repr(results)
    page = results._repr_html_()
    assert "<table>" in page and "<b>" in page
    assert results.table("rank1_by_pair").headers[-3:] == VIEWS
    with pytest.raises(ValueError, match="no table 'sumary'; did you mean 'summary'"):
        results.table("sumary")
    assert "rank1_by_pair" in results.figures
    figure = results.plot("rank1_by_pair")
    assert figure.svg.startswith("<svg") or "<svg" in figure.svg[:200]
    assert figure.png[:8] == b"\x89PNG\r\n\x1a\n"
    assert figure.save(tmp_path / "f.svg").read_text() == figure.svg
    with pytest.raises(ValueError, match="no figure 'rank2_by_pair'; did you mean 'rank1_by_pair'.*the figures here are summary"):
        results.plot("rank2_by_pair")
    saved = results.save(tmp_path / "saved")
    assert (saved / "report.html").exists() and (saved / "figures/rank1_by_pair.svg").exists()
    assert pa.read_results(saved).findings == results.findings != []
    with pytest.raises(FileExistsError):
        results.save(saved)


def test_differences_and_scores(results: pa.Results) -> None:
    na = results.compare("na", "gcca", metric="rank1")
    assert na.difference is None and "no rank1 of `na`" in na.reason and na.reason in str(na)
    found = results.compare("gcca", "gpa", metric="rank1")
    assert len(found) == 1 and found.views == "m3" and found.low < found.difference < found.high and 0 < found.p <= 1
    assert found.difference == pytest.approx(found.value_a - found.value_b)
    assert "GCCA" in str(found) and "[" in str(found)
    with pytest.raises(ValueError, match="no setting `gcpa`; these results have NA, GPA, GCCA"):
        results.compare("gcpa", "na")
    with pytest.raises(ValueError, match="did you mean `rank1`"):
        results.compare("gcca", "na", metric="rank_1")
    ranks = results.scores("gcca", task="retrieval", quantity="rank", source="text_en", target="text_zh")
    assert ranks and all(one["values"].dtype == np.float32 for one in ranks)
    universe = [one for one in ranks if one["space"] == "universe"]
    rank1 = np.mean(universe[0]["values"] <= 1)
    columns = results.records
    lines = zip(columns["method"], columns["metric"], columns["space"], columns["source"], columns["target"], columns["value"])
    values = [line[-1] for line in lines if line[:-1] == ("gcca", "rank1", "universe", "text_en", "text_zh")]
    assert rank1 == pytest.approx(values[0])


def test_data_frames(results: pa.Results) -> None:
    polars = pytest.importorskip("polars")
    frame = results.to_polars()
    assert frame.height == len(results.records["cell"])
    assert frame["value"].null_count() == int(np.isnan(results.records["value"]).sum()) and frame["value"].dtype == polars.Float64
    pytest.importorskip("pandas")
    assert list(results.to_pandas().columns) == frame.columns


def test_errors_say_where(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"grid\.yaml:1:.*did you mean `gcca`"):
        pa.run(grid_file(tmp_path, methods=["gccaa"]), tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere.yaml"):
        pa.run(tmp_path / "nowhere.yaml", tmp_path)
    with pytest.raises(FileNotFoundError, match="records.parquet"):
        pa.read_results(tmp_path)
    with pytest.raises(FileNotFoundError, match="masive10"):
        pa.run(grid_file(tmp_path, data="masive10"), tmp_path)
    views = {name: np.ones((5, 2), np.float32) for name in "ab"}
    with pytest.raises(ValueError, match="view `a` has 3 columns in `test`"):
        pa.evaluate("gpa", train=views, test={name: np.ones((5, 3), np.float32) for name in "ab"})
    with pytest.raises(ValueError, match="needs labels, and `arrays` has none"):
        pa.evaluate("gpa", train=views, test=views, tasks="clustering")
    with pytest.raises(ValueError, match="labels: `label` of test has shape"):
        pa.evaluate("gpa", train=views, test=views, labels=[1, 2])
    for nothing in ([np.nan, 1.0, 1.0, 2.0, 2.0], [None, "a", "a", "b", "b"]):
        with pytest.raises(ValueError, match="labels: `label` of test holds (nan|None) at row 0, expected one value for each"):
            pa.evaluate("gpa", train=views, test=views, tasks="probing", labels=nothing)
    with pytest.raises(ValueError, match=r"^methods\[0\]: unknown name `gppa`; did you mean `gpa`"):
        pa.evaluate("gppa", train=views, test=views, out=tmp_path)


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"jobs": 0}, ValueError, "jobs is 0, expected at least 1"),
        ({"jobs": -1}, ValueError, "jobs is -1, expected at least 1"),
        ({"jobs": 2000}, ValueError, "jobs is 2000, expected at most 1024"),
        ({"jobs": "2"}, TypeError, "jobs is str .'2'., expected an integer"),
        ({"n_jobs": 2000}, ValueError, "n_jobs is 2000, expected at most 1024"),
        ({"max_memory": "8X"}, ValueError, "max_memory is '8X', expected a number of bytes, or an amount such as '8G'"),
        ({"max_memory": 0}, ValueError, "max_memory is 0, expected at least 1"),
        ({"max_memory": 1.5}, TypeError, "max_memory is float .1.5., expected an integer"),
        ({"report": "no"}, TypeError, "report is str .'no'., expected True or False"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, settings: Any, error: type[Exception], text: str) -> None:
    views = {name: np.ones((5, 2), np.float32) for name in "ab"}
    for call in (
        lambda: pa.run(grid_file(tmp_path), tmp_path / "out", **settings),
        lambda: pa.evaluate("gpa", train=views, test=views, **settings),
    ):
        with pytest.raises(error, match=text):
            call()


def test_amounts_of_memory_are_those_of_the_command_line() -> None:
    texts = {"8G": 8 << 30, "1.5 GiB": 3 << 29, "512m": 512 << 20, "100": 100, "1GB": 1 << 30, "2kb": 2048}
    assert {text: memory_of(text) for text in texts} == texts
    assert memory_of(None) is None and memory_of(np.int64(5)) == 5
    for wrong in ("", "G", "-1G", "nan", "0", "0.1"):
        with pytest.raises(ValueError, match="max_memory is"):
            memory_of(wrong)


def test_what_is_odd_about_the_data_is_a_warning(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    views = {name: rng.normal(size=(60, 6)).astype(np.float32) for name in "abc"}
    with pytest.warns(pa.DataWarning, match="rows of train found again in test: 60 of 60"):
        pa.evaluate("gcca", train=views, test=views, seeds=1)
    with pytest.warns(pa.DataWarning, match="rows of train found again in test: 1 to 8 of 400 per view"):
        pa.run(grid_file(tmp_path, methods=["gcca"], tasks=["retrieval"], seeds=[0]), tmp_path / "out", report=False)


def test_a_cell_that_fails_is_a_warning(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    views = {name: rng.normal(size=(30, 6)).astype(np.float32) for name in "abc"}
    with pytest.warns(CellWarning, match="1 of the cells failed"):
        found = pa.evaluate(["gpa", {"relative": {"anchors": 500}}], train=views, test=views, seeds=1)
    assert len(found.failures) == 1 and "relative" in found.failures[0][0]
    difference = found.compare("gpa", "relative")
    assert difference.difference is None and difference.reason.startswith("a cell of ")


def test_ctrl_c_keeps_finished_cells(tmp_path: Path) -> None:
    file = grid_file(tmp_path, methods=["na", "gpa", {"gcpa": {"training": {"released": {"epochs": 100000}}}}], seeds=[0])
    # A shell that runs in the background leaves Ctrl-C to others.
    handler = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    lines = f"{handler}\nimport polyalign as pa, sys\npa.run(sys.argv[1], sys.argv[2], jobs=1, report=False)"
    child = subprocess.Popen([sys.executable, "-c", lines, file, tmp_path / "out"], stderr=subprocess.PIPE, text=True)
    cells = tmp_path / "out/mine/cells"
    # The longest cell comes first; there is nothing else to wait for than its start.
    end = time.monotonic() + 300
    while not (tmp_path / "out/mine/plan.json").exists() and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(3)
    child.send_signal(signal.SIGINT)
    sent = time.monotonic()
    _, said = child.communicate(timeout=120)
    assert "KeyboardInterrupt" in said and child.returncode != 0
    assert time.monotonic() - sent < 30
    assert not list(cells.glob("*.failed.*"))
    again = pa.run(grid_file(tmp_path, methods=["na", "gpa"], seeds=[0]), tmp_path / "out", report=False)
    assert again.failures == []


def test_the_interpreter_is_free_while_a_grid_runs(tmp_path: Path) -> None:
    ticks = 0
    stop = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        pa.run(grid_file(tmp_path, seeds=[0]), tmp_path / "out", report=False)
    finally:
        stop.set()
        thread.join()
    assert ticks > 50


def test_recommend(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    items = rng.normal(size=(120, 6))
    views = {name: (items @ rng.normal(size=(6, 6)) + 0.1 * rng.normal(size=(120, 6))).astype(np.float32) for name in "abc"}
    found = pa.recommend(views, methods=["na", pa.GPA, "gcca"], budget=2, folds=3)
    assert {method["method"] for method in found.methods} == {"na", "gpa", "gcca"}
    assert found.methods[0]["score"] == max(method["score"] for method in found.methods)
    assert "gcca" in str(found.table) and "<table>" in found._repr_html_()
    assert found.method.fit(views).transform("a", views["a"]).shape[0] == 120
    alone = pa.recommend(views, methods="gcca", budget=2, folds=3)
    assert [method["method"] for method in alone.methods] == ["gcca"]


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"methods": [pa.GPA(), pa.GCCA(rank=2)]}, ValueError, r"methods\[1\] is GCCA\(rank=2\), .* also `rank`; give GCCA or"),
        ({"methods": [3]}, TypeError, r"methods\[0\] is int, expected the name of a method, such as 'gcca', or its class"),
        ({"methods": 3}, TypeError, r"methods\[0\] is int"),
        ({"methods": [{"gcca": {"rank": 2}}]}, TypeError, r"methods\[0\] is dict"),
        ({"folds": 2.5}, TypeError, "folds is float .2.5., expected an integer"),
        ({"folds": 1}, ValueError, "folds is 1, expected at least 2"),
        ({"budget": True}, TypeError, "budget is bool"),
        ({"by": 3}, TypeError, "by is int, expected str"),
        ({"views": {"a": np.ones((9, 2))}}, ValueError, "found 1 view, expected at least 2"),
    ],
)
def test_errors_of_recommend(settings: Any, error: type[Exception], text: str) -> None:
    views = {name: np.random.default_rng(ord(name)).normal(size=(30, 3)) for name in "abc"}
    with pytest.raises(error, match=text):
        pa.recommend(**{"views": views, **settings})


def test_import_loads_numpy_and_no_other_package() -> None:
    code = "import sys; before = {*sys.modules}; import polyalign as pa; print(*{*sys.modules} - before); print(*dir(pa)); pa.run"
    loaded, names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    packages = {module.partition(".")[0] for module in loaded.split()} - set(sys.stdlib_module_names)
    assert packages == {"numpy", "polyalign"}
    assert "polyalign.harness" not in loaded.split(), "what not everybody needs is loaded where it is used"
    assert {*pa.__all__, "harness", "sklearn"} <= {*names.split()}

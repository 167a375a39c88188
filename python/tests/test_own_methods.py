"""Methods written in Python, in evaluations and in grids."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyalign as pa
from conftest import ROOT
from own_methods import Bad, Rotations
from polyalign.harness import own
from polyalign.harness.run import CellWarning

HERE = Path(__file__).parent


def views(rows: int = 150, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(rows, 8))
    maps = {name: np.linalg.qr(np.random.default_rng(ord(name)).normal(size=(8, 8)))[0] for name in "abc"}
    return {name: (items @ maps[name] + 0.2 * rng.normal(size=(rows, 8))).astype(np.float32) for name in maps}


TRAIN, TEST = views(150, 0), views(60, 1)
LABELS = {"labels": np.arange(60) % 4, "train_labels": np.arange(150) % 4}


def write_grid(folder: Path, **changes: Any) -> Path:
    shutil.copy(HERE / "own_methods.py", folder / "mine.py")
    spec = {
        "name": "own",
        "data": {"synthetic": {"recipe": {"widths": [12, 12, 12], "fit_rows": 120, "test_rows": 40, "classes": 4}}},
        "methods": [
            "gpa",
            {"python": {"module": "mine", "class": "Rotations", "params": {"share": 0.5}}},
            {"python": {"as": "all_rows", "module": "mine", "class": "Rotations"}},
        ],
        "tasks": ["retrieval", {"retrieval": {"scoring": "csls"}}, "clustering", "consistency", "cycle", "drift", "probing"],
        "noise": ["none", {"permute": {"fraction": 0.3}}],
        "seeds": [0, 1],
        "primary": {"metric": "rank1", "compare": ["gpa", "all_rows"]},
        **changes,
    }
    file = folder / "grid.yaml"
    file.write_text(json.dumps(spec))
    return file


def test_an_object_is_judged_like_any_method() -> None:
    methods = [pa.GPA(), Rotations(), Rotations(share=0.3)]
    tasks = ["retrieval", "clustering", "probing", "cycle"]
    found = pa.evaluate(methods, train=TRAIN, test=TEST, **LABELS, tasks=tasks, seeds=2, n_jobs=1)
    assert found.failures == []
    difference = found.compare("rotations (share 0.3)", "gpa")
    assert difference.difference is not None and difference.low <= difference.difference <= difference.high
    columns = zip(*(found.records[name] for name in ("method", "metric", "value")))
    values = [value for method, metric, value in columns if (method, metric) == ("python", "rank1")]
    assert values and min(values) > 0.3
    assert "rotations" in str(found.table())
    # The values are those of the fit itself.
    fit = Rotations().fit(TRAIN, 0)
    unit = {name: fit.transform(name, x) for name, x in TEST.items()}
    unit = {name: x / np.linalg.norm(x, axis=1, keepdims=True) for name, x in unit.items()}
    hits = np.mean(np.argmax(unit["a"] @ unit["b"].T, axis=1) == np.arange(60))
    lines = zip(*(found.records[name] for name in ("params", "seed", "metric", "space", "source", "target", "value")))
    place = (0, "rank1", "universe", "a", "b")
    ours = [line[-1] for line in lines if '"share":1.0' in (line[0] or "") and line[1:6] == place]
    assert ours[0] == pytest.approx(hits, abs=0.021)


def test_one_thread_and_two_give_the_same(tmp_path: Path) -> None:
    both = []
    for threads in (1, 2):
        settings: dict[str, Any] = {"n_jobs": threads, "jobs": threads, "out": tmp_path / str(threads), "report": False}
        both.append(pa.evaluate([Rotations(), "gpa", "gcca"], train=TRAIN, test=TEST, seeds=3, **settings))
    for name in ("cell", "metric", "source", "target", "space"):
        assert both[0].records[name] == both[1].records[name]
    assert np.array_equal(both[0].records["value"], both[1].records["value"], equal_nan=True)


def test_a_grid_names_a_class(tmp_path: Path) -> None:
    file = write_grid(tmp_path)
    found = pa.run(file, tmp_path / "out")
    assert found.failures == []
    assert {"gpa", "python"} == {method for method in found.records["method"] if method}
    assert "all_rows" in str(found.table()) and (found.folder / "report.html").exists()
    assert "polyalign.run" in found._stored.about["command"]
    # Records can be read where the module is not.
    (tmp_path / "mine.py").unlink()
    assert pa.read_results(tmp_path / "out/own").records["value"].size == found.records["value"].size
    with pytest.raises(ValueError, match=r"grid\.yaml:1:.*no module `mine` beside the grid file"):
        pa.run(file, tmp_path / "out")


def test_every_task_of_the_smoke_grid_judges_it(tmp_path: Path) -> None:
    mine = {"python": {"module": "own_methods", "class": "Rotations"}}
    noise = ["none", {"permute": {"fraction": 0.5, "views": ["v0"]}}, {"feature": {"snr": 1}}]
    overrides = {"methods": ["gpa", mine], "noise": noise, "primary": None, "figures": None}
    found = pa.run(ROOT / "experiments/smoke.yaml", tmp_path, overrides=overrides, report=False)
    assert found.failures == []
    values = {"gpa": set(), "python": set()}  # type: dict[str, set[tuple[str, str]]]
    for method, task, metric, value in zip(*(found.records[name] for name in ("method", "task", "metric", "value"))):
        if method and np.isfinite(value):
            values[method].add((task, metric))
    # The cycle error is that of linear maps, and nobody knows whether a fit of Python is linear.
    assert values["python"] >= {one for one in values["gpa"] if one[0] in ("retrieval", "clustering", "probing", "drift")}
    missing = {**overrides, "noise": [{"missing": {"fraction": 0.3}}]}
    with pytest.warns(CellWarning, match="python needs every item in every view"):
        pa.run(ROOT / "experiments/smoke.yaml", tmp_path, overrides=missing, report=False)


def computed(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [record.getMessage() for record in caplog.records if record.name == "polyalign"]
    caplog.clear()
    return [line for line in lines if " s" in line and " on " in line]


def test_another_source_has_other_cells(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = write_grid(tmp_path, tasks=["retrieval"], noise=["none"], seeds=[0])
    with caplog.at_level("INFO", "polyalign"):
        first = pa.run(file, tmp_path / "out", report=False)
        assert len(computed(caplog)) == 3
        pa.run(file, tmp_path / "out", report=False)
        assert computed(caplog) == []
        mine = tmp_path / "mine.py"
        changed = "(x - 2 * self.means[view]) @ self.maps[view] * [[1] + [0.1] * 11]"
        mine.write_text(mine.read_text().replace("(x - self.means[view]) @ self.maps[view]", changed))
        second = pa.run(file, tmp_path / "out", report=False)
        again = computed(caplog)
    assert len(again) == 2 and not any(line.startswith("gpa") for line in again)
    assert not np.array_equal(first.records["value"], second.records["value"], equal_nan=True)


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    file = write_grid(tmp_path, seeds=[0, 1, 2, 3])
    lines = "import polyalign as pa, sys\npa.run(sys.argv[1], sys.argv[2], jobs=1, report=False)"
    child = subprocess.Popen([sys.executable, "-c", lines, file, tmp_path / "out"])
    cells = tmp_path / "out/own/cells"
    end = time.monotonic() + 300
    while len(list(cells.glob("*.parquet"))) < 6 and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    done = len([path for path in cells.glob("*.parquet") if ".scores" not in path.name and ".picture" not in path.name])
    assert done >= 1
    told: list[tuple[int, int]] = []
    resumed = pa.run(file, tmp_path / "out", report=False, progress=lambda *numbers: told.append(numbers))
    fresh = pa.run(file, tmp_path / "fresh", report=False)
    assert len(told) <= len(set(fresh.records["cell"])) - done + 1
    assert np.array_equal(resumed.records["value"], fresh.records["value"], equal_nan=True)
    assert resumed.records["cell"] == fresh.records["cell"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raise", r"ArithmeticError: nothing converged\n.*own_methods.py, line \d+, in fit: raise ArithmeticError"),
        ("none", "fit of `bad` returned None, expected an object with transform"),
        ("nan", "transform.a. gave NaN at row 0, column 0, expected finite values"),
        ("short", "transform.a. gave 59 x 8, expected 60 x 8"),
        ("flat", "the result of transform.'a', X. is 1-dimensional"),
        ("narrow", "the result of transform.'a', X. is (150|60) x 0, expected at least one column"),
        ("text", "the result of transform.'a', X. holds values of type <U1, expected real numbers"),
        ("raise in transform", "ValueError: matmul"),
    ],
)
def test_what_goes_wrong_in_python_fails_the_cell_alone(how: str, reason: str) -> None:
    with pytest.warns(CellWarning):
        found = pa.evaluate([pa.GPA(), Bad(how)], train=TRAIN, test=TEST, seeds=1)
    assert found.failures and all(re.search(reason, text, re.DOTALL) for _, text in found.failures), found.failures
    assert all("bad" in text for _, text in found.failures)
    assert any(method == "gpa" and value > 0.3 for method, value in zip(found.records["method"], found.records["value"]))


def test_objects_that_are_no_methods_are_refused() -> None:
    with pytest.raises(TypeError, match="int has no method `fit`"):
        pa.evaluate([3], train=TRAIN, test=TEST)

    class Named(Rotations):
        name = "gpa"

    with pytest.raises(ValueError, match="has the name 'gpa', which is that of GPA"):
        pa.evaluate([Named()], train=TRAIN, test=TEST)

    class Opaque(Rotations):
        def __init__(self) -> None:
            super().__init__()
            self.thing = object()

    with pytest.raises(TypeError, match="Opaque.thing is object, which has no text"):
        pa.evaluate([Opaque()], train=TRAIN, test=TEST)


def test_the_hash_of_a_class_follows_what_it_does() -> None:
    def made(factor: float, comment: str = "") -> type:
        names: dict[str, Any] = {"__name__": "a_notebook"}
        helper = f"FACTOR = {factor}\ndef help(x):\n    {comment or 'pass'}\n    return FACTOR * x\n"
        exec(helper + "class M:\n    def fit(self, views, seed):\n        return help(seed)", names)
        cls: type = names["M"]
        return cls

    assert own.fingerprint(made(2)) == own.fingerprint(made(2)) == own.fingerprint(made(2, "# nothing\n    pass"))
    assert own.fingerprint(made(2)) != own.fingerprint(made(3))


def test_the_command_line_says_where_such_a_grid_runs(runner: Path, tmp_path: Path) -> None:
    done = subprocess.run([runner, "run", write_grid(tmp_path), "--out", tmp_path / "out"], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert 'polyalign.run("grid.yaml")' in done.stderr

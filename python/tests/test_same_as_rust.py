"""Every method gives the same bits as the program `runner`: projections, translations and the file of the fit."""

from __future__ import annotations

import json
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyalign as pa
from conftest import ROOT, read_safetensors
from polyalign.params import registry

# Settings that make a method quick; the others have their defaults.
QUICK: dict[str, dict[str, Any]] = {
    "gcpa": {"training": {"released": {"epochs": 2, "steps_per_epoch": 5, "batch": 128}}},
    "add_view": {"base": {"gpa": {"solver": "accelerated"}}},
    "relative": {"anchors": 64},
    "kernel_gcca": {"landmarks": 64},
    "select": {"method": "gcca", "over": {"rank": [16, 32]}, "folds": 2},
}

# What the file of `runner fit` says of its data and program.
OTHER_ORIGIN = ("data", "data_sha256", "tool")


def run(runner: Path, *arguments: object) -> None:
    done = subprocess.run([runner, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def about(file: Path) -> dict[str, Any]:
    _, metadata, _ = read_safetensors(file)
    (entry,) = metadata.values()
    value: dict[str, Any] = json.loads(entry)
    return value


@pytest.mark.parametrize("name", list(registry()))
def test_a_method_gives_the_bits_of_the_program(name: str, runner: Path, emoji: Any, tmp_path: Path) -> None:
    train, test = emoji("train"), emoji("test")
    of_labels = read_safetensors(ROOT / "data/emoji/labels.safetensors")[0]
    labels = {label: of_labels[f"train.{label}"] for label in ("group", "subgroup")}
    theirs, ours = tmp_path / "theirs.safetensors", tmp_path / "ours.safetensors"
    params = QUICK.get(name, {})
    arguments = ["--views", ",".join(train), "--method", name, "--params", json.dumps(params), "--seed", 7, "--out", theirs]
    run(runner, "fit", "emoji", *arguments)

    method = getattr(pa, registry()[name].class_name)(**params)
    with pytest.warns(pa.FitWarning) if about(theirs)["report"].get("warnings") else nullcontext():
        method.fit(train, labels=labels, seed=7, data="emoji")
    method.save(ours)

    # The arrays are the same bytes, and so is what describes them but for the data and the program.
    a, b = about(theirs), about(ours)
    for key in OTHER_ORIGIN:
        a["origin"].pop(key), b["origin"].pop(key)
    assert b == a
    assert read_safetensors(ours)[2] == read_safetensors(theirs)[2]
    assert list(read_safetensors(ours)[0]) == list(read_safetensors(theirs)[0])

    # A file of the program that is loaded and saved again is the same file.
    loaded = pa.load(theirs)
    assert type(loaded) is type(method) and loaded.report_.seconds is None
    again = tmp_path / "again.safetensors"
    loaded.save(again)
    assert again.read_bytes() == theirs.read_bytes()

    for fitted in (method, loaded):
        for view, rows in test.items():
            if fitted.fit_.projects and name != "na":
                out = tmp_path / "z.npy"
                source = ["--input", f"data/emoji/{view}.safetensors#test", "--out", out, "--overwrite"]
                run(runner, "project", theirs, "--view", view, *source)
                assert np.array_equal(fitted.transform(view, rows), np.load(out)), view
                if fitted.width_ is not None:
                    run(runner, "project", theirs, "--view", view, *source, "--unit-variance")
                    assert np.array_equal(fitted.transform(view, rows, unit_variance=True), np.load(out)), view
        if fitted.fit_.translates:
            for source, target in (("text_en", "text_zh"), ("image_mobilenet", "text_en")):
                out = tmp_path / "t.npy"
                files = ["--input", f"data/emoji/{source}.safetensors#test", "--out", out, "--overwrite"]
                run(runner, "translate", theirs, "--from", source, "--to", target, *files)
                assert np.array_equal(fitted.translate(source, target, test[source]), np.load(out)), (source, target)


def test_an_added_view_is_the_same_as_of_the_program(runner: Path, emoji: Any, tmp_path: Path) -> None:
    train = emoji("train")
    name, narrow = "image_mobilenet", {view: train[view] for view in ("text_en", "text_zh")}
    fit = pa.GPA(solver="accelerated").fit(narrow)
    fit.save(tmp_path / "u.safetensors")
    for form in ("scaled", "orthogonal"):
        wider = pa.load(tmp_path / "u.safetensors").add_view(name, train[name], anchors=narrow, form=form)
        anchors = [part for view in narrow for part in ("--anchors", f"{view}=data/emoji/{view}.safetensors#train")]
        theirs = tmp_path / f"{form}.safetensors"
        view = f"{name}=data/emoji/{name}.safetensors#train"
        run(runner, "add-view", tmp_path / "u.safetensors", "--view", view, *anchors, "--form", form, "--out", theirs)
        wider.save(tmp_path / "ours.safetensors", overwrite=True)
        assert read_safetensors(tmp_path / "ours.safetensors")[2] == read_safetensors(theirs)[2]
        a, b = about(theirs), about(tmp_path / "ours.safetensors")
        a["origin"].pop("tool"), b["origin"].pop("tool")
        assert a == b


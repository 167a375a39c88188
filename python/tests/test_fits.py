"""Fits: what they give, their files, threads, interruption, progress, copies and errors."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyalign as pa
from conftest import Views, synthetic

# These few rows do not always let GPA converge.
pytestmark = pytest.mark.filterwarnings("ignore::polyalign.FitWarning")


def long_fit() -> tuple[pa.Aligner, Views]:
    """A fit that takes much longer than any test."""
    return pa.GCPA(training="fast", epochs=10**6, steps_per_epoch=10**6), synthetic(2000, (64, 64, 64))


def test_a_fit_has_views_a_width_and_a_report(views: Views) -> None:
    fit = pa.GPA().fit(views)
    assert fit.views_ == {"en": 12, "fr": 10, "de": 14} and fit.width_ == 14
    report = fit.report_
    assert report.stop in ("converged", "iteration_cap") and report.iterations and report.objective and report.seconds is not None
    assert report.seconds > 0 and report.maps == 3 and report.corrector is None
    assert pa.PA().fit(views).width_ is None
    corrected = pa.GCPA(epochs=1, steps_per_epoch=2).fit(views).report_
    assert corrected.corrector is not None and corrected.corrector["steps"] == 2


def test_views_are_transformed_one_by_one_or_together(views: Views) -> None:
    fit = pa.GPA()
    together = fit.fit_transform(views)
    assert list(together) == ["en", "fr", "de"]
    assert np.array_equal(together["fr"], fit.transform("fr", views["fr"]))
    assert np.array_equal(fit.transform({"fr": views["fr"]})["fr"], together["fr"])
    there = fit.translate("en", "fr", views["en"])
    assert there.shape == (200, 10)
    assert np.array_equal(fit.inverse_transform("fr", together["en"]), there)
    assert np.corrcoef(there.ravel(), views["fr"].ravel())[0, 1] > 0.8
    with pytest.raises(TypeError, match="has no rows"):
        fit.transform("en")
    with pytest.raises(TypeError, match=r"expected a name: transform\(name, X\)"):
        fit.transform(views["en"], views["en"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a mapping from names to arrays"):
        fit.transform(views["en"])  # type: ignore[arg-type]


def test_what_a_method_lacks_is_said(views: Views) -> None:
    pairwise = pa.PA().fit(views)
    for method in (pairwise, pa.CCA().fit(views), pa.LowRankAffine().fit(views)):
        text = f"{type(method).__name__} has no universe, the coordinates that all views share; translate to a view, or fit"
        with pytest.raises(TypeError, match=text):
            method.transform("en", views["en"])
        with pytest.raises(TypeError, match=text):
            method.affine_map("en")
    with pytest.raises(TypeError, match="NA cannot translate rows; fit a method that can, such as PA or GPA"):
        pa.NA().fit(views).translate("en", "fr", views["en"])
    with pytest.raises(TypeError, match="`pairwise` has no space that all views share, from which a way leads back"):
        pairwise.inverse_transform("en", views["en"])
    with pytest.raises(TypeError, match="to which another could be added"):
        pairwise.add_view("it", views["en"], anchors=views)


def test_before_a_fit_there_is_nothing(views: Views) -> None:
    method = pa.GPA()
    calls: list[Any] = [
        lambda: method.transform("en", views["en"]),
        lambda: method.translate("en", "fr", views["en"]),
        lambda: method.inverse_transform("en", views["en"]),
        lambda: method.save("u.safetensors"),
        lambda: method.add_view("it", views["en"], anchors=views),
        lambda: method.report_,
        lambda: method.views_,
    ]
    for call in calls:
        with pytest.raises(pa.NotFittedError, match="this GPA is not fitted yet") as caught:
            call()
        assert isinstance(caught.value, ValueError) and isinstance(caught.value, AttributeError)
    assert not hasattr(method, "views_") and not hasattr(method, "fit_")


def test_an_unknown_view_is_a_key_error_with_the_views_that_there_are(views: Views) -> None:
    fit = pa.GPA().fit(views)
    for call in (
        lambda: fit.transform("es", views["en"]),
        lambda: fit.translate("en", "es", views["en"]),
        lambda: fit.inverse_transform("es", views["de"]),
        lambda: fit.add_view("it", views["en"], anchors={"es": views["en"]}),
        lambda: pa.GPA().fit(views, validation={"en": views["en"]}),
    ):
        with pytest.raises(KeyError) as caught:
            call()
        assert isinstance(caught.value, pa.UnknownViewError)
        assert str(caught.value).startswith("no view `"), "no quotes around it"


def test_a_view_is_added_and_the_others_do_not_change(views: Views) -> None:
    italian = synthetic(widths=(12, 10, 14, 9))["it"]
    narrow = pa.GPA().fit(views)
    wider = copy.copy(narrow).add_view("it", italian, anchors={"en": views["en"], "de": views["de"]})
    assert list(wider.views_) == ["en", "fr", "de", "it"] and list(narrow.views_) == ["en", "fr", "de"]
    assert np.array_equal(wider.transform("en", views["en"]), narrow.transform("en", views["en"]))
    assert wider.translate("it", "en", italian).shape == (200, 12)
    with pytest.raises(ValueError, match="form is `rotated`, expected `scaled` or `orthogonal`"):
        narrow.add_view("it", italian, anchors=views, form="rotated")
    with pytest.raises(ValueError, match="view `en` is given twice"):
        narrow.add_view("en", views["en"], anchors=views)
    with pytest.raises(ValueError, match="found 0 views"):
        narrow.add_view("it", italian, anchors={})
    with pytest.warns(pa.FitWarning, match="view `it` is constant on the training rows") as caught:
        constant = copy.copy(narrow).add_view("it", italian * 0, anchors={"en": views["en"]})
    assert [str(one.message) for one in caught] == constant.report_.warnings[len(narrow.report_.warnings) :]


def test_files(views: Views, tmp_path: Path) -> None:
    fit = pa.GCPA(epochs=1, steps_per_epoch=2, tau=0.05).fit(views, seed=3)
    file = tmp_path / "u.safetensors"
    digest = fit.save(file)
    assert len(digest) == 64
    again = pa.load(str(file))
    assert isinstance(again, pa.GCPA) and again._normalised() == fit._normalised()
    assert again.report_ == type(again.report_)(**{**vars(fit.report_), "seconds": None})
    assert np.array_equal(again.transform("en", views["en"]), fit.transform("en", views["en"]))
    assert fit.fit_.to_bytes() == file.read_bytes()
    assert again.fit_.origin["seed"] == 3 and again.fit_.origin["tool"].startswith("polyalign ")
    with pytest.raises(FileExistsError, match="is there already; choose another name, or give overwrite=True"):
        fit.save(file)
    assert fit.save(file, overwrite=True) == digest
    with pytest.raises(ValueError, match="expected '.safetensors'"):
        fit.save(tmp_path / "u.npz")
    with pytest.raises(FileNotFoundError, match="no such file"):
        pa.load(tmp_path / "none.safetensors")
    with pytest.raises(OSError, match="cannot be written"):
        fit.save(file / "u.safetensors")
    damaged = bytearray(file.read_bytes())
    damaged[-1] ^= 1
    file.write_bytes(damaged)
    with pytest.raises(ValueError, match="the file is damaged, copy it again or fit anew"):
        pa.load(file)
    file.write_bytes(b"no safetensors")
    with pytest.raises(ValueError, match="u.safetensors: "):
        pa.load(file)


def test_a_fit_of_an_unknown_method_is_loaded_too(views: Views, tmp_path: Path) -> None:
    fit, file = pa.GPA().fit(views), tmp_path / "u.safetensors"
    fit.save(file)
    named = b'\\"method\\":{\\"gpa\\"'
    assert file.read_bytes().count(named) == 1
    file.write_bytes(file.read_bytes().replace(named, named.replace(b"gpa", b"xyz")))
    loaded = pa.load(file)
    assert repr(loaded) == "Loaded()"
    assert np.array_equal(loaded.transform("en", views["en"]), fit.transform("en", views["en"]))
    with pytest.raises(TypeError, match="'xyz'.*which this program does not know"):
        loaded.fit(views)


def test_coordinates_of_unit_variance(views: Views) -> None:
    fit = pa.GCCA().fit(views)
    scaled = [fit.transform(name, x, unit_variance=True) for name, x in views.items()]
    assert np.allclose(np.mean(scaled, axis=0).std(axis=0), 1, atol=1e-3)
    together = fit.transform(views, unit_variance=True)
    assert np.array_equal(together["en"], scaled[0])
    with pytest.raises(TypeError, match="no consensus of the training rows"):
        pa.NA().fit(views).transform("en", views["en"], unit_variance=True)


def test_the_seed_has_two_names(views: Views) -> None:
    def z(**settings: Any) -> Any:
        return pa.GPA().fit(views, **settings).transform("en", views["en"])

    assert np.array_equal(z(), z(seed=42)) and np.array_equal(z(seed=7), z(random_state=np.int32(7)))
    assert not np.array_equal(z(seed=7), z(seed=8))
    for make in (np.random.default_rng, np.random.RandomState):
        assert np.array_equal(z(random_state=make(1)), z(random_state=make(1)))
    for wrong, error in ((1.5, TypeError), ("7", TypeError), (True, TypeError), (-1, ValueError), (2**64, ValueError)):
        with pytest.raises(error, match="seed is"):
            z(seed=wrong)
    with pytest.raises(TypeError, match="mean the same"):
        z(seed=1, random_state=1)


def test_the_number_of_threads_changes_no_bit(views: Views) -> None:
    fits = [pa.GCPA(epochs=1, steps_per_epoch=5).fit(views, n_jobs=n).fit_.to_bytes() for n in (None, 1, 2, -1)]
    assert len(set(fits)) == 1
    with pytest.raises(ValueError, match="n_jobs is 0"):
        pa.GPA().fit(views, n_jobs=0)
    for many in (1025, 10**6, 2**70):
        with pytest.raises(ValueError, match=f"n_jobs is {many}, expected at most 1024"):
            pa.GPA().fit(views, n_jobs=many)
    for wrong in ("2", 2.0, True):
        with pytest.raises(TypeError, match=f"n_jobs is {type(wrong).__name__} .*, expected an integer"):
            pa.GPA().fit(views, n_jobs=wrong)  # type: ignore[arg-type]


def test_values_of_another_type_are_refused_with_the_name_of_the_argument(views: Views, tmp_path: Path) -> None:
    fit, x = pa.GPA().fit(views), views["en"]
    calls: list[tuple[str, Any]] = [
        ("calibrate is str .'no'., expected", lambda: pa.GPA().fit(views, calibrate="no")),  # type: ignore[arg-type]
        ("data is int, expected str", lambda: pa.GPA().fit(views, data=3)),  # type: ignore[arg-type]
        ("unit_variance is str", lambda: fit.transform("en", x, unit_variance="yes")),  # type: ignore[call-overload]
        ("source is int, expected str", lambda: fit.translate(0, "fr", x)),  # type: ignore[arg-type]
        ("target is int, expected str", lambda: fit.translate("en", 1, x)),  # type: ignore[arg-type]
        ("view is int, expected str", lambda: fit.inverse_transform(0, x)),  # type: ignore[arg-type]
        ("name is int, expected str", lambda: fit.add_view(0, x, views)),  # type: ignore[arg-type]
        ("overwrite is int .1., expected", lambda: fit.save(tmp_path / "u.safetensors", overwrite=1)),  # type: ignore[arg-type]
    ]
    for text, call in calls:
        with pytest.raises(TypeError, match=text):
            call()


def test_labels_and_validation_rows_are_taken(views: Views) -> None:
    label = np.arange(200) % 4
    want = pa.GPA().fit(views).fit_.to_bytes()
    assert pa.GPA().fit(views, label).fit_.to_bytes() == want
    assert pa.GPA().fit(views, labels={"class": label.astype(str)}, validation=views).fit_.to_bytes() == want
    with pytest.raises(ValueError, match="labels has shape .3,., expected one value for each of the 200 rows"):
        pa.GPA().fit(views, labels=[1, 2, 3])
    for nothing in (np.where(label == 1, np.nan, label), np.where(label == 1, None, "a")):  # type: ignore[call-overload]
        with pytest.raises(ValueError, match="labels holds (nan|None) at row 1, expected one value for each of the 200 rows"):
            pa.GPA().fit(views, labels=nothing)


@pytest.mark.parametrize("method", [pa.GPA(), pa.CCA(), pa.ResidualMlp(), pa.Select(over={"rank": [2]})], ids=repr)
def test_validation_rows_have_the_widths_of_the_training_rows(method: pa.Aligner, views: Views) -> None:
    with pytest.raises(ValueError, match="view `fr` of validation has 2 columns, expected 10 as in training"):
        method.fit(views, validation={**views, "fr": views["fr"][:, :2]})


def test_warnings_of_the_library_are_warnings(views: Views) -> None:
    with pytest.warns(pa.FitWarning, match="stopped at the cap of 1 iterations before it converged; raise `max_iter`"):
        fit = pa.GPA(max_iter=1).fit(views)
    assert fit.report_.stop == "iteration_cap" and len(fit.report_.warnings) == 1


def test_copies_and_pickles(views: Views) -> None:
    for method in (pa.GPA(), pa.GCPA(tau=0.05)):
        assert repr(pickle.loads(pickle.dumps(method))) == repr(method)
        assert repr(copy.deepcopy(method)) == repr(method)
    fit = pa.GCPA(epochs=1, steps_per_epoch=2).fit(views)
    for again in (pickle.loads(pickle.dumps(fit)), copy.copy(fit), copy.deepcopy(fit)):
        assert type(again) is pa.GCPA and again.report_ == fit.report_ and repr(again) == repr(fit)
        assert np.array_equal(again.transform("en", views["en"]), fit.transform("en", views["en"]))
    again = copy.deepcopy(fit)
    again.set_params(epochs=9)
    assert fit.training == {"released": {"epochs": 1, "steps_per_epoch": 2}}


def test_joblib(views: Views, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    fit = pa.GPA().fit(views)
    joblib.dump(fit, tmp_path / "fit.joblib")
    assert np.array_equal(joblib.load(tmp_path / "fit.joblib").transform("en", views["en"]), fit.transform("en", views["en"]))
    fits = joblib.Parallel(n_jobs=2)(joblib.delayed(pa.GCCA(rank=rank).fit)(views, n_jobs=1) for rank in (2, 3))
    assert [fit.width_ for fit in fits] == [2, 3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_has_threads_of_its_own(views: Views) -> None:
    fit = pa.GPA().fit(views)
    want = fit.transform("en", views["en"])
    child = os.fork()
    if child == 0:
        same = np.array_equal(fit.transform("en", views["en"]), want) and pa.GPA().fit(views).width_ == 14
        os._exit(0 if same else 1)
    for _ in range(200):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child waits for ever")
    assert os.waitstatus_to_exitcode(status) == 0


def test_other_threads_run_during_a_fit() -> None:
    method, views = long_fit()
    ended: list[BaseException] = []
    stop = threading.Event()

    def progress(done: int, total: int) -> None:
        if stop.is_set():
            raise RuntimeError("enough")

    def fit() -> None:
        try:
            method.fit(views, n_jobs=1, progress=progress)
        except RuntimeError as error:
            ended.append(error)

    threads = [threading.Thread(target=fit) for _ in range(2)]
    for thread in threads:
        thread.start()
    longest = counted = 0.0
    end = time.monotonic() + 1
    before = time.monotonic()
    while (now := time.monotonic()) < end:
        longest, counted, before = max(longest, now - before), counted + 1, now
    assert all(thread.is_alive() for thread in threads)
    stop.set()
    for thread in threads:
        thread.join(10)
    assert len(ended) == 2 and not any(thread.is_alive() for thread in threads)
    assert counted > 1000 and longest < 0.5, "the interpreter was not free"


def test_ctrl_c_ends_a_fit_within_a_second() -> None:
    code = textwrap.dedent("""
        import signal, sys, time
        # A shell that runs in the background leaves Ctrl-C to others.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.path.insert(0, sys.argv[1])
        from test_fits import long_fit
        method, views = long_fit()
        started = []
        def progress(done, total):
            if not started:
                started.append(True)
                print("started", flush=True)
        try:
            method.fit(views, progress=progress)
        except KeyboardInterrupt:
            print("stopped", hasattr(method, "fit_"), flush=True)
            time.sleep(0.2)
    """)
    child = subprocess.Popen([sys.executable, "-c", code, str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    since = time.monotonic()
    assert child.stdout.readline() == "stopped False\n"
    assert time.monotonic() - since < 1
    assert child.wait(10) == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
def test_a_fit_in_one_long_step_is_left_alone() -> None:
    """A signal is handled within a second also where a fit does not look at its cancellation."""
    rng = np.random.default_rng(0)
    views = {name: rng.normal(size=(2000, 1500)).astype("float32") for name in ("en", "fr", "de")}

    def handler(*_: object) -> None:
        raise InterruptedError("by a signal")

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        since = time.monotonic()
        with pytest.raises(InterruptedError, match="by a signal"):
            pa.GCCA().fit(views)
        assert time.monotonic() - since < 1.2
    finally:
        signal.signal(signal.SIGALRM, before)


def test_progress_is_reported_and_can_end_a_fit(views: Views) -> None:
    seen: list[tuple[int, int]] = []
    pa.GCPA(epochs=1, steps_per_epoch=300, batch=64).fit(views, progress=lambda done, total: seen.append((done, total)))
    assert seen and all(0 < done <= total for done, total in seen)

    def fail(done: int, total: int) -> None:
        raise LookupError("my own")

    method, rows = long_fit()
    since = time.monotonic()
    with pytest.raises(LookupError, match="my own"):
        method.fit(rows, progress=fail)
    assert time.monotonic() - since < 5
    with pytest.raises(TypeError, match="progress is int"):
        method.fit(rows, progress=3)  # type: ignore[arg-type]


def test_a_bar_of_tqdm_is_shown(views: Views, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    pa.GCPA(epochs=1, steps_per_epoch=300, batch=64).fit(views, progress=True)
    assert "GCPA" in capsys.readouterr().err
    pa.GPA().fit(views)
    assert capsys.readouterr().err == ""

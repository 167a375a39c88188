"""Times polyalign beside other Python packages, in one run and with the same number of threads.

    pip install . -r python/bench/requirements.txt
    python python/bench/speed.py                    # all cases, a Markdown table
    python python/bench/speed.py gcca --rounds 9    # one case

Every contender lives in a process of its own, so that no package's threads disturb another's. The contenders of a case take
turns: one call each, then the next round. The first round warms up and is not counted. The table gives medians of wall and CPU
seconds, and wall and CPU time divided by polyalign's of the first row of the case. On a machine with other work compare CPU time.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import contenders as c


class Case(NamedTuple):
    size: str
    make: Callable[[], c.Arrays]
    contenders: dict[str, tuple[str, Callable[..., tuple[c.Timed, c.Quality]]]]
    """By its text in the table: the distribution whose version is named, and the operation."""


def gpa_contenders() -> dict[str, Any]:
    return {
        "`pa.GPA(solver=\"accelerated\", tol=1e-5)`": (
            "polyalign",
            functools.partial(c.gpa_polyalign, solver="accelerated", tol=1e-5),
        ),
        "`pa.GPA()`, at most 100 sweeps": ("polyalign", c.gpa_polyalign),
        "`procrustes.generalized`, 5 rounds": ("qc-procrustes", c.gpa_procrustes),
        "torch, 20 sweeps": ("torch", c.gpa_torch),
    }


CASES = {
    "gpa": Case("M=5 N=4,000 d=128", functools.partial(c.correlated_views, 4000, 128, 5), gpa_contenders()),
    "gcca": Case(
        f"M=3 N=4,000 d=256, {c.COMPONENTS} components",
        functools.partial(c.correlated_views, 4000, 256, 3),
        {
            "`pa.GCCA(whiten=\"inverse_singular\")`": ("polyalign", c.gcca_polyalign),
            "`mvlearn.embed.GCCA`": ("mvlearn", c.gcca_mvlearn),
            "`cca_zoo.linear.GCCA`": ("cca-zoo", c.gcca_cca_zoo),
            "torch": ("torch", c.gcca_torch),
        },
    ),
    "retrieval": Case(
        "n=8,000 d=768, both directions",
        functools.partial(c.pair, 8000, 768),
        {
            "`pa.ranks(both=True)`": ("polyalign", c.retrieval_polyalign),
            "torch, ranks": ("torch", c.retrieval_torch),
            "faiss `IndexFlatIP`, nearest only": ("faiss-cpu", c.retrieval_faiss),
        },
    ),
    "kmeans": Case(
        f"n=3,000 d=384 k={c.CLUSTERS}, {c.RESTARTS} restarts of {c.STEPS} steps",
        functools.partial(c.blobs, 3000, 384, c.CLUSTERS),
        {
            "`pa.kmeans`": ("polyalign", c.kmeans_polyalign),
            "scikit-learn `KMeans`": ("scikit-learn", c.kmeans_sklearn),
            "faiss `Kmeans`": ("faiss-cpu", c.kmeans_faiss),
        },
    ),
}


def clock() -> tuple[float, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


class Worker:
    """A process that runs one contender whenever it is told to."""

    def __init__(self, case: str, contender: str, data: Path, threads: int) -> None:
        env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
        env |= dict.fromkeys(names, str(threads))
        # Threads that wait for work must not look busy to the clock of the processor.
        env |= {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0"}
        command = [sys.executable, __file__, "--worker", case, contender, str(data), "--threads", str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def __call__(self, word: str) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a contender ended with exit code {self.process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def work(case: str, contender: str, data: str, threads: int) -> None:
    """The other end of `Worker`: answers `run` with seconds, `quality` with that of the last run."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what packages print goes to the terminal
    if CASES[case].contenders[contender][0] == "torch":
        import torch

        torch.set_num_threads(threads)
    with np.load(data) as arrays:
        views = {name: arrays[name] for name in arrays.files}
    call, quality = CASES[case].contenders[contender][1](views)
    result = None
    for line in sys.stdin:
        if line.strip() == "quality":
            answer: dict[str, Any] = {"quality": quality(result)}
        else:
            before = clock()
            result = call()
            after = clock()
            answer = {"wall": after[0] - before[0], "cpu": after[1] - before[1]}
        print(json.dumps(answer), file=answers, flush=True)


def measure(name: str, rounds: int, threads: int) -> list[str]:
    """The rows of one case."""
    case = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(data, **case.make())
        workers = {contender: Worker(name, contender, data, threads) for contender in case.contenders}
        runs: dict[str, list[dict[str, Any]]] = {contender: [] for contender in workers}
        for round_ in range(rounds + 1):
            for contender, worker in workers.items():
                print(f"{name}, round {round_} of {rounds}: {contender}", file=sys.stderr)
                took = worker("run")
                if round_ > 0:
                    runs[contender].append(took)
        rows = []
        first = None
        for contender, worker in workers.items():
            quality = worker("quality")["quality"]
            worker.end()
            wall, cpu = (statistics.median(run[key] for run in runs[contender]) for key in ("wall", "cpu"))
            spread = f"{min(run['wall'] for run in runs[contender]):.3g}-{max(run['wall'] for run in runs[contender]):.3g}"
            first = first or (wall, cpu)
            ratio = f"{wall / first[0]:.3g} ({cpu / first[1]:.3g})"
            rows.append(f"| {name} | {case.size} | {contender} | {wall:.3g} ({cpu:.3g}) | {spread} | {ratio} | {quality} | {rounds} |")
    return rows


def overhead(rounds: int, threads: int) -> list[str]:
    """What the calls cost above the compiled functions: at a fit by its own clock, at a projection by a call for one row."""
    import polyalign as pa

    views = c.correlated_views(5000, 256, 3)
    lines = []
    def seconds(call: Callable[[], object], repeats: int) -> float:
        took = []
        for _ in range(repeats):
            start = time.perf_counter()
            call()
            took.append(time.perf_counter() - start)
        return statistics.median(took)

    method = pa.GPA(solver="accelerated")
    fitted = pa.GPA(solver="accelerated").fit(views)
    few = {name: x[:3, :2] for name, x in views.items()}
    tiny, whole = seconds(lambda: method.fit(few, n_jobs=threads), 100), seconds(lambda: method.fit(views, n_jobs=threads), 5)
    lines.append(
        f"- A fit of three views takes {1e3 * whole:.0f} ms at N=5,000 d=256, and {1e3 * tiny:.2f} ms at N=3 d=2: a call costs at "
        f"most {100 * tiny / whole:.1f}%."
    )
    one, all_ = views["v0"][:1], views["v0"]
    for name, call in (("transform", lambda x: fitted.transform("v0", x)), ("translate", lambda x: fitted.translate("v0", "v1", x))):
        single, whole = seconds(lambda: call(one), 300), seconds(lambda: call(all_), 30)
        lines.append(
            f"- `{name}` of 5,000 rows takes {1e3 * whole:.2f} ms, of one row {1e6 * single:.0f} µs: a call costs at most "
            f"{100 * single / whole:.2f}%."
        )
    return lines


def machine(threads: int) -> str:
    cpu = platform.processor()
    flags = ""
    if Path("/proc/cpuinfo").exists():
        text = Path("/proc/cpuinfo").read_text()
        cpu = next((line.split(": ")[1] for line in text.splitlines() if line.startswith("model name")), cpu)
        flags = ", with AVX-512" if " avx512f" in text else ", without AVX-512"
    load = os.getloadavg()[0]
    return f"{cpu}{flags}, {os.cpu_count()} cores, {threads} threads, load {load:.1f} at the start, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", nargs="*", help=f"some of {', '.join(CASES)}, overhead; all if none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(*args.worker, args.threads)
        return
    names = args.cases or [*CASES, "overhead"]
    unknown = [name for name in names if name not in CASES and name != "overhead"]
    if unknown:
        parser.error(f"no case named {', '.join(unknown)}; there are {', '.join(CASES)} and overhead")
    print(machine(args.threads))
    packages = sorted({package for case in CASES.values() for package, _ in case.contenders.values()} | {"numpy"})
    print(", ".join(f"{package} {metadata.version(package)}" for package in packages) + "\n")
    print("| case | size | contender | wall (CPU) s | wall, least to most | times polyalign's, wall (CPU) | quality | runs |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in names:
        if name != "overhead":
            print("\n".join(measure(name, args.rounds, args.threads)), flush=True)
    if "overhead" in names:
        print("\n" + "\n".join(overhead(args.rounds, args.threads)))


if __name__ == "__main__":
    main()

"""Fails if `import polyalign` costs more than the given seconds of CPU time: the least of five new interpreters, NumPy included."""

import resource
import subprocess
import sys
import time


def seconds(code: str) -> tuple[float, float]:
    """CPU and wall time of an interpreter that runs the code."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


limit = float(sys.argv[1])
runs = [seconds("import polyalign") for _ in range(6)][1:]
empty = [seconds("pass") for _ in range(5)]
cpu, wall = (min(run[at] for run in runs) - min(run[at] for run in empty) for at in (0, 1))
print(f"import polyalign: {cpu:.3f} s of CPU time, {wall:.3f} s wall")
sys.exit(f"more than {limit} s" if cpu > limit else 0)

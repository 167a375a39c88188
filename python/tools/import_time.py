"""Fails if `import polyalign` costs more than the given number of times `import numpy`.

NumPy comes with it, and a busy machine slows both alike: so the limit is a ratio, of the CPU time of new interpreters that take turns.
"""

import resource
import subprocess
import sys


def cpu_seconds(code: str) -> float:
    """CPU time of an interpreter that runs the code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


limit = float(sys.argv[1])
turns = [[cpu_seconds(code) for code in ("pass", "import numpy", "import polyalign")] for _ in range(9)]
empty, numpy, polyalign = (min(costs) for costs in zip(*turns))
ratio = (polyalign - empty) / (numpy - empty)
print(f"import polyalign: {polyalign - empty:.2f} s of CPU time, {ratio:.2f} times import numpy ({numpy - empty:.2f} s)")
sys.exit(f"more than {limit} times" if ratio > limit else 0)

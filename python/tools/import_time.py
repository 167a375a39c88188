"""Fails if `import polyalign` takes longer than the given seconds: the fastest of five new interpreters, NumPy included."""

import subprocess
import sys
import time

limit = float(sys.argv[1])
seconds = []
for _ in range(6):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import polyalign"], check=True)
    took = time.perf_counter() - start
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    seconds.append(took - (time.perf_counter() - start))
fastest = min(seconds[1:])
print(f"import polyalign: {fastest:.3f} s")
sys.exit(f"more than {limit} s" if fastest > limit else 0)

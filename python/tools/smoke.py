"""What must work with NumPy alone: fit, transform, translate, save, load."""

import sys
import tempfile
from pathlib import Path

import numpy as np

import polyalign as pa

rng = np.random.default_rng(0)
latent = rng.standard_normal((200, 8))
views = {name: latent @ np.linalg.qr(rng.standard_normal((8, 8)))[0] for name in ("a", "b", "c")}
fitted = pa.GPA(solver="accelerated").fit(views)
exact = pa.CCA().fit(views)
error = np.abs(exact.translate("a", "b", views["a"]) - views["b"]).max()
with tempfile.TemporaryDirectory() as folder:
    file = str(Path(folder) / "u.safetensors")
    fitted.save(file)
    same = np.array_equal(pa.load(file).transform("c", views["c"]), fitted.transform("c", views["c"]))
assert error < 0.02, error
assert same
print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}: fit, transform, translate, save and load")

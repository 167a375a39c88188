"""Kernel GCCA on 120 rows of the golden case A by a direct solution: kernel_gcca.safetensors and kernel_gcca.json.

    pip install numpy scipy scikit-learn safetensors
    python golden/make_kernel_gcca.py

All rows are landmarks, so nothing is drawn. The shared rows G are eigenvectors of the sum of the ridge projections of the
views' features, n x n. Projections are kept as inner products between views, and rows as they come back to a view: signs
of coordinates do not show. Made with NumPy 2.4.6, SciPy 1.17.1 and scikit-learn 1.9.1.
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.linalg import eigh, lstsq, solve
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import StandardScaler

here = pathlib.Path(__file__).parent
inputs = load_file(here / "case_A_inputs.safetensors")
train = [inputs[f"train.v{m}"][:120].astype("f8") for m in range(3)]
test = [inputs[f"test.v{m}"].astype("f8") for m in range(3)]
n, rank, ridge, bandwidth = 120, 8, 0.05, 1.5

rows, features, unseen = [], [], []
for x, y in zip(train, test):
    scaler = StandardScaler().fit(x)
    z = scaler.transform(x)
    gamma = 1 / (2 * bandwidth * z.shape[1])
    values, vectors = eigh(rbf_kernel(z, z, gamma=gamma))
    root = (vectors / np.sqrt(np.maximum(values, 1e-6 * values[-1]))) @ vectors.T
    f = rbf_kernel(z, z, gamma=gamma) @ root
    of_features = StandardScaler().fit(f)
    rows.append((scaler, z))
    features.append(of_features.transform(f))
    unseen.append(of_features.transform(rbf_kernel(scaler.transform(y), z, gamma=gamma) @ root))

regularised = [f.T @ f + ridge * n * np.eye(n) for f in features]
projections = sum(f @ solve(s, f.T, assume_a="pos") for f, s in zip(features, regularised))
values, shared = eigh(projections, subset_by_index=[n - rank, n - 1])
maps = [solve(s, f.T @ shared, assume_a="pos") for f, s in zip(features, regularised)]
consensus = sum(f @ q for f, q in zip(features, maps)) / 3
universe = [f @ q for f, q in zip(unseen, maps)]

tensors = {"inner.v0.v1": universe[0] @ universe[1].T, "inner.v2.v2": universe[2] @ universe[2].T}
for source, target in [(0, 1), (2, 0), (1, 1)]:
    scaler, z = rows[target]
    tensors[f"back.v{source}.v{target}"] = scaler.inverse_transform(universe[source] @ lstsq(consensus, z)[0])
save_file({name: x[:40, :40].astype("f4") for name, x in tensors.items()}, here / "kernel_gcca.safetensors")
figures = {"objective": float((3 - values).sum())}
(here / "kernel_gcca.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")

"""GCCA's coordinates and ways back on the golden case A by a direct solution: gcca.safetensors and gcca.json.

    pip install numpy scipy safetensors
    python golden/make_gcca.py

The shared rows G are eigenvectors of the sum of the views' ridge projections, n x n, and every map is the ridge
regression on them, so nothing is whitened. Maps are multiplied in pairs: signs of coordinates do not show.
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.linalg import eigh, lstsq, pinv, solve

here = pathlib.Path(__file__).parent
inputs = load_file(here / "case_A_inputs.safetensors")
train = [inputs[f"train.v{m}"].astype("f8") for m in range(3)]
n, rank = len(train[0]), 12
views = [(x - x.mean(0)) / (x.std(0) + 1e-8) for x in train]
tensors, figures = {}, {}

for ridge in (0.0, 0.1):
    regularised = [z.T @ z + ridge * n * np.eye(z.shape[1]) for z in views]
    projections = sum(z @ solve(s, z.T, assume_a="pos") for z, s in zip(views, regularised))
    values, shared = eigh(projections, subset_by_index=[n - rank, n - 1])
    carroll = [solve(s, z.T @ shared, assume_a="pos") for z, s in zip(views, regularised)]
    maps = {
        "carroll": carroll,
        "weights": [q / np.sqrt(values) for q in carroll],
        "unit_variance": [q / (z @ q).std(0) for z, q in zip(views, carroll)],
    }
    figures[f"objective.{ridge}"] = float((len(views) - values).sum())
    for name, q in maps.items():
        consensus = sum(z @ m for z, m in zip(views, q)) / len(views)
        ways = {
            "transpose": q[1].T,
            "pseudo_inverse": pinv(q[1]),
            "least_squares": lstsq(consensus, views[1])[0],
        }
        for way, back in ways.items():
            tensors[f"{name}.{way}.{ridge}"] = (q[0] @ back).astype("f4")

save_file(tensors, here / "gcca.safetensors")
(here / "gcca.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")

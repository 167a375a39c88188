"""Rivals on the golden case A by independent implementations: rivals.safetensors and rivals.json.

    pip install numpy scipy scikit-learn safetensors brainiak
    python golden/make_rivals.py

Made with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1, brainiak 0.12.
"""

import json
import pathlib
import sys
import types

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.linalg import eigh, orthogonal_procrustes, subspace_angles
from scipy.special import logsumexp
from scipy.stats import skew
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics.pairwise import cosine_similarity

here = pathlib.Path(__file__).parent
inputs = load_file(here / "case_A_inputs.safetensors")
expected = load_file(here / "case_A_expected.safetensors")
train = [inputs[f"train.v{m}"].astype("f8") for m in range(3)]
test = [inputs[f"test.v{m}"].astype("f8") for m in range(3)]
n = len(train[0])
tensors, figures = {}, {}


def sample(x):
    return (x - x.mean(0)) / x.std(0, ddof=1)


def population(x, by=None):
    by = x if by is None else by
    return (x - by.mean(0)) / (by.std(0) + 1e-8)


# Least squares and ridge between standardised views, no intercept.
a, b = sample(train[0]), sample(train[1])
tensors["least_squares.v0->v1"] = LinearRegression(fit_intercept=False).fit(a, b).coef_.T
tensors["ridge.v0->v1"] = Ridge(alpha=0.1 * n, fit_intercept=False, solver="svd").fit(a, b).coef_.T
# Canonical correlations are the cosines of the angles between the column spaces.
figures["canonical_correlations.v0.v1"] = sorted(np.cos(subspace_angles(a, b)).tolist(), reverse=True)
# Whiten, rotate, take the whitening back.
(ua, sa, va), (ub, sb, vb) = np.linalg.svd(a, full_matrices=False), np.linalg.svd(b, full_matrices=False)
rotation, _ = orthogonal_procrustes(ua, ub)
tensors["whitened_rotation.v0->v1"] = va.T @ np.diag(1 / sa) @ rotation @ np.diag(sb) @ vb

# Rotation and scale, each way.
rotation, trace = orthogonal_procrustes(a, b)
tensors["similarity.v0->v1"] = rotation * trace / (a**2).sum()
tensors["similarity.v1->v0"] = rotation.T * trace / (b**2).sum()

# Everything into view 1.
z = [population(x) for x in train]
tensors["pivot.v0"], trace0 = orthogonal_procrustes(z[0], z[1])
tensors["pivot.v2"], trace2 = orthogonal_procrustes(z[2], z[1])
figures["pivot.objective"] = trace0 + trace2


def gpa(views, starts=20, sweeps=2000):
    """Lowest sum of squares to the mean over random starts."""
    best, generator = np.inf, np.random.default_rng(1)
    for _ in range(starts):
        maps = [np.linalg.qr(generator.standard_normal((v.shape[1],) * 2))[0] for v in views]
        last = np.inf
        for _ in range(sweeps):
            for m, v in enumerate(views):
                others = sum(views[j] @ maps[j] for j in range(len(views)) if j != m)
                maps[m], _ = orthogonal_procrustes(v, others)
            moved = [v @ r for v, r in zip(views, maps)]
            mean = sum(moved) / len(moved)
            now = sum(((u - mean) ** 2).sum() for u in moved)
            if last - now < 1e-10 * now:
                break
            last = now
        best = min(best, now)
    return best


for shrinkage in (0.0, 0.5):
    whitened = []
    for v in z:
        values, vectors = np.linalg.eigh((1 - shrinkage) * v.T @ v / n + shrinkage * np.eye(v.shape[1]))
        whitened.append(v @ vectors @ np.diag(values**-0.5) @ vectors.T)
    figures[f"sumcor.objective.{shrinkage}"] = gpa(whitened)

# GPA on rows: views with scales, views and rows with weights; `row_weights` of the residuals in units of a row's length.
def rows_gpa(views, view_weights, scaled=False, row_weights=None, starts=10, sweeps=3000):
    best, generator = (np.inf,), np.random.default_rng(3)
    energies = np.array([w * (v**2).sum() for w, v in zip(view_weights, views)])
    for _ in range(starts):
        maps = [np.linalg.qr(generator.standard_normal((v.shape[1],) * 2))[0] for v in views]
        scales, last = np.ones(len(views)), np.inf
        w = np.tile(np.array(view_weights, "f8")[:, None], (1, len(views[0])))
        for sweep in range(sweeps):
            moved = [s * v @ r for s, v, r in zip(scales, views, maps)]
            for m, v in enumerate(views):
                others = sum(w[j][:, None] * moved[j] for j in range(len(views)) if j != m)
                maps[m], _ = orthogonal_procrustes((w[m] / w.sum(0))[:, None] * v, others)
                moved[m] = scales[m] * v @ maps[m]
            if scaled:
                u = [v @ r for v, r in zip(views, maps)]
                inner = np.array([[np.sum((x * wx[:, None]) * (y * wy[:, None]) / w.sum(0)[:, None])
                                   for y, wy in zip(u, w)] for x, wx in zip(u, w)])
                _, vectors = eigh(inner, np.diag(energies))
                scales = np.abs(vectors[:, -1]) * np.sqrt(energies.sum())
                moved = [s * x for s, x in zip(scales, u)]
            mean = sum(wm[:, None] * u for wm, u in zip(w, moved)) / w.sum(0)[:, None]
            gaps = [np.linalg.norm(u - mean, axis=1) for u in moved]
            if row_weights is None:
                now = sum((wm * gap**2).sum() for wm, gap in zip(w, gaps))
            else:
                lengths = [np.linalg.norm(v, axis=1) for v in views]
                losses, counts = zip(*(row_weights(gap / length) for gap, length in zip(gaps, lengths)))
                now = sum((v * length**2 * loss).sum() for v, length, loss in zip(view_weights, lengths, losses))
                # Ordinary GPA comes first.
                if sweep >= 300:
                    w = np.array([v * count for v, count in zip(view_weights, counts)])
            if sweep > 400 and last - now < 1e-11 * now:
                break
            last = now
        best = min(best, (now, scales.tolist()))
    return best


def huber(k):
    return lambda x: (np.where(x <= k, x**2, 2 * k * x - k**2), np.minimum(1, k / x))


def tukey(k, rest=1e-3):
    kept = lambda x: np.clip(1 - (x / k) ** 2, 0, None)
    return lambda x: ((1 - rest) * k**2 / 3 * (1 - kept(x) ** 3) + rest * x**2, (1 - rest) * kept(x) ** 2 + rest)


figures["gpa.scaled.objective"], figures["gpa.scaled.scales"] = rows_gpa(z, [1, 1, 1], scaled=True)
figures["gpa.weighted.objective"] = rows_gpa(z, [2, 1, 0.5])[0] * 3 / 3.5
cross = [[np.linalg.norm(x.T @ y) ** 2 for y in z] for x in z]
rv = np.array([[cross[i][j] / np.sqrt(cross[i][i] * cross[j][j]) for j in range(3)] for i in range(3)])
weights = np.abs(np.linalg.eigh(rv)[1][:, -1])
figures["gpa.agreement.objective"] = rows_gpa(z, 3 * weights / weights.sum())[0]
# A quarter of view 0's rows belong to the item before.
wrong = [np.concatenate([np.roll(z[0][:100], 1, axis=0), z[0][100:]]), z[1], z[2]]
figures["gpa.huber.objective.0.4"] = rows_gpa(wrong, [1, 1, 1], row_weights=huber(0.4))[0]
figures["gpa.tukey.objective.1.0"] = rows_gpa(wrong, [1, 1, 1], row_weights=tukey(1.0))[0]

# Cosines to all training items; the way back from the views' mean, and by the view's own pseudo-inverse.
own = [cosine_similarity(v) for v in z]
seen = [cosine_similarity(population(x, by), v) for x, by, v in zip(test, train, z)]
tensors["relative.cosines.v0.v1"] = cosine_similarity(seen[0], seen[1])[:20, :20]
units = z[1] / np.linalg.norm(z[1], axis=1, keepdims=True)
back, *_ = np.linalg.lstsq(sum(own) / 3, units, rcond=1e-5)
length = np.sqrt((z[1] ** 2).sum(1).mean())
tensors["relative.least_squares.v0->v1"] = length * (seen[0] @ back)[:20]
tensors["relative.pseudo_inverse.v0->v1"] = length * (seen[0] @ np.linalg.pinv(units.T))[:20]

# One process needs no MPI, which brainiak imports all the same.
alone = types.SimpleNamespace(allreduce=lambda value, op: value, Get_rank=lambda: 0, Get_size=lambda: 1)
sys.modules.setdefault("mpi4py", types.SimpleNamespace(MPI=types.SimpleNamespace(COMM_SELF=alone, SUM=None)))
from brainiak.funcalign.srm import DetSRM  # noqa: E402

losses = []
for seed in range(10):
    model = DetSRM(n_iter=300, features=8, rand_seed=seed)
    model.fit([v.T for v in z])
    losses.append(sum(((v.T - w @ model.s_) ** 2).sum() for v, w in zip(z, model.w_)))
figures["srm.objective.8"] = [min(losses), max(losses)]

# A linear corrector on GCCA's universe: the maps are the authors', the rest follows from its definition.
maps = [expected[f"gcca.Q.v{m}"].astype("f8") for m in range(3)]
unit = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
u = [unit(v @ q) for v, q in zip(z, maps)]
consensus = unit(sum(u) / 3)
width = u[0].shape[1]
stacked, targets = np.vstack(u), np.vstack([consensus] * 3)
model = Ridge(alpha=0.1 * len(stacked) / width, fit_intercept=False, solver="svd").fit(stacked, targets)
corrected = [unit(population(x, by) @ q @ model.coef_.T) for x, by, q in zip(test, train, maps)]
tensors["consensus_ridge.cosines.v0.v1"] = corrected[0][:20] @ corrected[1][:20].T
figures["consensus_ridge.objective"] = float(((model.predict(stacked) - targets) ** 2).sum())

# Corrections for hubs, on rows with a common direction.
generator = np.random.default_rng(2)
common = generator.standard_normal(8)
queries = unit(generator.standard_normal((60, 8)) + common)
gallery = unit(queries + 0.6 * generator.standard_normal((60, 8)) + 0.5 * common)
s = queries @ gallery.T
neighbours = lambda m, k: np.sort(m, axis=1)[:, -k:].mean(1)
scores = {
    "cosine": s,
    "csls": 2 * s - neighbours(s, 10)[:, None] - neighbours(s.T, 10)[None],
    "inverted_softmax": 30 * s - logsumexp(30 * s, axis=0)[None],
}
tensors["hubs.queries"], tensors["hubs.gallery"] = queries, gallery
for name, score in scores.items():
    rank = lambda m: (1 + (m > np.diag(m)[:, None]).sum(1)).tolist()
    figures[f"hubs.{name}.ranks"] = rank(score)
    top = np.argsort(-score, axis=1)[:, :10]
    occurrences = np.bincount(top.ravel(), minlength=60)
    figures[f"hubs.{name}.skewness"] = float(skew(occurrences))
    figures[f"hubs.{name}.anti_hubs"] = float((occurrences == 0).mean())
both = np.maximum(figures["hubs.cosine.ranks"], 1 + (s.T > np.diag(s)[:, None]).sum(1))
figures["hubs.mutual.ranks"] = both.tolist()

save_file({name: np.ascontiguousarray(t, "f4") for name, t in tensors.items()}, here / "rivals.safetensors")
(here / "rivals.json").write_text(json.dumps(figures, indent=1) + "\n")

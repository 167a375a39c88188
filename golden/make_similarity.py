"""The similarity panel on small views by independent implementations: similarity.safetensors and similarity.json.

    pip install numpy scipy scikit-learn safetensors
    python golden/make_similarity.py

Made with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1. The formulas are not the ones the project computes by: HSIC in its
trace form, where the project centres Gram matrices; principal angles between explicit subspaces; SciPy's Procrustes.
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import save_file
from scipy.linalg import orthogonal_procrustes, subspace_angles
from scipy.spatial.distance import pdist
from scipy.stats import entropy, spearmanr
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

here = pathlib.Path(__file__).parent
N, K, VARIANCE = 60, 10, 0.99
generator = np.random.default_rng(7)


def hsic(k, l):
    """Unbiased HSIC of Song et al., JMLR 13 (2012), equation 5."""
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    product = k @ l
    return (np.trace(product) + k.sum() * l.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * product.sum()) / (n * (n - 3))


def cka(x, y):
    k, l = x @ x.T, y @ y.T
    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


def mutual_knn(x, y):
    def sets(v):
        found = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute").fit(v).kneighbors(return_distance=False)
        return [set(row) for row in found]

    return np.mean([len(a & b) / K for a, b in zip(sets(x), sets(y))])


def rsa(x, y):
    return spearmanr(pdist(x, "cosine"), pdist(y, "cosine")).statistic


def svcca(x, y):
    a, b = (PCA(n_components=VARIANCE, svd_solver="full").fit_transform(v) for v in (x, y))
    return np.cos(subspace_angles(a, b)).sum() / min(a.shape[1], b.shape[1])


def procrustes(x, y):
    x, y = (v - v.mean(0) for v in (x, y))
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(v / np.linalg.norm(v), ((0, 0), (0, width - v.shape[1]))) for v in (x, y))
    return 1 - orthogonal_procrustes(x, y)[1]


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def uniformity(x):
    return np.log(np.exp(-2 * pdist(unit(x), "sqeuclidean")).mean())


def effective_rank(x):
    return np.exp(entropy(np.linalg.svd(x - x.mean(0), compute_uv=False)))


latent = generator.normal(size=(N, 4)) * [2.0, 1.5, 1.0, 0.7]
noise = lambda width: 0.5 * generator.normal(size=(N, width))
views = {
    "a": latent @ generator.normal(size=(4, 9)) + noise(9) + 0.6,
    "b": np.tanh(latent @ generator.normal(size=(4, 6))) + noise(6) - 0.3,
    "c": generator.normal(size=(N, 9)) + 0.2,
}
views = {name: view.astype("f4") for name, view in views.items()}
save_file(views, here / "similarity.safetensors")
wide = {name: view.astype("f8") for name, view in views.items()}
figures = {}
for s, t in [("a", "b"), ("a", "c"), ("b", "c")]:
    x, y = wide[s], wide[t]
    for measure in (cka, mutual_knn, rsa, svcca, procrustes):
        figures[f"{measure.__name__}.{s}.{t}"] = float(measure(x, y))
x, y = unit(wide["a"]), unit(wide["c"])
figures["alignment.a.c"] = float((np.linalg.norm(x - y, axis=1) ** 2).mean())
figures["modality_gap.a.c"] = float(np.linalg.norm(x.mean(0) - y.mean(0)))
for name, view in wide.items():
    figures[f"uniformity.{name}"] = float(uniformity(view))
    figures[f"effective_rank.{name}"] = float(effective_rank(view))
# Delete-one jackknife of the debiased CKA: its standard error over items.
left = np.array([cka(np.delete(wide["a"], i, 0), np.delete(wide["b"], i, 0)) for i in range(N)])
figures["cka_standard_error.a.b"] = float(np.sqrt((N - 1) / N * ((left - left.mean()) ** 2).sum()))
(here / "similarity.json").write_text(json.dumps(figures, indent=1) + "\n")

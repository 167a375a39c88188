"""The optimum of an L2-regularised logistic regression by SciPy and scikit-learn: classifier.safetensors and classifier.json.

    pip install numpy scipy scikit-learn safetensors
    python golden/make_classifier.py

Made with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1. Fewer rows than columns, and columns whose spread falls by j^-1.5: a
gradient a ten-thousandth as long as at the start is far from the optimum here. SciPy's trust-region Newton method with the
Hessian gives the least objective, scikit-learn's Newton-CG the accuracy of the same classifier.
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import save_file
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression

here = pathlib.Path(__file__).parent
N, D, K, L2 = 60, 200, 3, 1e-3
generator = np.random.default_rng(15)
spread = (1.0 + np.arange(D)) ** -1.5
centres = generator.normal(size=(K, D)) * 1.5


def draw(n):
    codes = np.arange(n) % K
    rows = (0.35 * centres[codes] + generator.normal(size=(n, D))) * spread + 0.4
    return rows.astype("f4"), codes.astype("i8")


x, codes = draw(N)
test, test_codes = draw(N)
rms = np.sqrt((x.astype("f8") ** 2).mean())
z = np.hstack([x.astype("f8") / rms, np.ones((N, 1))])
penalty = np.vstack([np.full((D, K), L2), np.zeros((1, K))])
truth = np.eye(K)[codes]


def objective(v):
    w = v.reshape(D + 1, K)
    logits = z @ w
    loss = (logsumexp(logits, axis=1) - logits[np.arange(N), codes]).mean()
    gradient = z.T @ (softmax(logits, axis=1) - truth) / N + penalty * w
    return loss + 0.5 * (penalty * w * w).sum(), gradient.ravel()


def hessian(v, direction):
    w, u = v.reshape(D + 1, K), direction.reshape(D + 1, K)
    p, zu = softmax(z @ w, axis=1), z @ u
    return (z.T @ (p * (zu - (p * zu).sum(1, keepdims=True))) / N + penalty * u).ravel()


start = np.zeros((D + 1) * K)
found = minimize(objective, start, jac=True, hessp=hessian, method="trust-krylov", options={"gtol": 1e-12, "maxiter": 5000})
model = LogisticRegression(C=1 / (L2 * N), solver="newton-cg", tol=1e-12, max_iter=10_000).fit(z[:, :D], codes)
fitted = np.vstack([model.coef_.T, model.intercept_])
print("SciPy", found.fun, np.linalg.norm(found.jac), "scikit-learn", objective(fitted.ravel())[0])
figures = {
    "l2": L2,
    "objective": float(found.fun),
    "accuracy": float((model.predict(test / rms) == test_codes).mean()),
}
save_file({"x": x, "codes": codes, "test": test, "test_codes": test_codes}, here / "classifier.safetensors")
(here / "classifier.json").write_text(json.dumps(figures, indent=1) + "\n")

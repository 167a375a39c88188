"""Corrections for hubs with a bank, weighted similarity and interpolated queries on the golden case A: banks.json.

    pip install numpy scipy safetensors POT
    python golden/make_banks.py

Made with numpy 2.4.6, scipy 1.17.1, POT 0.9.7.post1. The universe is the authors' GPA of case A.
"""

import json
import pathlib

import numpy as np
import ot
from safetensors.numpy import load_file
from scipy.special import logsumexp
from scipy.stats import skew

here = pathlib.Path(__file__).parent
inputs = load_file(here / "case_A_inputs.safetensors")
expected = load_file(here / "case_A_expected.safetensors")
VIEWS, TIE = range(3), 1e-6
train = [inputs[f"train.v{m}"].astype("f8") for m in VIEWS]
test = [inputs[f"test.v{m}"].astype("f8") for m in VIEWS]
figures = {}


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def standardised(x, by):
    return (x - by.mean(0)) / by.std(0)


def ranks(score):
    return (score >= np.diag(score)[:, None] - TIE).sum(1).tolist()


def sinkhorn(bank, gallery, beside, beta=100.0, iterations=10):
    """Candidates are the rows of the plan, as in the authors' code."""
    s = np.vstack([gallery, beside]) @ bank.T
    rows, columns = (np.full(size, 1 / size) for size in s.shape)
    _, log = ot.sinkhorn(rows, columns, 1 - s, reg=1 / beta, numItermax=iterations, stopThr=0, warn=False, log=True)
    return -np.log(log["u"][: len(gallery)]) / beta


def penalties(bank, gallery, beside):
    s = bank @ gallery.T
    return {
        "csls": np.sort(s, axis=0)[-10:].mean(0) / 2,
        "inverted_softmax": logsumexp(30 * s, axis=0) / 30,
        "sinkhorn": sinkhorn(bank, gallery, beside),
    }


def scores(queries, gallery, bank, beside):
    """The cosine corrected by every bank: the queries themselves, or training rows."""
    s = queries @ gallery.T
    found = {}
    nothing = gallery[:0]
    for name, p in penalties(queries, gallery, nothing).items():
        found[f"{name}.test"] = s - p
    for name, p in penalties(bank, gallery, beside).items():
        found[f"{name}.train"] = s - p
    hubs = np.unique((bank @ gallery.T).argmax(1))
    reached = np.isin(s.argmax(1), hubs)
    found["dynamic.train"] = np.where(reached[:, None], found["inverted_softmax.train"], s)
    figures.setdefault("reached", []).append(int(reached.sum()))
    return found


def slerp(own, end, t):
    angle = np.arccos(np.clip((own * end).sum(1), -1, 1))[:, None]
    return (np.sin((1 - t) * angle) * own + np.sin(t * angle) * end) / np.sin(angle)


def towards_consensus(rows, s, target, t):
    return slerp(rows[s], unit(sum(rows[m] for m in VIEWS if m != target)), t)


def correlations(a, b):
    return np.clip([np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(a.shape[1])], 0, None)


z_train = [standardised(x, x) for x in train]
z_test = [standardised(x, by) for x, by in zip(test, train)]
maps = [expected[f"gpa.R.v{m}"].astype("f8") for m in VIEWS]
u_train = [z @ r for z, r in zip(z_train, maps)]
u_test = [z @ r for z, r in zip(z_test, maps)]
_, axes = np.linalg.eigh(np.cov(sum(u_train).T / 3))
for a in VIEWS:
    for b in VIEWS:
        if a == b:
            continue
        queries, gallery, bank, beside = unit(u_test[a]), unit(u_test[b]), unit(u_train[a]), unit(u_train[b])
        for name, score in scores(queries, gallery, bank, beside).items():
            figures[f"universe.v{a}->v{b}.{name}"] = ranks(score)
            if name == "csls.train":
                top = np.argsort(-score, axis=1)[:, :10]
                occurrences = np.bincount(top.ravel(), minlength=len(gallery))
                figures[f"universe.v{a}->v{b}.skewness"] = float(skew(occurrences))
                figures[f"universe.v{a}->v{b}.anti_hubs"] = float((occurrences == 0).mean())
        rho = correlations(u_train[a] @ axes, u_train[b] @ axes)
        weighted = lambda x: x @ axes * np.sqrt(rho)
        figures[f"universe.v{a}->v{b}.weighted"] = ranks(weighted(queries) @ weighted(gallery).T)
        all_test, all_train = [unit(u) for u in u_test], [unit(u) for u in u_train]
        moved, moved_bank = (towards_consensus(rows, a, b, 0.3) for rows in (all_test, all_train))
        figures[f"universe.v{a}->v{b}.slerp"] = ranks(moved @ gallery.T)
        consensus = towards_consensus(all_test, a, b, 1.0)
        figures[f"universe.v{a}->v{b}.consensus"] = ranks(consensus @ gallery.T)
        moved, moved_bank, against = weighted(moved), weighted(moved_bank), weighted(gallery)
        neighbours = np.sort(moved_bank @ against.T, axis=0)[-10:].mean(0) / 2
        figures[f"universe.v{a}->v{b}.all"] = ranks(moved @ against.T - neighbours)

# CSA of two views: canonical variates of length 1, weighted by the canonical correlations.
(qa, ra), (qb, rb) = np.linalg.qr(z_train[0]), np.linalg.qr(z_train[1])
left, rho, right = np.linalg.svd(qa.T @ qb)
for rank in (8, 24):
    variates = [
        unit(z_test[0] @ np.linalg.solve(ra, left[:, :rank])),
        unit(z_test[1] @ np.linalg.solve(rb, right[:rank].T)),
    ]
    figures[f"csa.{rank}.v0->v1"] = ranks(variates[0] * rho[:rank] @ variates[1].T)
    figures[f"csa.{rank}.v1->v0"] = ranks((variates[0] * rho[:rank] @ variates[1].T).T)

lines = (f" {json.dumps(name)}: {json.dumps(value)}" for name, value in figures.items())
(here / "banks.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")

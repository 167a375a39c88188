"""Searches of an index, their judgements and maps between encoders by independent implementations: upgrade.safetensors and
upgrade.json.

    pip install numpy safetensors pytrec-eval-terrier
    python golden/make_upgrade.py

Made with numpy 2.4.6, safetensors 0.8.0, pytrec-eval-terrier 0.5.11. Rankings are computed in f64 and given to trec_eval by
rank, so that it has no ties to break. `reference` holds the figures of data/scifact5/README.md, which another script made.
"""

import json
import pathlib
import re

import numpy as np
import pytrec_eval
from safetensors.numpy import load_file, save_file

here = pathlib.Path(__file__).parent
data = here.parent / "data" / "scifact5"


def unit(x):
    x = x.astype("f8")
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def ranked(queries, documents, k=10):
    scores = unit(queries) @ unit(documents).T
    rows = np.arange(scores.shape[1])
    return [np.lexsort((rows, -row))[:k] for row in scores]


def judged(lists, qrels):
    """nDCG@10, Recall@10 and MRR@10 of every query by trec_eval."""
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "recall.10", "recip_rank"})
    run = {f"q{q}": {f"d{d}": float(len(row) - at) for at, d in enumerate(row)} for q, row in enumerate(lists)}
    found = evaluator.evaluate(run)
    get = lambda key: [found[f"q{q}"][key] if f"q{q}" in found else None for q in range(len(lists))]
    return {"ndcg10": get("ndcg_cut_10"), "recall10": get("recall_10"), "mrr10": get("recip_rank")}


figures, tensors = {}, {}

# SciFact: every encoder's own retrieval, naive, and maps from 500 pairs.
encoders = sorted(path.stem for path in data.glob("*.safetensors") if path.stem != "items")
loaded = {name: load_file(data / f"{name}.safetensors") for name in encoders}
for split in ["test", "train"]:
    qrels = {}
    for line in (data / f"qrels_{split}.tsv").read_text().splitlines()[1:]:
        query, document, relevance = line.split("\t")
        qrels.setdefault(f"q{query}", {})[f"d{document}"] = int(relevance)
    own = {name: judged(ranked(x[f"{split}_queries"], x["docs"]), qrels) for name, x in loaded.items()}
    if split == "test":
        figures["scifact5"] = own

# Graded relevance, queries without a relevant document, more relevant documents than places.
rng = np.random.default_rng(23)
n, q, pairs = 300, 60, 120
latent = rng.standard_normal((n + q, 6))
views = {}
for name, width in [("old", 12), ("new", 16), ("twin", 12)]:
    x = latent @ rng.standard_normal((6, width)) + 0.4 * rng.standard_normal((n + q, width)) + 0.3
    views[name] = x.astype("f4")
    tensors[f"documents.{name}"], tensors[f"queries.{name}"] = views[name][:n], views[name][n:]
near = unit(latent[n:]) @ unit(latent[:n]).T + 0.15 * rng.standard_normal((q, n))
lines = []
for query in range(q):
    count = [0, 1, 3, 8, 25][query % 5]
    order = np.argsort(-near[query])[: count + 2]
    grades = [int(rng.integers(1, 4)) for _ in range(count)] + [0, -1]
    lines += [(query, int(document), grade) for document, grade in zip(order, grades)]
tensors["judgements"] = np.array(lines, dtype="i8")
qrels = {}
for query, document, grade in lines:
    qrels.setdefault(f"q{query}", {})[f"d{document}"] = grade
answered = {f"q{query}" for query, _, grade in lines if grade > 0}


def regression(x, y, ridge, rank=None, centre=True):
    """Reduced-rank ridge regression by an augmented least-squares problem and an SVD of its fit."""
    means = (x.mean(0), y.mean(0)) if centre else (0 * x[0], 0 * y[0])
    a, b = x - means[0], y - means[1]
    penalty = np.sqrt(ridge * (x * x).sum(1).mean())
    a = np.vstack([a, penalty * np.eye(a.shape[1])])
    b = np.vstack([b, np.zeros((x.shape[1], b.shape[1]))])
    w = np.linalg.lstsq(a, b, rcond=None)[0]
    if rank is not None:
        v = np.linalg.svd(a @ w, full_matrices=False)[2][:rank]
        w = w @ v.T @ v
    return lambda q: (q - means[0]) @ w + means[1]


def procrustes(x, y, centre):
    means = (x.mean(0), y.mean(0)) if centre else (0 * x[0], 0 * y[0])
    u, _, v = np.linalg.svd((x - means[0]).T @ (y - means[1]), full_matrices=False)
    return lambda q: (q - means[0]) @ (u @ v) + means[1]


graded = {"pairs": pairs}
old, new = (views[name].astype("f8") for name in ("old", "new"))
x, y = new[:pairs], old[:pairs]
maps = {
    "pairwise_none": procrustes(x, y, False),
    "pairwise_centre": procrustes(x, y, True),
    "low_rank_full": regression(x, y, 0.3),
    "low_rank_none": regression(x, y, 0.3, centre=False),
    "low_rank_4": regression(x, y, 0.05, rank=4),
    "low_rank_unpenalised": regression(x, y, 0.0, rank=3),
}
for name, f in maps.items():
    mapped = f(new[n:])
    tensors[f"mapped.{name}"] = mapped.astype("f4")
    graded[name] = judged(ranked(mapped, old[:n]), qrels)
graded["stay"] = judged(ranked(old[n:], old[:n]), qrels)
graded["reembed"] = judged(ranked(new[n:], new[:n]), qrels)
graded["naive_twin"] = judged(ranked(views["twin"][n:], old[:n]), qrels)


def slerp(a, b, t):
    a, b = unit(a), unit(b)
    angle = np.arccos((a * b).sum(1, keepdims=True))
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


f = maps["pairwise_centre"]
graded["slerp_0.3"] = judged(ranked(slerp(f(new[n:]), old[n:], 0.3), old[:n]), qrels)
# The share that the pairs choose: their neighbours among the other pairs, as the new model itself finds them.
others = lambda q, d: [[j for j in row if j != i][:10] for i, row in enumerate(ranked(q, d, 11))]
a, b = old[:pairs], views["twin"][:pairs].astype("f8")
f, wanted = regression(a, b, 0.3, rank=4), others(a, a)
overlap = lambda t: sum(len(set(x) & set(y)) for x, y in zip(others(slerp(f(a), b, t) if t else f(a), b), wanted))
graded["slerp_chosen"] = max((step / 10 for step in range(11)), key=lambda t: (overlap(t), -t))
# trec_eval counts queries without a relevant document as 0; here they have no value.
for values in graded.values():
    if isinstance(values, dict):
        for key, list_ in values.items():
            values[key] = [value if f"q{at}" in answered else None for at, value in enumerate(list_)]
figures["graded"] = graded

# The tables of the data's page.
page = (data / "README.md").read_text()
rows = lambda part: [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in part.splitlines() if line.startswith("| ")][1:]
section = lambda title: page.split(f"### {title}\n")[1].split("\n### ")[0].split("\n## ")[0]
reference = {}
for split in ["test", "train"]:
    table = rows(section(f"SciFact {split}: own retrieval"))
    reference[split] = {row[0]: {"ndcg10": float(row[2]), "recall10": float(row[4])} for row in table}
upgrades = []
for row in rows(section("SciFact test: upgrades, nDCG@10 (share of a full re-embedding)")):
    before, after = row[0].split(" -> ")
    values = [None if cell == "-" else float(re.match(r"[\d.]+", cell).group()) for cell in row[1:]]
    keys = ["stay", "reembed", "naive", "P 500", "P all", "R 500", "R all", "P 500 c", "P all c", "R 500 c", "R all c"]
    upgrades.append({"old": before, "new": after, **dict(zip(keys, values))})
reference["upgrades"] = upgrades
figures["reference"] = reference

save_file(tensors, here / "upgrade.safetensors")
(here / "upgrade.json").write_text(json.dumps(figures, separators=(",", ":")) + "\n")

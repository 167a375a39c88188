"""Retrieval with several right answers by scikit-learn and by hand: answers.safetensors and answers.json.

    pip install numpy scikit-learn safetensors
    python golden/make_answers.py

Made with numpy 2.4.6, scikit-learn 1.9.1. `plain`: queries and a gallery of their own classes without ties; average precision
and nDCG@10 are scikit-learn's, ranks are positions in a sort. `tied`: gallery rows that are copies of others, some of the
same class and some of another; everything by hand, a wrong copy in front of a right one. Queries whose class the gallery
lacks are NaN (null). `captions`: texts and pictures, of which one has three to seven texts; every picture is asked and listed
once.
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import save_file
from sklearn.metrics import average_precision_score, ndcg_score

here = pathlib.Path(__file__).parent
generator = np.random.default_rng(20)
TIE = 1e-6


def unit(rows):
    rows = rows.astype("f4")
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_hand(scores, right):
    """Rank of the first right answer, average precision, nDCG@10: wrong candidates first among equals."""
    if not right.any():
        return None
    order = sorted(range(len(scores)), key=lambda j: -(scores[j] + (0 if right[j] else 2 * TIE)))
    hits = np.array([right[j] for j in order])
    ranks = 1 + np.flatnonzero(hits)
    precision = np.mean([(k + 1) / rank for k, rank in enumerate(ranks)])
    discount = 1 / np.log2(2 + np.arange(10))
    gain = (hits[:10] * discount[: len(hits[:10])]).sum()
    return int(ranks[0]), float(precision), float(gain / discount[: min(10, right.sum())].sum())


def clear(query, gallery):
    """Whether no two candidates are so near a tie that rounding could decide, copies apart."""
    gaps = np.diff(np.sort(gallery.astype("f8") @ query.astype("f8")))
    return gaps[gaps > 1e-12].min() > 3 * TIE


def table(queries, gallery, query_classes, gallery_classes, check):
    scores = queries.astype("f8") @ gallery.astype("f8").T
    found = []
    for row, query_class in zip(scores, query_classes):
        right = gallery_classes == query_class
        one = by_hand(row, right)
        if check and one is not None:
            assert np.abs(row[right][:, None] - row[~right]).min() > 2 * TIE, "rounding could decide"
            precision = average_precision_score(right, row)
            # Scores of nDCG must not be negative.
            ndcg = ndcg_score(right[None].astype(float), row[None] + 1, k=10)
            assert abs(one[1] - precision) < 1e-12 and abs(one[2] - ndcg) < 1e-12
            one = one[0], float(precision), float(ndcg)
        found.append(one or (None, None, None))
    return {key: [one[i] for one in found] for i, key in enumerate(["rank", "average_precision", "ndcg10"])}


def summary(found):
    ranks = np.array([rank for rank in found["rank"] if rank is not None])
    mean = lambda key: float(np.mean([value for value in found[key] if value is not None]))
    shares = {f"rank{k}": float((ranks <= k).mean()) for k in (1, 5, 10)}
    return {**shares, "mrr": float((1 / ranks).mean()), "map": mean("average_precision"), "ndcg10": mean("ndcg10"), "n": len(ranks)}


tensors, figures = {}, {}

# Classes of 1 to 30 candidates; class 9 has queries and no candidate.
query_classes = generator.integers(0, 10, 70)
gallery_classes = np.repeat(np.arange(9), [1, 2, 3, 5, 8, 12, 15, 24, 30])
centres = generator.normal(size=(10, 16))
gallery = unit(centres[gallery_classes] + 1.6 * generator.normal(size=(100, 16)))
queries = []
while len(queries) < 70:
    query = unit(centres[query_classes[len(queries)]] + 1.6 * generator.normal(size=(1, 16)))[0]
    queries += [query] if clear(query, gallery) else []
queries = np.stack(queries)
for name, rows, of_rows in [
    ("plain", gallery, gallery_classes),
    # Copies of every other candidate, by turns of the same class and of the next.
    ("tied", np.vstack([gallery, gallery[::2]]), np.concatenate([gallery_classes, (gallery_classes[::2] + np.arange(50) % 2) % 9])),
]:
    found = table(queries, rows, query_classes, of_rows, name == "plain")
    figures[name] = {"queries": found, "mean": summary(found)}
    tensors |= {f"{name}.gallery": rows, f"{name}.gallery_classes": of_rows.astype("i8")}
tensors |= {"queries": queries, "query_classes": query_classes.astype("i8")}

# Texts and pictures.
picture_of = np.repeat(np.arange(60), generator.integers(3, 8, 60))
generator.shuffle(picture_of)
pictures = unit(generator.normal(size=(60, 12)))
texts = []
while len(texts) < len(picture_of):
    text = unit(pictures[picture_of[len(texts)]] + 0.35 * generator.normal(size=(1, 12)))[0]
    texts += [text] if clear(text, pictures) else []
texts = np.stack(texts)
# The order in which pictures are met in the list of texts.
first = np.array(list(dict.fromkeys(picture_of)))
figures["captions"] = {
    "text->picture": summary(table(texts, pictures[first], picture_of, first, True)),
    "picture->text": summary(table(pictures[first], texts, first, picture_of, True)),
}
tensors |= {"texts": texts, "pictures": pictures, "picture_of": picture_of.astype("i8")}

tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
save_file(tensors, here / "answers.safetensors")
(here / "answers.json").write_text(json.dumps(figures, indent=1) + "\n")
print(figures["plain"]["mean"], figures["tied"]["mean"], figures["captions"], sep="\n")

"""The same operations in PyTorch, in f32 and in the data form that the paper describes: what docs/performance.md measures
against. Prints wall and CPU seconds of one run.

    pip install torch numpy faiss-cpu safetensors
    python docs/baseline/torch_baseline.py gpa --views 10 --rows 4000 --width 256 --threads 2
    python docs/baseline/torch_baseline.py gpa --data data/massive10 --threads 2
    python docs/baseline/torch_baseline.py gpa --views 3 --rows 10000 --width 2048 --sweeps 6 --threads 2
    python docs/baseline/torch_baseline.py gcca --views 3 --rows 10000 --width 2048 --threads 2
"""

import argparse
import resource
import time
from pathlib import Path

import torch


def planted(views, rows, width):
    generator = torch.Generator().manual_seed(1)
    latent = torch.randn(rows, width, generator=generator) * (1 + torch.arange(width)) ** -0.6
    out = []
    for _ in range(views):
        rotation = torch.linalg.qr(torch.randn(width, width, generator=generator))[0]
        x = latent @ rotation + 0.5 / width**0.5 * torch.randn(rows, width, generator=generator)
        out.append(standardised(x))
    return out


def bundled(folder):
    from safetensors.torch import load_file

    views = (load_file(file).get("train") for file in sorted(folder.glob("*.safetensors")))
    return [standardised(x.float()) for x in views if x is not None and x.is_floating_point()]


def standardised(x):
    return (x - x.mean(0)) / (x.std(0, unbiased=False) + 1e-8)


def gpa_aligned(z, sweeps):
    """The aligned views and their consensus."""
    maps = [torch.randn(x.shape[1], x.shape[1]) for x in z]
    consensus = sum(x @ r for x, r in zip(z, maps)) / len(z)
    for _ in range(sweeps):
        for m, x in enumerate(z):
            u, _, vt = torch.linalg.svd(x.T @ consensus)
            maps[m] = u @ vt
        consensus = sum(x @ r for x, r in zip(z, maps)) / len(z)
    return [x @ r for x, r in zip(z, maps)], consensus


def gpa(z, sweeps=100):
    aligned, consensus = gpa_aligned(z, sweeps)
    return float(sum(((x - consensus) ** 2).sum() for x in aligned))


def gcca_solved(z):
    """Bases of the views, and the eigenvalues and eigenvectors of their coupling, ascending."""
    bases = [torch.linalg.svd(x, full_matrices=False)[0] for x in z]
    stacked = torch.cat(bases, 1)
    coupling = -(stacked.T @ stacked)
    offset = 0
    for u in bases:
        block = slice(offset, offset + u.shape[1])
        coupling[block, block] = (len(z) - 1) * torch.eye(u.shape[1])
        offset += u.shape[1]
    return bases, *torch.linalg.eigh(coupling)


def gcca(z):
    _, values, _ = gcca_solved(z)
    return float(values[: z[0].shape[1]].sum())


def corrector_step(width, batch=4096, steps=20):
    norm, inner, gate = torch.nn.LayerNorm(width), torch.nn.Linear(width, 2 * width), torch.nn.Linear(width, width)
    outer = torch.nn.Linear(2 * width, width)
    parameters = [p for layer in (norm, inner, gate, outer) for p in layer.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=1e-4)
    unit = lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-8)
    v, target = unit(torch.randn(batch, width)), unit(torch.randn(batch, width))
    start = None
    for step in range(steps + 3):
        if step == 3:
            start = clock()
        x = norm(v)
        y = unit(v + torch.sigmoid(gate(x)) * outer(torch.nn.functional.gelu(inner(x))))
        loss = (1 - (y * target).sum(1)).mean() + 0.7 * torch.relu(1 - (y * v).sum(1) - 0.08).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
    wall, cpu = (now - then for now, then in zip(clock(), start))
    return wall / steps, cpu / steps


def retrieval(rows, width):
    a, b = torch.randn(rows, width), torch.randn(rows, width)
    start = clock()
    similarity = a @ b.T
    for s in (similarity, similarity.T):
        own = s.diagonal()[:, None]
        (s > own).sum(1)
    return tuple(now - then for now, then in zip(clock(), start))


def search(rows, width, queries=1000, batch=1 << 16):
    """The ten nearest of `rows` documents by faiss; adding the documents to the index is not counted."""
    import faiss
    import numpy as np

    generator = np.random.default_rng(1)
    index = faiss.IndexFlatIP(width)
    for start in range(0, rows, batch):
        documents = generator.random((min(batch, rows - start), width), dtype=np.float32) - 0.5
        faiss.normalize_L2(documents)
        index.add(documents)
    asked = generator.random((queries, width), dtype=np.float32) - 0.5
    faiss.omp_set_num_threads(torch.get_num_threads())
    start = clock()
    index.search(asked, 10)
    return tuple(now - then for now, then in zip(clock(), start))


def kmeans(rows, width, clusters):
    import faiss

    x = torch.randn(rows, width).numpy()
    start = clock()
    faiss.Kmeans(width, clusters, niter=20, nredo=3, seed=1).train(x)
    return tuple(now - then for now, then in zip(clock(), start))


def clock():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["gpa", "gcca", "step", "retrieval", "search", "kmeans"])
    for name, default in [("views", 10), ("rows", 4000), ("width", 256), ("threads", 2), ("clusters", 60), ("sweeps", 100)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--data", type=Path, help="a folder of views, for gpa and gcca in place of planted ones")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    if args.what in ("gpa", "gcca"):
        z = bundled(args.data) if args.data else planted(args.views, args.rows, args.width)
        start = clock()
        figure = gpa(z, args.sweeps) if args.what == "gpa" else gcca(z)
        wall, cpu = (now - then for now, then in zip(clock(), start))
        print(f"{args.what}: objective {figure:.6g}")
    elif args.what == "step":
        wall, cpu = corrector_step(args.width)
    elif args.what == "retrieval":
        wall, cpu = retrieval(args.rows, args.width)
    elif args.what == "search":
        wall, cpu = search(args.rows, args.width)
    else:
        wall, cpu = kmeans(args.rows, args.width, args.clusters)
    print(f"{args.what}: wall {wall:.4f} s, CPU {cpu:.4f} s")


if __name__ == "__main__":
    main()

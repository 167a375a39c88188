"""The first corpus of every fuzz target: small files of each kind that a reader takes.

    pip install numpy pandas pyarrow h5py safetensors
    python fuzz/seeds.py
"""

import io
import json
import pathlib

import h5py
import numpy as np
import pandas as pd
from safetensors.numpy import save

here = pathlib.Path(__file__).parent / "corpus"
x = np.arange(6, dtype="f4").reshape(3, 2) / 4
y = np.array([3, 1, 2])


def keep(target, name, contents):
    (here / target).mkdir(parents=True, exist_ok=True)
    (here / target / name).write_bytes(contents if isinstance(contents, bytes) else contents.encode())


def made(write):
    out = io.BytesIO()
    write(out)
    return out.getvalue()


for kind in ("f2", "f4", ">f8"):
    keep("npy", kind.replace(">", "big-"), made(lambda out: np.save(out, x.astype(kind))))
keep("npy", "fortran", made(lambda out: np.save(out, np.asfortranarray(x))))
keep("npy", "texts", made(lambda out: np.save(out, np.array(["ä", "bc"]))))
keep("npy", "integers", made(lambda out: np.save(out, y)))
keep("npz", "stored", made(lambda out: np.savez(out, x=x, y=y)))
keep("npz", "packed", made(lambda out: np.savez_compressed(out, x=x, y=y)))
keep("safetensors", "two", save({"x": x.astype("f8"), "y": y}))
keep("safetensors", "one", save({"x": x.astype("f2")}, {"about": "a text"}))

columns = pd.DataFrame(x, columns=["x0", "x1"]).assign(y=y, texts=["a", "b,c", 'd"e'])
lists = pd.DataFrame({"x": [list(row) for row in x], "y": y})
for name, table in (("columns", columns), ("lists", lists)):
    for packed in (None, "zstd"):
        label = f"{name}-{packed or 'plain'}"
        keep("parquet", label, made(lambda out: table.to_parquet(out, compression=packed, index=False)))
keep("csv", "columns", columns.to_csv(index=False))
keep("csv", "index", columns.to_csv())
keep("csv", "lists", 'x,y\n"[1.0, 2.5]",3\n"[-1e-3, 0]",4\n')
keep("csv", "odd", "\ufeffx;y\r\n1,5;01\r\n,\r\n")
keep("txt", "lines", "a\nb\r\n\n\u00e4\n")


def groups(out):
    with h5py.File(out, "w") as file:
        file.create_dataset("x", data=x)
        file.create_dataset("group/y", data=y, chunks=(2,), compression="gzip")
        file.create_dataset("texts", data=["a", "bc"])


keep("h5", "groups", made(groups))

outline = pathlib.Path(__file__).parent.parent
for name in ("smoke.yaml", "robustness.yaml", "paper/table1.yaml"):
    keep("grid", name.replace("/", "-"), (outline / "experiments" / name).read_bytes())
for name in ("emoji.yaml", "massive10.yaml"):
    keep("manifest", name, (outline / "data-manifests" / name).read_bytes())
# the shortest sound of each format
for name in ("b.flac", "b.mp3", "b.ogg", "b.wav"):
    keep("sound", name, (outline / "crates/embed/tests/golden/sounds" / name).read_bytes())
print(json.dumps({p.name: sum(f.stat().st_size for f in p.iterdir()) for p in sorted(here.iterdir())}))

"""One view of the golden case A (train.v0, 400 x 24) in every format, as the usual libraries write it.

    pip install numpy h5py pyarrow safetensors
    python make.py
"""

import csv
import pathlib

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file

here = pathlib.Path(__file__).parent
x = load_file(here / "../../../../golden/case_A_inputs.safetensors")["train.v0"]
rows, width = x.shape

np.savez(here / "stored.npz", other=np.zeros(3, "f4"), x=x)
np.savez_compressed(here / "packed.npz", x=x)
np.save(here / "half.npy", x.astype("f2"))

flat = pa.array(x.reshape(-1))
pq.write_table(pa.table({"id": np.arange(rows), "vector": pa.FixedSizeListArray.from_arrays(flat, width)}), here / "fixed.parquet")
lists = pa.array(list(x), pa.list_(pa.float32()))
pq.write_table(pa.table({"vector": lists}), here / "list.parquet", compression="zstd", row_group_size=64)
names = {f"x{j}": x[:, j] for j in range(width)}
pq.write_table(pa.table({"name": [f"item {i}" for i in range(rows)], **names}), here / "columns.parquet")
with open(here / "columns.csv", "w", newline="") as f:
    writer = csv.writer(f)
    writer.writerow(["label", *names])
    for i, row in enumerate(x):
        writer.writerow([["late", "early", "noon"][i % 3], *(repr(float(v)) for v in row)])

with h5py.File(here / "chunked.h5", "w") as f:
    f.create_dataset("group/x", data=x, chunks=(64, width), compression="gzip", shuffle=True)
with h5py.File(here / "half.h5", "w", libver="latest") as f:
    f.create_dataset("data", data=x.astype("f2"), chunks=(64, width), compression="gzip")
# Room for 500 rows of which 400 are written, as latentis lays a store out.
with h5py.File(here / "latentis.h5", "w") as f:
    data = f.create_dataset("data", shape=(500, width), dtype="f4", fillvalue=0, maxshape=(500, width))
    data[:rows] = x
    f.attrs["last_index"] = rows

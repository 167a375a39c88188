"""Files as pandas, pyarrow, h5py and numpy write them where that is not the plainest form: an index beside the columns,
half precision, texts, compressions, room for more rows, headers of Python 2.

    pip install numpy pandas h5py pyarrow
    python make_odd.py
"""

import pathlib

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

odd = pathlib.Path(__file__).parent / "odd"
odd.mkdir(exist_ok=True)
ROWS, WIDTH = 12, 3
rng = np.random.default_rng(1)
# multiples of 1/8 below 8: exact in half precision, and the same in every file
x = (rng.integers(-64, 64, (ROWS, WIDTH)) / 8).astype("f4")
np.save(odd / "x.npy", x)
kinds = [["late", "früh", "noon"][i % 3] for i in range(ROWS)]
codes = ["007", "7", "07", "1"] * (ROWS // 4)

# pandas: an index without a name, with a name, that only counts, and one that was read back from csv
frame = pd.DataFrame(x, columns=["x0", "x1", "x2"])
frame.to_csv(odd / "index.csv")
frame.to_csv(odd / "no_index.csv", index=False)
pd.read_csv(odd / "index.csv").to_csv(odd / "unnamed.csv", index=False)
pd.read_csv(odd / "index.csv").to_csv(odd / "unnamed_twice.csv")
pd.DataFrame(x).to_csv(odd / "counted_names.csv", index=False)
pd.DataFrame(x).to_csv(odd / "no_names.csv", index=False, header=False)
frame.reset_index().to_csv(odd / "reset_index.csv", index=False)
frame.set_index(pd.MultiIndex.from_product([range(4), range(3)])).to_csv(odd / "levels.csv")
frame.sample(frac=1, random_state=1).sort_values("x0").to_parquet(odd / "index.parquet")
frame.set_index(pd.Index(100 + 5 * np.arange(ROWS) % ROWS, name="item")).to_parquet(odd / "named_index.parquet")
frame.to_parquet(odd / "range_index.parquet")
pd.DataFrame({"code": codes, "kind": kinds}).to_csv(odd / "codes.csv", index=False)
pd.Series(kinds, name="kind").to_csv(odd / "series.csv")
(odd / "bom.txt").write_bytes("\ufeff".encode() + "\n".join(kinds).encode() + b"\n")
frame.to_csv(odd / "bom.csv", index=False, encoding="utf-8-sig")

# pyarrow: half precision as columns, lists and lists of one length
half = x.astype("f2")
pq.write_table(pa.table({f"x{j}": pa.array(half[:, j]) for j in range(WIDTH)}), odd / "half_columns.parquet")
pq.write_table(pa.table({"vector": pa.array(list(half), pa.list_(pa.float16()))}), odd / "half_lists.parquet")
fixed = pa.FixedSizeListArray.from_arrays(pa.array(half.reshape(-1)), WIDTH)
pq.write_table(pa.table({"vector": fixed}), odd / "half_fixed.parquet")
# a column that packs to nearly nothing
zeros = pa.array(np.zeros(4_000_000, "f4"))
pq.write_table(pa.table({"x": zeros}), odd / "bomb.parquet", compression="zstd", use_dictionary=False)

# numpy: texts, truth values, objects, fields, and headers of Python 2
np.save(odd / "kinds.npy", np.array(kinds))
np.save(odd / "kinds_big_endian.npy", np.array(kinds).astype(">U5"))
np.save(odd / "codes.npy", np.array(codes, "S"))
np.save(odd / "truth.npy", np.arange(ROWS) % 2 == 0)
np.save(odd / "objects.npy", np.array(kinds, object), allow_pickle=True)
np.savez(odd / "texts.npz", kinds=np.array(kinds), codes=np.array(codes))
np.save(odd / "fields.npy", np.zeros(2, [(f"field{j}", "f4") for j in range(40)]))
header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({ROWS}L, {WIDTH}L), }}"
header += " " * (-(len(header) + 11) % 16) + "\n"
(odd / "python2.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + x.tobytes())

# h5py: texts of one and of any length, its own compression, a store that has room, one that packs well
with h5py.File(odd / "texts.h5", "w") as f:
    f["kinds"] = kinds
    f["codes"] = np.array(codes, "S")
    f["fixed"] = np.array([kind.encode() for kind in kinds], h5py.string_dtype("utf-8", 8))
with h5py.File(odd / "lzf.h5", "w") as f:
    f.create_dataset("data", data=x, chunks=(5, WIDTH), compression="lzf", shuffle=True)
    f.create_dataset("repeats", data=np.repeat(x[:1], 2000, axis=0), chunks=(1000, WIDTH), compression="lzf")
with h5py.File(odd / "room.h5", "w") as f:
    data = f.create_dataset("data", shape=(1_000_000, WIDTH), maxshape=(None, WIDTH), chunks=(8, WIDTH), dtype="f4")
    data[:ROWS] = x
    f.attrs["last_index"] = ROWS
with h5py.File(odd / "room_half.h5", "w") as f:
    data = f.create_dataset("data", shape=(1_000_000, WIDTH), chunks=(8, WIDTH), dtype=">f2", compression="gzip")
    data[:ROWS] = half
    f.attrs["last_index"] = ROWS
with h5py.File(odd / "packs_well.h5", "w") as f:
    f.create_dataset("data", data=np.zeros((300_000, WIDTH), "f4"), chunks=(100_000, WIDTH), compression="gzip")

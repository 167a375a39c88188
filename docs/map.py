"""python3 map.py map.npz rows.npy out.npy: rows through a map of `runner export-map --format npz`, by NumPy alone."""
import json, math, sys
import numpy as np
def length(x):
    return np.linalg.norm(x, axis=1, keepdims=True)
def unit(x):  # a row of zeros stays zero
    return x / np.maximum(length(x), np.finfo("f4").tiny)
def gelu(h):
    return h * (1 + np.vectorize(math.erf)(h / math.sqrt(2))) / 2
def kernel(x, l, scale):  # of rows x and landmarks l
    return np.exp(-np.maximum((x * x).sum(1)[:, None] + (l * l).sum(1) - 2 * x @ l.T, 0) / scale)
def corrector(t, u, keeps_lengths):
    v = unit(u)
    x = (v - v.mean(1, keepdims=True)) / np.sqrt(v.var(1, keepdims=True) + 1e-5) * t("norm_scale") + t("norm_shift")
    change = gelu(x @ t("w1") + t("b1")) @ t("w2") + t("b2")
    y = unit(v + change / (1 + np.exp(-x @ t("wg") - t("bg"))))
    return y * (length(u) if keeps_lengths else length(u) > 0)
def apply(arrays, steps, x):
    for s in steps:
        def t(name):
            return arrays[s.get("arrays", "") + name]
        if s["step"] == "affine":
            x = x @ arrays[s["matrix"]] + arrays[s["shift"]]
        elif s["step"] == "unit_rows":
            x = unit(x)
        elif s["step"] == "corrector":
            x = corrector(t, x, s["keeps_lengths"])
        elif s["step"] == "residual_mlp":
            x = (x + gelu(x @ t("w1") + t("b1")) @ t("w2") + t("b2")) * (t("scale") if s["scaled"] else 1)
        elif s["step"] == "kernel_features":  # in double precision
            x = kernel(x.astype("f8"), arrays[s["landmarks"]].astype("f8"), s["scale"]) @ arrays[s["whitener"]]
        else:
            sys.exit(f"this program does not know the step {s['step']}")
        x = x.astype("f4")
    return x
if __name__ == "__main__":
    arrays = np.load(sys.argv[1])
    about = json.loads(arrays["metadata"].tobytes())
    np.save(sys.argv[3], apply(arrays, about["steps"], np.load(sys.argv[2])))

"""python3 universe.py universe.safetensors VIEW rows.npy out.npy: what `runner project` does, by NumPy alone; with
VIEW:TARGET in place of VIEW what `runner translate` does."""
import json, math, sys
import numpy as np
def load(path):
    raw = open(path, "rb").read()
    start = 8 + int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8:start])
    about = json.loads(head.pop("__metadata__")["universe"])
    array = lambda a: np.frombuffer(raw[start + a["data_offsets"][0]:start + a["data_offsets"][1]],
                                    {"F32": "<f4", "F64": "<f8"}[a["dtype"]]).reshape(a["shape"])
    return about, {name: array(a) for name, a in head.items()}
length = lambda x: np.linalg.norm(x, axis=1, keepdims=True)
unit = lambda x: x / np.maximum(length(x), np.finfo("f4").tiny)  # a zero row stays zero
def corrector(network, t, u, unit_lengths):
    c, v = (lambda name: t["corrector." + name]), unit(u)
    x = (v - v.mean(1, keepdims=True)) / np.sqrt(v.var(1, keepdims=True) + 1e-5) * c("norm_scale") + c("norm_shift")
    h = x @ c("w1") + c("b1")
    delta = (h * (1 + np.vectorize(math.erf)(h / math.sqrt(2))) / 2) @ c("w2") + c("b2")
    y = unit(v + delta / (1 + np.exp(-x @ c("wg") - c("bg")))) * (length(u) > 0)
    return y if network["rescale"] in unit_lengths else y * length(u)
def kernel(x, l, scale):  # of rows x and landmarks l
    return np.exp(-np.maximum((x * x).sum(1)[:, None] + (l * l).sum(1) - 2 * x @ l.T, 0) / scale)
def through(steps, about, t, x, unit_lengths=("none",)):
    for s in steps:
        a, kind = (lambda name: t[s["arrays"] + name]), s["step"]
        x = ((x - a("mean")) / a("divisor") if kind == "standardise" else
             x * a("scale") + a("mean") if kind == "un_standardise" else
             unit(x) if kind == "unit_rows" else
             x @ (t[s["array"]].T if s["transposed"] else t[s["array"]]) if kind == "linear" else
             kernel(x.astype("f8"), t[s["landmarks"]].astype("f8"), s["scale"]) @ t[s["whitener"]] if kind == "kernel_features" else
             (x - a("mean")) * a("gain") if kind == "calibrate" else
             corrector(about["fitted"]["corrector"], t, x, unit_lengths)).astype("f4")
    return x
def project(about, t, view, x, unit_lengths=("none",)):
    return through(next(v for v in about["fitted"]["views"] if v["name"] == view)["way_in"], about, t, x, unit_lengths)
def translate(about, t, view, target, x):
    views = about["fitted"]["views"]
    a, b = ([v["name"] for v in views].index(name) for name in (view, target))
    if about["fitted"]["kind"] == "universe":
        return through(views[b]["way_back"], about, t, project(about, t, view, x, ("none", "universe")))
    z = ((x - t[view + ".mean"]) / t[view + ".divisor"]).astype("f4")
    z = z @ (t[f"pair.{a}.{b}"] if f"pair.{a}.{b}" in t else t[f"pair.{b}.{a}"].T)
    if target + ".back_gain" in t:  # a calibrated fit
        z = (z - t[target + ".back_mean"]) * t[target + ".back_gain"]
    return (z * t[target + ".scale"] + t[target + ".mean"]).astype("f4")
if __name__ == "__main__":
    (about, arrays), (view, _, target) = load(sys.argv[1]), sys.argv[2].partition(":")
    x = np.load(sys.argv[3])
    np.save(sys.argv[4], translate(about, arrays, view, target, x) if target else project(about, arrays, view, x))

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
def project(about, t, view, x, unit_lengths=("none",)):
    own = next(v for v in about["fitted"]["views"] if v["name"] == view)
    z = ((x - t[view + ".mean"]) / t[view + ".divisor"]).astype("f4")
    u = (unit(z) if own["unit"] else z) @ t[view + ".map"]
    if view + ".universe_mean" in t:  # a view added with scaling
        u = u * t[view + ".universe_scale"] + t[view + ".universe_mean"]
    network = about["fitted"]["corrector"]
    if network is None or not own["corrected"]:
        return u.astype("f4")
    c, v = (lambda name: t["corrector." + name]), unit(u)
    x = (v - v.mean(1, keepdims=True)) / np.sqrt(v.var(1, keepdims=True) + 1e-5) * c("norm_scale") + c("norm_shift")
    h = x @ c("w1") + c("b1")
    delta = (h * (1 + np.vectorize(math.erf)(h / math.sqrt(2))) / 2) @ c("w2") + c("b2")
    y = unit(v + delta / (1 + np.exp(-x @ c("wg") - c("bg")))) * (length(u) > 0)
    return (y if network["rescale"] in unit_lengths else y * length(u)).astype("f4")
def translate(about, t, view, target, x):
    names = [v["name"] for v in about["fitted"]["views"]]
    if about["fitted"]["kind"] == "pairwise":
        a, b = names.index(view), names.index(target)
        z = ((x - t[view + ".mean"]) / t[view + ".divisor"]).astype("f4")
        z = z @ (t[f"pair.{a}.{b}"] if f"pair.{a}.{b}" in t else t[f"pair.{b}.{a}"].T)
    else:
        u = project(about, t, view, x, ("none", "universe"))
        if target + ".universe_mean" in t:
            u = (u - t[target + ".universe_mean"]) / t[target + ".universe_divisor"]
        z = u @ t.get(target + ".back", t[target + ".map"].T)
    if target + ".back_gain" in t:  # a calibrated fit
        z = (z - t[target + ".back_mean"]) * t[target + ".back_gain"]
    return (z * t[target + ".scale"] + t[target + ".mean"]).astype("f4")
if __name__ == "__main__":
    (about, arrays), (view, _, target) = load(sys.argv[1]), sys.argv[2].partition(":")
    x = np.load(sys.argv[3])
    np.save(sys.argv[4], translate(about, arrays, view, target, x) if target else project(about, arrays, view, x))

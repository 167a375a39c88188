"""Three encoders of the same items: fit, project, translate, keep, add a fourth."""

import tempfile
from pathlib import Path

import numpy as np

import polyalign as pa

# Row i is the same item in every view. Here the encoders are rotations of one table, with noise.
rng = np.random.default_rng(0)
items = rng.standard_normal((1200, 64))
rotations = {name: np.linalg.qr(rng.standard_normal((64, 64)))[0] for name in ("en", "fr", "de", "it")}
views = {name: items @ rotation + 0.3 * rng.standard_normal(items.shape) for name, rotation in rotations.items()}
train = {name: x[:1000] for name, x in views.items() if name != "it"}
test = {name: x[1000:] for name, x in views.items()}

gpa = pa.GPA(solver="accelerated").fit(train)
print(gpa, gpa.report_.stop, gpa.report_.iterations)

# The universe: the coordinates that all views share.
universe = gpa.transform({name: test[name] for name in train})
print("en in the universe:", universe["en"].shape)

# Rows of one encoder in the space of another, and back from the universe.
french = gpa.translate("en", "fr", test["en"])
print(f"distance to the French rows: {np.linalg.norm(french - test['fr']) / np.linalg.norm(test['fr']):.2f}")
back = gpa.inverse_transform("en", universe["en"])
print(f"way back: {np.abs(back - test['en']).max():.0e}")

# The file is the one that `runner fit` writes and `runner project` reads.
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "universe.safetensors"
    gpa.save(file)
    same = np.array_equal(pa.load(file).transform("en", test["en"]), universe["en"])
    print("loaded fit gives the same bits:", same)

# A fourth encoder joins by items that it shares with the English one. Stored vectors stay as they are.
gpa.add_view("it", views["it"][:500], anchors={"en": views["en"][:500]})
print("views:", ", ".join(gpa.views_))

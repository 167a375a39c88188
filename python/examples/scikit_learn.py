"""Two views as a regression, and three views side by side as a step of a pipeline."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import polyalign as pa
from polyalign.sklearn import CCARegressor, StackedViewsTransformer

rng = np.random.default_rng(0)
items = rng.standard_normal((600, 16))
labels = (items[:, 0] > 0).astype(int)
en, fr, de = (items @ rng.standard_normal((16, 24)) + 0.5 * rng.standard_normal((600, 24)) for _ in range(3))

# From the rows of one encoder to those of another; the number of directions by cross-validation.
search = GridSearchCV(CCARegressor(), {"rank": [2, 8, 16], "ridge": [0.0, 0.01]}, cv=3).fit(en[:500], fr[:500])
print(search.best_params_, f"R2 {search.score(en[500:], fr[500:]):.2f}")

# One wide matrix, in which each view has its columns.
wide = np.hstack([en, fr, de])
stacked = StackedViewsTransformer(
    pa.GCCA(whiten="inverse_singular", rank=16),
    view_slices={"en": slice(0, 24), "fr": slice(24, 48), "de": slice(48, 72)},
)
pipeline = make_pipeline(stacked, LogisticRegression())
print(f"accuracy {pipeline.fit(wide[:500], labels[:500]).score(wide[500:], labels[500:]):.2f}")

"""Ranks, k-means and data of manifests as functions of arrays."""

from pathlib import Path

import numpy as np
import pytest

import polyalign as pa

ROOT = Path(__file__).resolve().parents[2]


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_ranks_are_those_of_the_matrix_of_cosines():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((700, 12)).astype(np.float32)
    b = (a + rng.standard_normal((700, 12))).astype(np.float32)
    cosines = unit(a.astype(float)) @ unit(b.astype(float)).T
    forward = (cosines >= cosines.diagonal()[:, None]).sum(1)
    back = (cosines.T >= cosines.diagonal()[:, None]).sum(1)
    assert np.array_equal(pa.ranks(a, b), forward)
    both = pa.ranks(3.0 * a, b.astype(np.float64), both=True)
    assert np.array_equal(both[0], forward) and np.array_equal(both[1], back)
    assert both[0].dtype == np.uint32


def test_errors_of_ranks():
    x = np.ones((4, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="ranks: "):
        pa.ranks(x, x[:3])
    with pytest.raises(ValueError, match="NaN"):
        pa.ranks(x, x * np.nan)
    with pytest.raises(ValueError, match="queries is 1-dimensional"):
        pa.ranks(x[0], x)
    with pytest.raises(ValueError, match="queries is 4 x 0, expected at least one column"):
        pa.ranks(x[:, :0], x[:, :0])
    with pytest.raises(TypeError, match="both is int"):
        pa.ranks(x, x, both=1)


def test_clusters_are_found_and_consistent():
    rng = np.random.default_rng(1)
    truth = rng.integers(5, size=500)
    x = 10.0 * rng.standard_normal((5, 8))[truth] + 0.1 * rng.standard_normal((500, 8))
    found = pa.kmeans(x, 5, n_init=10, init="k-means++", random_state=3)
    assert all(len(np.unique(found.labels[truth == k])) == 1 for k in range(5))
    assert np.allclose(found.centers, [x[found.labels == k].mean(0) for k in range(5)], atol=1e-4)
    assert found.inertia == pytest.approx(((x - found.centers[found.labels]) ** 2).sum(), rel=1e-4)
    again = pa.kmeans(x, 5, n_init=10, init="k-means++", random_state=3)
    assert np.array_equal(found.labels, again.labels)


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"n_clusters": 0}, ValueError, "n_clusters is 0, expected at least 1"),
        ({"n_clusters": 11}, ValueError, "11"),
        ({"n_clusters": 2**70}, ValueError, "n_clusters is 1180591620717411303424, expected at most"),
        ({"n_clusters": True}, TypeError, "n_clusters is bool .True., expected an integer"),
        ({"n_clusters": 2.0}, TypeError, "n_clusters is float .2.0., expected an integer"),
        ({"n_clusters": 2, "n_init": 0}, ValueError, "n_init is 0, expected at least 1"),
        ({"n_clusters": 2, "init": "pca"}, ValueError, "init is 'pca', expected 'random' or 'k-means[+][+]'"),
        ({"n_clusters": 2, "x": np.eye(10)[:, :0]}, ValueError, "x is 10 x 0, expected at least one column"),
    ],
)
def test_errors_of_kmeans(settings, error, text):
    with pytest.raises(error, match=text):
        pa.kmeans(**{"x": np.eye(10), **settings})


@pytest.mark.filterwarnings("ignore::polyalign.DataWarning")
def test_data_of_a_manifest():
    data = pa.read_data(ROOT / "data-manifests" / "cifar9.yaml")
    assert data.name == "cifar9" and len(data.train.views) == 9
    assert data.train.views["inception-v3"].shape == (5000, 128)
    assert data.validation is not None and len(data.validation.labels["class"]) == 1000
    assert data.test.ids is not None and data.test.ids.dtype == np.int64
    fitted = pa.PA().fit({name: data.train.views[name] for name in ("inception-v3", "mobilenet-v2")})
    assert fitted.translate("mobilenet-v2", "inception-v3", data.test.views["mobilenet-v2"]).shape == (2000, 128)


def test_errors_of_data(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.yaml"):
        pa.read_data(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("name: bad\nviews: 3\n")
    with pytest.raises(ValueError, match="bad.yaml"):
        pa.read_data(tmp_path / "bad.yaml")

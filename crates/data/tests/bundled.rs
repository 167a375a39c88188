//! The bundled data sets are what their manifests and their pages say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeSet, path::PathBuf};

use data::{Found, summarise};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn massive10() {
    let Found::Manifest(manifest) = data::find("massive10", &root(), &root().join("data-manifests")).unwrap() else {
        panic!("the bundled manifest is not there")
    };
    assert!(manifest.missing_files().is_empty());
    assert!(manifest.views.iter().all(|v| v.encoder.is_some() && v.licence.is_some()));
    assert!(manifest.views.iter().all(|v| v.source.parts.values().all(|p| p.sha256.is_some())));

    let loaded = data::load(&manifest).unwrap();
    let (train, test) = (&loaded.dataset.train, &loaded.dataset.test);
    let order = ["en", "ar", "he", "ru", "ko", "it", "ja", "es", "zh", "fr"];
    assert_eq!(loaded.view_names().collect::<Vec<_>>(), order);
    assert_eq!(train.views.names().collect::<Vec<_>>(), order);
    assert_eq!((train.views.rows(), test.views.rows()), (4000, 2974));
    assert!(train.views.widths().iter().chain(&test.views.widths()).all(|&d| d == 256));
    for view in train.views.iter() {
        let values = view.values().as_slice();
        let mean_square = values.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / values.len() as f64;
        assert!((mean_square - 1.0).abs() < 0.01, "{}: {mean_square}", view.name());
    }

    let classes = |values: &[i64]| values.iter().copied().collect::<BTreeSet<_>>().len();
    assert_eq!(train.labels.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["intent", "scenario"]);
    assert_eq!((classes(&train.labels[0].values), classes(&test.labels[0].values)), (60, 59));
    assert_eq!((classes(&train.labels[1].values), classes(&test.labels[1].values)), (18, 18));
    assert!(train.ids.is_some() && test.ids.is_some());

    assert_eq!(
        summarise(&loaded.warnings),
        [
            "all-zero rows in train: 2 of 4,000 (view `ko`)",
            "all-zero rows in test: 1 to 5 of 2,974 per view (views `ko`, `zh`)",
            "classes without rows in test: 1 of 60 (labelling `intent`)",
            "exact duplicate rows in train: 5 to 155 of 4,000 per view (10 views)",
            "exact duplicate rows in test: 4 to 109 of 2,974 per view (10 views)",
            "rows of train found again in test: 9 to 198 of 2,974 per view (10 views)",
        ]
    );
}

fn load(name: &str) -> data::Loaded {
    data::load(&data::Manifest::read(&root().join(format!("data-manifests/{name}.yaml"))).unwrap()).unwrap()
}

#[test]
fn cifar9() {
    let loaded = load("cifar9");
    let data = &loaded.dataset;
    let validation = data.validation.as_ref().expect("a split of its own");
    let rows = [&data.train, validation, &data.test].map(|split| split.views.rows());
    assert_eq!(rows, [5000, 1000, 2000]);
    assert_eq!(data.train.views.widths(), [256, 224, 192, 160, 208, 128, 192, 176, 160]);
    for split in [&data.train, validation, &data.test] {
        let labels = &split.labels[0];
        let classes: BTreeSet<i64> = labels.values.iter().copied().collect();
        assert_eq!((labels.name.as_str(), classes.len()), ("class", 100));
    }
}

#[test]
fn emoji() {
    let loaded = load("emoji");
    let data = &loaded.dataset;
    assert_eq!((data.train.views.rows(), data.test.views.rows()), (1253, 400));
    assert_eq!(data.train.views.widths(), [256, 256, 256, 256, 75, 224, 192]);
    assert_eq!(data.train.labels.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["group", "subgroup"]);
}

/// `sha256sum -c` and the manifests must not come to disagree.
#[test]
fn the_sums_files_match_the_manifests() {
    for (name, files) in [("massive10", 11), ("cifar9", 10), ("emoji", 8)] {
        let manifest = data::Manifest::read(&root().join(format!("data-manifests/{name}.yaml"))).unwrap();
        let text = std::fs::read_to_string(root().join(format!("data/{name}/SHA256SUMS"))).unwrap();
        let mut listed = 0;
        for line in text.lines() {
            let (sum, file) = line.split_once("  ").unwrap();
            let sources = manifest.views.iter().map(|v| &v.source).chain(manifest.labels.iter().map(|l| &l.source));
            let sources: Vec<_> = sources.chain(&manifest.ids).collect();
            let parts = sources.iter().flat_map(|s| s.parts.values()).filter(|p| p.file.ends_with(file));
            let sums: BTreeSet<_> = parts.map(|p| p.sha256.as_deref()).collect();
            assert_eq!(sums, BTreeSet::from([Some(sum)]), "{name}: {file}");
            listed += 1;
        }
        assert_eq!(listed, files);
    }
}

#[test]
fn every_manifest_in_the_catalogue_is_sound() {
    let dir = root().join("data-manifests");
    for name in data::catalogue(&dir).unwrap() {
        assert!(matches!(data::find(&name, &root(), &dir).unwrap(), Found::Manifest(_)), "{name}");
    }
}

#[test]
fn scifact5() {
    let loaded = load("scifact5");
    let (train, corpus) = (&loaded.dataset.train, loaded.dataset.corpus.as_ref().unwrap());
    let names =
        ["glove-6b-50d", "use-multilingual-v3", "paraphrase-minilm-l3-v2", "all-minilm-l6-v2", "all-mpnet-base-v2"];
    assert_eq!(train.views.names().collect::<Vec<_>>(), names);
    assert_eq!(train.views.widths(), [50, 512, 384, 384, 768]);
    assert_eq!((train.views.rows(), loaded.dataset.test.views.rows()), (500, 4683));
    assert_eq!((corpus.documents.count(), corpus.queries.views.rows()), (5183, 300));
    assert_eq!(
        (corpus.judgements.answered(), (0..300).map(|query| corpus.judgements.of(query).len()).sum()),
        (300, 339)
    );
    // Documents have the order of the files: rows floor(i · 5183 / 500) are the pairs.
    for (pair, row) in [(0, 0), (1, 10), (499, 499 * 5183 / 500)] {
        assert_eq!(corpus.documents.batch(4, row..row + 1).row(0), train.views.at(4).row(pair));
    }
    assert_eq!(corpus.queries.ids.as_ref().unwrap()[..5], [1, 3, 5, 13, 36]);
    let relevant: Vec<usize> = corpus.judgements.of(29).iter().map(|&(document, _)| document).collect();
    assert_eq!(relevant, [1279, 2071, 2609, 2786, 4620]);
    let constant =
        "constant columns in train: 2 of 384 to 768 per view (views `all-minilm-l6-v2`, `all-mpnet-base-v2`)";
    let far = [
        "columns far from those of train in test: 1 of 384 (view `all-minilm-l6-v2`)",
        "columns far from those of train in queries: 1 to 3 of 384 to 512 per view (views `use-multilingual-v3`, `all-minilm-l6-v2`)",
    ];
    assert_eq!(summarise(&loaded.warnings), [constant, far[0], far[1]]);
}

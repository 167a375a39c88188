//! Splits of own files: shares of labels, whole groups, folds.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Folder, npy_of};
use data::import::{Files, Import, NamedMember, Splitting, import, import_folds};
use data::{Loaded, Manifest, load};

const ITEMS: usize = 200;

/// Two views of which the first column tells the item, labels of three classes (60%, 30%, 10%), groups of up to four items.
fn files(folder: &Folder) -> Files {
    for name in ["a", "b"] {
        let values: Vec<f32> = (0..ITEMS).flat_map(|i| [i as f32, (i as f32 * 0.7).sin()]).collect();
        folder.write(&format!("{name}.npy"), npy_of("<f4", &[ITEMS as u64, 2], false, &values));
    }
    let class = |item: usize| {
        ["often", "often", "often", "often", "often", "often", "some", "some", "some", "rare"][item * 7 % 10]
    };
    let list = |name: &str, text: &dyn Fn(usize) -> String| {
        folder.write(name, (0..ITEMS).map(|item| text(item) + "\n").collect::<String>());
    };
    list("y.txt", &|item| class(item).to_owned());
    list("person.txt", &|item| format!("p{}", item / (1 + item % 4)));
    list("scene.txt", &|item| format!("s{}", item / 2));
    let named = |name: &str, file: &str| NamedMember {
        name: name.to_owned(),
        member: folder.path(file).display().to_string().parse().unwrap(),
    };
    Files {
        views: vec![named("a", "a.npy"), named("b", "b.npy")],
        labels: vec![named("y", "y.txt")],
        groups: vec![named("person", "person.txt"), named("scene", "scene.txt")],
        ..Files::default()
    }
}

fn request(folder: &Folder, files: Files, stratify: Option<&str>) -> Import {
    let splitting = Splitting::Shares { files, shares: vec![0.8, 0.2], seed: 3, stratify: stratify.map(str::to_owned) };
    Import::new("mine", splitting, folder.path("mine.yaml"))
}

fn read(path: &std::path::Path) -> Loaded {
    load(&Manifest::read(path).unwrap()).unwrap()
}

fn items(split: &align::Split) -> Vec<usize> {
    (0..split.views.rows()).map(|row| split.views.at(0).at(row, 0) as usize).collect()
}

fn shares(split: &align::Split) -> BTreeMap<i64, f64> {
    let mut shares = BTreeMap::new();
    let labels = &split.labels[0].values;
    labels.iter().for_each(|class| *shares.entry(*class).or_insert(0.0) += 1.0 / labels.len() as f64);
    shares
}

#[test]
fn a_stratified_split_keeps_the_shares_of_the_labels() {
    let folder = Folder::new();
    let without = Files { groups: Vec::new(), ..files(&folder) };
    let done = import(&request(&folder, without, Some("y"))).unwrap();
    let loaded = read(&done.manifest);
    let (train, test) = (shares(&loaded.dataset.train), shares(&loaded.dataset.test));
    assert_eq!((loaded.dataset.train.views.rows(), loaded.dataset.test.views.rows()), (160, 40));
    for (class, share) in &train {
        assert!((share - test[class]).abs() < 0.026, "{class}: {share} {}", test[class]);
    }
    let strata = done.strata.expect("stratified");
    assert!(strata.apart() < 0.026 && !strata.grouped);
    let text = strata.to_string();
    assert!(text.starts_with("stratified by `y`: the shares of a class differ by at most "), "{text}");
    assert!(!text.contains("groups"), "{text}");
}

#[test]
fn a_labelling_to_stratify_by_has_to_be_there() {
    let folder = Folder::new();
    let message = folder.message(import(&request(&folder, files(&folder), Some("yy"))));
    assert_eq!(message, "mine.yaml: splits: no labelling `yy` to stratify by; did you mean `y`?; there are y");
    let none = Files { labels: Vec::new(), ..files(&folder) };
    let message = folder.message(import(&request(&folder, none, Some(""))));
    assert_eq!(message, "mine.yaml: splits: there are no labels to stratify by; give some");
}

#[test]
fn groups_of_every_grouping_stay_whole() {
    let folder = Folder::new();
    for stratify in [None, Some("")] {
        let request = Import { force: true, ..request(&folder, files(&folder), stratify) };
        let done = import(&request).unwrap();
        let loaded = read(&done.manifest);
        for grouping in 0..2 {
            let of = |split: &align::Split| split.groups[grouping].values.iter().copied().collect::<BTreeSet<i64>>();
            assert!(of(&loaded.dataset.train).is_disjoint(&of(&loaded.dataset.test)), "{grouping}");
        }
        let text = done.strata.map(|strata| strata.to_string()).unwrap_or_default();
        assert_eq!(
            text.ends_with("; groups are kept whole, so shares are met as nearly as they allow"),
            stratify.is_some()
        );
    }
    // All items in one group cannot be split.
    folder.write("scene.txt", "one\n".repeat(ITEMS));
    let with_one = || {
        let mut all = files(&folder);
        folder.write("scene.txt", "one\n".repeat(ITEMS));
        all.groups.truncate(2);
        all
    };
    let message = folder.message(import(&Import { force: true, ..request(&folder, with_one(), None) }));
    assert!(
        message.ends_with("1 groups of items that stay together, and 2 splits need one each; leave out a grouping"),
        "{message}"
    );
}

#[test]
fn every_item_is_tested_in_one_fold() {
    let folder = Folder::new();
    for (grouped, stratify) in [(false, None), (true, None), (false, Some("y")), (true, Some("y"))] {
        let mut files = files(&folder);
        files.groups.truncate(usize::from(grouped));
        let request = Import { force: true, ..request(&folder, files, stratify) };
        let folds = import_folds(&request, 5).unwrap();
        let mut tested = vec![0; ITEMS];
        for (k, fold) in folds.iter().enumerate() {
            assert_eq!(fold.manifest, folder.path(&format!("mine.fold{}.yaml", k + 1)));
            let manifest = Manifest::read(&fold.manifest).unwrap();
            assert_eq!(manifest.name, format!("mine.fold{}", k + 1));
            let loaded = load(&manifest).unwrap();
            let (train, test) = (items(&loaded.dataset.train), items(&loaded.dataset.test));
            assert_eq!(train.len() + test.len(), ITEMS);
            assert!((35..=45).contains(&test.len()), "{}", test.len());
            test.iter().for_each(|&item| tested[item] += 1);
            let train: BTreeSet<usize> = train.into_iter().collect();
            assert!(test.iter().all(|item| !train.contains(item)));
            if grouped {
                let of = |split: &align::Split| split.groups[0].values.iter().copied().collect::<BTreeSet<i64>>();
                assert!(of(&loaded.dataset.train).is_disjoint(&of(&loaded.dataset.test)));
            }
            if stratify.is_some() {
                assert!(fold.strata.as_ref().unwrap().apart() < if grouped { 0.1 } else { 0.03 });
            }
        }
        assert!(tested.iter().all(|&times| times == 1));
    }
    assert!(!folder.path("mine.yaml").exists());
    let request = request(&folder, files(&folder), None);
    let message = folder.message(import_folds(&request, 5));
    assert!(message.starts_with("mine.fold1.yaml: is there already"), "{message}");
    let forced = Import { force: true, ..request };
    let message = folder.message(import_folds(&forced, 1));
    assert!(message.contains("1 folds of ") && message.contains("expected at least 2 folds"), "{message}");
    let given = Import { splitting: Splitting::Given(BTreeMap::new()), ..forced };
    assert!(folder.message(import_folds(&given, 2)).contains("the files are split already"));
}

//! Views whose files list the items in different orders, joined by ids.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::collections::BTreeMap;

use common::Folder;
use data::import::{Files, Import, NamedMember, Splitting, import};
use data::{Loaded, Manifest, SplitName, Stream, WarningKind, load};

/// A csv file with ids and two columns that tell the item and the row's place among those of its id.
fn write(folder: &Folder, name: &str, ids: &[&str]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let line = |id: &&str| {
        let k = seen.entry(id.to_string()).or_default();
        *k += 1;
        let number: usize = id.trim_start_matches('p').parse().unwrap();
        format!("{id},{number},{}\n", *k - 1)
    };
    folder.write(&format!("{name}.csv"), format!("id,x0,x1\n{}", ids.iter().map(line).collect::<String>()));
}

fn named(folder: &Folder, name: &str, part: &str) -> NamedMember {
    let file = folder.path(&format!("{name}.csv"));
    NamedMember { name: name.to_owned(), member: format!("{}#{part}", file.display()).parse().unwrap() }
}

fn files(folder: &Folder, names: &[&str]) -> Files {
    Files {
        views: names.iter().map(|name| named(folder, name, "x*")).collect(),
        ids: names.iter().map(|name| named(folder, name, "id")).collect(),
        ..Files::default()
    }
}

fn request(folder: &Folder, files: Files) -> Import {
    let splitting = Splitting::Shares { files, shares: vec![0.5, 0.5], seed: 1, stratify: None };
    Import { force: true, ..Import::new("mine", splitting, folder.path("mine.yaml")) }
}

fn loaded(folder: &Folder) -> Loaded {
    load(&Manifest::read(&folder.path("mine.yaml")).unwrap()).unwrap()
}

/// (item, place) of every row of a view, train before test.
fn rows(loaded: &Loaded, view: &str) -> Vec<(usize, usize)> {
    let splits = [&loaded.dataset.train, &loaded.dataset.test].map(|split| split.views.get(view).unwrap());
    splits.iter().flat_map(|x| (0..x.rows()).map(|i| (x.at(i, 0) as usize, x.at(i, 1) as usize))).collect()
}

fn error(folder: &Folder, files: Files) -> String {
    let error = import(&request(folder, files)).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path("").display().to_string().trim_end_matches('/')), "")
}

#[test]
fn files_in_different_orders_are_joined_and_what_is_left_out_is_counted() {
    let folder = Folder::new();
    write(&folder, "en", &["p3", "p1", "p4", "p2", "p9", "p5", "p6"]);
    write(&folder, "fr", &["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"]);
    folder.write("y.csv", "id,class\np6,b\np5,b\np4,a\np3,a\np2,a\np1,b\n");
    let mut files = files(&folder, &["en", "fr"]);
    files.labels = vec![named(&folder, "y", "class")];
    files.ids.push(named(&folder, "y", "id"));
    let done = import(&request(&folder, files)).unwrap();
    let left: Vec<String> = done.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left,
        [
            "1 of 7 rows of `en` are left out: other files lack their ids (`p9` is not in `fr`)",
            "2 of 8 rows of `fr` are left out: other files lack their ids (`p7` is not in `en`)"
        ]
    );
    let loaded = loaded(&folder);
    assert_eq!(rows(&loaded, "en"), rows(&loaded, "fr"), "row i is one item");
    let mut items: Vec<usize> = rows(&loaded, "en").iter().map(|row| row.0).collect();
    for (split, at) in [(&loaded.dataset.train, 0), (&loaded.dataset.test, loaded.dataset.train.views.rows())] {
        for (i, &class) in split.labels[0].values.iter().enumerate() {
            assert_eq!(class == 1, [1, 5, 6].contains(&items[at + i]), "labels follow their items");
        }
        assert!(split.ids.is_some());
    }
    items.sort_unstable();
    assert_eq!(items, [1, 2, 3, 4, 5, 6]);
    let out: Vec<(Option<&str>, usize, usize)> = loaded
        .warnings
        .iter()
        .filter(|warning| warning.kind == WarningKind::RowsLeftOut)
        .map(|warning| (warning.view.as_deref(), warning.count, warning.total))
        .collect();
    assert_eq!(out, [(Some("en"), 1, 7), (Some("fr"), 2, 8)], "every load says it again");
    let manifest = Manifest::read(&folder.path("mine.yaml")).unwrap();
    for (split, want) in [(SplitName::Train, &loaded.dataset.train), (SplitName::Test, &loaded.dataset.test)] {
        let stream = Stream::open(&manifest, split).unwrap();
        let mut at = 0;
        for chunk in stream.chunks(2) {
            let chunk = chunk.unwrap();
            for view in ["en", "fr"] {
                for i in 0..chunk.rows() {
                    assert_eq!(chunk.get(view).unwrap().row(i), want.views.get(view).unwrap().row(at + i));
                }
            }
            at += chunk.rows();
        }
        assert_eq!(at, want.views.rows());
    }
}

#[test]
fn a_picture_stands_beside_each_of_its_captions_and_stays_in_one_split() {
    let folder = Folder::new();
    write(&folder, "clip", &["p2", "p1", "p3", "p4"]);
    let captions = ["p1", "p1", "p2", "p4", "p3", "p3", "p4", "p1"];
    write(&folder, "bert", &captions);
    write(&folder, "e5", &captions);
    let done = import(&request(&folder, files(&folder, &["clip", "bert", "e5"]))).unwrap();
    assert!(done.left_out.is_empty());
    let loaded = loaded(&folder);
    assert_eq!(rows(&loaded, "bert"), rows(&loaded, "e5"), "two lists of captions keep their order");
    let pictures: Vec<usize> = rows(&loaded, "clip").iter().map(|row| row.0).collect();
    let captions: Vec<usize> = rows(&loaded, "bert").iter().map(|row| row.0).collect();
    assert_eq!(pictures, captions);
    let (train, test) = (&loaded.dataset.train, &loaded.dataset.test);
    assert_eq!((train.groups[0].name.as_str(), train.views.rows() + test.views.rows()), ("id", 8));
    let of_test = &test.groups[0].values;
    assert!(train.groups[0].values.iter().all(|group| !of_test.contains(group)));
    assert!(train.ids.is_none(), "an id that several items have is none");
    for split in [train, test] {
        let [clip, bert] = ["clip", "bert"].map(|view| split.views.space(view).unwrap().source_rows().unwrap());
        let pictures = split.views.get("clip").unwrap();
        for item in 0..split.views.rows() {
            assert_eq!(pictures.at(item, 0) as usize, [2, 1, 3, 4][clip[item].unwrap()], "the row of the file");
        }
        let once: std::collections::BTreeSet<Option<usize>> = bert.iter().copied().collect();
        assert_eq!(once.len(), bert.len(), "a caption has a row of its own");
    }
    let counted = |kind: WarningKind| -> Vec<Option<&str>> {
        loaded.warnings.iter().filter(|w| w.kind == kind).map(|w| w.view.as_deref()).collect()
    };
    assert!(counted(WarningKind::SharedRows).iter().all(|view| *view == Some("clip")));
    assert!(!counted(WarningKind::SharedRows).is_empty() && counted(WarningKind::DuplicateRows).is_empty());
}

#[test]
fn ids_that_only_one_split_repeats_are_a_grouping_in_all_splits() {
    let folder = Folder::new();
    write(&folder, "clip", &["p1", "p2"]);
    write(&folder, "bert", &["p1", "p1", "p2"]);
    write(&folder, "clip2", &["p3", "p4"]);
    write(&folder, "bert2", &["p4", "p3"]);
    let mut test = files(&folder, &["clip2", "bert2"]);
    for (at, name) in ["clip", "bert"].into_iter().enumerate() {
        test.views[at].name = name.to_owned();
        test.ids[at].name = name.to_owned();
    }
    let train = files(&folder, &["clip", "bert"]);
    for (first, second) in [(train.clone(), test.clone()), (test, train)] {
        let splitting = Splitting::Given([(SplitName::Train, first.clone()), (SplitName::Test, second)].into());
        import(&Import { splitting, ..request(&folder, first) }).unwrap();
        let loaded = loaded(&folder);
        assert_eq!(rows(&loaded, "clip").len(), 5);
        for split in [&loaded.dataset.train, &loaded.dataset.test] {
            assert_eq!(split.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["id"]);
            assert!(split.ids.is_none());
        }
        let groups = [&loaded.dataset.train, &loaded.dataset.test].map(|split| split.groups[0].values.clone());
        assert!(groups[0].iter().all(|group| !groups[1].contains(group)), "{groups:?}");
    }
}

#[test]
fn copies_of_a_row_and_duplicates_within_a_group_are_told_apart_from_others() {
    let folder = Folder::new();
    folder.write("clip.csv", "id,x0,x1\np1,1,0\np2,0,1\np3,-1,0\np4,0,-1\n");
    let captions = "p1,1,0\np1,1,0\np2,1,0\np3,0,1\np3,0.001,1\np4,1,-1\np4,-1,-1\n";
    folder.write("bert.csv", format!("id,x0,x1\n{captions}"));
    let of = || files(&folder, &["clip", "bert"]);
    let splitting = Splitting::Given([(SplitName::Train, of()), (SplitName::Test, of())].into());
    import(&Import { splitting, ..request(&folder, of()) }).unwrap();
    let checked = data::check(&loaded(&folder)).unwrap();
    let test: Vec<String> = checked
        .warnings
        .iter()
        .filter(|warning| warning.split == SplitName::Test && warning.view.is_some())
        .filter(|warning| warning.kind != WarningKind::TrainTestRows)
        .map(|warning| format!("{}{warning}", if warning.kind.is_note() { "note: " } else { "" }))
        .collect();
    assert_eq!(
        test,
        [
            "test: 1 of 7 rows of view `bert` repeat an earlier row exactly, first row 2",
            "note: test: 3 of 7 items of view `clip` share a row of its file with an earlier item, first item 1; retrieval by \
             item counts copies of a row as ties against the query, `retrieval: {positives: groups}` asks for each row once",
            "note: test: 1 of 7 rows of view `bert` repeat an earlier row of their own group exactly, first row 1; with \
             `positives: groups` both are right answers",
            "note: test: 1 of 7 rows of view `bert` nearly repeat an earlier row of their own group, first row 4; with \
             `positives: groups` both are right answers",
        ]
    );
}

#[test]
fn what_cannot_be_joined_says_why() {
    let folder = Folder::new();
    write(&folder, "en", &["p1", "p2", "p3", "p4"]);
    write(&folder, "fr", &["p4", "p3", "p2", "p1"]);
    write(&folder, "de", &["p11", "p12", "p13", "p14"]);
    write(&folder, "it", &["p1", "p1", "p1", "p2", "p3", "p4"]);
    write(&folder, "ko", &["p1", "p1", "p2", "p3", "p4"]);
    let both = || files(&folder, &["en", "fr"]);
    let mut without = both();
    without.ids.pop();
    assert_eq!(error(&folder, without), "fr.csv: view `fr` has no ids, and other files have; give it ids of its own");
    let mut other = both();
    other.ids[1].name = "fx".to_owned();
    let want = "fr.csv: ids of `fx`, and there is no view, labelling or grouping of this name; did you mean `fr`?; there are en, fr";
    assert_eq!(error(&folder, other), want);
    let mut mixed = both();
    mixed.ids[1].name.clear();
    assert!(
        error(&folder, mixed).starts_with("fr.csv: ids without a name are of all files, in one order, and `en` has")
    );
    let mut twice = both();
    twice.ids[1].name = "en".to_owned();
    assert!(error(&folder, twice).contains("list of ids `en` is given twice"));
    let apart = error(&folder, files(&folder, &["en", "de"]));
    assert_eq!(
        apart,
        "de.csv: no id is in all files: `en` begins with `p1`, `de` with `p11`; check that the ids are of one kind"
    );
    let uneven = error(&folder, files(&folder, &["en", "it", "ko"]));
    let want = "ko.csv: id `p1` stands 3 times in `it` and 2 times in `ko`; an id may be repeated in one file, or equally often in several";
    assert_eq!(uneven, want);
    let mut short = both();
    folder.write("few.csv", "id\np1\np2\n");
    short.ids[1].member = format!("{}#id", folder.path("few.csv").display()).parse().unwrap();
    let short = error(&folder, short);
    assert!(short.starts_with("few.csv: fr: found 2 values"), "{short}");
}

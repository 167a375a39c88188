//! From own files to a manifest and back.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;

use align::Matrix;
use common::{Folder, npy_of};
use data::import::{Files, Import, Member, NamedMember, Splitting, import, latentis};
use data::{DataError, ExportFormat, Manifest, SplitName, WarningKind, export, load};

const ITEMS: usize = 40;

fn member(folder: &Folder, text: &str) -> Member {
    let member: Member = text.parse().unwrap();
    Member { file: folder.path(member.file.to_str().unwrap()), ..member }
}

fn named(folder: &Folder, name: &str, text: &str) -> NamedMember {
    NamedMember { name: name.to_owned(), member: member(folder, text) }
}

fn value(item: usize, column: usize, scale: f32) -> f32 {
    scale * ((item * 7 + column * 3) as f32).sin()
}

/// Two views of forty items as npy and csv, texts as labels, ids, and groups of four.
fn folder() -> Folder {
    let folder = Folder::new();
    let values: Vec<f32> = (0..ITEMS).flat_map(|i| (0..3).map(move |j| value(i, j, 1.0))).collect();
    folder.write("en.npy", npy_of("<f4", &[ITEMS as u64, 3], false, &values));
    let line = |i: usize| format!("{},{},{},{}\n", i / 4, ["b", "a"][i % 2], value(i, 0, 2.0), value(i, 1, 2.0));
    folder.write("fr.csv", format!("group,kind,x0,x1\n{}", (0..ITEMS).map(line).collect::<String>()));
    folder.write("ids.txt", (0..ITEMS).map(|i| format!("item-{i}\n")).collect::<String>());
    folder
}

fn files(folder: &Folder) -> Files {
    Files {
        views: vec![named(folder, "en", "en.npy"), named(folder, "fr", "fr.csv#x*")],
        labels: vec![named(folder, "kind", "fr.csv#kind")],
        groups: vec![named(folder, "group", "fr.csv#group")],
        ids: vec![NamedMember { name: String::new(), member: member(folder, "ids.txt") }],
    }
}

fn request(folder: &Folder, files: Files) -> Import {
    let splitting = Splitting::Shares { files, shares: vec![0.7, 0.3], seed: 3, stratify: None };
    Import::new("mine", splitting, folder.path("mine.yaml"))
}

#[test]
fn own_files_become_a_data_set_without_being_copied() {
    let folder = folder();
    let done = import(&request(&folder, files(&folder))).unwrap();
    assert_eq!(done.rows.values().sum::<usize>(), ITEMS);
    assert_eq!(done.texts["kind"], ["a", "b"]);
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    let (train, test) = (&loaded.dataset.train, &loaded.dataset.test);
    assert_eq!((train.views.rows() + test.views.rows(), train.views.widths()), (ITEMS, vec![3, 2]));
    for split in [train, test] {
        let en = split.views.get("en").unwrap();
        for row in 0..en.rows() {
            // The row tells which item it is, and so must all that belongs to it.
            let item = (0..ITEMS).find(|&i| (0..3).all(|j| value(i, j, 1.0) == en.at(row, j))).unwrap();
            assert!((split.views.get("fr").unwrap().at(row, 1) - value(item, 1, 2.0)).abs() < 1e-6);
            assert_eq!(split.labels[0].values[row], i64::from(item % 2 == 0));
            assert_eq!(split.groups[0].values[row], item as i64 / 4);
        }
    }
    let several = loaded.warnings.iter().filter(|w| w.kind == WarningKind::ManyToOne).count();
    let shared = loaded.warnings.iter().filter(|w| w.kind == WarningKind::SharedGroups).count();
    assert_eq!((several, shared), (1, 0), "groups of four stay together: {:?}", loaded.warnings);

    let stream = data::Stream::open(&Manifest::read(&done.manifest).unwrap(), SplitName::Test).unwrap();
    let rows: usize = stream.chunks(5).map(|chunk| chunk.unwrap().rows()).sum();
    assert_eq!(rows, test.views.rows());

    let message = folder.message(import(&request(&folder, files(&folder))));
    assert_eq!(message, "mine.yaml: is there already; choose another name, or allow that it is overwritten");
}

#[test]
fn a_file_that_changes_after_the_import_is_noticed() {
    let folder = folder();
    let done = import(&request(&folder, files(&folder))).unwrap();
    folder.write("fr.csv", std::fs::read_to_string(folder.path("fr.csv")).unwrap().replace("a,", "b,"));
    let message = folder.message(load(&Manifest::read(&done.manifest).unwrap()));
    assert!(message.contains("fr.csv: has sha256 "), "{message}");
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    let folder = folder();
    folder.write("short.npy", npy_of("<f4", &[3, 2], false, &[1.0_f32; 6]));
    let with = |edit: &dyn Fn(&mut Files)| {
        let mut files = files(&folder);
        edit(&mut files);
        folder.message(import(&request(&folder, files)))
    };
    assert_eq!(
        with(&|f| f.views[1] = named(&folder, "fr", "short.npy")),
        "short.npy: view `fr` has 3 rows, view `en` has 40; row i must be the same item in every view"
    );
    let message = with(&|f| f.labels[0] = named(&folder, "kind", "fr.csv#knid"));
    assert!(message.starts_with("fr.csv: no column `knid`; did you mean `kind`?"), "{message}");
    folder.write("ids.txt", "x\n".repeat(ITEMS));
    let message = with(&|_| ());
    assert_eq!(message, "ids.txt: id `x` stands at row 0 and again at row 1; ids must be unique");
    assert!(!folder.path("mine.yaml").exists());
    assert!("#x".parse::<Member>().is_err());
}

#[test]
fn files_that_are_split_already() {
    let folder = Folder::new();
    for (name, rows) in [("a-train", 5_u64), ("b-train", 5), ("a-test", 3), ("b-test", 3)] {
        let values: Vec<f32> = (0..rows * 2).map(|i| i as f32).collect();
        folder.write(&format!("{name}.npy"), npy_of("<f4", &[rows, 2], false, &values));
    }
    folder.write("train.txt", "1\n2\n1\n2\n1\n");
    folder.write("test.txt", "2\n2\n1\n");
    let of = |split: &str| Files {
        views: ["a", "b"].map(|view| named(&folder, view, &format!("{view}-{split}.npy"))).to_vec(),
        labels: vec![named(&folder, "y", &format!("{split}.txt"))],
        ..Files::default()
    };
    let splits = [(SplitName::Train, of("train")), (SplitName::Test, of("test"))].into();
    let request = Import { splitting: Splitting::Given(splits), ..request(&folder, Files::default()) };
    let done = import(&request).unwrap();
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    assert_eq!(loaded.dataset.test.labels[0].values, [2, 2, 1], "numbers stay numbers");
    assert_eq!(loaded.dataset.train.views.rows(), 5);
}

#[test]
fn the_folders_that_latentis_writes() {
    let folder = Folder::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/latentis.h5");
    let mapping = |last: &str| {
        let lines = (0..399).map(|i| format!("key {i}\t{i}\n")).collect::<String>();
        format!("x\ty\n{lines}{last}\t399\n")
    };
    for encoder in ["bert-base", "org-roberta"] {
        for split in ["train", "test"] {
            let vectors = folder.path(&format!("set/encodings/{encoder}/{split}/vectors"));
            std::fs::create_dir_all(&vectors).unwrap();
            std::fs::copy(&source, vectors.join("data.h5")).unwrap();
            std::fs::write(vectors.join("mapping.tsv"), mapping("last")).unwrap();
        }
    }
    let splitting = latentis(&folder.path("set")).unwrap();
    let done = import(&Import { splitting, ..request(&folder, Files::default()) }).unwrap();
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    assert_eq!(loaded.view_names().collect::<Vec<_>>(), ["bert-base", "org-roberta"]);
    assert_eq!((loaded.dataset.train.views.rows(), loaded.dataset.train.views.widths()), (400, vec![24, 24]));

    let other = folder.path("set/encodings/org-roberta/test/vectors/mapping.tsv");
    std::fs::write(other, mapping("another")).unwrap();
    let message = folder.message(latentis(&folder.path("set")));
    assert!(message.contains("row 399 is `another`, in set/encodings/bert-base/test/vectors/mapping.tsv it is `last`"));
}

#[test]
fn an_export_is_the_same_data_in_every_format() {
    let folder = folder();
    let done = import(&request(&folder, files(&folder))).unwrap();
    let manifest = Manifest::read(&done.manifest).unwrap();
    let want = load(&manifest).unwrap();
    for (format, name) in
        [(ExportFormat::Safetensors, "safe"), (ExportFormat::Npy, "npy"), (ExportFormat::Parquet, "parquet")]
    {
        let path = export(&manifest, &folder.path(name), format, false).unwrap();
        let got = load(&Manifest::read(&path).unwrap()).unwrap();
        for view in ["en", "fr"] {
            let values = |loaded: &data::Loaded| loaded.dataset.test.views.get(view).unwrap().clone();
            let (got, want): (Matrix, Matrix) = (values(&got), values(&want));
            assert!(got == want, "{name} {view}");
        }
        assert_eq!(got.dataset.train.labels, want.dataset.train.labels);
        assert_eq!(got.dataset.train.groups, want.dataset.train.groups);
        assert_eq!(got.dataset.train.ids, want.dataset.train.ids);
    }
}

#[test]
fn rows_that_are_given_twice_or_do_not_exist() {
    let folder = Folder::new();
    folder.toy();
    let npy = |name: &str, values: &[i64]| folder.write(name, npy_of("<i8", &[values.len() as u64], false, values));
    let text = "name: x\ntitle: x\nlicence: MIT\nsource: x\nsplits: [train, test]\n\
                rows: {files: {train: {file: r1.npy}, test: {file: r2.npy}}}\nviews:\n\
                - {name: a, file: a.safetensors, tensor: train}\n- {name: b, file: b.safetensors, tensor: train}\n";
    let manifest = Manifest::read(&folder.write("x.yaml", text)).unwrap();
    let attempt = |train: &[i64], test: &[i64]| -> Result<data::Loaded, DataError> {
        npy("r1.npy", train);
        npy("r2.npy", test);
        load(&manifest)
    };
    let loaded = attempt(&[2, 0], &[1]).unwrap();
    assert_eq!(loaded.dataset.train.views.at(1).row(0), [8.0, 8.0]);
    assert_eq!(loaded.dataset.test.views.at(0).row(0), [3.0, 5.0]);
    assert_ne!(loaded.checksum(&["a", "b"]), attempt(&[0, 2], &[1]).unwrap().checksum(&["a", "b"]));
    assert_eq!(
        folder.message(attempt(&[0, 1], &[1])),
        "x.yaml:6:1: rows: row 1 is given in `train` and again in `test`; an item belongs to one split, once"
    );
    assert_eq!(
        folder.message(attempt(&[0, 1], &[3])),
        "x.yaml:8:3: views[0]: the manifest's `rows` name row 3, and the file has 3 rows, counted from 0"
    );
    assert_eq!(
        folder.message(attempt(&[0, -1], &[2])),
        "x.yaml:6:1: rows: row -1 in `train`; row numbers count from 0, and -1 in a view's own `rows` marks an item that the view misses"
    );
}

/// Forty items with three lists in one table, all of which want to be called the same.
fn clashing(folder: &Folder) -> Files {
    let line = |i: usize| format!("{},{},0{}\n", ["b", "a"][i % 2], i / 4, i % 5);
    folder.write("lists.csv", format!("x,y,z\n{}", (0..ITEMS).map(line).collect::<String>()));
    let mut files = files(folder);
    files.labels = ["rows", "ids", "both"].map(|name| named(folder, name, "lists.csv#x")).to_vec();
    files.groups = ["rows", "both", "labels.both"].map(|name| named(folder, name, "lists.csv#y")).to_vec();
    files
}

#[test]
fn lists_may_be_called_as_they_like() {
    let folder = folder();
    let done = import(&request(&folder, clashing(&folder))).unwrap();
    assert_eq!((done.texts["both"].len(), done.group_texts.len()), (2, 0));
    let manifest = Manifest::read(&done.manifest).unwrap();
    let loaded = load(&manifest).unwrap();
    let path = export(&manifest, &folder.path("out"), ExportFormat::Npy, false).unwrap();
    for loaded in [loaded, load(&Manifest::read(&path).unwrap()).unwrap()] {
        let test = &loaded.dataset.test;
        let names = |lists: &[align::Labels]| lists.iter().map(|list| list.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&test.labels), ["rows", "ids", "both"]);
        assert_eq!(names(&test.groups), ["rows", "both", "labels.both"]);
        let fr = test.views.get("fr").unwrap();
        for row in 0..fr.rows() {
            let item = (0..ITEMS).find(|&i| (fr.at(row, 0) - value(i, 0, 2.0)).abs() < 1e-6);
            let item = item.unwrap() as i64;
            assert!(test.labels.iter().all(|list| list.values[row] == i64::from(item % 2 == 0)), "{item}");
            assert!(test.groups.iter().all(|list| list.values[row] == item / 4), "{item}");
        }
        assert!(test.ids.is_some());
    }
}

#[test]
fn a_name_given_twice_is_refused_and_not_half_kept() {
    let folder = folder();
    let with = |edit: &dyn Fn(&mut Files)| {
        let mut files = files(&folder);
        edit(&mut files);
        folder.message(import(&request(&folder, files)))
    };
    let twice = |file: &str, kind: &str, name: &str| {
        format!("{file}: {kind} `{name}` is given twice; give each a name of its own: NAME=FILE#PART")
    };
    assert_eq!(with(&|f| f.labels.push(named(&folder, "kind", "ids.txt"))), twice("ids.txt", "labelling", "kind"));
    assert_eq!(with(&|f| f.groups.push(named(&folder, "group", "fr.csv#kind"))), twice("fr.csv", "grouping", "group"));
    assert_eq!(with(&|f| f.views.push(named(&folder, "en", "fr.csv#x*"))), twice("fr.csv", "view", "en"));
    // One name in two splits is one list; in one split only it could not be asked for.
    let some = |train: Files, test: Files| {
        let splitting = Splitting::Given([(SplitName::Train, train), (SplitName::Test, test)].into());
        folder.message(import(&Import { splitting, ..request(&folder, Files::default()) }))
    };
    let (all, mut fewer) = (files(&folder), files(&folder));
    fewer.labels.clear();
    assert_eq!(
        some(all.clone(), fewer.clone()),
        "fr.csv: labelling `kind` is given for `train` and not for `test`; give it for every split, or for none"
    );
    fewer.labels.clone_from(&all.labels);
    fewer.ids.clear();
    assert!(some(fewer.clone(), all.clone()).contains("ids are given for `test` and not for `train`"));
    fewer.ids.clone_from(&all.ids);
    fewer.views.push(named(&folder, "more", "en.npy"));
    assert!(some(all, fewer).contains("view `more` is given for `test` and not for `train`"));
    assert!(!folder.path("mine.yaml").exists());
}

#[test]
fn classes_that_look_like_one_number_stay_apart() {
    let folder = folder();
    let line = |i: usize| format!("{}\n", ["01", "1", "10"][i % 3]);
    folder.write("codes.txt", (0..ITEMS).map(line).collect::<String>());
    let mut files = files(&folder);
    files.labels = vec![named(&folder, "code", "codes.txt")];
    files.groups.clear();
    let done = import(&request(&folder, files)).unwrap();
    assert_eq!(done.texts["code"], ["01", "1", "10"]);
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    let classes: std::collections::BTreeSet<i64> = loaded.dataset.train.labels[0].values.iter().copied().collect();
    assert_eq!(classes.len(), 3);
}

#[test]
fn what_is_there_stays_until_something_sound_replaces_it() {
    let folder = folder();
    let old = import(&request(&folder, files(&folder))).unwrap();
    let contents = || (std::fs::read(&old.manifest).unwrap(), std::fs::read(old.items.as_ref().unwrap()).unwrap());
    let before = contents();
    let mut values = vec![1.0_f32; ITEMS * 3];
    values[7] = f32::NAN;
    folder.write("nan.npy", npy_of("<f4", &[ITEMS as u64, 3], false, &values));
    let mut broken = files(&folder);
    broken.views[1] = named(&folder, "fr", "nan.npy");
    broken.ids.clear();
    let forced = |files| Import { force: true, ..request(&folder, files) };
    // Neither the manifest that was to be written nor a line of it is named.
    assert_eq!(
        folder.message(import(&forced(broken))),
        "nan.npy: found NaN at row 2, column 1, expected finite values; drop the item from every view or repair it"
    );
    assert!(contents() == before);
    load(&Manifest::read(&old.manifest).unwrap()).unwrap();
    let left = std::fs::read_dir(folder.path("")).unwrap();
    let hidden = left.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0, "nothing is left behind");

    let mut other = files(&folder);
    other.labels.clear();
    import(&forced(other)).unwrap();
    assert!(contents() != before);
    load(&Manifest::read(&old.manifest).unwrap()).unwrap();

    // A file beside the manifest that bears the items' name is somebody's.
    std::fs::remove_file(&old.manifest).unwrap();
    let message = folder.message(import(&request(&folder, files(&folder))));
    assert!(message.starts_with("mine.items.safetensors: is there already;"), "{message}");
}

#[test]
fn no_file_that_is_read_is_written() {
    let folder = folder();
    let mut own = files(&folder);
    folder.write("mine.yaml", std::fs::read(folder.path("ids.txt")).unwrap());
    own.labels = vec![named(&folder, "kind", "mine.items.safetensors#kind")];
    let kinds: Vec<i64> = (0..ITEMS as i64).map(|i| i % 2).collect();
    let kinds = ("kind", safetensors::Dtype::I64, vec![ITEMS], common::le(&kinds, i64::to_le_bytes));
    folder.write("mine.items.safetensors", common::safetensors_of(&[kinds]));
    let message = folder.message(import(&Import { force: true, ..request(&folder, own) }));
    let is_input = "is one of the files that are read, and would be overwritten; choose another name or folder";
    assert_eq!(message, format!("mine.items.safetensors: {is_input}"));

    let folder = Folder::new();
    folder.toy();
    let manifest = folder.manifest(&[]).unwrap();
    let before = std::fs::read(folder.path("a.safetensors")).unwrap();
    let message = folder.message(export(&manifest, &folder.path("."), ExportFormat::Npy, false));
    assert_eq!(message, format!("./toy.yaml: {is_input}"));
    std::fs::copy(folder.path("toy.yaml"), folder.path("again.yaml")).unwrap();
    let text = std::fs::read_to_string(folder.path("toy.yaml")).unwrap().replace("name: toy", "name: other");
    let manifest = Manifest::read(&folder.write("again.yaml", text)).unwrap();
    let message = folder.message(export(&manifest, &folder.path("."), ExportFormat::Safetensors, false));
    assert_eq!(message, format!("./a.safetensors: {is_input}"));
    assert!(std::fs::read(folder.path("a.safetensors")).unwrap() == before);
}

#[test]
fn views_whose_names_make_one_file_name_are_exported_apart() {
    let folder = Folder::new();
    folder.toy();
    let named = [("name: a,", "name: \"x/y\","), ("name: b\n", "name: x-y\n"), ("name: toy", "name: ../toy")];
    let manifest = folder.manifest(&named).unwrap();
    let want = load(&manifest).unwrap();
    for (format, name) in [(ExportFormat::Safetensors, "safe"), (ExportFormat::Npy, "npy")] {
        let path = export(&manifest, &folder.path(name), format, false).unwrap();
        assert_eq!(path.parent(), Some(folder.path(name).as_path()), "no name leads out of the folder");
        let got = load(&Manifest::read(&path).unwrap()).unwrap();
        for view in ["x/y", "x-y"] {
            assert!(got.dataset.test.views.get(view) == want.dataset.test.views.get(view), "{name} {view}");
        }
    }
    let other = folder.manifest(&[named[2]]).unwrap();
    let message = folder.message(export(&other, &folder.path("npy"), ExportFormat::Npy, false));
    assert!(message.starts_with("npy/items.safetensors: is there already"), "{message}");
    assert!(export(&other, &folder.path("npy"), ExportFormat::Npy, true).is_ok());
    let named = [("name: a,", "name: items,"), ("name: b\n", "name: ITEMS\n")];
    let manifest = folder.manifest(&named).unwrap();
    let path = export(&manifest, &folder.path("items"), ExportFormat::Safetensors, false).unwrap();
    let got = load(&Manifest::read(&path).unwrap()).unwrap();
    assert_eq!(got.dataset.train.ids, Some(vec![10, 11, 12]));
    assert_eq!(got.dataset.train.views.get("ITEMS").unwrap().row(0), [2.0, 4.0]);
}

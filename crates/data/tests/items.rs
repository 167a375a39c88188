//! Items of recipes: what is found, and what is refused with which message.
#![allow(clippy::unwrap_used, reason = "a test that cannot write its files should stop")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use data::{
    SplitName,
    items::{Gathered, Material, Recipe, gather},
};

/// A folder with material.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    fn gather(&self, recipe: &str, parts: &[&str]) -> Result<Gathered, String> {
        self.gather_from("a sum", recipe, parts)
    }

    /// The same with an archive of this checksum.
    fn gather_from(&self, sum: &str, recipe: &str, parts: &[&str]) -> Result<Gathered, String> {
        let mut files = BTreeMap::new();
        self.verified("", sum, &mut files);
        self.gather_verified(&files, recipe, parts)
    }

    /// Everything that is there, as if it had been verified.
    fn verified(&self, folder: &str, sum: &str, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap()) {
            let name = format!("{folder}{}", entry.file_name().into_string().unwrap());
            match entry.path().is_dir() {
                true => self.verified(&format!("{name}/"), sum, files),
                false => drop(files.insert(name, sum.to_owned())),
            }
        }
    }

    fn gather_verified(
        &self,
        files: &BTreeMap<String, String>,
        recipe: &str,
        parts: &[&str],
    ) -> Result<Gathered, String> {
        let path = self.path("source.yaml");
        let recipe = data::yaml::parse::<Recipe>(&path, recipe, |_| ()).map_err(|error| error.to_string())?.value;
        if let Some((key, message)) = recipe.problem() {
            return Err(format!("{key}: {message}"));
        }
        let material = Material { folder: self.0.path(), files, out: &self.path("out"), seed: Some(42) };
        let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let shown = format!("{}/", self.0.path().display());
        gather(&recipe, &parts, material, &BTreeMap::new()).map_err(|error| error.to_string().replace(&shown, ""))
    }
}

fn said(found: Result<Gathered, String>, parts: &[&str]) {
    let error = found.err().unwrap_or_default();
    parts.iter().for_each(|part| assert!(error.contains(part), "`{part}` is not in: {error}"));
}

const LISTS: &str = r#"
read: {lists: {train: train.txt, test: test.txt}}
parts:
  captions: {kind: texts, lines: captions.txt, form: "{id}#{number} {text}"}
  speech: {kind: sounds, lines: wavs.txt, form: "{wav} {id}", files: "wavs/{wav}"}
"#;

fn listed() -> Place {
    let place = Place::new();
    place.put("train.txt", "a\nb\n\nc\n");
    place.put("test.txt", "d\n");
    place.put("captions.txt", "d#0 four\nb#0 two\na#0 one\nb#1 second\nz#0 nothing\n");
    place.put("wavs.txt", "1.wav a\n2.wav b\n4.wav d\n5.wav c\n");
    for wav in ["1", "2", "4", "5"] {
        place.put(&format!("wavs/{wav}.wav"), "");
    }
    place
}

#[test]
fn items_of_lists_have_the_inputs_of_their_lines() {
    let found = listed().gather(LISTS, &["captions", "speech"]).unwrap();
    assert_eq!(found.splits[&SplitName::Train].ids, ["a", "b"], "c has no caption");
    assert_eq!(found.notes, ["train: 1 items have no captions, the first is `c`; they are left out"]);
    let captions = &found.parts["captions"].1[&SplitName::Train];
    assert_eq!(
        (captions.inputs.as_slice(), captions.items.as_slice()),
        (&["one", "two", "second"].map(String::from)[..], &[0, 1, 1][..])
    );
    let speech = &found.parts["speech"].1[&SplitName::Test];
    assert!(speech.inputs[0].ends_with("wavs/4.wav"));
}

#[test]
fn what_is_not_as_the_recipe_says_is_refused() {
    let parts = &["captions", "speech"];
    let place = listed();
    place.put("captions.txt", "a#0 one\nb two\n");
    said(
        place.gather(LISTS, parts),
        &["captions.txt: line 2", "found `b two`, expected the form `{id}#{number} {text}`"],
    );
    let place = listed();
    place.put("captions.txt", "a#0 one\nb#0  \n");
    said(place.gather(LISTS, parts), &["captions.txt: line 2", "found `b#0  `"]);
    let labelled = format!("{LISTS}labels: {{x: number}}\n");
    said(listed().gather(&labelled, parts), &["labels.x: found the field `number`, expected one of id"]);
    let place = listed();
    place.put("train.txt", "a\nb\na\n");
    said(place.gather(LISTS, parts), &["train.txt: line 3 has `a` again"]);
    let place = listed();
    fs::remove_file(place.path("wavs/2.wav")).unwrap();
    said(place.gather(LISTS, parts), &["no fetched file is called `wavs/2.wav`"]);
    let place = listed();
    place.put("wavs.txt", "../1.wav a\n");
    said(place.gather(LISTS, parts), &["found the file `wavs/../1.wav`, expected a path that stays in the folder"]);
    let place = listed();
    place.put("test.txt", "z\n");
    said(place.gather(LISTS, parts), &["`test` has no item"]);
    let wrong = |from: &str, to: &str| {
        assert!(LISTS.contains(from), "{from}");
        listed().gather(&LISTS.replace(from, to), parts)
    };
    said(wrong("{id}#{number}", "{number}"), &["parts.captions: `form` has no `{id}`"]);
    said(wrong(", files: \"wavs/{wav}\"", ""), &["parts.speech: expected `files` with names that `form` has"]);
    said(
        wrong("kind: texts, lines: captions.txt", "kind: texts, column: x, lines: captions.txt"),
        &["parts.captions: expected `lines`"],
    );
    said(wrong("{train: train.txt, test: test.txt}", "{train: train.txt}"), &["read.lists: `test` is missing"]);
    said(wrong("{wav} {id}", "{wav}{id}"), &["expected some text between two names"]);
}

const TABLES: &str = "
read: {tables: {train: train.parquet, test: test.parquet}}
parts: {img: {kind: pictures, column: img}}
labels: {class: fine_label}
hold_out: {share: 0.1, stratify: class}
";

#[test]
fn validation_has_the_same_share_of_every_class() {
    let place = Place::new();
    for split in ["train", "test"] {
        let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/cifar100");
        let bytes = fs::read(table.join(format!("{split}-00000-of-00001.parquet"))).unwrap();
        place.put(&format!("{split}.parquet"), bytes);
    }
    let found = place.gather(TABLES, &["img"]).unwrap();
    let rows = |split| found.splits[&split].lists[0].clone();
    let mut classes = rows(SplitName::Validation);
    classes.sort();
    assert_eq!(classes, ["0", "0", "1", "1", "2", "2", "3", "3"]);
    let (items, inputs) = (&found.splits[&SplitName::Train].ids, &found.parts["img"].1[&SplitName::Train].inputs);
    for (id, input) in items.iter().zip(inputs) {
        assert_eq!(format!("img/{}.png", id.replace('-', "/")), *input);
        assert!(place.path("out").join(input).is_file());
    }
    assert_eq!((items.len(), inputs.len()), (72, 72));
    assert_eq!(found, place.gather(TABLES, &["img"]).unwrap());
    said(
        place.gather(&TABLES.replace("column: img", "column: fine_label"), &["img"]),
        &["fine_label", "bytes of files"],
    );
    said(place.gather(&TABLES.replace("column: img", "column: image"), &["img"]), &["no column `image`"]);
    said(place.gather(&TABLES.replace("share: 0.1", "share: 1"), &["img"]), &["hold_out.share: found 1"]);
}

const NAMED: &str = r#"
read:
  named:
    folders: {train: [train], test: [query, gallery]}
    name: "{person}_c{camera}_{number}.jpg"
    view: camera
    item: person
    complete: [train]
    leave_out: {person: [junk]}
    alone: [none]
groups: {person: person}
labels: {query: folder=query}
"#;

fn named() -> Place {
    let place = Place::new();
    for name in ["a_c1_1", "a_c1_2", "a_c2_1", "a_c2_2", "a_c2_3", "b_c2_1", "junk_c2_1"] {
        place.put(&format!("train/{name}.jpg"), "");
    }
    place.put("query/x_c1_9.jpg", "");
    place.put("gallery/Thumbs.db", "");
    for name in ["x_c1_1", "x_c2_1", "x_c2_2", "none_c1_1", "none_c2_1"] {
        place.put(&format!("gallery/{name}.jpg"), "");
    }
    place
}

#[test]
fn items_of_names_are_the_kth_pictures_of_each_view() {
    let found = named().gather(NAMED, &["1", "2"]).unwrap();
    assert_eq!(
        found.notes,
        ["train: 1 of 7 pictures of train are left out", "camera by pictures in train: 1 is 2 (4), 2 is 1 (2)"]
    );
    let names = |part: &str, split| -> Vec<(String, usize)> {
        let entries = &found.parts[part].1[&split];
        let name = |path: &String| path.rsplit('/').next().unwrap().replace(".jpg", "");
        entries.inputs.iter().map(name).zip(entries.items.iter().copied()).collect()
    };
    let of = |names: &[(&str, usize)]| names.iter().map(|(name, item)| ((*name).to_owned(), *item)).collect::<Vec<_>>();
    assert_eq!(names("1", SplitName::Train), of(&[("a_c2_1", 0), ("a_c2_2", 1)]));
    assert_eq!(names("2", SplitName::Train), of(&[("a_c1_1", 0), ("a_c1_2", 1)]));
    assert_eq!(names("1", SplitName::Test), of(&[("none_c2_1", 2), ("x_c2_1", 3), ("x_c2_2", 4)]));
    assert_eq!(names("2", SplitName::Test), of(&[("x_c1_9", 0), ("none_c1_1", 1), ("x_c1_1", 3)]));
    let test = &found.splits[&SplitName::Test];
    assert_eq!(test.lists[0], ["1", "0", "0", "0", "0"], "the query");
    assert_eq!(test.lists[1], ["x", "none_c1_1", "none_c2_1", "x", "x"], "nobody is the same person twice");
    assert_eq!(test.ids.len(), test.ids.iter().collect::<std::collections::BTreeSet<_>>().len());
}

#[test]
fn names_of_another_form_and_views_that_are_not_there_are_refused() {
    let place = named();
    place.put("train/portrait.jpg", "");
    said(place.gather(NAMED, &["1"]), &["found `portrait.jpg`, expected the form `{person}_c{camera}_{number}.jpg`"]);
    said(
        named().gather(NAMED, &["3"]),
        &["view `of: 3`: found 2 values of `camera` in train, expected a number from 1 to 2"],
    );
    let wrong = |from: &str, to: &str| named().gather(&NAMED.replace(from, to), &["1"]);
    said(wrong("view: camera", "view: room"), &["read.named.view: found `room`"]);
    said(wrong("{person: [junk]}", "{persn: [junk]}"), &["read.named.leave_out: found `persn`, expected a name of"]);
    said(
        wrong("{person: person}", "{person: place}"),
        &["groups.person: found the field `place`, expected one of person"],
    );
    said(
        wrong("folder=query", "folder=qurey"),
        &["labels.query: found the folder `qurey`, expected one of train, query, gallery"],
    );
    let place = named();
    place.put("train/a_c1_3.JPG", "");
    said(place.gather(NAMED, &["1"]), &["found `a_c1_3.JPG`, expected the form"]);
    let place = named();
    place.put("query/y_c2_1.jpg", "");
    place.put("gallery/y_c2_1.jpg", "");
    said(place.gather(NAMED, &["1", "2"]), &["test: two pictures are called `y_c2_1` in query, gallery; rename one"]);
    let place = named();
    place.put("train/a_c1_0.jpg", "");
    said(
        place.gather(&NAMED.replace("{person: person}", "{person: number}"), &["1", "2"]),
        &["`number` of a_c2_1 differs between views or is no field"],
    );
}

fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_old();
        // The library would refuse a path that leaves the folder.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append(&header, bytes.as_bytes()).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &tar.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn archives_are_unpacked_once_and_only_below_their_folder() {
    let recipe = format!("unpack: [a.tar.gz]{LISTS}");
    let parts = &["captions", "speech"];
    let place = listed();
    fs::remove_file(place.path("wavs/1.wav")).unwrap();
    let good = archive(&[("./wavs/1.wav", "one"), ("wavs/3.wav", "three")]);
    place.put("a.tar.gz", &good);
    place.gather(&recipe, parts).unwrap();
    let unpacked = place.path("out/unpacked/wavs/1.wav");
    assert_eq!(fs::read_to_string(&unpacked).unwrap(), "one");
    // complete: the archive is not read again
    place.put("a.tar.gz", "broken");
    place.gather(&recipe, parts).unwrap();
    // a file that is missing or cut off is made again, and the others are kept
    place.put("a.tar.gz", &good);
    for damage in [None, Some("on")] {
        fs::remove_file(&unpacked).unwrap();
        damage.iter().for_each(|bytes| place.put("out/unpacked/wavs/1.wav", bytes));
        place.put("out/unpacked/wavs/3.wav", "3 3 3");
        place.gather(&recipe, parts).unwrap();
        let of = |name: &str| fs::read_to_string(place.path(&format!("out/unpacked/wavs/{name}.wav"))).unwrap();
        assert_eq!([of("1"), of("3")], ["one", "3 3 3"]);
    }
    place.put("a.tar.gz", "broken");
    fs::remove_file(&unpacked).unwrap();
    said(place.gather(&recipe, parts), &["a.tar.gz: cannot be unpacked"]);
    fs::remove_dir_all(place.path("out")).unwrap();
    said(place.gather(&recipe, parts), &["a.tar.gz: cannot be unpacked"]);
    for length in [good.len() / 2, good.len() - 1] {
        place.put("a.tar.gz", &good[..length]);
        said(place.gather(&recipe, parts), &["a.tar.gz: cannot be unpacked"]);
    }
    // interrupted after all files: those are kept; another archive replaces them, also those of the same size
    place.put("out/unpacked/wavs/1.wav", "1 1");
    place.put("a.tar.gz", &good);
    place.gather(&recipe, parts).unwrap();
    assert_eq!(fs::read_to_string(&unpacked).unwrap(), "1 1");
    let other = archive(&[("wavs/1.wav", "uno"), ("wavs/3.wav", "three")]);
    place.put("a.tar.gz", &other);
    place.gather_from("another sum", &recipe, parts).unwrap();
    assert_eq!(fs::read_to_string(&unpacked).unwrap(), "uno");
    // a third one ends early, and the second comes back
    let third = archive(&[("wavs/1.wav", "tri"), ("wavs/3.wav", "three")]);
    place.put("a.tar.gz", &third[..third.len() - 1]);
    said(place.gather_from("a third sum", &recipe, parts), &["a.tar.gz: cannot be unpacked"]);
    place.put("a.tar.gz", &other);
    place.gather_from("another sum", &recipe, parts).unwrap();
    assert_eq!(fs::read_to_string(&unpacked).unwrap(), "uno");
    place.put("a.tar.gz", archive(&[("../1.wav", "one")]));
    said(place.gather(&recipe, parts), &["has the path `../1.wav`, which leaves the folder"]);
    assert!(!place.path("out/1.wav").exists());
    said(listed().gather(&recipe.replace("a.tar.gz", "b.tar.gz"), parts), &["no fetched file is called `b.tar.gz`"]);
}

#[test]
fn names_of_gigabytes_in_an_archive_are_refused() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 20);
    header.set_cksum();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &[header.as_bytes().as_slice(), &[b'x'; 1 << 20]].concat()).unwrap();
    let place = listed();
    place.put("a.tar.gz", gzip.finish().unwrap());
    let found = place.gather(&format!("unpack: [a.tar.gz]{LISTS}"), &["captions", "speech"]);
    said(found, &["a.tar.gz: cannot be unpacked: entry 1 is a long name of 1048576 bytes, expected at most 65536"]);
}

#[test]
fn files_that_nobody_has_verified_are_refused() {
    let parts = &["captions", "speech"];
    let place = listed();
    let refused = |place: &Place, without: &str, recipe: &str, parts: &[&str]| {
        let mut files = BTreeMap::new();
        place.verified("", "a sum", &mut files);
        files.remove(without).unwrap();
        let wanted = format!("found `{without}`, which was neither downloaded nor is listed under `manual`");
        said(place.gather_verified(&files, recipe, parts), &[&wanted, "list it there, or remove it"]);
    };
    for name in ["test.txt", "captions.txt", "wavs.txt", "wavs/2.wav"] {
        refused(&place, name, LISTS, parts);
    }
    refused(&named(), "gallery/x_c2_2.jpg", NAMED, &["1", "2"]);
    // a folder that was put there by hand stands for its JPEG pictures, and for nothing else
    let place = named();
    let folders = BTreeMap::from(["train", "query", "gallery"].map(|name| (name.to_owned(), "a sum".to_owned())));
    assert_eq!(place.gather_verified(&folders, NAMED, &["1", "2"]), place.gather(NAMED, &["1", "2"]));
    let place = Place::new();
    for name in ["train/a_c1_1", "train/a_c2_1", "query/b_c1_1", "query/b_c2_1", "gallery/b_c1_2"] {
        place.put(&format!("{name}.png"), "");
    }
    let said_of = place.gather_verified(&folders, &NAMED.replace(".jpg", ".png"), &["1", "2"]);
    said(said_of, &["found `train/a_c1_1.png`, which was neither downloaded"]);
}

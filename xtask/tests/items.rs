//! `cargo xtask embed` of pictures, captions and sounds: from the paper's own source files, with tiny material and tiny
//! encoders, to the paper files on these data.
#![allow(clippy::unwrap_used)]

mod common;

use std::{fs, path::Path};

use common::{Bench, picture, root};

/// A source file of the project, with other texts in places that depend on the size of the material.
fn source(name: &str, changes: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(root().join(format!("data-manifests/sources/{name}.yaml"))).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "`{from}` is not in {name}.yaml");
        text = text.replace(from, to);
    }
    text
}

impl Bench {
    /// A paper file on a data set of this bench: no stand-in is left, and no cell fails.
    fn reproduce(&self, paper: &str, data: &str) {
        for folder in ["experiments", "experiments/paper"] {
            fs::create_dir_all(self.path(folder)).unwrap();
            for entry in fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_file() {
                    fs::copy(&entry, self.path(folder).join(entry.file_name().unwrap())).unwrap();
                }
            }
        }
        let file = self.path(&format!("experiments/paper/{paper}.yaml")).display().to_string();
        let results = self.path("results").display().to_string();
        let said = self.run("runner", &["reproduce", &file, "--quick", "--data", data, "--out", &results]).fine();
        assert!(!format!("{}{}", said.out, said.err).contains("tand-in"), "{}\n{}", said.out, said.err);
        said.has(&["C"]);
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path("cache").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path("cache/embedded").join(name)).unwrap();
        text.lines().map(|line| Path::new(line).file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }
}

/// Persons of train and of test. Every camera has two pictures of each, camera 3 has three; cameras 5 and 6 have fewer.
const PERSONS: [std::ops::Range<usize>; 2] = [1..31, 31..43];

fn market(bench: &Bench) -> String {
    let mut counts = [0; 3];
    let mut put = |folder: usize, name: String, number: usize, variant: usize| {
        counts[folder] += 1;
        let folder = ["bounding_box_train", "bounding_box_test", "query"][folder];
        let name = format!("market1501/Market-1501-v15.09.15/{folder}/{name}");
        bench.put(&name, &picture(number, variant));
    };
    for person in PERSONS[0].clone() {
        for camera in 1..=6 {
            for k in 0..(if camera == 3 {
                3
            } else if camera > 4 {
                1
            } else {
                2
            }) {
                put(0, format!("{person:04}_c{camera}s1_{:06}_01.jpg", 100 * k), person, camera + k);
            }
        }
    }
    // of this person camera 4 has no picture
    for camera in 1..=3 {
        put(0, format!("0099_c{camera}s1_000000_01.jpg"), 99, camera);
    }
    for person in PERSONS[1].clone() {
        for camera in 1..=4 {
            put(2, format!("{person:04}_c{camera}s1_000500_00.jpg"), person, camera);
            for k in 0..camera {
                put(1, format!("{person:04}_c{camera}s1_{:06}_01.jpg", 100 * k), person, camera + k + 1);
            }
        }
    }
    for k in 0..5 {
        put(1, format!("-1_c{}s1_00000{k}_00.jpg", 1 + k % 4), 50 + k, k);
        put(1, format!("0000_c{}s1_00000{k}_00.jpg", 1 + k % 4), 60 + k, k);
    }
    let counts = counts.map(|count| format!("pictures: {count}}}"));
    source(
        "market1501",
        &[("pictures: 12936}", &counts[0]), ("pictures: 19732}", &counts[1]), ("pictures: 3368}", &counts[2])],
    )
}

#[test]
fn persons_seen_by_four_cameras() {
    let bench = Bench::new();
    let said = bench.embed_file("market1501", &source("market1501", &[]), &[]);
    assert_eq!(said.code, 1);
    said.has(&["To be downloaded by hand: Market-1501-v15.09.15.zip", "bounding_box_train: is not there"]);

    let text = market(&bench);
    let said = bench.embed_file("market1501", &text, &[]).fine();
    said.has(&[
        "test: 5 of 130 pictures of Market-1501-v15.09.15/bounding_box_test are left out",
        "camera by pictures in train: 1 is 3 (91), 2 is 1 (61), 3 is 2 (61), 4 is 4 (60)",
        "market1501: train 60, test 65 in 4 parts",
        "next: cargo xtask reproduce reid --data market1501",
    ]);
    // rows of train are the k-th pictures of one person
    for (part, camera) in [("1", 3), ("2", 1), ("3", 2), ("4", 4)] {
        let wanted: Vec<String> = PERSONS[0]
            .clone()
            .flat_map(|person| [0, 100].map(|frame| format!("{person:04}_c{camera}s1_{frame:06}_01.jpg")))
            .collect();
        assert_eq!(bench.lines(&format!("market1501/{part}.train.txt")), wanted);
    }
    let test = bench.lines("market1501/1.test.txt");
    assert_eq!(test.len(), 12 * 4 + 1, "a query and three pictures of each person, and a distractor: {test:?}");
    assert!(test.iter().all(|name| name.contains("_c3")));

    let checked = bench.run("runner", &["check", &bench.path("data-manifests/market1501.yaml").display().to_string()]);
    checked.fine().has(&["person"]);
    bench.reproduce("reid", "market1501");
}

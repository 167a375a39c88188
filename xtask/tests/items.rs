//! `cargo xtask embed` of pictures, captions and sounds: from the paper's own source files, with tiny material and tiny
//! encoders, to the paper files on these data.
#![allow(clippy::unwrap_used)]

mod common;

use std::{fs, path::Path};

use common::{Bench, CAPTIONED, picture, root, spoken};

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

#[test]
fn pictures_in_tables_some_of_them_as_edge_maps() {
    let bench = Bench::new();
    let rows = "rows: {train: 45000, validation: 5000, test: 10000}";
    let text = source("cifar100", &[(rows, "rows: {train: 72, validation: 8, test: 24}")]);
    let said = bench.embed_file("cifar100", &text, &[]).fine();
    said.has(&[
        "cifar100: train 72, test 24, validation 8 in 1 parts, for 19 encoders",
        "next: cargo xtask reproduce weak-link --data cifar100",
    ]);
    let manifest = bench.manifest("cifar100");
    assert_eq!(manifest.matches("some pictures as canny edge maps").count(), 2, "{manifest}");
    // of the training pictures, and the same ones for both encoders
    let edges =
        ["resnet-18-edges", "vit-tiny-edges"].map(|view| bench.lines(&format!("cifar100/{view}.train.edges.txt")));
    assert_eq!((edges[0].len(), &edges[0]), (61, &edges[1]));
    let train = bench.lines("cifar100/img.train.txt");
    assert!(edges[0].iter().all(|name| train.contains(name)));
    let validation = bench.lines("cifar100/img.validation.txt");
    assert!(validation.len() == 8 && validation.iter().all(|name| !train.contains(name)));

    // once more: nothing is asked or computed, and a damaged picture is written again
    let (asked, made) = (bench.hub.seen().len(), bench.embeddings("cache/embedded/cifar100"));
    let one = bench.path("cache/embedded/cifar100/img/train/000003.png");
    let bytes = fs::read(&one).unwrap();
    fs::write(&one, &bytes[..20]).unwrap();
    bench.embed_file("cifar100", &text, &["--offline"]).fine().has(&["72 of 72 items were there already"]);
    assert_eq!((bench.hub.seen().len(), bench.embeddings("cache/embedded/cifar100")), (asked, made));
    assert_eq!(fs::read(&one).unwrap(), bytes);
    bench.reproduce("weak-link", "cifar100");
    bench.reproduce("add-model", "cifar100");
    bench.reproduce("probing", "cifar100");
}

/// Number of written captions of a picture.
fn written(picture: usize) -> usize {
    1 + picture % 3
}

fn flickr(bench: &Bench) -> String {
    let name = |number: usize| format!("{number:03}_tiny.jpg");
    let mut captions = String::from("000_tiny.jpg.1#0\tA caption of no picture .\n");
    for number in 0..CAPTIONED {
        bench.put(&format!("flickr8k/Flicker8k_Dataset/{}", name(number)), &picture(number, number));
        for k in 0..written(number) {
            captions += &format!("{}#{k}\tThe {k} words of picture {number} , with a # .\n", name(number));
        }
    }
    bench.put("flickr8k/Flickr8k_text/Flickr8k.token.txt", captions.as_bytes());
    for (split, numbers) in [("train", 0..48), ("dev", 48..52), ("test", 52..CAPTIONED)] {
        let list: Vec<String> = numbers.map(name).collect();
        bench.put(&format!("flickr8k/Flickr8k_text/Flickr_8k.{split}Images.txt"), (list.join("\n") + "\n").as_bytes());
    }
    let url = "https://groups.csail.mit.edu/sls/downloads/flickraudio/downloads/flickr_audio.tar.gz";
    let ours = format!("{}/flickr_audio.tar.gz", bench.hub.url);
    source("flickr8k", &[(url, &ours), ("pictures: 8091}", &format!("pictures: {CAPTIONED}}}"))])
}

#[test]
fn pictures_with_written_and_spoken_captions() {
    let bench = Bench::new();
    let text = flickr(&bench);
    let said = bench.embed_file("flickr8k", &text, &[]).fine();
    let inputs: usize = (0..48).map(written).sum();
    let sounds: usize = (0..48).map(spoken).sum();
    said.has(&[
        "test: 1 items have no spoken captions, the first is `060_tiny.jpg`; they are left out",
        "flickr8k: train 48, test 8, validation 4 in 3 parts, for 5 encoders",
        &format!("48 items, means over {inputs} inputs, bert"),
        &format!("48 items, means over {sounds} inputs, hubert"),
        "next: cargo xtask reproduce crossmodal --data flickr8k",
    ]);
    assert_eq!(bench.manifest("flickr8k").matches("mean over the inputs of an item").count(), 3);

    // the row of a picture is the mean of the rows of its captions
    let folder = bench.path("cache/embedded/flickr8k");
    let (model, out) = (bench.path("cache/encoders/bert-base-uncased"), bench.path("captions.safetensors"));
    let input = format!("{}#text", folder.join("captions.train.jsonl").display());
    let (model, file) = (model.display().to_string(), out.display().to_string());
    bench.run("embed", &["text", "--model", &model, "--input", &input, "--out", &file, "--tensor", "train"]).fine();
    let (each, means) = (rows(&out, "train", inputs), rows(&folder.join("bert.safetensors"), "train", 48));
    let of_third = written(0) + written(1)..written(0) + written(1) + written(2);
    for (k, mean) in means[2].iter().enumerate() {
        let wanted = each[of_third.clone()].iter().map(|row| row[k]).sum::<f32>() / 3.0;
        assert!((mean - wanted).abs() < 1e-6, "{mean}, {wanted}");
    }
    bench.reproduce("crossmodal", "flickr8k");
    // the grid names these data itself, so they need not be named again
    let paper = bench.path("experiments/paper/crossmodal.yaml").display().to_string();
    let results = bench.path("results").display().to_string();
    let said = bench.run("runner", &["reproduce", &paper, "--quick", "--no-stand-in", "--out", &results]).fine();
    said.has(&["without-dinov2", "spoken captions"]);
    bench.reproduce("consistency", "flickr8k");
}

/// The rows of a tensor.
fn rows(file: &Path, tensor: &str, count: usize) -> Vec<Vec<f32>> {
    let bytes = fs::read(file).unwrap();
    let start = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..start]).unwrap();
    let at = |i: usize| start + header[tensor]["data_offsets"][i].as_u64().unwrap() as usize;
    let values: Vec<f32> =
        bytes[at(0)..at(1)].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    values.chunks_exact(values.len() / count).map(<[f32]>::to_vec).collect()
}

#[test]
fn a_killed_run_with_means_goes_on_and_ends_with_the_same_bytes() {
    let bench = Bench::new();
    let source = bench.write("flickr8k.yaml", &flickr(&bench));
    bench.run("runner", &["fetch", &source, "--encoders"]).fine();
    let jobs = |out: &str| {
        let out = bench.path(out).display().to_string();
        bench.run("runner", &["texts", &source, "--out", &out]).fine();
        format!("{out}/jobs.json")
    };
    let small = ["--shard", "2", "--batch", "1"];
    let undisturbed = jobs("undisturbed");
    bench.run("embed", &[&["jobs", &undisturbed], &small[..]].concat()).fine();
    let wanted = bench.embeddings("undisturbed");
    assert_eq!(wanted.len(), 5);

    let disturbed = jobs("disturbed");
    // as a kill during the unpacking leaves it
    let unpacked = bench.path("disturbed/unpacked");
    let whole = fs::read(unpacked.join("flickr_audio/wavs/005_tiny_0.wav")).unwrap();
    fs::remove_file(unpacked.join("flickr_audio.tar.gz.unpacked")).unwrap();
    fs::write(unpacked.join("flickr_audio/wavs/005_tiny_0.wav"), &whole[..100]).unwrap();
    assert_eq!(jobs("disturbed"), disturbed);
    assert_eq!(fs::read(unpacked.join("flickr_audio/wavs/005_tiny_0.wav")).unwrap(), whole);

    let kills = bench.killed(&[&["jobs", &disturbed], &small[..]].concat(), "disturbed");
    assert!(kills > 0, "it was never caught at work");
    assert_eq!(bench.embeddings("disturbed"), wanted);
}

//! A killed run resumes, and ends with the bytes of an undisturbed one.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use common::{golden, kill_when, sentences, succeeded};

fn command(folder: &Path, out: &str, extra: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
    command.current_dir(folder).args(["text", "--input", "texts.txt", "--tensor", "train", "--out", out]);
    command.arg("--model").arg(golden("bert")).args(["--shard", "8", "--batch", "4"]).args(extra);
    command
}

fn run(folder: &Path, out: &str, extra: &[&str]) -> Output {
    command(folder, out, extra).output().unwrap()
}

fn failed(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The golden sentences over and over, each time a little different.
fn texts(folder: &Path, count: usize) {
    let sentences: Vec<String> = sentences().iter().map(|text| text.replace(['\n', '\r'], " ")).collect();
    let lines: Vec<String> = (0..count).map(|i| format!("{} {i}", sentences[i % sentences.len()])).collect();
    fs::write(folder.join("texts.txt"), lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    texts(folder, 800);
    let undisturbed = succeeded(&run(folder, "a.safetensors", &[]));
    assert!(undisturbed.contains("800 items, bert, 32, mean, cut at 64 tokens"), "{undisturbed}");
    assert!(!folder.join("a.safetensors.train.parts").exists());

    // neither the number of threads nor the number of runs shows
    let mut alone = command(folder, "one.safetensors", &[]);
    succeeded(&alone.env("RAYON_NUM_THREADS", "1").output().unwrap());
    let one = fs::read(folder.join("one.safetensors")).unwrap();

    let parts = folder.join("b.safetensors.train.parts");
    let before = killed(folder, "b.safetensors");
    // what a crash of the machine might leave
    fs::write(parts.join("0000000008.safetensors"), b"half").unwrap();
    fs::write(parts.join("0000000016.safetensors.1.tmp"), b"half").unwrap();

    let resumed = succeeded(&run(folder, "b.safetensors", &[]));
    assert!(resumed.contains(&format!("{} of 800 items were there already", (before - 1) * 8)), "{resumed}");
    let (a, b) = (fs::read(folder.join("a.safetensors")).unwrap(), fs::read(folder.join("b.safetensors")).unwrap());
    assert!(a == b && a == one);
    let sum = |text: &str| text.rsplit_once("sha256 ").unwrap().1.to_owned();
    assert_eq!(sum(&undisturbed), sum(&resumed));
    println!("killed after {before} of 100 shards; both end with {}", sum(&resumed).trim());
}

/// Kills a run after some shards, and returns their number.
fn killed(folder: &Path, out: &str) -> usize {
    let parts = folder.join(format!("{out}.train.parts"));
    let shards = || {
        fs::read_dir(&parts).map_or(0, |entries| {
            entries.flatten().filter(|e| e.path().extension().is_some_and(|e| e == "safetensors")).count()
        })
    };
    kill_when(&mut command(folder, out, &[]), || shards() >= 3);
    assert!(!folder.join(out).exists(), "killed before its end");
    shards()
}

fn repaired(folder: &Path, repair: impl Fn(&mut Vec<&str>)) {
    let text = fs::read_to_string(folder.join("texts.txt")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    repair(&mut lines);
    fs::write(folder.join("texts.txt"), lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_repaired_input_keeps_the_shards_of_its_other_items() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    texts(folder, 800);
    let before = killed(folder, "a.safetensors");
    let parts = folder.join("a.safetensors.train.parts");
    let described = fs::read_to_string(parts.join("job.json")).unwrap();
    // other settings, or an input of which no shard is left: nothing is overwritten
    let other = failed(&run(folder, "a.safetensors", &["--pool", "cls"]));
    assert!(other.contains("a.safetensors.train.parts: holds shards of another run (its encoder is"), "{other}");
    repaired(folder, |lines| lines.insert(0, "one more at the top"));
    let moved = failed(&run(folder, "a.safetensors", &[]));
    assert!(moved.contains("a.safetensors.train.parts: holds shards of another run (its texts is"), "{moved}");
    assert_eq!(fs::read_to_string(parts.join("job.json")).unwrap(), described);

    // an item of the first shard and one of the last
    repaired(folder, |lines| {
        lines.remove(0);
        lines[3] = "this text is repaired";
        lines[799] = "and so is this one";
    });
    let resumed = succeeded(&run(folder, "a.safetensors", &[]));
    assert!(resumed.contains(&format!("{} of 800 items were there already", (before - 1) * 8)), "{resumed}");
    succeeded(&run(folder, "b.safetensors", &[]));
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    assert!(read("a.safetensors") == read("b.safetensors"));

    // a description alone protects nothing
    fs::create_dir(folder.join("c.safetensors.train.parts")).unwrap();
    fs::write(folder.join("c.safetensors.train.parts/job.json"), described).unwrap();
    succeeded(&run(folder, "c.safetensors", &[]));
    assert!(read("a.safetensors") == read("c.safetensors"));
}

#[test]
fn a_killed_clean_up_is_ended_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    texts(folder, 16);
    succeeded(&run(folder, "a.safetensors", &[]));
    let bytes = fs::read(folder.join("a.safetensors")).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let jobs: serde_json::Value = serde_json::from_str(&header.metadata().as_ref().unwrap()["embed"]).unwrap();
    let parts = folder.join("a.safetensors.train.parts");
    let left = |job: Option<&str>| {
        fs::create_dir_all(&parts).unwrap();
        fs::write(parts.join("0000000008.safetensors"), b"rows").unwrap();
        job.iter().for_each(|job| fs::write(parts.join("job.json"), job).unwrap());
        assert!(succeeded(&run(folder, "a.safetensors", &[])).contains("16 of 16 items were there already"));
        parts.exists()
    };
    assert!(!left(Some(&jobs["train"].to_string())) && !left(None));
    assert!(left(Some(r#"{"model": "another"}"#)), "the work of another run stays");
    assert_eq!(fs::read(folder.join("a.safetensors")).unwrap(), bytes);
}

#[test]
fn other_work_is_neither_used_nor_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    texts(folder, 40);
    succeeded(&run(folder, "a.safetensors", &[]));
    let first = fs::read(folder.join("a.safetensors")).unwrap();
    let again = succeeded(&run(folder, "a.safetensors", &[]));
    assert!(again.contains("40 of 40 items were there already"), "{again}");
    assert_eq!(fs::read(folder.join("a.safetensors")).unwrap(), first);

    let other = failed(&run(folder, "a.safetensors", &["--pool", "cls"]));
    assert!(
        other.starts_with("embed: a.safetensors: has a tensor `train` of another run (its encoder is bert, 32, mean"),
        "{other}"
    );
    assert_eq!(fs::read(folder.join("a.safetensors")).unwrap(), first);

    // shards of the same name that belong to other texts
    let parts = folder.join("c.safetensors.train.parts");
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("job.json"), r#"{"texts": "others"}"#).unwrap();
    let foreign = failed(&run(folder, "c.safetensors", &[]));
    assert!(foreign.contains("c.safetensors.train.parts: holds shards of another run"), "{foreign}");

    // a second tensor comes beside the first
    let mut second = command(folder, "a.safetensors", &[]);
    let second = second.args(["--tensor", "test"]).output().unwrap();
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && message.contains("--tensor"), "given twice: {message}");
    let mut second = Command::new(env!("CARGO_BIN_EXE_embed"));
    second.current_dir(folder).args(["text", "--input", "texts.txt", "--tensor", "test", "--out", "a.safetensors"]);
    succeeded(&second.arg("--model").arg(golden("mpnet")).output().unwrap());
    let bytes = fs::read(folder.join("a.safetensors")).unwrap();
    let parsed = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let train = parsed.tensor("train").unwrap();
    assert_eq!(train.data(), safetensors::SafeTensors::deserialize(&first).unwrap().tensor("train").unwrap().data());
    assert_eq!(parsed.tensor("test").unwrap().shape(), [40, 32]);
}

/// The name of the CPU changes nothing; a record of another kind of device is of another run, and one without a device is
/// of the CPU, as all were before there was a choice.
#[test]
fn shards_of_another_device_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    texts(folder, 20);
    succeeded(&run(folder, "a.safetensors", &[]));
    assert!(
        succeeded(&run(folder, "a.safetensors", &["--device", "cpu"])).contains("20 of 20 items were there already")
    );
    let bytes = fs::read(folder.join("a.safetensors")).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let runs: serde_json::Value = serde_json::from_str(&header.metadata().as_ref().unwrap()["embed"]).unwrap();
    let record = runs["train"].as_object().unwrap();
    assert!(!record.contains_key("device"), "{record:?}");

    let parts = folder.join("b.safetensors.train.parts");
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("job.json"), serde_json::to_vec(record).unwrap()).unwrap();
    succeeded(&run(folder, "b.safetensors", &[]));
    assert_eq!(fs::read(folder.join("b.safetensors")).unwrap(), bytes);

    let mut record = record.clone();
    record.insert("device".into(), "cuda".into());
    let parts = folder.join("c.safetensors.train.parts");
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("job.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    let message = failed(&run(folder, "c.safetensors", &[]));
    assert!(message.contains("shards of another run (its device is cuda, this one's cpu)"), "{message}");
}

#[test]
fn devices_are_checked_first() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["text", "pictures", "sounds"] {
        let said = |device: &str| {
            let mut program = Command::new(env!("CARGO_BIN_EXE_embed"));
            program.current_dir(folder.path()).args([
                command,
                "--model",
                "m",
                "--input",
                ".",
                "--out",
                "a.safetensors",
            ]);
            failed(&program.args(["--tensor", "x", "--device", device]).output().unwrap())
        };
        let unknown = said("gpu");
        let wanted = "invalid value 'gpu' for '--device <DEVICE>': found `gpu`, expected cpu, cuda, cuda:N or metal";
        assert!(unknown.contains(wanted), "{unknown}");
        let number = said("cuda:256");
        let wanted = "found `256` behind `cuda:`, expected the number of a GPU, from 0 to 255";
        assert!(number.contains(wanted), "{number}");
    }
}

/// The gate builds no feature.
#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_was_not_built_says_how_to_build_it() {
    let folder = tempfile::tempdir().unwrap();
    texts(folder.path(), 3);
    let message = failed(&run(folder.path(), "a.safetensors", &["--device", "cuda"]));
    assert_eq!(
        message,
        "embed: --device: found `cuda:0`, and this program was built without the feature `cuda`; build it with `cargo \
         build --release -p polyalign-embed --features cuda`, which needs the CUDA toolkit, or use `cpu`\n"
    );
    assert!(!folder.path().join("a.safetensors.train.parts").exists());
}

#[test]
fn arguments_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    texts(folder, 3);
    let run = |out: &str, extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
        command.current_dir(folder).args(["text", "--input", "texts.txt", "--out", out]).args(extra);
        failed(&command.arg("--model").arg(golden("bert")).output().unwrap())
    };
    assert!(run("a.safetensors", &["--tensor", "../x"]).contains("--tensor: found `../x`, expected letters"));
    assert!(run("a.safetensors", &["--tensor", "x", "--shard", "0"]).contains("--shard: found 0"));
    assert!(run("a.safetensors", &["--tensor", "x", "--batch", "0"]).contains("--batch: found 0"));
    assert!(
        run("a.npy", &["--tensor", "x"]).contains("--out: found `a.npy`, expected a name that ends in .safetensors")
    );
    fs::write(folder.join("b.safetensors"), "no tensors").unwrap();
    assert!(run("b.safetensors", &["--tensor", "x"]).contains("b.safetensors: not a valid safetensors file"));
    assert!(
        run("b.safetensors/c.safetensors", &["--tensor", "x"]).contains("b.safetensors/c.safetensors: "),
        "below a file"
    );
}

#[test]
fn pictures_and_edge_maps() {
    let folder = tempfile::tempdir().unwrap();
    let out = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
        command.current_dir(folder.path()).args(args).arg("--input").arg(golden("pictures"));
        succeeded(&command.output().unwrap())
    };
    let vit = golden("vit");
    let model = vit.to_str().unwrap();
    assert!(
        out(&["pictures", "--model", model, "--out", "a.safetensors", "--tensor", "x"])
            .contains("a.safetensors x [3, 32], sha256 ")
    );
    let plain = fs::read(folder.path().join("a.safetensors")).unwrap();
    out(&["pictures", "--model", model, "--out", "b.safetensors", "--tensor", "x", "--edges", "canny"]);
    assert_ne!(plain, fs::read(folder.path().join("b.safetensors")).unwrap());
    // the same by way of files
    assert!(out(&["edges", "--kind", "canny", "--out", "maps"]).contains("3 edge maps in maps"));
    // a reader who has left ends nothing
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut unread = Command::new(env!("CARGO_BIN_EXE_embed"));
    unread.current_dir(folder.path()).args(["edges", "--kind", "canny", "--out", "more", "--input"]);
    assert!(unread.arg(golden("pictures")).stdout(writer).status().unwrap().success());
    assert!(folder.path().join("more/c.png").exists());
    let files: Vec<_> = ["a", "b", "c"].iter().map(|name| folder.path().join(format!("maps/{name}.png"))).collect();
    let encoder = embed::PictureEncoder::open(&vit).unwrap();
    let rows = encoder.encode(&files, 3, None, &mut |_| ()).unwrap();
    let bytes = fs::read(folder.path().join("b.safetensors")).unwrap();
    let parsed = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let wanted: Vec<u8> = rows.values().iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(parsed.tensor("x").unwrap().data(), wanted);
}

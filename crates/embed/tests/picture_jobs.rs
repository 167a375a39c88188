//! Jobs of pictures: `embed jobs` gives the rows of `embed pictures`, edge maps where the list says so.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use common::{distance, golden};
use safetensors::SafeTensors;

fn embed(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_embed")).current_dir(folder).args(args).output().unwrap()
}

fn rows(folder: &Path, file: &str, tensor: &str) -> Vec<f32> {
    let bytes = fs::read(folder.join(file)).unwrap();
    let parsed = SafeTensors::deserialize(&bytes).unwrap();
    let data = parsed.tensor(tensor).unwrap().data().to_vec();
    data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

fn jobs(folder: &Path, filter: &str, maps: &str) {
    let pictures: Vec<String> =
        ["a", "b", "c"].map(|name| golden("pictures").join(format!("{name}.png")).display().to_string()).to_vec();
    fs::write(folder.join("train.txt"), pictures.join("\n")).unwrap();
    fs::write(folder.join("maps.txt"), maps.replace("b.png", &pictures[1])).unwrap();
    let list = serde_json::json!({
        "name": "tiny", "title": "", "licence": "", "source": "", "labels": [], "groups": [],
        "splits": {"train": {"rows": 3, "items": "train.items.parquet"}},
        "views": [{
            "name": "weak", "of": "img", "encoder": "org/vit", "revision": null, "model": golden("vit"), "pool": null,
            "max_length": null, "out": "weak.safetensors", "inputs": {"train": "train.txt"}, "kind": "pictures",
            "edges": {"filter": filter, "lists": {"train": "maps.txt"}},
        }],
    });
    fs::write(folder.join("jobs.json"), list.to_string()).unwrap();
}

#[test]
fn some_pictures_are_edge_maps() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    jobs(folder, "canny", "b.png");
    let fine = |args: &[&str]| {
        let output = embed(folder, args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    fine(&["jobs", "jobs.json"]);
    let model = golden("vit").display().to_string();
    for (out, edges) in [("clean.safetensors", &[][..]), ("edges.safetensors", &["--edges", "canny"][..])] {
        let args = ["pictures", "--model", &model, "--input", "train.txt", "--tensor", "train", "--out", out];
        fine(&[&args, edges].concat());
    }
    let (found, clean, edges) = (
        rows(folder, "weak.safetensors", "train"),
        rows(folder, "clean.safetensors", "train"),
        rows(folder, "edges.safetensors", "train"),
    );
    let width = found.len() / 3;
    let wanted = [&clean[..width], &edges[width..2 * width], &clean[2 * width..]].concat();
    assert!(distance(&found, &wanted) < 1e-6 && distance(&found, &clean) > 1e-3);
    assert!(fine(&["jobs", "jobs.json"]).contains("3 of 3 items were there already"));
}

#[test]
fn errors_say_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    jobs(folder, "sobel", "b.png");
    let error = |output: Output| {
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = error(embed(folder, &["jobs", "jobs.json"]));
    assert!(said.contains("edges.filter: found `sobel`, expected canny, scharr or dog"), "{said}");
    jobs(folder, "canny", "d.png");
    let said = error(embed(folder, &["jobs", "jobs.json"]));
    assert!(said.contains("d.png") && said.contains("no picture"), "{said}");
    assert!(!folder.join("weak.safetensors").exists());
}

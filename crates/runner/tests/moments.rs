//! Sums over rows, shard by shard: added up, they give the fit that the rows give.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::{Path, PathBuf};

use align::methods::gcca::GccaParams;
use align::methods::gpa::{GpaParams, Solver};
use align::methods::pairwise::PairwiseParams;
use align::{Method, Views};
use common::{root, runner, text, text_of};

fn shard(folder: &Path, views: &str, shard: &str, name: &str) -> PathBuf {
    let file = folder.join(format!("{name}.safetensors"));
    let output = runner(&[
        "moments",
        "--manifest",
        "massive10",
        "--views",
        views,
        "--shard",
        shard,
        "--out",
        file.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", text_of(&output));
    file
}

fn merge(files: &[&PathBuf], out: &Path, more: &[&str]) -> std::process::Output {
    let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    runner(&[&["moments", "merge"], &files[..], &["--out", out.to_str().unwrap()], more].concat())
}

/// What is summed is not overwritten, and a place where nothing can be written is found before the rows are read.
#[test]
fn no_file_is_overwritten_unasked_and_no_row_is_read_for_a_place_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let file = shard(folder.path(), "en,fr", "0/2", "a");
    let before = std::fs::read(&file).unwrap();
    let a = file.to_str().unwrap();
    let again = ["moments", "massive10", "--views", "en,fr", "--shard", "1/2", "--out", a];
    for refused in [runner(&again), merge(&[&file], &file, &["--partial"])] {
        let said = text_of(&refused);
        assert!(
            !refused.status.success() && said.contains("is there already") && said.contains("--overwrite"),
            "{said}"
        );
        assert!(std::fs::read(&file).unwrap() == before);
    }
    assert!(runner(&[&again[..], &["--overwrite"]].concat()).status.success());
    assert!(std::fs::read(&file).unwrap() != before);
    let beyond = format!("{a}/sums.safetensors");
    for command in ["moments massive10 --views en,fr", "fit massive10 --views en,fr --method pairwise"] {
        let line: Vec<&str> = command.split(' ').chain(["--out", &beyond]).collect();
        let output = runner(&line);
        let said = text_of(&output);
        assert!(
            output.status.code() == Some(5) && said.contains("a.safetensors is a file, not a folder"),
            "{command}: {said}"
        );
        assert!(!said.contains("rows") && !said.contains("steps"), "{command} began its work: {said}");
    }
}

#[test]
fn a_fit_from_any_number_of_shards_is_the_fit_from_the_rows() {
    let manifest = data::Manifest::read(&root().join("data-manifests/massive10.yaml")).unwrap();
    let train: Views = data::load(&manifest).unwrap().select(&["en", "fr", "es"]).unwrap().train.views;
    let gpa = Method::from(GpaParams { solver: Solver::Accelerated, ..GpaParams::default() });
    let folder = tempfile::tempdir().unwrap();
    for count in [1, 3] {
        let files: Vec<PathBuf> = (0..count)
            .map(|i| shard(folder.path(), "en,fr,es", &format!("{i}/{count}"), &format!("{i}_of_{count}")))
            .collect();
        let all = folder.path().join(format!("all_{count}.safetensors"));
        let output = merge(&files.iter().rev().collect::<Vec<_>>(), &all, &[]);
        assert!(text(&output.stdout).starts_with("4000 of 4000 rows summed"), "{}", text_of(&output));
        let sums = runner::commands::universe::moments::read(&all).unwrap();
        for method in [gpa.clone(), Method::from(PairwiseParams::default()), Method::from(GccaParams::default())] {
            let (rows, shards) = (method.fit(&train, 1).unwrap(), method.fit_statistics(&sums, 1).unwrap());
            let (a, b) = (rows.report.objective.unwrap(), shards.report.objective.unwrap());
            assert!((a / b - 1.0).abs() < 1e-8, "{} from {count} shards: {a} and {b}", method.name());
            let translated = |fit: &align::Fit| fit.fitted.translate("en", "fr", train.at(0)).unwrap();
            let (a, b) = (translated(&rows), translated(&shards));
            let far = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far < 1e-4, "{} from {count} shards: {far}", method.name());
        }
    }
}

#[test]
fn shards_that_do_not_make_the_whole_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let make = |views: &str, part: &str, name: &str| shard(folder.path(), views, part, name);
    let (first, last) = (make("en,fr", "0/3", "a"), make("en,fr", "2/3", "c"));
    let out = folder.path().join("out.safetensors");
    let refused = |files: &[&PathBuf]| {
        let output = merge(files, &out, &[]);
        assert!(matches!(output.status.code(), Some(3 | 4)), "{output:?}");
        assert!(!out.exists());
        text(&output.stderr)
    };
    let missing = refused(&[&last, &first]);
    assert!(missing.contains("rows 1333 to 2665 of `massive10` (train, 4000 rows) are not summed"), "{missing}");
    let overlap = refused(&[&first, &make("en,fr", "0/2", "half")]);
    assert!(overlap.contains("rows 0 to 1332 would be counted twice"), "{overlap}");
    let others = refused(&[&first, &make("fr,en", "1/3", "b")]);
    assert!(others.contains("sums of other rows"), "{others}");

    // Part of the whole now, the rest later.
    let some = folder.path().join("some.safetensors");
    assert!(merge(&[&first, &last], &some, &["--partial"]).status.success());
    let error = format!("{:#}", runner::commands::universe::moments::read(&some).unwrap_err());
    assert!(error.contains("rows 1333 to 2665") && error.contains("runner moments merge"), "{error}");
    let middle = make("en,fr", "1/3", "m");
    assert!(merge(&[&some, &middle], &out, &[]).status.success());
    assert_eq!(runner::commands::universe::moments::read(&out).unwrap().rows(), 4000);

    let mut bytes = std::fs::read(&middle).unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    std::fs::write(&middle, &bytes).unwrap();
    let damaged = format!("{:#}", runner::commands::universe::moments::read(&middle).unwrap_err());
    assert!(damaged.contains("m.safetensors: not a valid moments file: its contents have sha256 "), "{damaged}");
    std::fs::write(&middle, &bytes[..bytes.len() / 2]).unwrap();
    let cut = format!("{:#}", runner::commands::universe::moments::read(&middle).unwrap_err());
    assert!(cut.contains("truncated: has "), "{cut}");
}

/// A fit of massive10's three views by the command line; the text that it prints.
fn fit(folder: &Path, name: &str, more: &[&str]) -> (PathBuf, String) {
    let file = folder.join(format!("{name}.safetensors"));
    let method = "gcpa: {training: {fast: {epochs: 1, steps_per_epoch: 20}}, base: {gpa: {solver: accelerated}}}";
    let output = runner(
        &[&["fit", "massive10", "--method", method, "--views", "en,fr,es", "--out", file.to_str().unwrap()], more]
            .concat(),
    );
    assert!(output.status.success(), "{}", text_of(&output));
    (file, text_of(&output))
}

#[test]
fn gcpa_on_rows_that_are_read_some_at_a_time_is_gcpa_on_rows_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let sums = shard(folder.path(), "en,fr,es", "0/1", "sums");
    let (whole, _) = fit(folder.path(), "whole", &[]);
    let (read, said) = fit(folder.path(), "read", &["--streamed"]);
    let (summed, _) = fit(folder.path(), "summed", &["--streamed", "--moments", sums.to_str().unwrap()]);
    assert!(!said.contains("evenly spread"), "4,000 items are all read: {said}");
    let [whole, read, summed] = [whole, read, summed].map(|file| data::universe::read(&file).unwrap());
    let manifest = data::Manifest::read(&root().join("data-manifests/massive10.yaml")).unwrap();
    let test = data::load(&manifest).unwrap().select(&["en", "fr", "es"]).unwrap().test.views;
    let translated = |saved: &data::universe::Saved| saved.fitted.translate("en", "fr", test.at(0)).unwrap();
    for other in [&read, &summed] {
        let (a, b) = (translated(&whole), translated(other));
        let far = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 2e-3, "{far}");
        let (a, b) = (whole.consensus.as_ref().unwrap(), other.consensus.as_ref().unwrap());
        assert!((a.spread() / b.spread() - 1.0).abs() < 1e-4, "{} {}", a.spread(), b.spread());
    }
    assert_eq!(read.origin.rows, 4000);
}

#[test]
fn what_cannot_be_read_some_at_a_time_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("u.safetensors");
    let refused = |arguments: &[&str]| {
        let output = runner(&[&["fit", "massive10", "--out", out.to_str().unwrap()], arguments].concat());
        assert!(!output.status.success() && !out.exists(), "{}", text_of(&output));
        text_of(&output)
    };
    let message = refused(&["--method", "kernel_gcca", "--streamed"]);
    assert!(message.contains("kernel_gcca has to see all rows at once"), "{message}");
    let sums = shard(folder.path(), "en,fr", "0/1", "others");
    let message = refused(&["--method", "gcpa", "--streamed", "--moments", sums.to_str().unwrap()]);
    assert!(message.contains("sums of other rows or views"), "{message}");
    let message = refused(&["--method", "gpa", "--moments", sums.to_str().unwrap()]);
    assert!(message.contains("with --streamed both"), "{message}");
}

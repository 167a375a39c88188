//! Files of fitted methods: what comes back, and everything that can be wrong with them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

use align::synthetic::Synthetic;
use align::{Dataset, Method};
use data::universe::{self, FORMAT_VERSION, Origin, Saved};
use data::{MatrixReader, MatrixWriter, sha256_file};
use serde_json::{Value, json};

fn synthetic() -> Dataset {
    Synthetic { widths: vec![6, 8, 8], fit_rows: 120, test_rows: 30, ..Default::default() }.generate(3).unwrap()
}

struct Bench {
    folder: tempfile::TempDir,
    data: Dataset,
    saved: Saved,
}

impl Bench {
    fn new(method: &str) -> Self {
        let data = synthetic();
        let fit = Method::from_name(method).unwrap().fit(&data.train.views, 5).unwrap();
        // Half of the methods calibrated, so that files are of both kinds.
        let fit = if method.len() > 3 { fit.calibrated(&data.train.views).unwrap() } else { fit };
        let origin = Origin { method: json!({method: {}}), seed: 5, data: "planted".into(), ..Origin::default() };
        let saved = Saved::of(fit, origin, Some(&data.train.views)).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), data, saved }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("u.safetensors")
    }

    fn bytes(&self) -> Vec<u8> {
        self.saved.write(&self.file()).unwrap();
        fs::read(self.file()).unwrap()
    }

    /// What is said of a file with these bytes, its folder left out.
    fn error_of(&self, bytes: &[u8]) -> String {
        let file = self.folder.path().join("bad.safetensors");
        fs::write(&file, bytes).unwrap();
        let error = universe::read(&file).unwrap_err().to_string();
        error.strip_prefix(&format!("{}: ", file.display())).expect("the file is named").to_string()
    }
}

/// The metadata's entry changed, the arrays' bytes changed and summed anew.
fn rewritten(bytes: &[u8], about: impl FnOnce(&mut Value), arrays: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut entry: Value = serde_json::from_str(header["__metadata__"]["universe"].as_str().unwrap()).unwrap();
    let mut data = bytes[8 + length..].to_vec();
    arrays(&mut data);
    entry["arrays_sha256"] = files::checksum::sha256(&data).into();
    about(&mut entry);
    header["__metadata__"]["universe"] = entry.to_string().into();
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

#[test]
fn what_is_written_is_read_and_written_to_the_same_bytes() {
    for method in ["na", "pairwise", "gpa", "gcca", "cca", "consensus_ridge"] {
        let bench = Bench::new(method);
        let bytes = bench.bytes();
        let read = universe::read(&bench.file()).unwrap();
        assert_eq!(read.fitted.parts().unwrap(), bench.saved.fitted.parts().unwrap(), "{method}");
        assert_eq!((&read.report, &read.origin), (&bench.saved.report, &bench.saved.origin), "{method}");
        assert_eq!(read.consensus, bench.saved.consensus, "{method}");
        assert_eq!(read.consensus.is_some(), read.fitted.universe().is_some(), "{method}");
        let again = bench.folder.path().join("again.safetensors");
        assert_eq!(read.write(&again).unwrap(), files::checksum::sha256(&bytes));
        assert!(fs::read(&again).unwrap() == bytes, "{method}");
    }
}

#[test]
fn every_truncation_and_every_tail_is_refused() {
    let bench = Bench::new("gpa");
    let bytes = bench.bytes();
    for keep in [0, 4, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = bench.error_of(&bytes[..keep]);
        assert!(error.starts_with("truncated: "), "{keep}: {error}");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(bench.error_of(&longer).contains("its header describes only"), "{}", bench.error_of(&longer));
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    let bench = Bench::new("gpa");
    let bytes = bench.bytes();
    let start = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in [start, start + 1001, bytes.len() - 1] {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        assert!(bench.error_of(&bad).starts_with("its arrays have sha256 "), "{at}");
    }
    // In the header a byte may be a blank; whatever it was, nothing panics and what is read makes sense.
    for at in (0..start).step_by(7) {
        let mut bad = bytes.clone();
        bad[at] ^= 4;
        let file = bench.folder.path().join("odd.safetensors");
        fs::write(&file, bad).unwrap();
        if let Ok(saved) = universe::read(&file) {
            assert_eq!(saved.fitted.parts().unwrap().arrays, bench.saved.fitted.parts().unwrap().arrays);
        }
    }
}

#[test]
fn a_newer_format_is_refused_whatever_else_it_says() {
    let bench = Bench::new("gpa");
    let newer = |about: &mut Value| *about = json!({"format_version": FORMAT_VERSION + 1, "what": "ever"});
    let error = bench.error_of(&rewritten(&bench.bytes(), newer, |_| ()));
    assert_eq!(
        error,
        "is a universe of format 5, this program reads 4 and older; use the program that wrote it or a newer one"
    );
    let none = bench.error_of(&rewritten(&bench.bytes(), |about| about["format_version"] = json!("one"), |_| ()));
    assert!(none.contains("`format_version` is \"one\", expected 1 to 4"), "{none}");
}

#[test]
fn a_fit_is_kept_without_a_file() {
    let bench = Bench::new("gcca");
    let bytes = bench.saved.to_bytes(Path::new("a cache")).unwrap();
    assert_eq!(bytes, bench.bytes());
    let again = universe::from_bytes(&bytes, Path::new("a cache")).unwrap();
    assert_eq!(again.fitted.parts().unwrap(), bench.saved.fitted.parts().unwrap());
    let error = universe::from_bytes(&bytes[..40], Path::new("a cache")).unwrap_err().to_string();
    assert!(error.starts_with("a cache: "), "{error}");
}

/// Files that programs before format 3 have written, and what these programs made of a few rows.
#[test]
fn files_of_older_formats_come_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/universe");
    let expected = |name: &str| {
        let file = folder.join("expected.safetensors").display().to_string();
        let member: data::import::Member = format!("{file}#{name}").parse().unwrap();
        MatrixReader::open(&member).unwrap().rows().unwrap().all().unwrap()
    };
    let close = |got: &align::Matrix, want: &align::Matrix| {
        assert_eq!((got.rows(), got.cols()), (want.rows(), want.cols()));
        got.as_slice().iter().zip(want.as_slice()).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs().max(1.0))
    };
    let kinds = [("hub_1", true, true), ("relative_1", true, true), ("pairwise_1", false, true)];
    for (name, projects, translates) in
        kinds.into_iter().chain([("extend_2", true, true), ("cca_2", false, true), ("na_2", true, false)])
    {
        let saved = universe::read(&folder.join(format!("{name}.safetensors"))).unwrap();
        assert_eq!(saved.method_name(), name.split('_').next().unwrap(), "the name of its time");
        assert_eq!((saved.fitted.projects(), saved.fitted.translates()), (projects, translates), "{name}");
        // Written again, it is of the newest format and the same fit.
        let again = tempfile::tempdir().unwrap();
        let file = again.path().join("u.safetensors");
        saved.write(&file).unwrap();
        let again = universe::read(&file).unwrap();
        assert_eq!(again.fitted.parts().unwrap(), saved.fitted.parts().unwrap(), "{name}");
        for fitted in [&saved.fitted, &again.fitted] {
            for source in ["v0", "v1", "v2"] {
                let rows = expected(&format!("rows.{source}"));
                if projects {
                    let want = expected(&format!("{name}.project.{source}"));
                    assert!(close(&fitted.project(source, &rows).unwrap(), &want), "{name} {source}");
                }
                for target in ["v0", "v1", "v2"].into_iter().filter(|_| translates) {
                    let want = expected(&format!("{name}.translate.{source}.{target}"));
                    assert!(
                        close(&fitted.translate(source, target, &rows).unwrap(), &want),
                        "{name} {source} {target}"
                    );
                }
            }
        }
    }
}

#[test]
fn arrays_and_outline_must_fit_each_other() {
    let bench = Bench::new("gpa");
    let bytes = bench.bytes();
    let nan = rewritten(&bytes, |_| (), |data| data.splice(data.len() - 4.., f32::NAN.to_le_bytes()).for_each(drop));
    let error = bench.error_of(&nan);
    assert!(error.starts_with("array `v2.map` holds NaN at position 63, expected finite values"), "{error}");
    let wide = bench.error_of(&rewritten(&bytes, |about| about["fitted"]["views"][0]["width"] = json!(7), |_| ()));
    assert!(wide.starts_with("array `v0.mean` is f64 [6], expected f64 [7] as in the outline"), "{wide}");
    let odd = bench.error_of(&rewritten(&bytes, |about| about["surprise"] = json!(1), |_| ()));
    assert!(odd.contains("unknown field `surprise`"), "{odd}");
    let kind = bench.error_of(&rewritten(&bytes, |about| about["fitted"]["kind"] = json!("multiverse"), |_| ()));
    assert!(kind.contains("unknown variant `multiverse`"), "{kind}");
}

#[test]
fn other_files_are_told_from_universes() {
    let bench = Bench::new("gpa");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let labels = universe::read(&root.join("data/emoji/text_en.safetensors")).unwrap_err().to_string();
    assert!(labels.contains("element type F16") || labels.contains("holds no universe"), "{labels}");
    let plain = bench.folder.path().join("plain.safetensors");
    let mut sink = MatrixWriter::create(&plain.clone().into(), 30, 6).unwrap();
    sink.write(bench.data.test.views.at(0)).unwrap();
    sink.finish().unwrap();
    let error = universe::read(&plain).unwrap_err().to_string();
    assert!(error.contains("plain.safetensors: holds no universe"), "{error}");
    let gone = universe::read(Path::new("nowhere.safetensors")).unwrap_err().to_string();
    assert!(gone.starts_with("nowhere.safetensors: no such file"), "{gone}");
}

#[test]
fn an_unknown_view_is_answered_with_the_nearest() {
    let bench = Bench::new("gpa");
    assert_eq!(bench.saved.width("v1", Path::new("u")).unwrap(), 8);
    let error = bench.saved.width("v11", Path::new("u")).unwrap_err().to_string();
    assert_eq!(error, "u: no view `v11`; did you mean `v1`? the views here are `v0`, `v1`, `v2`");
}

#[test]
fn rows_written_in_pieces_are_those_written_at_once() {
    let bench = Bench::new("gpa");
    let rows = bench.data.train.views.at(0);
    for name in ["z.npy", "z.safetensors", "z.safetensors#part", "z.parquet", "z.parquet#column"] {
        let member: data::import::Member = bench.folder.path().join(name).to_str().unwrap().parse().unwrap();
        let mut sink = MatrixWriter::create(&member, rows.rows(), rows.cols()).unwrap();
        for start in (0..rows.rows()).step_by(50) {
            assert!(!member.file.exists() || name.contains('#'), "{name}: nothing is there before the end");
            let piece: Vec<usize> = (start..(start + 50).min(rows.rows())).collect();
            sink.write(&rows.select_rows(&piece)).unwrap();
        }
        let sum = sink.finish().unwrap();
        assert_eq!(sum, sha256_file(&member.file).unwrap());
        let file = MatrixReader::open(&member).unwrap();
        let read = file.rows().unwrap();
        assert_eq!(&read.all().unwrap(), rows, "{name}");
        let pieces: Vec<_> = read.chunks(7).map(|piece| piece.unwrap().into_vec()).collect();
        assert_eq!(pieces.concat(), rows.as_slice(), "{name}");
    }
}

#[test]
fn a_file_that_is_not_finished_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let rows = align::Matrix::zeros(3, 2);
    for name in ["z.npy", "z.parquet"] {
        let mut sink = MatrixWriter::create(&folder.path().join(name).into(), 5, 2).unwrap();
        sink.write(&rows).unwrap();
        let error = sink.write(&rows).unwrap_err().to_string();
        assert!(error.ends_with("expected 2 more rows of width 2, found 3 of width 2"), "{error}");
        let error = sink.finish().unwrap_err().to_string();
        assert!(error.ends_with("expected 5 rows, found 3"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
    }
    let csv = MatrixWriter::create(&folder.path().join("z.csv").into(), 1, 1).err().unwrap().to_string();
    assert!(
        csv.ends_with("embeddings are not written as csv; expected one of `npy`, `safetensors`, `parquet`"),
        "{csv}"
    );
}

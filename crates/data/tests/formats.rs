//! The same view from every format, as the usual libraries write it (tests/files/README.md).

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::{Path, PathBuf};

use align::Matrix;
use common::Folder;
use data::read;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

fn matrix(name: &str, tensor: Option<&str>) -> Matrix {
    let path = file(name);
    read::matrix(&path, &std::fs::read(&path).unwrap(), tensor).unwrap()
}

fn message(name: &str, tensor: Option<&str>) -> String {
    let path = file(name);
    let error = read::matrix(&path, &std::fs::read(&path).unwrap(), tensor).unwrap_err();
    error.to_string().replace(&format!("{}/", path.parent().unwrap().display()), "")
}

fn golden() -> Matrix {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/case_A_inputs.safetensors");
    read::matrix(&path, &std::fs::read(&path).unwrap(), Some("train.v0")).unwrap()
}

#[test]
fn every_format_gives_the_same_bits() {
    let want = golden();
    assert_eq!((want.rows(), want.cols()), (400, 24));
    for (name, tensor) in [
        ("stored.npz", Some("x")),
        ("stored.npz", Some("x.npy")),
        ("packed.npz", None),
        ("fixed.parquet", Some("vector")),
        ("fixed.parquet", None),
        ("list.parquet", None),
        ("columns.parquet", Some("x*")),
        ("columns.csv", Some("x*")),
        ("chunked.h5", Some("group/x")),
        ("latentis.h5", None),
    ] {
        assert!(matrix(name, tensor) == want, "{name} {tensor:?}");
    }
}

#[test]
fn half_precision_is_as_near_as_it_can_be() {
    let want = golden();
    for name in ["half.npy", "half.h5"] {
        let got = matrix(name, None);
        for (got, want) in got.as_slice().iter().zip(want.as_slice()) {
            assert!((got - want).abs() <= want.abs() * 2f32.powi(-11) + 1e-7, "{name}: {got} for {want}");
        }
    }
}

#[test]
fn texts_of_tables() {
    let path = file("columns.csv");
    let texts = read::texts(&path, &std::fs::read(&path).unwrap(), Some("label")).unwrap();
    assert_eq!((texts.len(), texts[1].as_str()), (400, "early"));
    let path = file("columns.parquet");
    let texts = read::texts(&path, &std::fs::read(&path).unwrap(), Some("name")).unwrap();
    assert_eq!(texts[399], "item 399");
    let path = file("fixed.parquet");
    let ids = read::integers(&path, &std::fs::read(&path).unwrap(), Some("id")).unwrap();
    assert_eq!(ids, (0..400).collect::<Vec<_>>());
}

#[test]
fn what_is_meant_must_be_there_and_be_numbers() {
    assert_eq!(message("stored.npz", None), "stored.npz: holds 2 tensors (`other`, `x`); name the one that is meant");
    assert_eq!(
        message("stored.npz", Some("xx")),
        "stored.npz: no tensor `xx`; did you mean `x`? the tensors here are `other`, `x`"
    );
    assert_eq!(
        message("fixed.parquet", Some("vectro")),
        "fixed.parquet: no column `vectro`; did you mean `vector`? the columns here are `id`, `vector`"
    );
    let numbers = message("columns.csv", None);
    assert!(numbers.starts_with("columns.csv: column `label` has the text `"), "{numbers}");
    assert!(
        numbers.ends_with("name the columns of the embedding: `file#column`, or `file#prefix*` for several"),
        "{numbers}"
    );
    let rank = message("fixed.parquet", Some("id"));
    assert_eq!(rank, "fixed.parquet: tensor `id`: found shape [400], expected two dimensions (rows, columns)");
    let absent = message("chunked.h5", None);
    assert!(absent.starts_with("chunked.h5: not a valid HDF5 file: array `data`: "), "{absent}");
}

#[test]
fn tables_with_gaps_and_lists_of_different_lengths() {
    let csv = |text: &str, tensor| read::matrix(Path::new("x.csv"), text.as_bytes(), tensor).unwrap_err().to_string();
    assert_eq!(
        csv("a,b\n1,2\n3,\n", None),
        "x.csv: column `b` has no value at row 1; drop the item from every view or fill the value in"
    );
    assert!(
        csv("a,b\n1,2\n3,nothing\n", None).starts_with("x.csv: column `b` has the text `nothing` at row 1, expected")
    );
    assert_eq!(
        csv("a,b\n\"1,5\",\"2,5\"\n", None),
        "x.csv: column `a` has the text `1,5` at row 0, expected numbers; write numbers with a decimal point (`0.5`), not with a comma"
    );
    // Numbers that make their column one of texts.
    assert_eq!(
        csv("a,b\n1,2\n3,4\n5,nan\n", None),
        "x.csv: column `b` has the text `nan` at row 2, expected numbers; write a missing number as `NaN`, without spaces"
    );
    assert_eq!(
        csv("a,b\n1,2\n3,4\n 1.5 ,6\n", None),
        "x.csv: column `a` has the text ` 1.5 ` at row 2, expected numbers; write numbers without spaces around them"
    );
    for nothing in ["a,b\n", "a,b", "a,b\r\n\r\n"] {
        assert_eq!(csv(nothing, None), "x.csv: has no rows; there is nothing to do with it", "{nothing:?}");
        assert_eq!(csv(nothing, Some("a*")), "x.csv: has no rows; there is nothing to do with it", "{nothing:?}");
    }
    assert_eq!(
        csv("a,b\n1,2\n\"3\n\",\"4,5\"\n6,7,8\n", None),
        "x.csv: not a valid csv file: the row in line 5 has 3 values, expected 2, one for each name in the first line"
    );
    let open = csv("a,b\n1,2\n\"3,4\n5,6\n", None);
    assert_eq!(open, "x.csv: not a valid csv file: the quote that begins in line 3 has no end; close it");
    let comma = csv("a;b\n1,5;2,5\n", None);
    assert!(
        comma.starts_with("x.csv: its columns are separated by `;`, expected commas; write it with `,` between"),
        "{comma}"
    );
    assert!(csv("a\tb\n1.5\t2.5\n", None).contains("its columns are separated by tabs, expected commas"));
    assert_eq!(
        csv("a,b\n1,2\n3,1e300\n", None),
        "x.csv: 1e300 at row 1, column 1 is beyond the range of f32; rescale the view"
    );
}

#[test]
fn an_archive_made_to_fill_memory_is_refused() {
    let zeros = vec![0_u8; 20 << 20];
    let mut bytes = Vec::new();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(&mut bytes));
    archive.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut archive, &zeros).unwrap();
    archive.finish().unwrap();
    let error = read::matrix(Path::new("x.npz"), &bytes, None).unwrap_err().to_string();
    assert!(error.contains("unpacks to more than"), "{error}");
}

/// Bytes flipped, cut out and repeated: an error or a matrix, and no panic. 6 files x 150 damages, besides every
/// truncation at 64 places.
#[test]
fn no_damage_panics() {
    use rand::RngExt;
    let mut rng = align::rng::stream(7, align::rng::Purpose::SYNTHETIC, None);
    for (name, tensor) in [
        ("stored.npz", Some("x")),
        ("packed.npz", None),
        ("fixed.parquet", None),
        ("list.parquet", None),
        ("chunked.h5", Some("group/x")),
        ("half.h5", None),
    ] {
        let whole = std::fs::read(file(name)).unwrap();
        for cut in 0..64 {
            let _ = read::matrix(&file(name), &whole[..whole.len() * cut / 64], tensor);
        }
        for _ in 0..150 {
            let mut damaged = whole.clone();
            for _ in 0..rng.random_range(1..4) {
                // Headers and footers are where a damage does most.
                let near_an_end = rng.random_range(0..damaged.len().min(1500));
                let at = if rng.random::<bool>() { near_an_end } else { damaged.len() - 1 - near_an_end };
                damaged[at] = rng.random();
            }
            let _ = read::matrix(&file(name), &damaged, tensor);
        }
    }
}

#[test]
fn a_pickle_is_refused_with_the_command_that_converts_it() {
    let folder = Folder::new();
    let message = |name: &str| {
        let path = folder.write(name, [0x80u8, 2]);
        folder.message(read::Format::of(&path))
    };
    assert_eq!(
        message("en.pt"),
        "en.pt: `.pt` files are pickles, which can run any code, and are not read; convert one that you trust: \
         python3 -c \"import torch, numpy; x = torch.load('en.pt', map_location='cpu', weights_only=True); \
         x = x if isinstance(x, dict) else {'x': x}; numpy.savez('en.npz', **{k: v.float().numpy() for k, v in x.items()})\""
    );
    assert!(message("en.pkl").ends_with("numpy.save('en.npy', pickle.load(open('en.pkl', 'rb')))\""));
    assert!(message("en.bin").starts_with("en.bin: unknown extension `bin`; expected one of"));
}

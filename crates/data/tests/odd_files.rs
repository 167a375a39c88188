//! Files as the usual libraries write them where that is not the plainest form (tests/files/make_odd.py).

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::{Path, PathBuf};

use align::Matrix;
use common::npy_with_header;
use data::import::{Files, Import, Member, NamedMember, Splitting, import};
use data::{MatrixReader, read};

const KINDS: [&str; 3] = ["late", "früh", "noon"];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/odd").join(name)
}

fn matrix(name: &str, tensor: Option<&str>) -> Result<Matrix, String> {
    let path = file(name);
    let matrix = read::matrix(&path, &std::fs::read(&path).unwrap(), tensor);
    matrix.map_err(|e| e.to_string().replace(&format!("{}/", path.parent().unwrap().display()), ""))
}

fn texts(name: &str, column: Option<&str>) -> Result<Vec<String>, String> {
    let path = file(name);
    let texts = read::texts(&path, &std::fs::read(&path).unwrap(), column);
    texts.map_err(|e| e.to_string().replace(&format!("{}/", path.parent().unwrap().display()), ""))
}

fn x() -> Matrix {
    matrix("x.npy", None).unwrap()
}

/// What is said of a file as an input.
fn warnings(name: &str) -> Vec<String> {
    let input = MatrixReader::open(&Member::from(file(name))).unwrap();
    let of_file = input.rows().unwrap().warnings().into_iter();
    of_file.map(|w| w.replace(&format!("{}", file(name).display()), name)).collect()
}

#[test]
fn an_index_is_no_dimension() {
    for name in
        ["index.csv", "unnamed.csv", "unnamed_twice.csv", "levels.csv", "named_index.parquet", "range_index.parquet"]
    {
        assert!(matrix(name, None).unwrap() == x(), "{name}");
        assert!(matrix(name, Some("*")).unwrap() == x(), "{name}, all of them");
    }
    let of_columns =
        |name: &str, first| format!("{name} of view `{first}` are pandas' index and were left out, first column 0");
    assert_eq!(warnings("index.csv"), [of_columns("1 of 4 columns", "index.csv")]);
    assert_eq!(warnings("unnamed_twice.csv"), [of_columns("2 of 5 columns", "unnamed_twice.csv")]);
    assert_eq!(warnings("levels.csv"), [of_columns("2 of 5 columns", "levels.csv")]);
    // The rows were turned over, the index with them.
    let (turned, first) = (matrix("index.parquet", None).unwrap(), matrix("index.parquet", Some("x0")));
    assert_eq!((turned.rows(), turned.cols(), first.is_err()), (12, 3, true));
    assert!((1..12).all(|row| turned.at(row - 1, 0) <= turned.at(row, 0)));
    assert!(warnings("index.parquet")[0].starts_with("1 of 4 columns"), "{:?}", warnings("index.parquet"));
    assert!(warnings("named_index.parquet")[0].starts_with("1 of 4 columns"));
    for sound in ["range_index.parquet", "no_index.csv", "counted_names.csv"] {
        assert_eq!(warnings(sound), [""; 0], "{sound}");
        assert!(matrix(sound, None).unwrap() == x(), "{sound}");
    }
    // Under another name it can only be suspected.
    assert_eq!(matrix("reset_index.csv", None).unwrap().cols(), 4);
    assert_eq!(
        warnings("reset_index.csv"),
        ["1 of 4 columns of view `reset_index.csv` number the rows, as an index does, first column 0; \
          name the columns that are meant: `file#prefix*`"]
    );
    // A column that is asked for is given.
    let path = file("index.parquet");
    assert_eq!(read::integers(&path, &std::fs::read(&path).unwrap(), Some("__index_level_0__")).unwrap().len(), 12);
    assert_eq!(texts("series.csv", None).unwrap()[1], "früh", "the index of a series is not one of two columns");
}

#[test]
fn two_encoders_with_an_index_are_not_alike_by_it() {
    let folder = common::Folder::new();
    let csv = |seed: u64| {
        use rand::RngExt;
        let mut rng = align::rng::stream(seed, align::rng::Purpose::SYNTHETIC, None);
        let line = |i| format!("{i},{},{}\n", rng.random::<f32>(), rng.random::<f32>());
        format!(",a,b\n{}", (0..40).map(line).collect::<String>())
    };
    let view = |name: &str, seed| NamedMember {
        name: name.to_owned(),
        member: folder.write(&format!("{name}.csv"), csv(seed)).into(),
    };
    let files = Files { views: vec![view("one", 1), view("two", 2)], ..Files::default() };
    let splitting = Splitting::Shares { files, shares: vec![0.5, 0.5], seed: 1, stratify: None };
    let done = import(&Import::new("mine", splitting, folder.path("mine.yaml"))).unwrap();
    let loaded = data::load(&data::Manifest::read(&done.manifest).unwrap()).unwrap();
    assert_eq!(loaded.dataset.train.views.widths(), [2, 2]);
    let said = data::summarise(&done.warnings);
    assert_eq!(said, ["columns of pandas' index left out of train: 1 of 3 per view (views `one`, `two`)"]);
}

#[test]
fn a_line_of_numbers_in_place_of_names_is_noticed() {
    assert_eq!(matrix("no_names.csv", None).unwrap().rows(), 11);
    assert_eq!(
        warnings("no_names.csv"),
        ["the first of 12 lines of view `no_names.csv` holds numbers and was taken for the columns' names; \
          if it is an item, put a line of names above it"]
    );
}

#[test]
fn texts_keep_their_form() {
    let codes = ["007", "7", "07", "1"];
    for (name, column) in [("codes.csv", "code"), ("texts.npz", "codes"), ("texts.h5", "codes")] {
        assert_eq!(texts(name, Some(column)).unwrap()[..4], codes, "{name}");
    }
    assert_eq!(texts("codes.npy", None).unwrap()[..4], codes);
    for (name, column) in [
        ("bom.txt", None),
        ("kinds.npy", None),
        ("kinds_big_endian.npy", None),
        ("texts.npz", Some("kinds")),
        ("texts.h5", Some("kinds")),
        ("texts.h5", Some("fixed")),
        ("codes.csv", Some("kind")),
    ] {
        let got = texts(name, column).unwrap();
        assert_eq!((got.len(), &got[..3]), (12, &KINDS.map(str::to_owned)[..]), "{name} {column:?}");
    }
    assert_eq!(texts("truth.npy", None).unwrap()[..2], ["true", "false"]);
    assert!(matrix("bom.csv", Some("x*")).unwrap() == x());
    let path = file("codes.csv");
    let numbers = read::integers(&path, &std::fs::read(&path).unwrap(), Some("code")).unwrap_err().to_string();
    assert!(numbers.contains("column `code` has `007` at row 0, expected integers as they are printed"), "{numbers}");
    let csv = |text: &str| read::texts(Path::new("y.csv"), text.as_bytes(), Some("y"));
    assert_eq!(csv("y\n1\n+1\n-0\n").unwrap(), ["1", "+1", "-0"]);
    let fractions = csv("y\n1\n0.5\n").unwrap_err().to_string();
    assert!(
        fractions.contains("found element type numbers with fractions, expected one of text, integers"),
        "{fractions}"
    );
}

#[test]
fn half_precision_of_parquet() {
    for (name, tensor) in [
        ("half_columns.parquet", None),
        ("half_columns.parquet", Some("x*")),
        ("half_lists.parquet", None),
        ("half_fixed.parquet", Some("vector")),
    ] {
        assert!(matrix(name, tensor).unwrap() == x(), "{name}");
    }
}

#[test]
fn stores_of_hdf5_that_are_packed_or_have_room() {
    for name in ["room.h5", "room_half.h5", "lzf.h5"] {
        assert!(matrix(name, None).unwrap() == x(), "{name}");
    }
    let repeats = matrix("lzf.h5", Some("repeats")).unwrap();
    assert!((0..2000).all(|row| repeats.row(row) == x().row(0)) && repeats.rows() == 2000);
    let well = matrix("packs_well.h5", None).unwrap_err();
    assert!(well.starts_with("packs_well.h5: tensor `data`: unpacks to more than "), "{well}");
    assert!(well.ends_with("if the file can be trusted, write it without compression, or as npy"), "{well}");
    let texts = matrix("texts.h5", Some("kinds")).unwrap_err();
    assert!(texts.starts_with("texts.h5: tensor `kinds`: found element type text, expected one of f16"), "{texts}");
}

#[test]
fn a_table_made_to_fill_memory_is_refused_by_its_footer() {
    let bomb = matrix("bomb.parquet", None).unwrap_err();
    assert!(bomb.starts_with("bomb.parquet: unpacks to more than 2125248 bytes from a file of "), "{bomb}");
    let path = file("bomb.parquet");
    assert!(read::text_columns(&path, &std::fs::read(&path).unwrap(), &["x"]).is_err());
}

#[test]
fn headers_of_numpy() {
    assert!(matrix("python2.npy", None).unwrap() == x());
    let fields =
        "found element type a structured type, expected one of f16, bf16, f32, f64; convert it before it is written";
    assert_eq!(matrix("fields.npy", None).unwrap_err(), format!("fields.npy: {fields}"));
    // More fields than the first version of the format has room for.
    let list: String = (0..5000).map(|j| format!("('f{j}', '|i1'), ")).collect();
    let header = format!("{{'descr': [{list}], 'fortran_order': False, 'shape': (1,), }}");
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend([0; 5000]);
    assert_eq!(read::matrix(Path::new("x.npy"), &bytes, None).unwrap_err().to_string(), format!("x.npy: {fields}"));
    let objects = texts("objects.npy", None).unwrap_err();
    assert!(
        objects.starts_with("objects.npy: found element type |O (Python objects), expected one of text"),
        "{objects}"
    );
    // Texts that take no room could be any number of them.
    let none = npy_with_header("{'descr': '<U0', 'fortran_order': False, 'shape': (4000000000,), }", &[]);
    assert!(read::texts(Path::new("x.npy"), &none, None).unwrap_err().to_string().contains("of length zero"));
    let cut = npy_with_header("{'descr': '<U2', 'fortran_order': False, 'shape': (3,), }", &[0; 16]);
    assert!(read::texts(Path::new("x.npy"), &cut, None).unwrap_err().to_string().contains("truncated: has "));
    let no_text = npy_with_header("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", &[255; 4]);
    assert!(
        read::texts(Path::new("x.npy"), &no_text, None).unwrap_err().to_string().contains("at row 0 is not Unicode")
    );
}

/// Bytes flipped and files cut short: an error or texts, no panic and no hanging.
#[test]
fn no_damage_panics() {
    use rand::RngExt;
    let mut rng = align::rng::stream(8, align::rng::Purpose::SYNTHETIC, None);
    for (name, column) in [
        ("lzf.h5", None),
        ("room.h5", None),
        ("texts.h5", Some("kinds")),
        ("texts.h5", Some("fixed")),
        ("kinds.npy", None),
        ("python2.npy", None),
        ("fields.npy", None),
        ("half_lists.parquet", None),
        ("index.parquet", None),
        ("index.csv", None),
    ] {
        let whole = std::fs::read(file(name)).unwrap();
        for attempt in 0..90 {
            let mut damaged = whole.clone();
            if attempt < 30 {
                damaged.truncate(whole.len() * attempt / 30);
            } else {
                for _ in 0..rng.random_range(1..4) {
                    let at = rng.random_range(0..damaged.len());
                    damaged[at] = rng.random();
                }
            }
            let _ = read::matrix(&file(name), &damaged, column);
            let _ = read::texts(&file(name), &damaged, column);
        }
    }
}

/// Found by fuzzing: brackets in brackets cost the header's parser twice the time each, and a footer may claim a list of
/// billions, for which its parser sets memory aside.
#[test]
fn headers_made_to_take_time_or_memory_are_refused_at_once() {
    let start = std::time::Instant::now();
    let braces = matrix("nested_braces.npy", None).unwrap_err();
    assert!(braces.ends_with("its header nests brackets more than 4 deep"), "{braces}");
    let list = matrix("footer_list.parquet", None).unwrap_err();
    assert!(list.contains("its footer is damaged; write or fetch the file again"), "{list}");
    assert!(start.elapsed().as_secs() < 5);
}

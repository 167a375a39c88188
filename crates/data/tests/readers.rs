//! Both formats: every element type and order, and every way in which a file can be wrong.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;

use common::{floats, le, npy_of, npy_path, npy_with_header, safetensors_of, safetensors_path};
use data::read;
use half::{bf16, f16};
use safetensors::Dtype;

/// Exact in every float type, and no two the same, so that a wrong order shows.
const VALUES: [f32; 6] = [0.0, 1.0, -2.0, 3.5, 40.0, -0.25];
const INTEGERS: [i64; 4] = [0, 1, 2, 100];

fn message<T>(result: Result<T, data::DataError>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

fn safetensors_error(bytes: &[u8], tensor: Option<&str>) -> String {
    message(read::matrix(safetensors_path(), bytes, tensor))
}

fn npy_error(bytes: &[u8]) -> String {
    message(read::matrix(npy_path(), bytes, None))
}

#[test]
fn safetensors_floats_round_trip() {
    let cases = [
        (Dtype::F16, le(&VALUES, |x| f16::from_f32(x).to_le_bytes())),
        (Dtype::BF16, le(&VALUES, |x| bf16::from_f32(x).to_le_bytes())),
        (Dtype::F32, le(&VALUES, f32::to_le_bytes)),
        (Dtype::F64, le(&VALUES, |x| f64::from(x).to_le_bytes())),
    ];
    for (dtype, bytes) in cases {
        let bytes = safetensors_of(&[("x", dtype, vec![2, 3], bytes)]);
        let matrix = read::matrix(safetensors_path(), &bytes, Some("x")).unwrap();
        assert_eq!((matrix.rows(), matrix.cols(), matrix.as_slice()), (2, 3, &VALUES[..]), "{dtype}");
    }
}

#[test]
fn safetensors_integers_round_trip() {
    let cases = [
        (Dtype::I8, le(&INTEGERS, |x| (x as i8).to_le_bytes())),
        (Dtype::I16, le(&INTEGERS, |x| (x as i16).to_le_bytes())),
        (Dtype::I32, le(&INTEGERS, |x| (x as i32).to_le_bytes())),
        (Dtype::I64, le(&INTEGERS, |x| x.to_le_bytes())),
        (Dtype::U8, le(&INTEGERS, |x| (x as u8).to_le_bytes())),
        (Dtype::U16, le(&INTEGERS, |x| (x as u16).to_le_bytes())),
        (Dtype::U32, le(&INTEGERS, |x| (x as u32).to_le_bytes())),
    ];
    for (dtype, bytes) in cases {
        let bytes = safetensors_of(&[("x", dtype, vec![4], bytes)]);
        assert_eq!(read::integers(safetensors_path(), &bytes, Some("x")).unwrap(), INTEGERS, "{dtype}");
    }
    let bytes = safetensors_of(&[("x", Dtype::I64, vec![2], le(&[i64::MIN, i64::MAX], i64::to_le_bytes))]);
    assert_eq!(read::integers(safetensors_path(), &bytes, None).unwrap(), [i64::MIN, i64::MAX]);
}

#[test]
fn npy_floats_round_trip_in_both_orders_and_byte_orders() {
    // what Fortran order puts on disk for the 2 x 3 matrix VALUES
    let columns = [0, 3, 1, 4, 2, 5].map(|i| VALUES[i]);
    for (fortran, stored) in [(false, VALUES), (true, columns)] {
        for end in ["<", ">"] {
            let files = [
                npy_of(&format!("{end}f2"), &[2, 3], fortran, &stored.map(f16::from_f32)),
                npy_of(&format!("{end}f4"), &[2, 3], fortran, &stored),
                npy_of(&format!("{end}f8"), &[2, 3], fortran, &stored.map(f64::from)),
            ];
            for bytes in files {
                let matrix = read::matrix(npy_path(), &bytes, None).unwrap();
                assert_eq!((matrix.rows(), matrix.cols(), matrix.as_slice()), (2, 3, &VALUES[..]));
            }
        }
    }
}

#[test]
fn npy_transposes_in_tiles() {
    let (rows, cols) = (70_usize, 45_usize);
    let stored: Vec<f32> = (0..rows * cols).map(|at| ((at % rows) * cols + at / rows) as f32).collect();
    let bytes = npy_of("<f4", &[rows as u64, cols as u64], true, &stored);
    let matrix = read::matrix(npy_path(), &bytes, None).unwrap();
    assert!(matrix.as_slice().iter().enumerate().all(|(at, x)| *x == at as f32));
}

#[test]
fn npy_integers_round_trip() {
    for end in ["<", ">"] {
        let files = [
            npy_of("|i1", &[4], false, &INTEGERS.map(|x| x as i8)),
            npy_of(&format!("{end}i2"), &[4], false, &INTEGERS.map(|x| x as i16)),
            npy_of(&format!("{end}i4"), &[4], false, &INTEGERS.map(|x| x as i32)),
            npy_of(&format!("{end}i8"), &[4], false, &INTEGERS),
            npy_of("|u1", &[4], false, &INTEGERS.map(|x| x as u8)),
            npy_of(&format!("{end}u2"), &[4], false, &INTEGERS.map(|x| x as u16)),
            npy_of(&format!("{end}u4"), &[4], false, &INTEGERS.map(|x| x as u32)),
        ];
        for bytes in files {
            assert_eq!(read::integers(npy_path(), &bytes, None).unwrap(), INTEGERS);
        }
    }
}

#[test]
fn unknown_extension() {
    assert_eq!(
        message(read::matrix(Path::new("x.xyz"), b"", None)),
        "x.xyz: unknown extension `xyz`; expected one of `safetensors`, `npy`, `npz`, `parquet`, `csv`, `h5`"
    );
}

#[test]
fn git_lfs_pointer() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    let expected = "holds a Git LFS pointer, not the data; run `git lfs pull`";
    assert_eq!(npy_error(pointer), format!("x.npy: {expected}"));
    assert_eq!(safetensors_error(pointer, None), format!("x.safetensors: {expected}"));
}

#[test]
fn safetensors_tensor_names() {
    let bytes = safetensors_of(&[floats("train", &[1, 1], &[1.0]), floats("test", &[1, 1], &[1.0])]);
    assert_eq!(
        safetensors_error(&bytes, Some("trian")),
        "x.safetensors: no tensor `trian`; did you mean `train`? the tensors here are `test`, `train`"
    );
    assert_eq!(
        safetensors_error(&bytes, Some("embeddings")),
        "x.safetensors: no tensor `embeddings`; the tensors here are `test`, `train`"
    );
    assert_eq!(
        safetensors_error(&bytes, None),
        "x.safetensors: holds 2 tensors (`test`, `train`); name the one that is meant"
    );
    assert_eq!(
        message(read::matrix(npy_path(), &npy_of("<f4", &[1, 1], false, &[1.0_f32]), Some("train"))),
        "x.npy: tensor `train` was requested, but an npy file holds one array without a name; remove the tensor's name"
    );
}

#[test]
fn wrong_rank() {
    let bytes = safetensors_of(&[floats("x", &[1, 2, 3], &VALUES)]);
    assert_eq!(
        safetensors_error(&bytes, None),
        "x.safetensors: tensor `x`: found shape [1, 2, 3], expected two dimensions (rows, columns)"
    );
    assert_eq!(
        npy_error(&npy_of("<f4", &[6], false, &VALUES)),
        "x.npy: found shape [6], expected two dimensions (rows, columns)"
    );
    assert_eq!(
        message(read::integers(npy_path(), &npy_of("<i8", &[2, 2], false, &INTEGERS), None)),
        "x.npy: found shape [2, 2], expected one dimension (rows)"
    );
}

#[test]
fn unsupported_element_types() {
    let bytes = safetensors_of(&[("x", Dtype::I32, vec![1, 1], vec![0; 4])]);
    assert_eq!(
        safetensors_error(&bytes, None),
        "x.safetensors: tensor `x`: found element type i32, expected one of f16, bf16, f32, f64; convert it before it is written"
    );
    let bytes = safetensors_of(&[("x", Dtype::F8_E4M3, vec![1, 1], vec![0])]);
    assert_eq!(
        safetensors_error(&bytes, None),
        "x.safetensors: tensor `x`: found element type F8_E4M3, expected one of f16, bf16, f32, f64; convert it before it is written"
    );
    assert_eq!(
        npy_error(&npy_with_header("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1)}", &[0; 8])),
        "x.npy: found element type <c8, expected one of f16, bf16, f32, f64; convert it before it is written"
    );
    assert_eq!(
        npy_error(&npy_with_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1)}", &[0; 4])),
        "x.npy: found element type a structured type, expected one of f16, bf16, f32, f64; convert it before it is written"
    );
    assert_eq!(
        message(read::integers(npy_path(), &npy_of("<f4", &[1], false, &[1.0_f32]), None)),
        "x.npy: found element type f32, expected one of i8, i16, i32, i64, u8, u16, u32; convert it before it is written"
    );
}

#[test]
fn values_that_are_not_finite() {
    for (value, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut values = VALUES;
        values[4] = value;
        let bytes = safetensors_of(&[floats("train", &[2, 3], &values)]);
        assert_eq!(
            safetensors_error(&bytes, Some("train")),
            format!(
                "x.safetensors: tensor `train`: found {name} at row 1, column 1, \
                 expected finite values; drop the item from every view or repair it"
            )
        );
    }
    // an infinite f64 is no overflow
    assert_eq!(
        npy_error(&npy_of("<f8", &[1, 2], false, &[0.0, f64::INFINITY])),
        "x.npy: found inf at row 0, column 1, expected finite values; drop the item from every view or repair it"
    );
}

#[test]
fn f64_beyond_f32() {
    for (fortran, at) in [(false, 5), (true, 5)] {
        let mut values = [0.0; 6];
        values[at] = 1e300;
        assert_eq!(
            npy_error(&npy_of(">f8", &[2, 3], fortran, &values)),
            "x.npy: 1e300 at row 1, column 2 is beyond the range of f32; rescale the view"
        );
    }
    let mut values = [0.0; 6];
    values[1] = -1e39;
    assert_eq!(
        npy_error(&npy_of("<f8", &[2, 3], true, &values)),
        "x.npy: -1e39 at row 1, column 0 is beyond the range of f32; rescale the view"
    );
}

#[test]
fn truncated_and_too_long() {
    let whole = safetensors_of(&[floats("x", &[2, 3], &VALUES)]);
    let n = whole.len();
    assert_eq!(
        safetensors_error(&whole[..n - 1], None),
        format!("x.safetensors: truncated: has {} bytes, its header asks for {n}; copy or fetch it again", n - 1)
    );
    assert_eq!(
        safetensors_error(&[whole.as_slice(), b"!"].concat(), None),
        format!("x.safetensors: has {} bytes, its header describes only {n}; write or fetch it again", n + 1)
    );
    assert_eq!(
        safetensors_error(b"", None),
        "x.safetensors: truncated: has 0 bytes, its header asks for 8; copy or fetch it again"
    );
    let whole = npy_of("<f4", &[2, 3], false, &VALUES);
    let n = whole.len();
    assert_eq!(
        npy_error(&whole[..n - 1]),
        format!("x.npy: truncated: has {} bytes, its header asks for {n}; copy or fetch it again", n - 1)
    );
    assert_eq!(
        npy_error(&[whole.as_slice(), b"!"].concat()),
        format!("x.npy: has {} bytes, its header describes only {n}; write or fetch it again", n + 1)
    );
}

#[test]
fn headers_that_lie() {
    assert_eq!(
        safetensors_error(&[&u64::MAX.to_le_bytes()[..], b"{}"].concat(), None),
        "x.safetensors: not a valid safetensors file: it claims a header of 18446744073709551615 bytes, the format allows 100000000"
    );
    assert_eq!(
        safetensors_error(&[&3_u64.to_le_bytes()[..], b"{a}"].concat(), None),
        "x.safetensors: not a valid safetensors file: invalid JSON in header: key must be a string at line 1 column 2"
    );
    let header = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
    assert_eq!(
        npy_error(&npy_with_header(&header("(1000000000, 1000)"), &[0; 16])),
        "x.npy: truncated: has 95 bytes, its header asks for 4000000000079; copy or fetch it again"
    );
    assert_eq!(
        npy_error(&npy_with_header(&header("(9999999999999, 9999999999999)"), &[0; 16])),
        "x.npy: not a valid npy file: its header describes more data than a file can hold"
    );
    assert_eq!(
        npy_error(&npy_with_header(&"(".repeat(5000), &[])),
        "x.npy: not a valid npy file: its header nests brackets more than 4 deep"
    );
    assert_eq!(
        npy_error(&npy_with_header("{'descr': '<f4', 'shape': (1, 1)}", &[0; 4])),
        "x.npy: not a valid npy file: dict is missing key 'fortran_order'"
    );
    assert_eq!(
        npy_error(b"\x93NUMPY\x02\x00\xff\xff\xff\xff"),
        "x.npy: not a valid npy file: it claims a header of 4294967295 bytes, expected at most 65536"
    );
    assert_eq!(
        npy_error(b"\x93NUMPY\x09\x00\x00\x00"),
        "x.npy: not a valid npy file: its version is 9.0, expected 1.0, 2.0 or 3.0"
    );
    assert_eq!(npy_error(b"PK\x03\x04"), "x.npy: not a valid npy file: it does not begin with \\x93NUMPY");
}

#[test]
fn every_truncation_is_an_error() {
    let files = [
        (safetensors_path(), safetensors_of(&[floats("x", &[2, 3], &VALUES), floats("y", &[1, 1], &[1.0])])),
        (npy_path(), npy_of("<f4", &[2, 3], false, &VALUES)),
        (npy_path(), npy_of(">f8", &[2, 3], true, &VALUES.map(f64::from))),
    ];
    for (path, whole) in files {
        let tensor = (path == safetensors_path()).then_some("x");
        assert!(read::matrix(path, &whole, tensor).is_ok());
        for length in 0..whole.len() {
            assert!(read::matrix(path, &whole[..length], tensor).is_err(), "{} to {length}", path.display());
        }
    }
}

#[test]
fn no_damage_panics() {
    let mut state = 1_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let bytes_that_matter = b"0123456789()[]{}'\",:<>|fiubcOUSmM \\\n\x00\xff";
    let files = [
        (safetensors_path(), safetensors_of(&[floats("x", &[2, 3], &VALUES)])),
        (npy_path(), npy_of("<f4", &[2, 3], false, &VALUES)),
        (npy_path(), npy_of("<i8", &[4], true, &INTEGERS)),
    ];
    for (path, whole) in &files {
        for _ in 0..2_000 {
            let mut damaged = whole.clone();
            for _ in 0..=draw(6) {
                let at = draw(damaged.len());
                damaged[at] = bytes_that_matter[draw(bytes_that_matter.len())];
            }
            // any answer will do, as long as it is one
            let _ = read::matrix(path, &damaged, None);
            let _ = read::integers(path, &damaged, None);
        }
    }
}

//! Memory while an encoder is opened. A file of its own: the peak is that of the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(target_os = "linux")]

mod common;

use std::{fs, io::Write};

use common::{Folder, golden, peak};
use embed::{TextEncoder, TextOptions};
use safetensors::SafeTensors;
use serde_json::{Map, json};

/// Rows of the table of words; at a width of 32 they are 256 MB.
const ROWS: usize = 2_000_000;
const TABLE: &str = "embeddings.word_embeddings.weight";

#[test]
fn the_file_is_not_in_memory_beside_its_tensors() {
    let whole = fs::read(golden("bert/model.safetensors")).unwrap();
    let parsed = SafeTensors::deserialize(&whole).unwrap();
    let (mut header, mut data) = (Map::new(), Vec::new());
    for (name, view) in parsed.tensors().into_iter().filter(|(name, _)| name != TABLE) {
        let offsets = [data.len(), data.len() + view.data().len()];
        header.insert(name, json!({"dtype": "F32", "shape": view.shape(), "data_offsets": offsets}));
        data.extend_from_slice(view.data());
    }
    let table = ROWS * 32 * 4;
    let offsets = [data.len(), data.len() + table];
    header.insert(TABLE.into(), json!({"dtype": "F32", "shape": [ROWS, 32], "data_offsets": offsets}));
    let mut header = serde_json::to_vec(&header).unwrap();
    header.resize(header.len().next_multiple_of(8), b' ');
    let folder = Folder::of("bert").set("config.json", "vocab_size", json!(ROWS));
    let mut file = fs::File::create(folder.path().join("model.safetensors")).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    file.write_all(&data).unwrap();
    // The table is zeros that take no room on the disk.
    file.set_len((8 + header.len() + offsets[1]) as u64).unwrap();
    drop(file);

    let now = || peak("self").unwrap();
    let before = now();
    let encoder = TextEncoder::open(folder.path(), TextOptions::default()).unwrap();
    let grown = now() - before;
    println!("{} MB of weights, peak grown by {} MB", table >> 20, grown >> 10);
    assert!(grown << 10 < (table + (64 << 20)) as u64, "{grown} kB");
    assert_eq!(encoder.encode(&["words"], 1, &mut |_| ()).unwrap().rows(), 1);
}

//! What every fuzz target does with its bytes: everything that a user's file goes through, by the public functions alone.
//!
//! A reader may refuse anything, in words. It may not panic, and not take more memory than the limit that libFuzzer is given.

use std::path::Path;
use std::sync::Once;

use align::{Fitted, Matrix};
use serde_json::Value;

/// libFuzzer's hook ends the process at every panic, also at those of the parquet, CSV and HDF5 libraries that `data` turns into
/// errors. Without the hook a panic that nobody catches still ends it.
fn caught_panics_are_no_find() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
}

/// Every reading of a file of this name with these contents, of its only tensor and of one by name.
pub fn reader(name: &str, contents: &[u8]) {
    caught_panics_are_no_find();
    let path = Path::new(name);
    for tensor in [None, Some("x")] {
        let _ = data::read::matrix(path, contents, tensor);
        let _ = data::read::integers(path, contents, tensor);
        let _ = data::read::texts(path, contents, tensor);
    }
    let _ = data::read::doubles(path, contents, "x");
    let _ = data::read::text_columns(path, contents, &["x", "y"]);
}

/// A file of this name with these contents.
pub fn in_a_file(name: &str, contents: &[u8], read: impl FnOnce(&Path)) {
    caught_panics_are_no_find();
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join(name);
    if std::fs::write(&path, contents).is_ok() {
        read(&path);
    }
}

/// A sound under the name of every format, because the name only helps to find the decoder.
pub fn sound(contents: &[u8]) {
    for name in ["x.wav", "x.flac", "x.ogg", "x.mp3"] {
        in_a_file(name, contents, |path| {
            let Ok(wave) = embed::sounds::Wave::open(path) else { return };
            assert!(wave.rate() > 0 && wave.samples().iter().all(|sample| sample.is_finite()));
        });
    }
}

/// A kept fit, the checksum of its arrays put right: what is read behind it would hardly be reached otherwise.
pub fn universe(contents: &[u8]) {
    let mended = with_checksum(contents);
    in_a_file("universe.safetensors", mended.as_deref().unwrap_or(contents), |path| {
        let Ok(saved) = data::universe::read(path) else { return };
        for (name, _) in saved.views() {
            let width = saved.width(&name, path).unwrap_or(0).min(4096);
            let rows = Matrix::zeros(2, width);
            let _ = saved.fitted.project(&name, &rows);
            let _ = saved.fitted.translate(&name, &name, &rows);
        }
        let again = saved.fitted.parts().and_then(Fitted::from_parts);
        assert!(again.is_ok(), "what was read is refused when it is read again");
    });
}

fn with_checksum(contents: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(u64::from_le_bytes(contents.get(..8)?.try_into().ok()?)).ok()?;
    let end = length.checked_add(8)?;
    let mut header: Value = serde_json::from_slice(contents.get(8..end)?).ok()?;
    let metadata = header.get_mut("__metadata__")?.as_object_mut()?;
    for entry in metadata.values_mut() {
        let Some(mut about) = entry.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
            continue;
        };
        if let Some(sum) = about.get_mut("arrays_sha256") {
            *sum = files::checksum::sha256(&contents[end..]).into();
            *entry = about.to_string().into();
        }
    }
    let mut text = serde_json::to_vec(&header).ok()?;
    // The arrays begin at a multiple of eight.
    text.resize(text.len().next_multiple_of(8), b' ');
    Some([&(text.len() as u64).to_le_bytes()[..], &text, &contents[end..]].concat())
}

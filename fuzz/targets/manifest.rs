#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|contents: &[u8]| {
    if let Ok(text) = std::str::from_utf8(contents) {
        let _ = data::Manifest::parse(Path::new("x.yaml"), text);
    }
});

#![no_main]

libfuzzer_sys::fuzz_target!(|contents: &[u8]| polyalign_fuzz::reader("x.csv", contents));

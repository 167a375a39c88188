#![no_main]

libfuzzer_sys::fuzz_target!(|contents: &[u8]| polyalign_fuzz::sound(contents));

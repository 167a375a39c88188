//! Tells the compiler which code it compiles: see `build/revision.rs`.

#[path = "build/revision.rs"]
mod revision;

use std::path::Path;

fn main() {
    let package = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&package).join("../..");
    println!("cargo::rustc-env=CODE_REVISION={}", revision::revision(&root));
    for path in revision::watched(&root) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

//! Tells the compiler which code and which versions of libraries it compiles: see `build/revision.rs`.

#[path = "build/revision.rs"]
mod revision;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = |name: &str| std::env::var(name).unwrap_or_default();
    let (package, out) = (folder("CARGO_MANIFEST_DIR"), folder("OUT_DIR"));
    let package = Path::new(&package);
    let root = package.join("../..");
    println!("cargo::rustc-env=CODE_REVISION={}", revision::revision(package, &root));
    for path in revision::watched(&root) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    // Empty where there is none, so that the code can include it.
    match std::fs::write(Path::new(&out).join("Cargo.lock"), revision::lock(&root)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=cannot write Cargo.lock in {out}: {error}");
            ExitCode::FAILURE
        }
    }
}

//! The revision of the code that is compiled, by git at the time of the build.
//!
//! What counts as changed is what goes into the program: its crates, the workspace's `Cargo.toml` and `Cargo.lock`. A changed
//! document or result is not another program. Cargo runs this again when any of these files or the commit has changed, and
//! then compiles this package anew, and nothing below it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program is made of, below the workspace's folder.
pub const CODE: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "crates/files/Cargo.toml",
    "crates/files/src",
    "crates/align/Cargo.toml",
    "crates/align/src",
    "crates/tasks/Cargo.toml",
    "crates/tasks/src",
    "crates/select/Cargo.toml",
    "crates/select/src",
    "crates/data/Cargo.toml",
    "crates/data/src",
    "crates/fetch/Cargo.toml",
    "crates/fetch/src",
    "crates/figures/Cargo.toml",
    "crates/figures/src",
    "crates/say/Cargo.toml",
    "crates/say/src",
    "crates/grid/Cargo.toml",
    "crates/grid/src",
    "crates/store/Cargo.toml",
    "crates/store/build.rs",
    "crates/store/build",
    "crates/store/src",
    "crates/report/Cargo.toml",
    "crates/report/src",
    "crates/runner/Cargo.toml",
    "crates/runner/src",
];

/// The commit, with `-dirty` behind it where the code is not as it was committed. It is asked of git where `root` is a checkout,
/// and read from the file that `cargo package` leaves in the folder `package`. `unknown` where there is neither: in a copy without
/// git's folder, or in a copy inside another project's checkout.
pub fn revision(package: &Path, root: &Path) -> String {
    known(root).or_else(|| packaged(package)).unwrap_or_else(|| "unknown".into())
}

/// The commit that a package was made from.
fn packaged(package: &Path) -> Option<String> {
    let text = std::fs::read_to_string(package.join(".cargo_vcs_info.json")).ok()?;
    let value = |key: &str| {
        let rest = text.split_once(&format!("\"{key}\":"))?.1.trim_start();
        Some(rest.trim_start_matches('"').chars().take_while(char::is_ascii_alphanumeric).collect::<String>())
    };
    let commit: String = value("sha1")?.chars().take(12).collect();
    Some(if value("dirty").as_deref() == Some("true") { format!("{commit}-dirty") } else { commit })
}

/// The workspace's `Cargo.lock`; empty outside of the workspace, where another one, which nobody knows here, chose the versions.
pub fn lock(root: &Path) -> Vec<u8> {
    let here = root.join("crates/store/Cargo.toml").exists();
    here.then(|| std::fs::read(root.join("Cargo.lock")).ok()).flatten().unwrap_or_default()
}

fn known(root: &Path) -> Option<String> {
    let top = git(root, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    let commit = git(root, &["rev-parse", "--short=12", "HEAD"])?;
    // New files too: they are compiled as well.
    let status = [&["status", "--porcelain", "--untracked-files=all", "--"], CODE].concat();
    let changed = git(root, &status)?;
    Some(if changed.is_empty() { commit } else { format!("{commit}-dirty") })
}

/// The files whose change makes another revision.
pub fn watched(root: &Path) -> Vec<PathBuf> {
    let code = CODE.iter().map(|path| root.join(path));
    // A commit, a checkout and a reset all leave a line in the log of HEAD. Where none is kept, HEAD and what it names change.
    let place = |path: &str| git(root, &["rev-parse", "--git-path", path]).map(|found| root.join(found));
    let of_commit: Vec<PathBuf> = match place("logs/HEAD").filter(|log| log.exists()) {
        Some(log) => vec![log],
        None => {
            let branch = git(root, &["symbolic-ref", "--quiet", "HEAD"]);
            [Some("HEAD".to_string()), branch, Some("packed-refs".into())]
                .iter()
                .flatten()
                .filter_map(|p| place(p))
                .collect()
        }
    };
    // A path that is not there would have cargo build anew every time.
    code.chain(of_commit).filter(|path| path.exists()).collect()
}

fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).arg("--no-optional-locks").args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_string())
}

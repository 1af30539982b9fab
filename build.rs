//! Notes what the program is built from: the commit, whether files were changed since, and a digest
//! of the sources, so that results say what made them. Without git these are empty.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    for path in ["src", "Cargo.lock", "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let (commit, state) = commit().unwrap_or_default();
    println!("cargo::rustc-env=EQUIPOISE_COMMIT={commit}");
    println!("cargo::rustc-env=EQUIPOISE_STATE={state}");
    println!("cargo::rustc-env=EQUIPOISE_SOURCES={:016x}", sources());
}

/// The commit and "clean" or "changed"; nothing if this folder is no repository of its own.
fn commit() -> Option<(String, &'static str)> {
    let here = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&here).canonicalize().ok()? {
        return None;
    }
    // A program that is released is built anew when a commit is made; while one is at work on it, a
    // commit alone changes nothing that would be worth the wait.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        let dir = git(&["rev-parse", "--git-dir"])?;
        println!("cargo::rerun-if-changed={dir}/HEAD");
        println!("cargo::rerun-if-changed={dir}/index");
    }
    let changed = !git(&["status", "--porcelain"])?.is_empty();
    let commit = git(&["rev-parse", "HEAD"])?;
    Some((commit, if changed { "changed" } else { "clean" }))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// A digest (FNV-1a) of all files below `src` and of `Cargo.lock`, in order of their paths.
fn sources() -> u64 {
    let mut files = vec![PathBuf::from("Cargo.lock")];
    collect(Path::new("src"), &mut files);
    files.sort();
    let bytes = files.iter().flat_map(|file| {
        let content = std::fs::read(file).unwrap_or_default();
        file.to_string_lossy()
            .into_owned()
            .into_bytes()
            .into_iter()
            .chain(content)
    });
    bytes.fold(0xcbf2_9ce4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

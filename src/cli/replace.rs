//! Files that take the place of others: written beside it and renamed, so that what is there stays
//! whole until something whole replaces it. Links, devices and pipes are never written through.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::folder::unwritable;

/// Puts a file with these bytes at `path`, in a new folder if need be.
///
/// # Errors
/// Something else than a file is there, or it cannot be written; what is there then stays.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    check(path)?;
    let beside = beside(path);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made.and_then(|()| write_new(&beside, bytes));
    let written = written.and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        unwritable(path, &error)
    })
}

/// Checks that nothing but a file is there.
fn check(path: &Path) -> Result<(), Exit> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(Exit::Mistake(format!(
            "error: cannot write {}: a folder, a link or a device is there, which no file replaces",
            path.display()
        )));
    }
    Ok(())
}

/// Checks that each of these files below `dir` can be put there, and that no link is on the way.
///
/// # Errors
/// The folder of one is a link, or something else than a file stands in its place.
pub fn check_below<'a>(dir: &Path, names: impl Iterator<Item = &'a String>) -> Result<(), Exit> {
    for name in names {
        let path = dir.join(name);
        let parent = path.parent().unwrap_or(dir);
        if parent != dir && fs::symlink_metadata(parent).is_ok_and(|found| !found.is_dir()) {
            let path = path.display();
            let said = format!("error: cannot write {path}: its folder is a link");
            return Err(Exit::Mistake(said));
        }
        check(&path)?;
    }
    Ok(())
}

/// `x/y.json` -> `x/.y.json.writing`.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.writing"))
}

/// Writes a new file; what a killed one left there goes, a link is not followed.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)
}

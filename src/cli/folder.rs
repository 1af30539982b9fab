//! A run's folder: written beside its place and renamed when complete, so that what is there
//! stays whole until something whole replaces it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Exit;

/// Marks a folder as a run's, which may be replaced by the next.
const MANIFEST: &str = "manifest.json";

/// A folder that is being written.
#[derive(Debug)]
pub struct Folder {
    place: PathBuf,
    staging: PathBuf,
}

impl Folder {
    /// Begins a folder that will stand at `place`.
    ///
    /// # Errors
    /// The place is taken by something that is no run, or cannot be written.
    pub fn begin(place: &Path) -> Result<Folder, Exit> {
        check_replaceable(place)?;
        let staging = beside(place, "writing");
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(|error| unwritable(&staging, &error))?;
        }
        fs::create_dir_all(&staging).map_err(|error| unwritable(&staging, &error))?;
        Ok(Folder {
            place: place.to_path_buf(),
            staging,
        })
    }

    /// Where files are written meanwhile.
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// Writes one file; `name` may contain folders.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Exit> {
        let path = self.staging.join(name);
        let parent = path.parent().unwrap_or(&self.staging);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes));
        written.map_err(|error| unwritable(&path, &error))
    }

    /// Puts the folder at its place, or at `PLACE.partial` if it is not complete; gives the place.
    ///
    /// # Errors
    /// It cannot be moved; the old folder then still stands.
    pub fn finish(self, is_complete: bool) -> Result<PathBuf, Exit> {
        let place = if is_complete {
            self.place.clone()
        } else {
            beside(&self.place, "partial")
        };
        let old = beside(&place, "old");
        let moved = || -> io::Result<()> {
            if old.exists() {
                fs::remove_dir_all(&old)?;
            }
            if place.exists() {
                fs::rename(&place, &old)?;
            }
            fs::rename(&self.staging, &place)
        };
        if let Err(error) = moved() {
            // What was there goes back to its place.
            if old.exists() && !place.exists() {
                let _ = fs::rename(&old, &place);
            }
            return Err(unwritable(&place, &error));
        }
        let _ = fs::remove_dir_all(&old);
        Ok(place)
    }

    /// Gives up: nothing is left behind.
    pub fn abandon(self) {
        let _ = fs::remove_dir_all(&self.staging);
    }
}

/// `output/x` -> `output/x.what`.
fn beside(place: &Path, what: &str) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{what}"));
    place.with_file_name(name)
}

fn check_replaceable(place: &Path) -> Result<(), Exit> {
    if place.file_name().is_none() {
        return Err(Exit::Mistake(format!(
            "error: {} cannot be a run's folder\nhint: name a new folder with --out",
            place.display()
        )));
    }
    if place.exists() && !place.is_dir() {
        return Err(Exit::Mistake(format!(
            "error: {} is not a folder\nhint: name another folder with --out",
            place.display()
        )));
    }
    let has_other_files = fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_some())
        && !place.join(MANIFEST).exists();
    if has_other_files {
        return Err(Exit::Mistake(format!(
            "error: {} holds files that are not a run's, and a run would replace them\nhint: name another folder with --out",
            place.display()
        )));
    }
    Ok(())
}

/// Told as a mistake where another place would help, as a fault of the machine otherwise.
pub fn unwritable(path: &Path, error: &io::Error) -> Exit {
    use io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    let said = format!("error: cannot write {}: {error}", path.display());
    match error.kind() {
        PermissionDenied | NotADirectory | ReadOnlyFilesystem => {
            Exit::Mistake(format!("{said}\nhint: name another folder with --out"))
        }
        _ => Exit::Fault(said),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_run_replaces_a_run_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("out/run");
        let write = |text: &str| {
            let folder = Folder::begin(&place).unwrap();
            folder.write(MANIFEST, text.as_bytes()).unwrap();
            folder.write("plots/a.svg", b"a").unwrap();
            folder.finish(true).unwrap();
        };
        write("1");
        write("2");
        assert_eq!(fs::read_to_string(place.join(MANIFEST)).unwrap(), "2");
        assert_eq!(fs::read_dir(home.path().join("out")).unwrap().count(), 1);

        fs::remove_file(place.join(MANIFEST)).unwrap();
        assert!(matches!(Folder::begin(&place), Err(Exit::Mistake(_))));
        assert!(place.join("plots/a.svg").exists());
    }

    #[test]
    fn an_abandoned_or_partial_run_leaves_the_old_one() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("run");
        let folder = Folder::begin(&place).unwrap();
        folder.write(MANIFEST, b"old").unwrap();
        folder.finish(true).unwrap();
        Folder::begin(&place).unwrap().abandon();
        let partial = Folder::begin(&place).unwrap();
        partial.write(MANIFEST, b"new").unwrap();
        assert_eq!(
            partial.finish(false).unwrap(),
            home.path().join("run.partial")
        );
        assert_eq!(fs::read(place.join(MANIFEST)).unwrap(), b"old");
    }
}

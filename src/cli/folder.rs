//! A run's folder: written beside where it will stand and renamed when complete, so that what is there
//! stays whole until something whole replaces it.
//!
//! All work is done in `TARGET.writing/`: `new/` is what is written, `old/` what it replaces, and
//! `lock` keeps a second run of the same target away. `journal` and `parts/` hold what is finished,
//! for the next run to go on with if this one is killed; all else that a killed run left is cleared.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::Exit;
use crate::experiment::JOURNAL_HEADER;
use crate::results::tables::Damaged;
use crate::results::{Meta, Results, tables};
use crate::text::plain_error;

/// A folder that is being written.
#[derive(Debug)]
pub struct Folder {
    target: PathBuf,
    writing: PathBuf,
    new: PathBuf,
    /// Held as long as the folder is written.
    _lock: File,
}

impl Folder {
    /// Begins a folder that will stand at `target`.
    ///
    /// # Errors
    /// The target is taken by something that is no run, is being written by another run, or cannot
    /// be written.
    pub fn begin(target: &Path) -> Result<Folder, Exit> {
        check_replaceable(target)?;
        check_replaceable(&beside(target, "partial"))?;
        let writing = beside(target, "writing");
        check_left_over(&writing)?;
        let unwritable = |error: io::Error| unwritable(&writing, &error);
        fs::create_dir_all(&writing).map_err(unwritable)?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false);
        let lock = lock.open(writing.join("lock")).map_err(unwritable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Exit::Mistake(format!(
                "error: another run is writing {}\nhint: wait for it, or name another folder with --out",
                target.display()
            )),
            TryLockError::Error(error) => unwritable(error),
        })?;
        clear(target, &writing).map_err(unwritable)?;
        let new = writing.join("new");
        fs::create_dir(&new).map_err(unwritable)?;
        Ok(Folder {
            target: target.to_path_buf(),
            writing,
            new,
            _lock: lock,
        })
    }

    /// Where files are written meanwhile.
    pub fn path(&self) -> &Path {
        &self.new
    }

    /// Where finished replications are kept.
    pub fn journal(&self) -> PathBuf {
        self.writing.join("journal")
    }

    /// The folder of recorded rows of single replications; emptied if `anew`.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn parts(&self, anew: bool) -> Result<PathBuf, Exit> {
        let parts = self.writing.join("parts");
        let made = || -> io::Result<()> {
            if anew && parts.exists() {
                fs::remove_dir_all(&parts)?;
            }
            fs::create_dir_all(&parts)
        };
        made().map_err(|error| unwritable(&parts, &error))?;
        Ok(parts)
    }

    /// Writes one file; `name` may contain folders.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Exit> {
        write(&self.new.join(name), bytes)
    }

    /// Keeps a copy of the journal among what is written.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn keep_journal(&self) -> Result<(), Exit> {
        let to = self.new.join("journal");
        let copied = fs::copy(self.journal(), &to);
        copied.map(|_| ()).map_err(|error| unwritable(&to, &error))
    }

    /// Puts the folder at its target, or at `TARGET.partial` if it is not complete; gives the target.
    /// What is finished is kept if there is more to do.
    ///
    /// # Errors
    /// It cannot be moved; the old folder then still stands.
    pub fn finish(self, is_complete: bool) -> Result<PathBuf, Exit> {
        let target = if is_complete {
            self.target.clone()
        } else {
            beside(&self.target, "partial")
        };
        check_replaceable(&target)?;
        let old = self
            .writing
            .join(if is_complete { "old" } else { "old.partial" });
        let moved = || -> io::Result<()> {
            if target.exists() {
                fs::rename(&target, &old)?;
            }
            fs::rename(&self.new, &target)
        };
        if let Err(error) = moved() {
            // What was there goes back.
            if old.exists() && !target.exists() {
                let _ = fs::rename(&old, &target);
            }
            self.leave();
            return Err(unwritable(&target, &error));
        }
        if is_complete {
            self.abandon();
        } else {
            self.leave();
        }
        Ok(target)
    }

    /// Stops, but keeps what is finished, if anything is, for the next run to go on with.
    pub fn leave(self) {
        let kept = fs::metadata(self.journal()).map_or(0, |journal| journal.len());
        if kept <= JOURNAL_HEADER {
            return self.abandon();
        }
        for part in ["new", "old", "old.partial"] {
            let _ = fs::remove_dir_all(self.writing.join(part));
        }
    }

    /// Gives up: nothing is left behind.
    pub fn abandon(self) {
        // The journal goes first: it must not speak of parts that are gone. The lock goes last: it
        // says that the folder is ours, should this be cut short.
        let _ = fs::remove_file(self.journal());
        for part in ["new", "old", "old.partial", "parts"] {
            let _ = fs::remove_dir_all(self.writing.join(part));
        }
        let _ = fs::remove_file(self.writing.join("lock"));
        let _ = fs::remove_dir(&self.writing);
    }
}

/// Writes a file, and the folders that it is in.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Exit> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made.and_then(|()| fs::write(path, bytes));
    written.map_err(|error| unwritable(path, &error))
}

/// Copies the files of the folder `from`, if there is one, into the folder `into`.
///
/// # Errors
/// One cannot be read or written.
pub fn copy_files(from: &Path, into: &Path) -> Result<(), Exit> {
    if !from.is_dir() {
        return Ok(());
    }
    let copy = || -> io::Result<()> {
        fs::create_dir_all(into)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            fs::copy(entry.path(), into.join(entry.file_name()))?;
        }
        Ok(())
    };
    copy().map_err(|error| unwritable(into, &error))
}

/// The tables of a run's folder.
///
/// # Errors
/// It is no such folder, or a table is missing or has been changed.
pub fn tables_of(dir: &Path) -> Result<Results, Exit> {
    read_with(dir, tables::read)
}

/// What a run's folder says of itself.
///
/// # Errors
/// It is no such folder.
pub fn manifest_of(dir: &Path) -> Result<Meta, Exit> {
    read_with(dir, tables::read_meta)
}

/// Reads something of a folder; damage is told with its place and a cure.
fn read_with<T>(dir: &Path, read: fn(&Path) -> Result<T, Damaged>) -> Result<T, Exit> {
    if !dir.is_dir() {
        return Err(Exit::Mistake(format!(
            "error: {} is not a folder\nhint: name the folder that `equipoise run` wrote",
            dir.display()
        )));
    }
    read(dir).map_err(|damaged| {
        let path = dir.join(damaged.location);
        Exit::Mistake(format!("error: {}: {}", path.display(), damaged.message))
    })
}

/// `output/x` -> `output/x.what`.
pub fn beside(target: &Path, what: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{what}"));
    target.with_file_name(name)
}

/// Clears what a killed run left; a folder that it had moved aside and not replaced goes back.
fn clear(target: &Path, writing: &Path) -> io::Result<()> {
    let old = writing.join("old");
    if old.exists() && !target.exists() {
        fs::rename(&old, target)?;
    }
    let parts = ["new", "old", "old.partial"].map(|part| writing.join(part));
    let mut left = parts.iter().filter(|part| part.exists());
    left.try_for_each(fs::remove_dir_all)
}

/// What stands at `TARGET.writing` must come from a run: it has its lock, and no links lead away.
fn check_left_over(writing: &Path) -> Result<(), Exit> {
    let kind = |path: &Path| {
        fs::symlink_metadata(path)
            .ok()
            .map(|found| found.file_type())
    };
    let is_empty = || fs::read_dir(writing).is_ok_and(|mut entries| entries.next().is_none());
    let is_plain = |name: &str| kind(&writing.join(name)).is_none_or(|kind| kind.is_file());
    let has_lock = || writing.join("lock").is_file() && is_plain("lock") && is_plain("journal");
    match kind(writing) {
        None => return Ok(()),
        Some(kind) if kind.is_dir() && (has_lock() || is_empty()) => return Ok(()),
        Some(_) => {}
    }
    Err(taken(writing, "is needed for the run's work and is taken"))
}

/// Refuses to replace what is not a folder of results: it may be somebody's work.
fn check_replaceable(target: &Path) -> Result<(), Exit> {
    if target.file_name().is_none() {
        return Err(taken(target, "cannot be a run's folder"));
    }
    // Also a device, a pipe or a link, which a rename would replace: only a folder ever goes.
    let found = fs::symlink_metadata(target);
    if found.is_ok_and(|found| !found.is_dir()) {
        return Err(taken(
            target,
            "is a file, a device or a link, which a run does not replace",
        ));
    }
    let has_files = fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
    if has_files && !is_run(target) {
        return Err(taken(
            target,
            "holds files that are not a run's, and a run would replace them",
        ));
    }
    Ok(())
}

/// What tells the folder of a shard.
pub const SHARD: &str = "shard.json";

/// True if the manifest, or what tells a shard, is this tool's: other tools have files of that name, too.
fn is_run(target: &Path) -> bool {
    let has = |name: &str, keys: [&str; 2]| {
        let read = fs::read(target.join(name)).ok();
        let file = read.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        file.is_some_and(|file| keys.iter().all(|key| file.get(key).is_some()))
    };
    has(tables::MANIFEST, ["engine", "scenario_digest"]) || has(SHARD, ["shard", "target"])
}

fn taken(target: &Path, why: &str) -> Exit {
    Exit::Mistake(format!(
        "error: {} {why}\nhint: name another folder with --out",
        target.display()
    ))
}

/// Told as a mistake where another target would help, as a fault of the machine otherwise.
pub fn unwritable(path: &Path, error: &io::Error) -> Exit {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
    let why = plain_error(error);
    let said = format!("error: cannot write {}: {why}", path.display());
    match error.kind() {
        NotADirectory | NotFound | PermissionDenied | ReadOnlyFilesystem => {
            Exit::Mistake(format!("{said}\nhint: name another place for it"))
        }
        _ => Exit::Fault(said),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OURS: &[u8] = br#"{ "engine": "events", "scenario_digest": "0" }"#;

    fn write(target: &Path, text: &str) {
        let folder = Folder::begin(target).unwrap();
        folder.write(tables::MANIFEST, OURS).unwrap();
        folder.write("plots/a.svg", text.as_bytes()).unwrap();
        folder.finish(true).unwrap();
    }

    fn plot(target: &Path) -> String {
        fs::read_to_string(target.join("plots/a.svg")).unwrap()
    }

    fn is_refused(target: &Path) -> bool {
        matches!(Folder::begin(target), Err(Exit::Mistake(_)))
    }

    #[test]
    fn a_run_replaces_a_run_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out/run");
        write(&target, "1");
        write(&target, "2");
        assert_eq!(plot(&target), "2");
        assert_eq!(fs::read_dir(home.path().join("out")).unwrap().count(), 1);

        fs::write(
            target.join(tables::MANIFEST),
            r#"{ "manifest_version": 3 }"#,
        )
        .unwrap();
        assert!(is_refused(&target));
        fs::remove_file(target.join(tables::MANIFEST)).unwrap();
        assert!(is_refused(&target));
        assert_eq!(plot(&target), "2");
    }

    #[test]
    fn an_abandoned_or_partial_run_leaves_the_old_one() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("run");
        write(&target, "old");
        Folder::begin(&target).unwrap().abandon();
        let partial = Folder::begin(&target).unwrap();
        partial.write(tables::MANIFEST, OURS).unwrap();
        fs::write(partial.journal(), [0; 100]).unwrap();
        assert_eq!(
            partial.finish(false).unwrap(),
            home.path().join("run.partial")
        );
        assert_eq!(plot(&target), "old");
        // What is finished waits for the next run.
        assert!(home.path().join("run.writing").is_dir());
        Folder::begin(&target).unwrap().abandon();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_kept_under_another_name_stays() {
        let home = tempfile::tempdir().unwrap();
        let (target, kept) = (home.path().join("run"), home.path().join("run.old"));
        write(&target, "1");
        fs::rename(&target, &kept).unwrap();
        write(&target, "2");
        write(&target, "3");
        assert_eq!((plot(&kept), plot(&target)), ("1".into(), "3".into()));
    }

    #[test]
    fn files_devices_and_links_are_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "mine").unwrap();
        assert!(is_refused(&file));
        #[cfg(unix)]
        {
            let (real, link) = (home.path().join("real"), home.path().join("link"));
            write(&real, "1");
            std::os::unix::fs::symlink(&real, &link).unwrap();
            assert!(is_refused(&link));
            let socket = home.path().join("socket");
            let _open = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            assert!(is_refused(&socket));
        }
        let mine = home.path().join("run.writing");
        fs::create_dir(&mine).unwrap();
        fs::write(mine.join("text"), "mine").unwrap();
        assert!(is_refused(&home.path().join("run")));
        assert!(mine.exists());
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }

    #[test]
    fn two_runs_cannot_write_one_place() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("run");
        let first = Folder::begin(&target).unwrap();
        assert!(is_refused(&target));
        first.write(tables::MANIFEST, OURS).unwrap();
        first.finish(true).unwrap();
        Folder::begin(&target).unwrap().abandon();
        assert!(target.join(tables::MANIFEST).exists());
    }

    #[test]
    fn what_a_killed_run_left_is_cleared() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("run");
        write(&target, "1");
        // Killed between the two renames.
        let killed = Folder::begin(&target).unwrap();
        killed.write("half", b"").unwrap();
        fs::rename(&target, killed.writing.join("old")).unwrap();
        drop(killed);
        Folder::begin(&target).unwrap().abandon();
        assert_eq!(plot(&target), "1");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}

//! Finished replications on disk, so that a run that was killed goes on where it was.
//!
//! A journal is a header, the fingerprint of what is run, and then one record for each finished
//! replication: length, check sum, content. A record that a crash cut short ends it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::replications::{Item, Replicate};
use crate::scenario::Scenario;
use crate::sim::Failure;
use crate::text::plain_error;

const MAGIC: &[u8; 8] = b"eqpjrn03";
/// Bytes of a journal without a replication.
pub const HEADER: u64 = 8 + 32;
/// Length and check sum before a record's content.
const FRAME: usize = 4 + 8;

/// What a journal belongs to: only what the same program does with the same scenario can be
/// joined to what it did before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of running `scenario` by the program with the digest `program`, writing
    /// what `options` says.
    pub fn new(scenario: &Scenario, program: &[u8], options: &str) -> Fingerprint {
        let mut digest = Sha256::new();
        digest.update(program);
        digest.update(options);
        digest.update(scenario.identity().0);
        Fingerprint(digest.finalize().into())
    }
}

/// A journal that is open for the replications to come.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    state: Mutex<State>,
    found: usize,
    has_replaced: bool,
}

#[derive(Debug)]
struct State {
    file: File,
    end: u64,
    /// Where the content of each replication is, and how long.
    index: BTreeMap<Item, (u64, u32)>,
}

impl Journal {
    /// Opens the journal at `path`; one of another fingerprint is started anew.
    ///
    /// # Errors
    /// [`Failure::Machine`] if it cannot be read or written.
    pub fn open(path: &Path, fingerprint: Fingerprint) -> Result<Journal, Failure> {
        let opened = || -> io::Result<(State, bool)> {
            let mut options = OpenOptions::new();
            let mut file = options
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            let was_used = file.metadata()?.len() > HEADER;
            let found = scan(&mut file, fingerprint)?;
            let has_replaced = was_used && found.is_none();
            let (end, index) = match found {
                Some(found) => found,
                None => (begin(&mut file, fingerprint)?, BTreeMap::new()),
            };
            file.set_len(end)?;
            Ok((State { file, end, index }, has_replaced))
        };
        let (state, has_replaced) = opened().map_err(|error| fault(path, &error))?;
        Ok(Journal {
            path: path.to_path_buf(),
            found: state.index.len(),
            has_replaced,
            state: Mutex::new(state),
        })
    }

    /// Replications that an earlier run left here.
    pub fn found(&self) -> usize {
        self.found
    }

    /// True if what another scenario or program had left here was given up.
    pub fn has_replaced(&self) -> bool {
        self.has_replaced
    }

    /// A replication that an earlier run finished.
    pub(super) fn take(&self, item: Item) -> Result<Option<Replicate>, Failure> {
        let mut state = self.lock();
        let Some(&(at, length)) = state.index.get(&item) else {
            return Ok(None);
        };
        let mut content = vec![0; length as usize];
        let read = |file: &mut File, content: &mut [u8]| -> io::Result<()> {
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(content)
        };
        read(&mut state.file, &mut content).map_err(|error| fault(&self.path, &error))?;
        drop(state);
        let (_, replicate): (Item, Replicate) = postcard::from_bytes(&content)
            .map_err(|error| Failure::Internal(format!("a journal of another shape: {error}")))?;
        Ok(Some(replicate))
    }

    /// Adds a finished replication.
    pub(super) fn add(&self, item: Item, replicate: &Replicate) -> Result<(), Failure> {
        let content = postcard::to_stdvec(&(item, replicate))
            .map_err(|error| Failure::Internal(format!("a replication cannot be kept: {error}")))?;
        self.append(item, &content)
    }

    /// Adds the replications of the journal at `path`, which another run of the same left, and tells
    /// which those are, in order; `None` if it is of another fingerprint.
    ///
    /// # Errors
    /// [`Failure::Machine`] if it cannot be read, or this one cannot be written.
    pub fn join(
        &self,
        path: &Path,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<Item>>, Failure> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
        let found = scan(&bytes[..], fingerprint).map_err(|error| unreadable(path, &error))?;
        let Some((_, index)) = found else {
            return Ok(None);
        };
        for (&item, &(at, length)) in &index {
            let content = at as usize..at as usize + length as usize;
            if !self.lock().index.contains_key(&item) {
                self.append(item, &bytes[content])?;
            }
        }
        Ok(Some(index.into_keys().collect()))
    }

    /// Writes a journal of `items` alone, in their order and without clock times, so that its bytes do not
    /// depend on threads.
    ///
    /// # Errors
    /// [`Failure::Machine`] if one of the two files cannot be read or written.
    pub fn write_in_order(
        &self,
        items: &[Item],
        path: &Path,
        fingerprint: Fingerprint,
    ) -> Result<(), Failure> {
        let copy = Journal::open(path, fingerprint)?;
        for &item in items {
            if let Some(kept) = self.take(item)? {
                let busy = Duration::ZERO;
                copy.add(item, &Replicate { busy, ..kept })?;
            }
        }
        Ok(())
    }

    fn append(&self, item: Item, content: &[u8]) -> Result<(), Failure> {
        let mut record = Vec::with_capacity(FRAME + content.len());
        record.extend((content.len() as u32).to_le_bytes());
        record.extend(check_sum(content));
        record.extend(content);
        let mut state = self.lock();
        let end = state.end;
        let write = |file: &mut File| -> io::Result<()> {
            file.seek(SeekFrom::Start(end))?;
            file.write_all(&record)
        };
        write(&mut state.file).map_err(|error| fault(&self.path, &error))?;
        state.end += record.len() as u64;
        let found_at = (end + FRAME as u64, content.len() as u32);
        state.index.insert(item, found_at);
        Ok(())
    }

    /// A thread that failed has left the file between two records or told of it.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn fault(path: &Path, error: &io::Error) -> Failure {
    let (path, why) = (path.display(), plain_error(error));
    Failure::Machine(format!("cannot write {path}: {why}"))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let (path, why) = (path.display(), plain_error(error));
    Failure::Machine(format!("cannot read {path}: {why}"))
}

fn check_sum(content: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&Sha256::digest(content)[..8]);
    sum
}

/// Writes the header of an empty journal; where its records begin.
fn begin(file: &mut File, fingerprint: Fingerprint) -> io::Result<u64> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(MAGIC)?;
    file.write_all(&fingerprint.0)?;
    Ok(HEADER)
}

/// Number of whole replications in a journal's bytes, as a run that goes on would find them.
pub fn read(bytes: &[u8]) -> usize {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(bytes.get(8..HEADER as usize).unwrap_or(&[0; 32]));
    let found = scan(bytes, Fingerprint(fingerprint)).ok().flatten();
    let places = found.map(|(_, index)| index).unwrap_or_default();
    let content = |(at, length): &(u64, u32)| {
        let start = usize::try_from(*at).ok()?;
        let content = bytes.get(start..start + *length as usize)?;
        postcard::from_bytes::<(Item, Replicate)>(content).ok()
    };
    places.values().filter_map(content).count()
}

type Found = (u64, BTreeMap<Item, (u64, u32)>);

/// The whole records of a journal with this fingerprint, and where they end.
fn scan(file: impl Read, fingerprint: Fingerprint) -> io::Result<Option<Found>> {
    let mut reader = io::BufReader::new(file);
    let mut header = [0; HEADER as usize];
    if reader.read_exact(&mut header).is_err()
        || header[..8] != *MAGIC
        || header[8..] != fingerprint.0
    {
        return Ok(None);
    }
    let (mut end, mut index) = (HEADER, BTreeMap::new());
    while let Some((item, length)) = record(&mut reader) {
        index.insert(item, (end + FRAME as u64, length));
        end += FRAME as u64 + u64::from(length);
    }
    Ok(Some((end, index)))
}

/// The next record's replication and length; nothing if it is cut short or damaged.
fn record(reader: &mut impl Read) -> Option<(Item, u32)> {
    let mut frame = [0; FRAME];
    reader.read_exact(&mut frame).ok()?;
    let length = u32::from_le_bytes(frame[..4].try_into().ok()?);
    let mut content = Vec::new();
    reader
        .take(u64::from(length))
        .read_to_end(&mut content)
        .ok()?;
    let is_whole = content.len() == length as usize && frame[4..] == check_sum(&content);
    let (item, _): (Item, &[u8]) = is_whole.then(|| postcard::take_from_bytes(&content).ok())??;
    Some((item, length))
}

//! Seals of files: what the journal remembers of recorded rows, so that parts which a crash or a disk
//! has spoilt are told from whole ones.
//!
//! The digest is taken of the bytes on their way to the disk; reading the file again would only prove what the
//! cache holds.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Length and digest of a part file: what the journal says was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    length: u64,
    digest: [u8; 32],
}

impl Seal {
    /// Bytes that were written.
    pub fn length(&self) -> u64 {
        self.length
    }
}

/// Notes the seal of what is written through it.
pub struct Sealing<W> {
    into: W,
    length: u64,
    digest: Sha256,
}

impl<W: Write> Sealing<W> {
    /// What it is written to.
    pub fn inner(&self) -> &W {
        &self.into
    }

    /// Nothing is written yet.
    pub fn new(into: W) -> Sealing<W> {
        Sealing {
            into,
            length: 0,
            digest: Sha256::new(),
        }
    }

    /// The seal of what was written.
    pub fn seal(&self) -> Seal {
        Seal {
            length: self.length,
            digest: self.digest.clone().finalize().into(),
        }
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

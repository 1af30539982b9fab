//! A decision log as one word of text in a file that is kept in a repository:
//! `DECISIONS DIGEST [what else is kept: postcard, deflate, base64]`.
//!
//! A baseline is committed, read by people in a diff and merged by tools that know lines only. So
//! a log is one word on one line, small enough to be kept for every strategy at every point; what
//! it cannot afford to keep is left out from the back, and the digests before it still say up to
//! where two logs agree. It begins with the digest that its content must have, for a merge may cut
//! it.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use super::{DecisionLog, LogDetail, STEP};

/// What is kept beside the number of decisions and their digest.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Numbers as differences from the one before; digests as bytes, for they are all long.
    digests: Vec<(u64, [u8; 8])>,
    detail: Option<LogDetail>,
}

/// More than any log holds: a damaged file must not fill the memory.
const MOST: u64 = 64 << 20;
/// Below this share nothing of the detail is kept.
const LEAST: f64 = 1e-4;

impl From<DecisionLog> for String {
    fn from(log: DecisionLog) -> String {
        if log.detail.is_none() && log.digests.len() <= 1 {
            let last = log.digests.last().map_or(0, |&(_, digest)| digest);
            return format!("{} {last:016x}", log.decisions);
        }
        let head = format!("{} {:016x}", log.decisions, log.digest());
        let mut before = 0;
        let delta = |(count, digest): (u64, u64)| {
            let more = count - std::mem::replace(&mut before, count);
            (more, digest.to_le_bytes())
        };
        let kept = Kept {
            digests: log.digests.into_iter().map(delta).collect(),
            detail: log.detail,
        };
        let packed = pack(&kept).unwrap_or_default();
        format!("{head} {}", STANDARD_NO_PAD.encode(packed))
    }
}

fn pack(kept: &Kept) -> Option<Vec<u8>> {
    let bytes = postcard::to_stdvec(kept).ok()?;
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&bytes).ok()?;
    packer.finish().ok()
}

impl TryFrom<String> for DecisionLog {
    type Error = String;

    fn try_from(text: String) -> Result<DecisionLog, String> {
        let damaged = || "the decisions kept here are damaged: make the file anew".to_owned();
        read(&text).ok_or_else(damaged)
    }
}

fn read(text: &str) -> Option<DecisionLog> {
    let mut words = text.split(' ');
    let decisions = words.next()?.parse().ok()?;
    let digest = u64::from_str_radix(words.next()?, 16).ok()?;
    let Some(packed) = words.next() else {
        return Some(DecisionLog {
            decisions,
            digests: vec![(decisions, digest)],
            detail: None,
        });
    };
    let kept = unpack(packed)?;
    let mut count = 0u64;
    let mut digests = Vec::with_capacity(kept.digests.len());
    for (more, digest) in kept.digests {
        count = count.checked_add(more)?;
        digests.push((count, u64::from_le_bytes(digest)));
    }
    let log = DecisionLog {
        decisions,
        digests,
        detail: kept.detail,
    };
    (log.digest() == digest && decisions == count).then_some(log)
}

fn unpack(packed: &str) -> Option<Kept> {
    let packed = STANDARD_NO_PAD.decode(packed).ok()?;
    let mut bytes = Vec::new();
    let mut unpacker = DeflateDecoder::new(packed.as_slice()).take(MOST);
    unpacker.read_to_end(&mut bytes).ok()?;
    postcard::from_bytes(&bytes).ok()
}

impl DecisionLog {
    /// The same, cut until its text takes at most `bytes` (but for the number of decisions and their
    /// digest, which always stay): fewer digests, and fewer of the first nodes and jobs.
    pub fn cut(&self, bytes: usize) -> DecisionLog {
        let mut share = 1.0;
        loop {
            let cut = self.shortened(share);
            let is_least = cut.digests.len() <= 1 && cut.detail.is_none();
            if is_least || String::from(cut.clone()).len() <= bytes {
                return cut;
            }
            share *= 0.8;
        }
    }

    /// A `share` of everything; without detail where there would be hardly any.
    fn shortened(&self, share: f64) -> DecisionLog {
        let part = |length: usize| (length as f64 * share) as usize;
        let count = self.digests.len();
        let every = count.div_ceil(part(count).max(1)).max(1);
        let digests = self.digests.iter().enumerate();
        let digests = digests.filter(|&(at, _)| (count - 1 - at).is_multiple_of(every));
        let detail = self.detail.as_ref().filter(|_| share > LEAST);
        let first = |jobs: &Vec<u8>| jobs[..part(jobs.len())].to_vec();
        let detail = detail.map(|detail| LogDetail {
            nodes: detail.nodes[..part(detail.nodes.len())].to_vec(),
            steps: detail.steps[..part(detail.nodes.len()) / STEP].to_vec(),
            jobs: detail.jobs.iter().map(first).collect(),
            ..*detail
        });
        DecisionLog {
            decisions: self.decisions,
            digests: digests.map(|(_, digest)| *digest).collect(),
            detail,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::mixed;
    use super::*;

    /// Nodes and response times without any pattern.
    fn log(decisions: u64) -> DecisionLog {
        let digests = (1..=decisions / 4096).map(|i| (i * 4096, mixed(i, 1)));
        let detail = LogDetail {
            nodes: (0..decisions.min(65_536))
                .map(|i| (mixed(i, 2) % 100) as u32)
                .collect(),
            steps: (0..decisions.min(65_536) / 16)
                .map(|i| mixed(i, 3) as u8)
                .collect(),
            jobs: vec![
                (0..20_000).map(|i| mixed(i, 4) as u8).collect(),
                vec![7; 10],
            ],
            measured: 20_010,
            blame: Some(([1; 7], [u64::MAX, 0, 1, 2, 3, 4, 5])),
        };
        DecisionLog {
            decisions,
            digests: digests.chain([(decisions, mixed(0, 5))]).collect(),
            detail: Some(detail),
        }
    }

    #[test]
    fn a_log_survives_its_text() {
        let late = DecisionLog {
            detail: None,
            ..log(200_001)
        };
        for log in [
            log(200_001),
            log(3),
            late.cut(10),
            late,
            DecisionLog::default(),
        ] {
            let text = serde_json::to_string(&log).unwrap();
            let again: DecisionLog = serde_json::from_str(&text).unwrap();
            assert_eq!(again.digest(), log.digest());
            assert_eq!(again.detail, log.detail);
            assert_eq!(serde_json::to_string(&again).unwrap(), text);
        }
    }

    #[test]
    fn a_cut_keeps_the_size_and_the_digest() {
        let whole = log(200_001);
        for bytes in [100_000, 20_000, 2_000, 300, 30] {
            let cut = whole.cut(bytes);
            let length = String::from(cut.clone()).len();
            assert!(
                length <= bytes.max(40) && length * 2 > bytes.min(300),
                "{bytes}: {length}"
            );
            assert_eq!(
                (cut.decisions, cut.digest()),
                (whole.decisions, whole.digest())
            );
            assert!(
                cut.digests
                    .iter()
                    .all(|digest| whole.digests.contains(digest))
            );
        }
    }

    #[test]
    fn a_damaged_text_is_told() {
        let text = serde_json::to_string(&log(9_000).cut(5_000)).unwrap();
        for damaged in [
            text.replacen('0', "1", 1),
            text[..400].to_owned() + "\"",
            "\"x\"".into(),
        ] {
            let error = serde_json::from_str::<DecisionLog>(&damaged).unwrap_err();
            assert!(error.to_string().contains("damaged"), "{error}");
        }
    }
}

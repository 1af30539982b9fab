//! A trail as one word of text in a file that is kept in a repository:
//! `DECISIONS DIGEST [what else is kept: postcard, deflate, base64]`.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use super::{Detail, STEP, Trail};
use crate::metrics::jobs::Blame;

/// A trail's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Written(String);

/// What is kept beside the number of decisions and their digest.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Numbers as differences from the one before; digests as bytes, for they are all long.
    digests: Vec<(u64, [u8; 8])>,
    detail: Option<KeptDetail>,
}

#[derive(Serialize, Deserialize)]
struct KeptDetail {
    nodes: Vec<u32>,
    steps: Vec<u8>,
    jobs: Vec<Vec<u8>>,
    measured: u64,
    blame: Option<(Blame, Blame)>,
}

/// More than any trail holds: a damaged file must not fill the memory.
const MOST: u64 = 64 << 20;

impl From<Trail> for Written {
    fn from(trail: Trail) -> Written {
        let head = format!("{} {:016x}", trail.decisions, trail.digest());
        if trail.detail.is_none() && trail.digests.len() <= 1 {
            let last = trail.digests.last().map_or(0, |&(_, digest)| digest);
            return Written(format!("{} {last:016x}", trail.decisions));
        }
        let mut before = 0;
        let delta = |(count, digest): (u64, u64)| {
            let more = count - std::mem::replace(&mut before, count);
            (more, digest.to_le_bytes())
        };
        let kept = Kept {
            digests: trail.digests.into_iter().map(delta).collect(),
            detail: trail.detail.map(KeptDetail::from),
        };
        let packed = pack(&kept).unwrap_or_default();
        Written(format!("{head} {}", STANDARD_NO_PAD.encode(packed)))
    }
}

impl From<Detail> for KeptDetail {
    fn from(detail: Detail) -> KeptDetail {
        KeptDetail {
            nodes: detail.nodes,
            steps: detail.steps,
            jobs: detail.jobs,
            measured: detail.measured,
            blame: detail.blame,
        }
    }
}

fn pack(kept: &Kept) -> Option<Vec<u8>> {
    let bytes = postcard::to_stdvec(kept).ok()?;
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&bytes).ok()?;
    packer.finish().ok()
}

impl TryFrom<Written> for Trail {
    type Error = String;

    fn try_from(written: Written) -> Result<Trail, String> {
        let damaged = || "the decisions kept here are damaged: make the file anew".to_owned();
        read(&written.0).ok_or_else(damaged)
    }
}

fn read(text: &str) -> Option<Trail> {
    let mut words = text.split(' ');
    let decisions = words.next()?.parse().ok()?;
    let digest = u64::from_str_radix(words.next()?, 16).ok()?;
    let Some(packed) = words.next() else {
        return Some(Trail {
            decisions,
            digests: vec![(decisions, digest)],
            detail: None,
        });
    };
    let packed = STANDARD_NO_PAD.decode(packed).ok()?;
    let mut bytes = Vec::new();
    let mut unpacker = DeflateDecoder::new(packed.as_slice()).take(MOST);
    unpacker.read_to_end(&mut bytes).ok()?;
    let kept: Kept = postcard::from_bytes(&bytes).ok()?;
    let mut count = 0u64;
    let mut digests = Vec::with_capacity(kept.digests.len());
    for (more, digest) in kept.digests {
        count = count.checked_add(more)?;
        digests.push((count, u64::from_le_bytes(digest)));
    }
    let trail = Trail {
        decisions,
        digests,
        detail: kept.detail.map(|kept| Detail {
            nodes: kept.nodes,
            steps: kept.steps,
            jobs: kept.jobs,
            measured: kept.measured,
            blame: kept.blame,
        }),
    };
    (trail.digest() == digest && trail.decisions == count).then_some(trail)
}

impl Trail {
    /// The same, cut until its text takes at most `bytes` (but for the number of decisions and their
    /// digest, which always stay): fewer digests, and fewer of the first nodes and jobs.
    pub fn cut(&self, bytes: usize) -> Trail {
        let mut share = 1.0;
        loop {
            let cut = self.shortened(share);
            let is_least = cut.digests.len() <= 1 && cut.detail.is_none();
            if is_least || Written::from(cut.clone()).0.len() <= bytes {
                return cut;
            }
            share *= 0.8;
        }
    }

    /// A `share` of everything; without detail where there would be hardly any.
    fn shortened(&self, share: f64) -> Trail {
        let part = |length: usize| (length as f64 * share) as usize;
        let every = self.digests.len().div_ceil(part(self.digests.len()).max(1));
        let count = self.digests.len();
        let stays = |&(place, _): &(usize, _)| (count - 1 - place).is_multiple_of(every.max(1));
        let digests = self.digests.iter().enumerate().filter(stays);
        let detail = self.detail.as_ref().filter(|_| share > LEAST);
        let detail = detail.map(|detail| Detail {
            nodes: detail.nodes[..part(detail.nodes.len())].to_vec(),
            steps: detail.steps[..part(detail.nodes.len()) / STEP].to_vec(),
            jobs: detail
                .jobs
                .iter()
                .map(|jobs| jobs[..part(jobs.len())].to_vec())
                .collect(),
            ..*detail
        });
        Trail {
            decisions: self.decisions,
            digests: digests.map(|(_, digest)| *digest).collect(),
            detail,
        }
    }
}

/// Below this share nothing of the detail is kept.
const LEAST: f64 = 1e-4;

/// Cuts the trails of an experiment (by point, strategy and replication) so that their texts take
/// about `bytes` together: each point and strategy gets an equal share, of which replication 1 gets
/// three quarters and the others the rest.
pub fn cut_all(trails: &[Vec<Vec<Trail>>], bytes: usize) -> Vec<Vec<Vec<Trail>>> {
    let cells: usize = trails.iter().map(Vec::len).sum();
    let share = bytes / cells.max(1);
    let cell = |cell: &Vec<Trail>| {
        let others = share / 4 / cell.len().saturating_sub(1).max(1);
        let of =
            |(at, trail): (usize, &Trail)| trail.cut(if at == 0 { share * 3 / 4 } else { others });
        cell.iter().enumerate().map(of).collect()
    };
    let point = |cells: &Vec<Vec<Trail>>| cells.iter().map(cell).collect();
    trails.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::mixed;
    use super::*;

    /// Nodes and response times without any pattern.
    fn trail(decisions: u64) -> Trail {
        let digests = (1..=decisions / 4096).map(|i| (i * 4096, mixed(i, 1)));
        let detail = Detail {
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
        Trail {
            decisions,
            digests: digests.chain([(decisions, mixed(0, 5))]).collect(),
            detail: Some(detail),
        }
    }

    #[test]
    fn a_trail_survives_its_text() {
        let late = Trail {
            detail: None,
            ..trail(200_001)
        };
        for trail in [
            trail(200_001),
            trail(3),
            late.cut(10),
            late,
            Trail::default(),
        ] {
            let text = serde_json::to_string(&trail).unwrap();
            let again: Trail = serde_json::from_str(&text).unwrap();
            assert_eq!(again.digest(), trail.digest());
            assert_eq!(again.detail, trail.detail);
            assert_eq!(serde_json::to_string(&again).unwrap(), text);
        }
    }

    #[test]
    fn a_cut_keeps_the_size_and_the_digest() {
        let whole = trail(200_001);
        for bytes in [100_000, 20_000, 2_000, 300, 30] {
            let cut = whole.cut(bytes);
            let length = Written::from(cut.clone()).0.len();
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
        let all = vec![vec![vec![whole.clone(), whole.clone(), whole]; 4]; 3];
        let text = serde_json::to_string(&cut_all(&all, 120_000)).unwrap();
        assert!((60_000..125_000).contains(&text.len()), "{}", text.len());
    }

    #[test]
    fn a_damaged_text_is_told() {
        let text = serde_json::to_string(&trail(9_000).cut(5_000)).unwrap();
        for damaged in [
            text.replacen('0', "1", 1),
            text[..400].to_owned() + "\"",
            "\"x\"".into(),
        ] {
            let error = serde_json::from_str::<Trail>(&damaged).unwrap_err();
            assert!(error.to_string().contains("damaged"), "{error}");
        }
    }
}

//! A set of nodes of a pool, by their positions in it, that can give its r-th member.
//!
//! Members are bits; they are found by counting, first whole blocks, then words, then bits. So a
//! change costs a few instructions, and a question some tens of steps for a million nodes.

/// Of so many words of bits, 2 to the power of this are counted together: about as many as there are blocks,
/// as both are gone through in turn. Few words are one block.
pub fn block_shift(words: usize) -> u32 {
    match words {
        0..=16 => 4,
        _ => words.ilog2() / 2,
    }
}

/// A set of positions with quick access to its r-th member.
#[derive(Clone, Debug, Default)]
pub struct NodeSet {
    count: u32,
    words: Vec<u64>,
    /// Members by block of words.
    blocks: Vec<u32>,
    shift: u32,
}

impl NodeSet {
    /// None of `positions` positions.
    pub fn new(positions: usize) -> NodeSet {
        let words = positions.div_ceil(64);
        let shift = block_shift(words);
        NodeSet {
            shift,
            count: 0,
            words: vec![0; words],
            blocks: vec![0; words.div_ceil(1 << shift)],
        }
    }

    /// All of `positions` positions become members, and no other.
    pub fn fill(&mut self, positions: usize) {
        let words = positions.div_ceil(64);
        self.words.clear();
        self.words.resize(words, !0);
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), positions % 64) {
            *last = !0 >> (64 - rest);
        }
        let count = |words: &[u64]| words.iter().map(|word| word.count_ones()).sum::<u32>();
        self.blocks.clear();
        self.shift = block_shift(words);
        self.blocks
            .extend(self.words.chunks(1 << self.shift).map(count));
        self.count = positions as u32;
    }

    /// The members of `other` become the members.
    pub fn copy(&mut self, other: &NodeSet) {
        self.count = other.count;
        self.shift = other.shift;
        self.words.clone_from(&other.words);
        self.blocks.clone_from(&other.blocks);
    }

    /// Number of members.
    #[inline]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// True if `position` is a member.
    #[inline]
    pub fn contains(&self, position: usize) -> bool {
        self.words[position / 64] >> (position % 64) & 1 == 1
    }

    /// Adds `position`, which must not be a member.
    #[inline]
    pub fn insert(&mut self, position: usize) {
        self.words[position / 64] |= 1 << (position % 64);
        self.blocks[(position / 64) >> self.shift] += 1;
        self.count += 1;
    }

    /// Takes `position` out, which must be a member.
    #[inline]
    pub fn remove(&mut self, position: usize) {
        self.words[position / 64] &= !(1 << (position % 64));
        self.blocks[(position / 64) >> self.shift] -= 1;
        self.count -= 1;
    }

    /// Makes `position` a member or not.
    #[inline]
    pub fn put(&mut self, position: usize, is_member: bool) {
        match (self.contains(position), is_member) {
            (false, true) => self.insert(position),
            (true, false) => self.remove(position),
            _ => {}
        }
    }

    /// The member with `rank` members below it; there must be one.
    pub fn select(&self, rank: u32) -> usize {
        select(&self.words, (&self.blocks, self.shift), rank)
    }

    /// The first member at or after `position`.
    pub fn next_from(&self, position: usize) -> Option<usize> {
        let mut word = position / 64;
        let mut bits = self.words.get(word)? & (!0 << (position % 64));
        while bits == 0 {
            word += 1;
            let block = 1 << self.shift;
            while word.is_multiple_of(block) && *self.blocks.get(word / block)? == 0 {
                word += block;
            }
            bits = *self.words.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }
}

/// The position with `rank` members below it among these `words` of bits, of which `blocks` counts
/// 2^`shift` words each, if they are more.
#[inline(always)]
pub fn select(words: &[u64], (blocks, shift): (&[u32], u32), mut rank: u32) -> usize {
    let mut block = 0;
    while blocks.get(block).is_some_and(|&count| rank >= count) {
        rank -= blocks[block];
        block += 1;
    }
    let word = block << shift;
    if words.len() <= FEW {
        return select_of_few(words, rank);
    }
    select_from(words, word, rank)
}

/// The same, from that `word` on.
#[inline(always)]
fn select_from(words: &[u64], mut word: usize, mut rank: u32) -> usize {
    loop {
        let members = count_ones(words[word]);
        if rank < members {
            return word * 64 + select_bit(words[word], prefix_sums(words[word]), rank) as usize;
        }
        (rank, word) = (rank - members, word + 1);
    }
}

/// Of so few words, which are one block, all are counted sooner than a processor has guessed wrong at which to stop.
const FEW: usize = 4;

/// The same where all that are before the member are gone through.
#[inline(always)]
fn select_of_few(words: &[u64], rank: u32) -> usize {
    let (mut at, mut bits, mut sums, mut before, mut members) = (0, 0, 0, 0, 0);
    for (word, &next) in words.iter().enumerate() {
        let own = prefix_sums(next);
        if rank >= members {
            (at, bits, sums, before) = (word, next, own, members);
        }
        members += (own >> 56) as u32;
    }
    at * 64 + select_bit(bits, sums, rank - before) as usize
}

/// Each byte 1.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const TOPS: u64 = ONES << 7;

/// In each byte the number of bits of `word` up to its end.
#[inline(always)]
fn prefix_sums(word: u64) -> u64 {
    let pairs = word - (word >> 1 & 0x5555_5555_5555_5555);
    let fours = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
    ((fours + (fours >> 4)) & (0x0f * ONES)).wrapping_mul(ONES)
}

/// How many bytes of `sums`, which are below 128, are at most `rank`.
#[inline(always)]
fn count_up_to(sums: u64, rank: u64) -> u64 {
    (((((rank * ONES) | TOPS) - sums) & TOPS) >> 7).wrapping_mul(ONES) >> 56
}

/// Number of bits of `word`.
#[inline(always)]
fn count_ones(word: u64) -> u32 {
    (prefix_sums(word) >> 56) as u32
}

/// The bit of `word` with `rank` bits below it, of which there is one; `sums` are its [`prefix_sums`]. Without a
/// branch (Vigna, "Broadword implementation of rank/select queries", WEA 2008).
#[inline(always)]
fn select_bit(word: u64, sums: u64, rank: u32) -> u64 {
    let rank = u64::from(rank);
    let first = count_up_to(sums, rank) * 8;
    let rank = rank - ((sums << 8) >> first & 0xff);
    let byte = (word >> first & 0xff) as usize;
    first + u64::from(IN_BYTE[byte][rank as usize & 7])
}

/// By byte and rank, the bit of the byte with so many bits below it, if there is one.
static IN_BYTE: [[u8; 8]; 256] = bits_in_bytes();

const fn bits_in_bytes() -> [[u8; 8]; 256] {
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut rank, mut bit) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte][rank] = bit as u8;
                rank += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a walk over the bits.
    #[test]
    fn bits_are_found_by_rank() {
        let mut word = 1u64;
        for step in 0..3_000u64 {
            word = word.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(step);
            for word in [
                word,
                word & word >> 7,
                word | word << 9,
                u64::MAX,
                1 << (step % 64),
            ] {
                let mut left = word;
                for rank in 0..word.count_ones() {
                    let found = select_bit(word, prefix_sums(word), rank);
                    assert_eq!(found, u64::from(left.trailing_zeros()), "{word:x} {rank}");
                    left &= left - 1;
                }
            }
        }
    }

    /// Against a list, over one word, one block and several.
    #[test]
    fn members_are_found_by_rank_and_by_position() {
        for (n, step) in [(1, 1), (64, 3), (1024, 7), (5000, 1), (5000, 1999)] {
            let mut set = NodeSet::new(n);
            (0..n).for_each(|position| set.insert(position));
            let kept = |position: &usize| position % step == step - 1;
            (0..n).filter(|p| !kept(p)).for_each(|p| set.remove(p));
            let members: Vec<usize> = (0..n).filter(kept).collect();
            assert_eq!(set.count() as usize, members.len());
            for (rank, &member) in (0u32..).zip(&members) {
                assert_eq!(set.select(rank), member);
            }
            for position in 0..n + 70 {
                let next = members.iter().copied().find(|&member| member >= position);
                assert_eq!(set.next_from(position), next, "{position} of {n}");
                assert!(position >= n || set.contains(position) == kept(&position));
            }
        }
    }
}

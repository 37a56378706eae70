//! Which fragments a part mixes, computed from its sequence number (BCR-2020-005, "Fountain
//! Encoder").
//!
//! The arithmetic, rounding of doubles included, is that of the reference implementation: both ends
//! must choose alike.

use sha2::{Digest, Sha256};

/// Chooses the fragments of one message's parts. The distribution of degrees is computed once.
#[derive(Clone, Debug)]
pub(super) struct Chooser {
    count: u16,
    checksum: u32,
    degrees: Sampler,
}

impl Chooser {
    /// Makes the chooser of a message of `count` fragments, at least one and at most
    /// [`super::MAX_FRAGMENTS`].
    pub(super) fn new(count: u16, checksum: u32) -> Chooser {
        let weights = (1..=count).map(|degree| 1.0 / f64::from(degree)).collect();
        Chooser {
            count,
            checksum,
            degrees: Sampler::new(weights),
        }
    }

    /// Returns the indices of the fragments that part `sequence` (from 1) mixes, each once, in no
    /// order.
    ///
    /// At most `count` steps, each of which moves at most `2 * count` bytes.
    pub(super) fn fragments(&self, sequence: u32) -> Vec<u16> {
        if let Ok(pure @ 1..) = u16::try_from(sequence)
            && pure <= self.count
        {
            return vec![pure - 1];
        }
        let [a, b, c, d] = sequence.to_be_bytes();
        let [e, f, g, h] = self.checksum.to_be_bytes();
        let mut random = Xoshiro::new(&[a, b, c, d, e, f, g, h]);
        let degree = self.degrees.next(&mut random) + 1;
        random.shuffled((0..self.count).collect(), degree)
    }
}

/// Samples from a discrete distribution by Walker's alias method, as Vose builds it.
#[derive(Clone, Debug)]
struct Sampler {
    /// For each index its probability of being kept, and what it gives way to.
    table: Vec<(f64, usize)>,
}

impl Sampler {
    fn new(mut weights: Vec<f64>) -> Sampler {
        let count = weights.len();
        let sum: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight *= count as f64 / sum;
        }
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..count).rev().partition(|&index| weights[index] < 1.0);
        // What is left of either at the end keeps itself always.
        let mut table = vec![(1.0, 0); count];
        while let (Some(&less), Some(&more)) = (small.last(), large.last()) {
            small.pop();
            large.pop();
            table[less] = (weights[less], more);
            weights[more] += weights[less] - 1.0;
            if weights[more] < 1.0 {
                small.push(more);
            } else {
                large.push(more);
            }
        }
        Sampler { table }
    }

    fn next(&self, random: &mut Xoshiro) -> usize {
        let (first, second) = (random.next_double(), random.next_double());
        let index = (self.table.len() as f64 * first) as usize;
        match self.table.get(index) {
            Some(&(keep, alias)) if second >= keep => alias,
            _ => index,
        }
    }
}

/// The generator xoshiro256** of Blackman and Vigna, seeded by a SHA-256.
#[derive(Clone, Debug)]
struct Xoshiro([u64; 4]);

impl Xoshiro {
    fn new(seed: &[u8]) -> Xoshiro {
        let hash: [u8; 32] = Sha256::digest(seed).into();
        let mut state = [0; 4];
        for (word, bytes) in state.iter_mut().zip(hash.chunks_exact(8)) {
            *word = bytes
                .iter()
                .fold(0, |word, &byte| word << 8 | u64::from(byte));
        }
        Xoshiro(state)
    }

    fn next(&mut self) -> u64 {
        let Xoshiro([a, b, c, d]) = self;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Returns a number from 0 to below 1, of 53 bits.
    fn next_double(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns an index below `end`.
    fn next_index(&mut self, end: usize) -> usize {
        (self.next_double() * end as f64) as usize
    }

    /// Takes `count` of the items, one after the other.
    fn shuffled(&mut self, mut items: Vec<u16>, count: usize) -> Vec<u16> {
        let mut taken = Vec::with_capacity(count.min(items.len()));
        while taken.len() < count && !items.is_empty() {
            let index = self.next_index(items.len());
            taken.push(items.remove(index));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::ur::crc32;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../../fixtures/ur/fountain.json")).unwrap()
    }

    fn numbers(value: &Value) -> Vec<u64> {
        let numbers = value.as_array().unwrap();
        numbers
            .iter()
            .map(|number| number.as_u64().unwrap())
            .collect()
    }

    /// The reference implementation's message for tests.
    fn message(seed: &str, size: usize) -> Vec<u8> {
        let mut random = Xoshiro::new(seed.as_bytes());
        (0..size).map(|_| random.next_index(256) as u8).collect()
    }

    #[test]
    fn the_generator_is_the_reference_one() {
        let vectors = vectors();
        let mut random = Xoshiro::new(b"Wolf");
        for expected in numbers(&vectors["xoshiro_wolf_mod_100"]) {
            assert_eq!(random.next() % 100, expected);
        }
        let mut random = Xoshiro::new(&crc32(b"Wolf").to_be_bytes());
        for expected in numbers(&vectors["xoshiro_crc_wolf_mod_100"]) {
            assert_eq!(random.next() % 100, expected);
        }
        let mut random = Xoshiro::new(b"Wolf");
        for expected in numbers(&vectors["xoshiro_wolf_1_to_10"]) {
            assert_eq!(random.next_index(10) as u64 + 1, expected);
        }
    }

    #[test]
    fn the_sampler_is_the_reference_one() {
        let sampler = Sampler::new(vec![1.0, 2.0, 4.0, 8.0]);
        let mut random = Xoshiro::new(b"Wolf");
        for expected in numbers(&vectors()["sampler_1_2_4_8"]) {
            assert_eq!(sampler.next(&mut random) as u64, expected);
        }
    }

    #[test]
    fn shuffles_are_the_reference_ones() {
        let mut random = Xoshiro::new(b"Wolf");
        for expected in vectors()["shuffled_1_to_10"].as_array().unwrap() {
            let shuffled = random.shuffled((1..=10).collect(), 10);
            let shuffled: Vec<u64> = shuffled.into_iter().map(u64::from).collect();
            assert_eq!(shuffled, numbers(expected));
        }
    }

    #[test]
    fn degrees_are_the_reference_ones() {
        let chooser = Chooser::new(11, 0);
        for (index, expected) in numbers(&vectors()["degrees_of_11"]).into_iter().enumerate() {
            let mut random = Xoshiro::new(format!("Wolf-{}", index + 1).as_bytes());
            assert_eq!(chooser.degrees.next(&mut random) as u64 + 1, expected);
        }
    }

    #[test]
    fn chosen_fragments_are_the_reference_ones() {
        let chooser = Chooser::new(11, crc32(&message("Wolf", 1024)));
        for (index, expected) in vectors()["fragments_of_1024"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            let mut chosen = chooser.fragments(index as u32 + 1);
            chosen.sort_unstable();
            let chosen: Vec<u64> = chosen.into_iter().map(u64::from).collect();
            assert_eq!(chosen, numbers(expected));
        }
    }

    #[test]
    fn the_checksum_is_the_reference_one() {
        assert_eq!(crc32(b"Hello, world!"), 0xebe6_c6e6);
        assert_eq!(crc32(b"Wolf"), 0x598c_84dc);
    }

    #[test]
    fn any_sequence_number_chooses_some_of_the_fragments_once() {
        for count in [1, 2, 3, 4_096] {
            let chooser = Chooser::new(count, 7);
            for sequence in [0, 1, 4_097, 65_535, 65_536, 65_537, u32::MAX] {
                let mut chosen = chooser.fragments(sequence);
                assert!(!chosen.is_empty());
                assert!(chosen.iter().all(|&index| index < count));
                let length = chosen.len();
                chosen.sort_unstable();
                chosen.dedup();
                assert_eq!(chosen.len(), length);
            }
        }
    }
}

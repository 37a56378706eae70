//! The rules of a chain of headers: each builds on the one before, has the work that its place
//! demands, and a time that fits.
//!
//! Pure: the caller has the headers and the clock. Of two chains that keep the rules, the one with
//! more work is the network's.

use crate::sync::proof_error::HeaderFault;
use std::collections::VecDeque;

use bitcoin::block::Header;
use bitcoin::params::Params;
use bitcoin::{BlockHash, CompactTarget, Target, Work};
use cofferdam_core::Network;

use super::network::{Checkpoint, checkpoint};
use crate::sync::checks::{Checks, Rule};

/// Blocks from one change of difficulty to the next.
pub const PERIOD: u32 = 2_016;
/// A block's time must be above the median of so many before it.
pub const MEDIAN_OF: usize = 11;
/// How far a block's time may be ahead of the clock, in seconds.
pub const MOST_AHEAD: u32 = 2 * 60 * 60;
/// On testnet4, a block this long after the one before may have the least difficulty, in seconds.
const EASY_AFTER: u32 = 20 * 60;
/// On testnet4, a period's first block may be so much older than the block before it, in seconds
/// (BIP94).
const MOST_BACK: u32 = 600;

/// The rules of one network.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    network: Network,
    checks: Checks,
    /// A block that the chain is known to have. Up to it, hashes alone prove a header.
    pub checkpoint: Checkpoint,
}

impl Rules {
    /// Returns the rules of a network.
    pub fn of(network: Network, checks: Checks) -> Self {
        Rules {
            network,
            checks,
            checkpoint: checkpoint(network),
        }
    }

    /// Returns the lowest header that is needed to check those above the checkpoint: its period's
    /// first one, and enough for a median.
    pub fn first_height(&self) -> u32 {
        first_needed(self.checkpoint.height)
    }

    /// Returns the network.
    pub fn network(&self) -> Network {
        self.network
    }

    fn params(&self) -> &'static Params {
        self.network.to_bitcoin().params()
    }

    fn easiest(&self) -> CompactTarget {
        self.params().max_attainable_target.to_compact_lossy()
    }
}

/// Returns the lowest header that is needed to check those above `height`.
pub fn first_needed(height: u32) -> u32 {
    (height - height % PERIOD).saturating_sub(MEDIAN_OF as u32)
}

/// What the next header has to fit.
#[derive(Clone, Debug)]
pub struct Place {
    /// The height of the last header.
    pub height: u32,
    /// The hash of the last header.
    pub hash: BlockHash,
    /// The work of all headers since the first one.
    pub work: Work,
    last: Header,
    /// The times of the last headers, eleven at most.
    times: VecDeque<u32>,
    /// The time and the target of the period's first header.
    period: (u32, CompactTarget),
    /// The target of the period's last header that did not make use of testnet4's exception.
    target: CompactTarget,
}

impl Place {
    /// Returns the place after a chain's first header: the network's first one, or one that
    /// [`Rules::first_height`] names.
    pub fn after_first(height: u32, header: Header, work: Work) -> Self {
        Place {
            height,
            hash: header.block_hash(),
            work,
            last: header,
            times: VecDeque::from([header.time]),
            period: (header.time, header.bits),
            target: header.bits,
        }
    }

    /// Returns the last header.
    pub fn last(&self) -> Header {
        self.last
    }

    /// Moves on to the next header, if it keeps the rules.
    pub fn push(&mut self, header: &Header, rules: &Rules, now: u32) -> Result<(), HeaderFault> {
        let hash = header.block_hash();
        self.check(header, hash, rules, now)?;
        self.advance(header, hash, rules);
        Ok(())
    }

    /// Moves on to a header that is known to keep the rules.
    pub fn advance(&mut self, header: &Header, hash: BlockHash, rules: &Rules) {
        self.height += 1;
        if self.height.is_multiple_of(PERIOD) {
            self.period = (header.time, header.bits);
            self.target = header.bits;
        } else if header.bits != rules.easiest() {
            self.target = header.bits;
        }
        self.hash = hash;
        self.last = *header;
        self.work = more(self.work, header.work());
        if self.times.len() == MEDIAN_OF {
            self.times.pop_front();
        }
        self.times.push_back(header.time);
    }

    fn check(
        &self,
        header: &Header,
        hash: BlockHash,
        rules: &Rules,
        now: u32,
    ) -> Result<(), HeaderFault> {
        if header.prev_blockhash != self.hash {
            return Err(HeaderFault::NotLinked);
        }
        let height = self.height + 1;
        let expected = rules.checkpoint.hash;
        if rules.checks.has(Rule::Checkpoint)
            && height == rules.checkpoint.height
            && hash != expected
        {
            return Err(HeaderFault::OtherCheckpoint { expected });
        }
        if rules.checks.has(Rule::ProofOfWork) && !has_work(header, hash, rules) {
            return Err(HeaderFault::NoWork);
        }
        if height <= rules.checkpoint.height {
            return Ok(());
        }
        if rules.checks.has(Rule::Difficulty) {
            let (expected, found) = (self.next_target(header, rules), header.bits);
            if expected != found {
                let (expected, found) = (expected.to_consensus(), found.to_consensus());
                return Err(HeaderFault::WrongDifficulty { expected, found });
            }
        }
        if rules.checks.has(Rule::Times) {
            self.check_time(header, rules, now)?;
        }
        Ok(())
    }

    fn check_time(&self, header: &Header, rules: &Rules, now: u32) -> Result<(), HeaderFault> {
        let time = header.time;
        let median = self.median_time();
        if time <= median {
            return Err(HeaderFault::TooOld { time, median });
        }
        let begins_period = (self.height + 1).is_multiple_of(PERIOD);
        if rules.network == Network::Testnet4
            && begins_period
            && time < self.last.time.saturating_sub(MOST_BACK)
        {
            return Err(HeaderFault::TimeWarp);
        }
        if time > now.saturating_add(MOST_AHEAD) {
            return Err(HeaderFault::TooNew { time, now });
        }
        Ok(())
    }

    /// Returns the median of the last eleven headers' times.
    pub fn median_time(&self) -> u32 {
        let mut times: Vec<u32> = self.times.iter().copied().collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or(0)
    }

    /// Returns the target that the next header must name.
    fn next_target(&self, header: &Header, rules: &Rules) -> CompactTarget {
        if (self.height + 1).is_multiple_of(PERIOD) {
            // BIP94: testnet4's exception says nothing of the difficulty, so the period's first
            // block tells it.
            let last = match rules.network {
                Network::Testnet4 => self.period.1,
                _ => self.last.bits,
            };
            let taken = self.last.time.saturating_sub(self.period.0);
            return CompactTarget::from_next_work_required(last, taken.into(), rules.params());
        }
        if rules.network != Network::Testnet4 {
            return self.last.bits;
        }
        match header.time > self.last.time.saturating_add(EASY_AFTER) {
            true => rules.easiest(),
            false => self.target,
        }
    }
}

/// Tells whether a header has the work that it claims, and claims as much as the network's least.
fn has_work(header: &Header, hash: BlockHash, rules: &Rules) -> bool {
    let target = header.target();
    target <= rules.params().max_attainable_target
        && target > Target::ZERO
        && target.is_met_by(hash)
}

/// Returns the sum of two works, at most the largest there is.
fn more(sum: Work, work: Work) -> Work {
    let room = Work::from_be_bytes([0xff; 32]) - sum;
    sum + work.min(room)
}

#[cfg(test)]
mod tests {
    use bitcoin::block::Version;
    use bitcoin::constants::genesis_block;
    use bitcoin::hashes::Hash;
    use bitcoin::{Network as Bitcoin, TxMerkleNode};

    use super::*;

    const NOW: u32 = 2_000_000_000;

    fn header(prev: BlockHash, time: u32, bits: u32) -> Header {
        Header {
            version: Version::from_consensus(0x2000_0000),
            prev_blockhash: prev,
            merkle_root: TxMerkleNode::all_zeros(),
            time,
            bits: CompactTarget::from_consensus(bits),
            nonce: 0,
        }
    }

    /// A place whose last header, and whose period's first one, have these times and targets.
    fn place(height: u32, (time, bits): (u32, u32), (first_time, first_bits): (u32, u32)) -> Place {
        let last = header(BlockHash::all_zeros(), time, bits);
        Place {
            period: (first_time, CompactTarget::from_consensus(first_bits)),
            ..Place::after_first(height, last, last.work())
        }
    }

    /// Returns the target that the next block must name.
    fn next(place: &Place, time: u32, network: Network) -> u32 {
        let rules = Rules::of(network, Checks::default());
        let next = header(place.hash, time, 0);
        place.next_target(&next, &rules).to_consensus()
    }

    /// Mines a header by counting.
    fn mined(mut header: Header) -> Header {
        while header.validate_pow(header.target()).is_err() {
            header.nonce += 1;
        }
        header
    }

    /// The examples of Bitcoin Core's `src/test/pow_tests.cpp`.
    #[test]
    fn difficulty_changes_as_in_the_reference() {
        for (height, last, first_time, expected) in [
            (
                32_255,
                (1_262_152_739, 0x1d00_ffff),
                1_261_130_161,
                0x1d00_d86a,
            ),
            (
                2_015,
                (1_233_061_996, 0x1d00_ffff),
                1_231_006_505,
                0x1d00_ffff,
            ),
            (
                68_543,
                (1_279_297_671, 0x1c05_a3f4),
                1_279_008_237,
                0x1c01_68fd,
            ),
            (
                46_367,
                (1_269_211_443, 0x1c38_7f6f),
                1_263_163_443,
                0x1d00_e1fd,
            ),
        ] {
            let place = place(height, last, (first_time, last.1));
            assert_eq!(next(&place, last.0 + 600, Network::Mainnet), expected);
            // A period that ends before it begins changes the difficulty as the shortest one does.
            let mut back = place;
            back.period.0 = last.0 + 9;
            let shortest = Place {
                period: (last.0, back.period.1),
                ..back.clone()
            };
            let time = last.0 + 600;
            assert_eq!(
                next(&back, time, Network::Mainnet),
                next(&shortest, time, Network::Mainnet)
            );
        }
        for height in [32_254, 32_256, 909_999] {
            let place = place(
                height,
                (1_700_000_000, 0x1702_0000),
                (1_600_000_000, 0x1702_0001),
            );
            for network in [Network::Mainnet, Network::Signet] {
                assert_eq!(next(&place, 1_800_000_000, network), 0x1702_0000);
            }
        }
        let place = place(
            2_015,
            (1_700_000_000, 0x207f_ffff),
            (1_600_000_000, 0x207f_ffff),
        );
        assert_eq!(next(&place, 1_700_000_001, Network::Regtest), 0x207f_ffff);
    }

    #[test]
    fn testnet4_has_easy_blocks_that_leave_the_difficulty_alone() {
        let (easy, hard) = (0x1d00_ffff, 0x1a01_0000);
        let mut place = place(100_000, (1_700_000_000, hard), (1_699_000_000, hard));
        let network = Network::Testnet4;
        assert_eq!(next(&place, 1_700_001_200, network), hard);
        assert_eq!(next(&place, 1_700_001_201, network), easy);
        // After an easy block, the next is as hard as before it.
        let rules = Rules::of(network, Checks::default());
        let block = header(place.hash, 1_700_001_201, easy);
        place.advance(&block, block.block_hash(), &rules);
        assert_eq!(next(&place, 1_700_001_300, network), hard);
        assert_eq!(next(&place, 1_700_002_500, network), easy);
        // At a period's end, its first block tells the difficulty, and an easy last one does not
        // (BIP94).
        place.height = 2_016 * 50 - 1;
        place.period = (
            1_700_001_201 - 14 * 24 * 60 * 60,
            CompactTarget::from_consensus(hard),
        );
        assert_eq!(next(&place, 1_700_009_999, network), hard);
        // A period that begins with an easy block stays so.
        place.height += 1;
        place.target = CompactTarget::from_consensus(easy);
        assert_eq!(next(&place, 1_700_001_300, network), easy);
    }

    #[test]
    fn testnet4_periods_do_not_begin_in_the_past() {
        let mut place = place(
            2_015,
            (1_700_010_000, 0x1d00_ffff),
            (1_699_000_000, 0x1d00_ffff),
        );
        place.times = (0..11).map(|number| 1_700_000_000 + number).collect();
        let check = |time, network| {
            let rules = Rules::of(network, Checks::default());
            place.check_time(&header(place.hash, time, 0), &rules, NOW)
        };
        assert_eq!(check(1_700_009_400, Network::Testnet4), Ok(()));
        assert_eq!(
            check(1_700_009_399, Network::Testnet4),
            Err(HeaderFault::TimeWarp)
        );
        assert_eq!(check(1_700_009_399, Network::Mainnet), Ok(()));
    }

    #[test]
    fn times_are_after_the_median_and_not_in_the_future() {
        let mut place = place(500, (90, 0x207f_ffff), (0, 0x207f_ffff));
        place.times = [11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6].into();
        assert_eq!(place.median_time(), 6);
        let rules = Rules::of(Network::Regtest, Checks::default());
        let check = |time, now| place.check_time(&header(place.hash, time, 0), &rules, now);
        assert_eq!(check(7, 7), Ok(()));
        assert_eq!(check(6, 7), Err(HeaderFault::TooOld { time: 6, median: 6 }));
        assert_eq!(check(7_207, 7), Ok(()));
        assert_eq!(
            check(7_208, 7),
            Err(HeaderFault::TooNew {
                time: 7_208,
                now: 7
            })
        );
        assert_eq!(check(u32::MAX, u32::MAX), Ok(()));
    }

    #[test]
    fn each_rule_is_kept_or_the_header_is_refused() {
        let rules = Rules::of(Network::Regtest, Checks::default());
        let genesis = genesis_block(Bitcoin::Regtest).header;
        let start = Place::after_first(0, genesis, genesis.work());
        let right = mined(header(genesis.block_hash(), genesis.time + 1, 0x207f_ffff));
        let refused =
            |header: &Header, rules: &Rules| start.clone().push(header, rules, NOW).unwrap_err();

        let mut place = start.clone();
        place.push(&right, &rules, NOW).unwrap();
        assert_eq!((place.height, place.hash), (1, right.block_hash()));
        assert!(place.work > start.work);

        let mut worthless = right;
        while worthless.validate_pow(worthless.target()).is_ok() {
            worthless.nonce += 1;
        }
        assert_eq!(refused(&worthless, &rules), HeaderFault::NoWork);
        // Easier than the network's least, and a target that is none.
        for bits in [0x2100_ffff, 0x2080_0000, 0x1d80_ffff, 0] {
            let easy = header(genesis.block_hash(), genesis.time + 1, bits);
            assert_eq!(refused(&easy, &rules), HeaderFault::NoWork, "{bits:#x}");
        }
        let harder = mined(header(genesis.block_hash(), genesis.time + 1, 0x2070_0000));
        let wrong = HeaderFault::WrongDifficulty {
            expected: 0x207f_ffff,
            found: 0x2070_0000,
        };
        assert_eq!(refused(&harder, &rules), wrong);
        let unlinked = mined(header(
            BlockHash::all_zeros(),
            genesis.time + 1,
            0x207f_ffff,
        ));
        assert_eq!(refused(&unlinked, &rules), HeaderFault::NotLinked);
        let old = mined(header(genesis.block_hash(), genesis.time, 0x207f_ffff));
        assert!(matches!(refused(&old, &rules), HeaderFault::TooOld { .. }));

        // Each, without its rule.
        for (header, rule) in [
            (worthless, Rule::ProofOfWork),
            (harder, Rule::Difficulty),
            (old, Rule::Times),
        ] {
            let without = Rules::of(Network::Regtest, Checks::without(&[rule]));
            start.clone().push(&header, &without, NOW).unwrap();
        }
    }

    #[test]
    fn the_checkpoint_vouches_for_what_is_below_it_and_for_nothing_above() {
        let mut rules = Rules::of(Network::Mainnet, Checks::default());
        assert_eq!(rules.first_height(), 910_000 - 910_000 % 2_016 - 11);
        let first = header(BlockHash::all_zeros(), 1_750_000_000, 0x1d00_ffff);
        rules.checkpoint.height = 909_999;
        let start = Place::after_first(909_998, first, first.work());
        let other = header(start.hash, 1_750_000_600, 0x1702_0000);
        let expected = rules.checkpoint.hash;
        assert_eq!(
            start.clone().push(&other, &rules, NOW),
            Err(HeaderFault::OtherCheckpoint { expected })
        );
        // Right by its hash, it still has to have the work that it claims.
        rules.checkpoint.hash = other.block_hash();
        assert_eq!(
            start.clone().push(&other, &rules, NOW),
            Err(HeaderFault::NoWork)
        );
    }

    #[test]
    fn sums_of_work_have_an_end() {
        let most = Work::from_be_bytes([0xff; 32]);
        let one = genesis_block(Bitcoin::Bitcoin).header.work();
        assert_eq!(more(most, one), most);
        assert_eq!(more(one, most), most);
        assert_eq!(more(one, one), one + one);
    }
}

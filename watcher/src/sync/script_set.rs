//! The scripts to look for: a million of them in 45 MB, looked up for each output of each block.

use bitcoin::Script;
use cofferdam_core::wallet::Branch;
use hashbrown::HashTable;

use crate::store::StoreError;
use crate::store::scripts::ScriptOwner;
use crate::store::wallets::WalletNo;

/// Where the eight bytes lie by which a script is looked up: inside the hash, or the key, of every
/// type of script that wallets have.
const KEY: std::ops::Range<usize> = 5..13;
/// Bits of the prefilter for each script, at least: for a million scripts 1 MiB, half of a
/// processor's second cache. With twice as much and one bit set for each, what passed was as
/// little, and looking each output up took 77 ns.
const BITS_A_SCRIPT: usize = 8;

/// One branch of one wallet in a [`ScriptSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchPlace(u32);

/// Scripts by branch and index, and the way back.
#[derive(Debug)]
pub struct ScriptSet {
    branches: Vec<BranchScripts>,
    /// By key: the scripts themselves are in their branches, once.
    places: HashTable<Place>,
    prefilter: Prefilter,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    branch: BranchPlace,
    index: u32,
}

/// Scripts of one length, one after the other.
#[derive(Debug)]
struct BranchScripts {
    wallet_no: WalletNo,
    branch: Branch,
    length: usize,
    bytes: Vec<u8>,
}

impl BranchScripts {
    fn get(&self, index: u32) -> Option<&[u8]> {
        let begin = index as usize * self.length;
        self.bytes.get(begin..begin + self.length)
    }
}

impl ScriptSet {
    /// Makes an empty set with room for `count` scripts.
    pub fn with_capacity(count: usize) -> Self {
        ScriptSet {
            branches: Vec::new(),
            places: HashTable::with_capacity(count),
            prefilter: Prefilter::of(count),
        }
    }

    /// Adds a branch with room for `count` scripts of `length` bytes, at least 13, which are to be
    /// [put](Self::put).
    pub fn add_branch(
        &mut self,
        wallet_no: WalletNo,
        branch: Branch,
        length: usize,
        count: u32,
    ) -> BranchPlace {
        let place = BranchPlace(self.branches.len() as u32);
        self.branches.push(BranchScripts {
            wallet_no,
            branch,
            length: length.max(KEY.end),
            bytes: vec![0; length.max(KEY.end) * count as usize],
        });
        place
    }

    /// Puts a script where its branch has room for it.
    pub fn put(
        &mut self,
        branch: BranchPlace,
        index: u32,
        script: &[u8],
    ) -> Result<(), StoreError> {
        let scripts = &mut self.branches[branch.0 as usize];
        let begin = index as usize * scripts.length;
        let room = scripts.bytes.get_mut(begin..begin + scripts.length);
        match room {
            Some(room) if script.len() == room.len() => room.copy_from_slice(script),
            _ => return Err(StoreError::damaged("a script is not one of its wallet's")),
        }
        self.index(Place { branch, index }, script);
        Ok(())
    }

    /// Adds the next script of a branch.
    pub fn push(&mut self, branch: BranchPlace, script: &[u8]) -> Result<(), StoreError> {
        let index = self.count(branch);
        let scripts = &mut self.branches[branch.0 as usize];
        scripts
            .bytes
            .resize(scripts.bytes.len() + scripts.length, 0);
        self.put(branch, index, script)
    }

    /// Returns the number of scripts of a branch.
    pub fn count(&self, branch: BranchPlace) -> u32 {
        let scripts = &self.branches[branch.0 as usize];
        (scripts.bytes.len() / scripts.length) as u32
    }

    /// Returns the scripts of a branch from an index on.
    pub fn from(&self, branch: BranchPlace, index: u32) -> impl Iterator<Item = &[u8]> {
        let scripts = &self.branches[branch.0 as usize];
        let bytes = scripts.bytes.get(index as usize * scripts.length..);
        bytes.unwrap_or_default().chunks_exact(scripts.length)
    }

    /// Returns whose a script is.
    pub fn owner(&self, script: &Script) -> Option<ScriptOwner> {
        let key = key(script.as_bytes())?;
        if !self.prefilter.may_have(key) {
            return None;
        }
        // Anybody can pay a script that has a key of ours, so what counts is the whole script.
        let is_it = |place: &Place| get(&self.branches, *place) == Some(script.as_bytes());
        let place = self.places.find(key, is_it)?;
        let scripts = &self.branches[place.branch.0 as usize];
        Some(ScriptOwner {
            wallet_no: scripts.wallet_no,
            branch: scripts.branch,
            index: place.index,
        })
    }

    fn index(&mut self, place: Place, script: &[u8]) {
        let Some(key) = key(script) else { return };
        let key_of =
            |branches: &[BranchScripts], place: &Place| get(branches, *place).and_then(self::key);
        self.places.insert_unique(key, place, |place| {
            key_of(&self.branches, place).unwrap_or(0)
        });
        if !self.prefilter.has_room(self.places.len()) {
            self.prefilter = Prefilter::of(self.places.len() * 2);
            let keys = self
                .places
                .iter()
                .filter_map(|place| key_of(&self.branches, place));
            keys.for_each(|key| self.prefilter.add(key));
        }
        self.prefilter.add(key);
    }
}

fn get(branches: &[BranchScripts], place: Place) -> Option<&[u8]> {
    branches.get(place.branch.0 as usize)?.get(place.index)
}

fn key(script: &[u8]) -> Option<u64> {
    let bytes = script.get(KEY)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}

/// Three bits of one word for each key, which others may share: where one is not set, the key is
/// not there. Of outputs to others, one in 25 passes. The table behind it is larger than the
/// processor's caches: asked for each output, it made blocks of a million watched scripts slower
/// than those of a thousand.
#[derive(Debug)]
struct Prefilter(Vec<u64>);

impl Prefilter {
    fn of(count: usize) -> Self {
        let bits = (count.max(64) * BITS_A_SCRIPT).next_power_of_two();
        Prefilter(vec![0; bits / 64])
    }

    fn has_room(&self, count: usize) -> bool {
        count * BITS_A_SCRIPT <= self.0.len() * 64
    }

    /// Returns the number of a word, and the bits in it.
    fn place(&self, key: u64) -> (usize, u64) {
        let bits = [46, 52, 58].map(|shift| 1 << ((key >> shift) % 64));
        (
            key as usize & (self.0.len() - 1),
            bits[0] | bits[1] | bits[2],
        )
    }

    fn add(&mut self, key: u64) {
        let (word, bits) = self.place(key);
        self.0[word] |= bits;
    }

    fn may_have(&self, key: u64) -> bool {
        let (word, bits) = self.place(key);
        self.0[word] & bits == bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(key: u64, tail: u8) -> Vec<u8> {
        let mut script = vec![tail; 22];
        script[KEY].copy_from_slice(&key.to_le_bytes());
        script
    }

    fn owner(set: &ScriptSet, script: &[u8]) -> Option<u32> {
        set.owner(Script::from_bytes(script))
            .map(|owner| owner.index)
    }

    /// Scripts that share a key are told apart by all their bytes, whether they are ours or an
    /// attacker's.
    #[test]
    fn scripts_of_one_key_are_told_apart() {
        let mut set = ScriptSet::with_capacity(0);
        let branch = set.add_branch(WalletNo(1), Branch::Receive, 22, 0);
        for tail in [1, 2, 3] {
            set.push(branch, &script(7, tail)).unwrap();
        }
        for (tail, index) in [(1, Some(0)), (2, Some(1)), (3, Some(2)), (4, None)] {
            assert_eq!(owner(&set, &script(7, tail)), index, "{tail}");
        }
        assert_eq!(owner(&set, &script(7, 1)[..21]), None);
        assert_eq!(owner(&set, &script(8, 1)), None);
        assert_eq!(owner(&set, &[7; 12]), None);
    }

    /// The set grows far beyond what it was made for, and loses nothing.
    #[test]
    fn a_set_grows() {
        let mut set = ScriptSet::with_capacity(10);
        let branches = [Branch::Receive, Branch::Change]
            .map(|branch| set.add_branch(WalletNo(4), branch, 34, 0));
        let script = |branch: u64, index: u64| {
            let mut script = vec![branch as u8; 34];
            // Keys that differ in their highest bits alone, as no hash would: all pass the
            // prefilter.
            script[KEY].copy_from_slice(&(index << 48 | branch << 40).to_le_bytes());
            script
        };
        for index in 0..1_000 {
            for (branch, place) in branches.into_iter().enumerate() {
                set.push(place, &script(branch as u64, index)).unwrap();
            }
        }
        for (branch, place) in branches.into_iter().enumerate() {
            assert_eq!(set.count(place), 1_000);
            assert_eq!(set.from(place, 998).count(), 2);
            for index in 0..1_000 {
                let found = set
                    .owner(Script::from_bytes(&script(branch as u64, index)))
                    .unwrap();
                assert_eq!(
                    (found.branch, found.index),
                    (Branch::ALL[branch], index as u32)
                );
            }
            assert_eq!(owner(&set, &script(branch as u64, 1_000)), None);
        }
    }

    /// Of others' scripts, few pass the prefilter, when it is as full as it gets.
    #[test]
    fn few_scripts_of_others_pass() {
        let mut prefilter = Prefilter::of(1 << 16);
        let mut state = 1_u64;
        // SplitMix64.
        let mut key = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        let ours: Vec<u64> = (0..1 << 16).map(|_| key()).collect();
        assert!(prefilter.has_room(ours.len()) && !prefilter.has_room(ours.len() + 1));
        ours.iter().for_each(|key| prefilter.add(*key));
        assert!(ours.iter().all(|key| prefilter.may_have(*key)));
        let passed = (0..100_000).filter(|_| prefilter.may_have(key())).count();
        assert!((1_000..5_000).contains(&passed), "{passed} of 100,000");
    }

    /// A script of another length than its wallet's, or beyond those its branch has, is damage.
    #[test]
    fn a_script_out_of_place_is_refused() {
        let mut set = ScriptSet::with_capacity(2);
        let branch = set.add_branch(WalletNo(1), Branch::Change, 22, 2);
        set.put(branch, 1, &script(1, 1)).unwrap();
        set.put(branch, 2, &script(2, 1)).unwrap_err();
        set.put(branch, 0, &[0; 34]).unwrap_err();
        set.put(branch, u32::MAX, &script(3, 1)).unwrap_err();
    }
}

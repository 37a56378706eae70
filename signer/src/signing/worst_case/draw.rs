//! Numbers that are drawn, the same for the same seed.

/// A generator (splitmix64).
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `most`, which is not 0.
    pub(super) fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    /// A number up to `most`, of whatever length: as often one between 10 and 20 as between 1,000
    /// and 2,000.
    pub(super) fn size(&mut self, most: usize) -> usize {
        if most == 0 {
            return 0;
        }
        let bits = usize::BITS - most.leading_zeros();
        let below = 1usize << (1 + self.below(bits as usize));
        self.below(below).min(most)
    }
}

//! Pseudo-random numbers for pictures: xorshift64*, fast and the same everywhere.

/// A stream of numbers that its seed determines.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        // SplitMix64, so that neighbouring seeds give unrelated streams, and never zero.
        let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Random((mixed ^ (mixed >> 31)).max(1))
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Between 0 and 1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// Between `low` and `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// About normally distributed, mean 0, deviation 1: the sum of eight bytes.
    pub fn normal(&mut self) -> f32 {
        let sum: u32 = self
            .bits()
            .to_le_bytes()
            .iter()
            .map(|byte| u32::from(*byte))
            .sum();
        // Eight uniform bytes: mean 1020, deviation 209.
        (sum as f32 - 1_020.0) / 209.0
    }
}

//! SeedQR: what is read has the length of a seed, and indices of words.

#![no_main]

use cofferdam_transport::seed_qr::{SeedQr, looks_like_seed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    match SeedQr::read(content) {
        Ok(SeedQr::Indices(indices)) => {
            assert!(looks_like_seed(content));
            assert!((12..=24).contains(&indices.len()) && indices.len() % 3 == 0);
            assert!(indices.iter().all(|index| *index < 2048));
        }
        Ok(SeedQr::Entropy(entropy)) => {
            assert!((16..=32).contains(&entropy.len()) && entropy.len() % 4 == 0);
        }
        Err(_) => assert!(!looks_like_seed(content)),
    }
});

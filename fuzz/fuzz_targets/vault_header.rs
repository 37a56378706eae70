//! Vault files: nothing of them is believed or allocated before it is checked. The input may lack
//! the checksum; costs that are accepted are within the bounds.

#![no_main]

use cofferdam_core::seal::VaultFile;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|input: &[u8]| {
    let sealed = [input, &Sha256::digest(input)].concat();
    for bytes in [input, &sealed[..]] {
        let Ok(file) = VaultFile::parse(bytes.to_vec()) else {
            continue;
        };
        assert_eq!(file.as_bytes(), bytes);
        let slots = file.slots();
        assert!((1..=8).contains(&slots.len()));
        for slot in slots {
            assert!((64 << 10..=4 << 20).contains(&slot.cost.memory_kib()));
            assert!((3..=64).contains(&slot.cost.passes()));
        }
    }
});

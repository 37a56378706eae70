//! Bundles: one that is read is written to the same bytes, and its PSBTs come whole or not at all.
//! The input may lack the checksum.

#![no_main]

use cofferdam_transport::bundle::Bundle;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|input: &[u8]| {
    let head = [0x17, 0x58, 0x20];
    let checksum = Sha256::new()
        .chain_update(input)
        .chain_update(head)
        .finalize();
    let sealed = [input, &head, &checksum].concat();
    for bytes in [input, &sealed[..]] {
        if let Ok(bundle) = Bundle::parse(bytes) {
            assert_eq!(bundle.to_bytes(), bytes);
            if let Ok(psbts) = bundle.psbts() {
                assert!(psbts.iter().all(|psbt| psbt.starts_with(b"psbt\xff")));
            }
        }
    }
});

//! Returns: one that is read is written to the same bytes. The input may lack the checksum.

#![no_main]

use cofferdam_transport::returned::Return;
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
        if let Ok(returned) = Return::parse(bytes) {
            assert_eq!(returned.to_bytes(), bytes);
        }
    }
});

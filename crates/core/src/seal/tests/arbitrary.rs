//! Bytes of any kind: nothing panics, and nothing but the vault itself opens.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::{one, vault, with_repaired_checksum};
use crate::seal::VaultFile;
use crate::seal::stretch::Ikm;

fn sealed() -> &'static (VaultFile, Ikm) {
    static SEALED: OnceLock<(VaultFile, Ikm)> = OnceLock::new();
    SEALED.get_or_init(|| {
        let file = vault(&[one("horse")], b"content");
        let ikm = file.raw_slots()[0].derive(&one("horse")).unwrap();
        (file, ikm)
    })
}

/// A part of the file, as a place and what stands there instead: more often in header and slot than
/// in the body.
fn splice() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    let at = prop_oneof![0..100usize, 96..310usize, 300..4448usize];
    (
        at,
        0..64usize,
        proptest::collection::vec(any::<u8>(), 0..64),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..6000)) {
        prop_assert!(VaultFile::parse(bytes.clone()).is_err());
        let with_magic = [b"CFDRVLT\x01".as_slice(), &bytes, &[0; 32]].concat();
        prop_assert!(VaultFile::parse(with_repaired_checksum(with_magic)).is_err());
    }

    #[test]
    fn spliced_vaults_never_open(splices in proptest::collection::vec(splice(), 1..4)) {
        let (file, ikm) = sealed();
        let mut bytes = file.as_bytes().to_vec();
        for (at, removed, put) in splices {
            let at = at.min(bytes.len());
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, put);
        }
        prop_assume!(bytes != file.as_bytes());
        if let Ok(parsed) = VaultFile::parse(bytes.clone()) {
            prop_assert!(false, "altered bytes passed the checksum: generation {}", parsed.generation());
        }
        if bytes.len() < 32 {
            return Ok(());
        }
        let repaired = with_repaired_checksum(bytes);
        prop_assume!(repaired != file.as_bytes());
        if let Ok(parsed) = VaultFile::parse(repaired) {
            for index in 0..parsed.raw_slots().len() {
                prop_assert!(!matches!(parsed.open_with_ikm(index, ikm), Ok(Some(_))));
            }
        }
    }
}

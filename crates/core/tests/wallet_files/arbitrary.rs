//! Arbitrary bytes and indices.

use cofferdam_core::wallet::{Branch, Wallet};

use super::{told, wallet};

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = Wallet::import(&bytes, &told());
        let _ = Wallet::parse_json(&bytes);
    }

    #[test]
    fn a_damaged_file_is_refused_or_the_same_wallet(at in 0_usize..400, byte in 0_u8..128) {
        let good = wallet();
        let mut bytes = good.to_json().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(read) = Wallet::parse_json(&bytes) {
            // Only the name and the birthday are not covered by the id.
            proptest::prop_assert_eq!(read.id(), good.id());
        }
    }

    #[test]
    fn derivation_never_panics(index in proptest::num::u32::ANY, branch in 0_usize..2) {
        let branch = Branch::ALL[branch];
        let derived = wallet().script_pubkey(branch, index);
        proptest::prop_assert_eq!(derived.is_ok(), index < 1 << 31);
        let _ = wallet().find(Default::default(), &vec![index.into(); 3].into());
    }
}

//! Keys, descriptors and accounts in CBOR: what is read is written, and read again, alike, and
//! never holds a private key.

#![no_main]

use cofferdam_transport::registry::{Account, HdKey, Output, descriptors};
use cofferdam_transport::ur::Names;
use cofferdam_transport::{Kind, Payload};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|cbor: &[u8]| {
    if let Ok(key) = HdKey::decode(cbor) {
        for names in [Names::Old, Names::New] {
            assert_eq!(HdKey::decode(&key.encode(names)).as_ref(), Ok(&key));
        }
    }
    if let Ok(output) = Output::decode(cbor) {
        assert_eq!(
            Output::decode(&output.encode(Names::New)).as_ref(),
            Ok(&output)
        );
    }
    if let Ok(account) = Account::decode(cbor) {
        let again = Account::decode(&account.encode(Names::New)).expect("what we write");
        assert_eq!(again.outputs, account.outputs);
    }
    for kind in [Kind::HdKey, Kind::Output, Kind::Account] {
        let payload = Payload {
            kind,
            bytes: cbor.to_vec(),
        };
        if let Ok(descriptors) = descriptors(&payload) {
            let mut words = descriptors.split(|c: char| !c.is_ascii_alphanumeric());
            assert!(words.all(|word| word.get(1..4) != Some("prv")));
        }
    }
});

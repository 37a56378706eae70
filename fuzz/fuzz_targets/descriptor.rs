//! Descriptors: one that is read is written to a text that gives the same wallet, and holds no
//! private key.

#![no_main]

use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for network in [Network::Mainnet, Network::Regtest] {
        let read =
            |text: &str| Wallet::from_descriptor(text, "main".parse().unwrap(), network, None);
        let Ok(wallet) = read(text) else { continue };
        let written = wallet.descriptor_text();
        let again = read(&written).unwrap();
        assert_eq!(again.id(), wallet.id());
        assert_eq!(again.descriptor_text(), written);
        assert!(!written.contains("prv"));
        for branch in Branch::ALL {
            let script = wallet.script_pubkey(branch, 7).unwrap();
            assert!(again.owns(branch, 7, &script));
        }
    }
});

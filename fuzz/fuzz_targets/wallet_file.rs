//! Wallet files, our own and other programs': one that is read is written as ours, and that reads
//! the same.

#![no_main]

use cofferdam_core::Network;
use cofferdam_core::wallet::{ImportOptions, Wallet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let options = [
        ImportOptions::default(),
        ImportOptions {
            name: Some("main".parse().unwrap()),
            network: Some(Network::Regtest),
            ..ImportOptions::default()
        },
    ];
    let imported = options.iter().map(|options| Wallet::import(input, options));
    for wallet in imported.chain([Wallet::parse_json(input)]).flatten() {
        let written = wallet.to_json();
        let again = Wallet::parse_json(written.as_bytes()).unwrap();
        assert_eq!(again.to_json(), written);
        assert_eq!(again.id(), wallet.id());
        assert!(!written.contains("prv"));
    }
});

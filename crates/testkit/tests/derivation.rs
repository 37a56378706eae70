//! Descriptors and addresses against a real Bitcoin Core.

use cofferdam_core::keys::{Bip39Passphrase, Language, MasterKey, Mnemonic, WordCount, mix};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_core::{Network, ScriptType};
use cofferdam_testkit::bitcoind::Bitcoind;
use serde_json::{Value, json};

/// Addresses compared on each branch.
const COUNT: u32 = 100;

fn wallet(script_type: ScriptType) -> Wallet {
    let entropy = mix(&[0x42; 32], None, WordCount::Words24);
    let seed = Mnemonic::from_entropy(&entropy, Language::English).seed(&Bip39Passphrase::none());
    let master = MasterKey::from_seed(&seed, Network::Regtest).unwrap();
    master
        .account(script_type, 3)
        .unwrap()
        .wallet(script_type, "main".parse().unwrap(), None)
        .unwrap()
}

#[test]
fn bitcoin_core_derives_the_same_addresses() {
    let node = Bitcoind::start().unwrap();
    let mut compared = 0;
    for script_type in ScriptType::ALL {
        let wallet = wallet(script_type);
        let multipath = node
            .rpc("getdescriptorinfo", json!([wallet.descriptor_text()]))
            .unwrap();
        assert_eq!(
            (&multipath["isrange"], &multipath["issolvable"]),
            (&json!(true), &json!(true))
        );

        let entries: Value = serde_json::from_str(&wallet.core_import_json()).unwrap();
        for (branch, entry) in Branch::ALL.into_iter().zip(entries.as_array().unwrap()) {
            let theirs = node
                .rpc("deriveaddresses", json!([entry["desc"], [0, COUNT - 1]]))
                .unwrap();
            let ours: Vec<_> = (0..COUNT)
                .map(|index| wallet.address(branch, index).unwrap().to_string())
                .collect();
            assert_eq!(theirs, json!(ours), "{script_type} {branch}");
            compared += ours.len();

            let last = (1_u32 << 31) - 1;
            let theirs = node
                .rpc("deriveaddresses", json!([entry["desc"], [last, last]]))
                .unwrap();
            assert_eq!(
                theirs,
                json!([wallet.address(branch, last).unwrap().to_string()])
            );
        }
    }
    assert_eq!(compared, 8 * COUNT as usize);
}

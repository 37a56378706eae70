//! Accounts and signatures against Bitcoin Core's (`fixtures/core-signing`), and the addresses of
//! the BIPs.

use bitcoin::hashes::Hash;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::{Psbt, ScriptBuf, Transaction, TxOut, Witness};
use cofferdam_core::keys::{
    AccountKey, Bip39Passphrase, CosignerScript, MasterKey, Mnemonic, SignError, cosigner_path,
};
use cofferdam_core::wallet::{Branch, DeriveError, Wallet};
use cofferdam_core::{Network, ScriptType};
use serde_json::Value;

const FIXTURE: &str = include_str!("../../../fixtures/core-signing/regtest.json");
const ABOUT: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

fn master(words: &str, network: Network) -> MasterKey {
    let mnemonic = Mnemonic::parse(words, None).unwrap();
    MasterKey::from_seed(&mnemonic.seed(&Bip39Passphrase::none()), network).unwrap()
}

fn case_name(script_type: ScriptType) -> &'static str {
    match script_type {
        ScriptType::Legacy => "p2pkh",
        ScriptType::Nested => "p2sh-p2wpkh",
        ScriptType::Segwit => "p2wpkh",
        ScriptType::Taproot => "p2tr",
    }
}

/// A script type's case of the fixture, with the account and wallet made from its mnemonic.
fn case(script_type: ScriptType) -> (Value, AccountKey, Wallet) {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let words = fixture["mnemonics"][0].as_str().unwrap();
    let account = master(words, Network::Regtest)
        .account(script_type, 0)
        .unwrap();
    let wallet = account
        .wallet(script_type, "main".parse().unwrap(), None)
        .unwrap();
    let case = fixture["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["name"] == case_name(script_type));
    (case.unwrap().clone(), account, wallet)
}

#[test]
fn accounts_have_bitcoin_cores_descriptors_and_addresses() {
    let mut compared = 0;
    for script_type in ScriptType::ALL {
        let (case, account, wallet) = case(script_type);
        assert_eq!(
            wallet.canonical_descriptor(),
            case["descriptor"].as_str().unwrap()
        );
        assert!(account.is_account_of(&wallet));
        for (branch, key) in [
            (Branch::Receive, "receive_addresses"),
            (Branch::Change, "change_addresses"),
        ] {
            for (index, address) in (0..).zip(case[key].as_array().unwrap()) {
                assert_eq!(
                    wallet.address(branch, index).unwrap().to_string(),
                    address.as_str().unwrap()
                );
                assert_eq!(
                    account.public_key(branch, index),
                    wallet.public_key(branch, index)
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 24);
}

#[test]
fn signed_transactions_are_bitcoin_cores_to_the_byte() {
    for script_type in ScriptType::ALL {
        let (case, account, wallet) = case(script_type);
        let psbt: Psbt = case["unsigned"]["psbt_v0"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let signed = sign_all(&psbt, &account, &wallet);
        let expected = case["signed_transaction"].as_str().unwrap();
        assert_eq!(
            bitcoin::consensus::encode::serialize_hex(&signed),
            expected,
            "{script_type}"
        );
    }
}

/// Signs each input of a fixture's transaction, all of which are the wallet's.
fn sign_all(psbt: &Psbt, account: &AccountKey, wallet: &Wallet) -> Transaction {
    let coins: Vec<TxOut> = (0..psbt.inputs.len()).map(|at| coin(psbt, at)).collect();
    let mut signed = psbt.unsigned_tx.clone();
    for (at, coin) in coins.iter().enumerate() {
        let (branch, index) = Branch::ALL
            .into_iter()
            .flat_map(|branch| (0..20).map(move |index| (branch, index)))
            .find(|(branch, index)| wallet.owns(*branch, *index, &coin.script_pubkey))
            .unwrap();
        let mut cache = SighashCache::new(&psbt.unsigned_tx);
        if wallet.single().unwrap().script_type() == ScriptType::Taproot {
            let prevouts = Prevouts::All(&coins);
            let hash = cache
                .taproot_key_spend_signature_hash(at, &prevouts, TapSighashType::Default)
                .unwrap();
            let message = Message::from_digest(hash.to_byte_array());
            let signature = account
                .sign_taproot_key_spend(branch, index, &message, None)
                .unwrap();
            signed.input[at].witness = Witness::from_slice(&[&signature.serialize()[..]]);
            continue;
        }
        let redeem_script = wallet.redeem_script(branch, index).unwrap();
        let all = EcdsaSighashType::All;
        let message = match wallet.single().unwrap().script_type() {
            ScriptType::Legacy => {
                let hash = cache
                    .legacy_signature_hash(at, &coin.script_pubkey, all.to_u32())
                    .unwrap();
                Message::from_digest(hash.to_byte_array())
            }
            _ => {
                let program = redeem_script.as_ref().unwrap_or(&coin.script_pubkey);
                let hash = cache
                    .p2wpkh_signature_hash(at, program, coin.value, all)
                    .unwrap();
                Message::from_digest(hash.to_byte_array())
            }
        };
        let (public_key, signature) = account.sign_ecdsa(branch, index, &message).unwrap();
        let mut signature = signature.serialize_der().to_vec();
        assert!(signature.len() <= 70, "low R and low S");
        signature.push(all.to_u32() as u8);
        assert_eq!(public_key, wallet.public_key(branch, index).unwrap());
        let key = public_key.serialize();
        if wallet.single().unwrap().script_type() == ScriptType::Legacy {
            signed.input[at].script_sig = bitcoin::script::Builder::new()
                .push_slice(bitcoin::script::PushBytesBuf::try_from(signature).unwrap())
                .push_slice(key)
                .into_script();
        } else {
            signed.input[at].witness = Witness::from_slice(&[&signature[..], &key[..]]);
            if let Some(script) = redeem_script {
                let push = bitcoin::script::PushBytesBuf::try_from(script.into_bytes()).unwrap();
                signed.input[at].script_sig = ScriptBuf::builder().push_slice(push).into_script();
            }
        }
    }
    signed
}

fn coin(psbt: &Psbt, at: usize) -> TxOut {
    let input = &psbt.inputs[at];
    input.witness_utxo.clone().unwrap_or_else(|| {
        let vout = psbt.unsigned_tx.input[at].previous_output.vout as usize;
        input.non_witness_utxo.as_ref().unwrap().output[vout].clone()
    })
}

#[test]
fn a_signature_needs_an_index_in_range() {
    let (_, account, _) = case(ScriptType::Segwit);
    let message = Message::from_digest([7; 32]);
    for index in [1 << 31, u32::MAX] {
        let expected = DeriveError::IndexOutOfRange(index);
        assert_eq!(account.public_key(Branch::Receive, index), Err(expected));
        assert_eq!(
            account.sign_ecdsa(Branch::Receive, index, &message),
            Err(SignError::Derive(expected))
        );
        assert_eq!(
            account.sign_taproot_key_spend(Branch::Change, index, &message, None),
            Err(SignError::Derive(expected)),
        );
    }
}

#[test]
fn threads_may_share_an_account_and_sign_the_same() {
    let (_, account, _) = case(ScriptType::Segwit);
    let sign = |index: u32| {
        let message = Message::from_digest([index as u8; 32]);
        (
            account
                .sign_ecdsa(Branch::Receive, index, &message)
                .unwrap(),
            account
                .sign_taproot_key_spend(Branch::Receive, index, &message, None)
                .unwrap(),
        )
    };
    let alone: Vec<_> = (0..8).map(sign).collect();
    let together: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|index| scope.spawn(move || sign(index)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    assert_eq!(alone, together);
}

#[test]
fn low_r_is_ground_for_every_message() {
    let (_, account, _) = case(ScriptType::Segwit);
    for byte in 0..64 {
        let message = Message::from_digest([byte; 32]);
        let (_, signature) = account.sign_ecdsa(Branch::Change, 3, &message).unwrap();
        assert!(signature.serialize_compact()[0] < 0x80);
        assert!(signature.serialize_der().len() <= 70);
    }
}

#[test]
fn a_script_tree_changes_the_tweak() {
    use bitcoin::taproot::TapNodeHash;
    let (_, account, _) = case(ScriptType::Taproot);
    let message = Message::from_digest([1; 32]);
    let root = TapNodeHash::from_byte_array([9; 32]);
    let plain = account
        .sign_taproot_key_spend(Branch::Receive, 0, &message, None)
        .unwrap();
    let tree = account
        .sign_taproot_key_spend(Branch::Receive, 0, &message, Some(root))
        .unwrap();
    assert_ne!(plain, tree);
}

/// Returns the first receive addresses, then the first change address.
fn published(script_type: ScriptType, network: Network, receive: u32) -> Vec<String> {
    let account = master(ABOUT, network).account(script_type, 0).unwrap();
    let wallet = account
        .wallet(script_type, "w".parse().unwrap(), None)
        .unwrap();
    let mut addresses: Vec<_> = (0..receive)
        .map(|index| wallet.address(Branch::Receive, index).unwrap().to_string())
        .collect();
    addresses.push(wallet.address(Branch::Change, 0).unwrap().to_string());
    addresses
}

#[test]
fn addresses_of_bip49_bip84_and_bip86() {
    assert_eq!(
        published(ScriptType::Nested, Network::Testnet4, 1)[0],
        "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2",
    );
    assert_eq!(
        published(ScriptType::Segwit, Network::Mainnet, 2),
        [
            "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
            "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g",
            "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el",
        ],
    );
    assert_eq!(
        published(ScriptType::Taproot, Network::Mainnet, 2),
        [
            "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
            "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh",
            "bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7",
        ],
    );
}

#[test]
fn networks_have_their_own_keys_and_encodings() {
    let mainnet = master(ABOUT, Network::Mainnet);
    let signet = master(ABOUT, Network::Signet);
    assert_eq!(mainnet.fingerprint(), signet.fingerprint());
    let [mainnet, signet] =
        [mainnet, signet].map(|key| key.account(ScriptType::Segwit, 0).unwrap());
    assert!(mainnet.xpub().to_string().starts_with("xpub"));
    assert!(signet.xpub().to_string().starts_with("tpub"));
    assert_ne!(mainnet.xpub().public_key, signet.xpub().public_key);
}

#[test]
fn a_cosigner_key_is_written_with_its_origin() {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let master = master(fixture["mnemonics"][0].as_str().unwrap(), Network::Regtest);
    for (script, name) in [
        (CosignerScript::Wsh, "p2wsh-2of3"),
        (CosignerScript::NestedWsh, "p2sh-p2wsh-2of3"),
    ] {
        let account = master
            .account_at(&cosigner_path(Network::Regtest, script, 0).unwrap())
            .unwrap();
        let case = fixture["cases"]
            .as_array()
            .unwrap()
            .iter()
            .find(|case| case["name"] == name)
            .unwrap();
        let descriptor = case["descriptor"].as_str().unwrap();
        assert!(
            descriptor.contains(&account.key_text()),
            "{descriptor}\n{}",
            account.key_text()
        );
    }
}

//! Known answers of what keys and signatures rest on. The keys are the specifications', and public.

use bitcoin::hashes::{Hash as _, sha256};
use bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{Amount, EcdsaSighashType, ScriptBuf, TapSighashType, Transaction, TxOut};

use super::{AccountKey, Bip39Passphrase, Entropy, Language, MasterKey, Mnemonic};
use crate::hex::bytes;
use crate::wallet::Branch;
use crate::{Network, ScriptType};

/// Runs each, and returns its name and whether it holds.
pub(crate) fn known_answers() -> [(&'static str, bool); 6] {
    let holds = |answer: Option<bool>| answer.unwrap_or(false);
    [
        ("bip39", holds(bip39())),
        ("bip32", holds(bip32())),
        ("ecdsa-rfc6979", holds(ecdsa())),
        ("bip340", holds(bip340())),
        ("sign-p2wpkh", holds(sign_p2wpkh())),
        ("sign-taproot", holds(sign_taproot())),
    ]
}

/// The second of BIP39's own vectors: entropy to words to seed.
fn bip39() -> Option<bool> {
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let seed = "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f\
                a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607";
    let mnemonic =
        Mnemonic::from_entropy(&Entropy::from_bytes(&[0x7f; 16]).ok()?, Language::English);
    let made = mnemonic.seed(&Bip39Passphrase::new("TREZOR"));
    Some(mnemonic.phrase().as_str() == words && made.as_bytes().as_slice() == bytes(seed))
}

/// BIP32's test vector 1, at its deepest.
fn bip32() -> Option<bool> {
    let xpub = "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJ\
                odrTHy";
    let master =
        MasterKey::from_bytes(&bytes("000102030405060708090a0b0c0d0e0f"), Network::Mainnet).ok()?;
    let account = master
        .account_at(&"m/0h/1/2h/2/1000000000".parse().ok()?)
        .ok()?;
    Some(account.xpub().to_string() == xpub)
}

/// RFC 6979 over secp256k1, by a vector in wide use whose R is low, so that grinding leaves it as
/// it is.
fn ecdsa() -> Option<bool> {
    let key = bytes("f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181");
    let signature = "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c\
                     58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea";
    let message = Message::from_digest(sha256::Hash::hash(b"Alan Turing").to_byte_array());
    let key = SecretKey::from_slice(&key).ok()?;
    let made = Secp256k1::new().sign_ecdsa_low_r(&message, &key);
    Some(made.serialize_compact().as_slice() == bytes(signature))
}

/// BIP340's test vector 0.
fn bip340() -> Option<bool> {
    let signature = "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215\
                     25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0";
    let secp = Secp256k1::new();
    let mut key = [0; 32];
    key[31] = 3;
    let pair = Keypair::from_secret_key(&secp, &SecretKey::from_slice(&key).ok()?);
    let made = secp.sign_schnorr_no_aux_rand(&Message::from_digest([0; 32]), &pair);
    Some(made.serialize().as_slice() == bytes(signature))
}

/// The account of the words that `fixtures/core-signing` uses first.
fn account(script_type: ScriptType) -> Option<AccountKey> {
    let mnemonic = Mnemonic::from_entropy(&Entropy::from_bytes(&[0; 16]).ok()?, Language::English);
    let seed = mnemonic.seed(&Bip39Passphrase::none());
    let master = MasterKey::from_seed(&seed, Network::Regtest).ok()?;
    master.account(script_type, 0).ok()
}

/// Three coins of 50 BTC each.
fn coins(scripts: [&str; 3]) -> [TxOut; 3] {
    scripts.map(|script| TxOut {
        value: Amount::from_int_btc(50),
        script_pubkey: ScriptBuf::from_bytes(bytes(script)),
    })
}

/// A transaction with three P2WPKH inputs, signed as Bitcoin Core signs it: from words to
/// signatures.
fn sign_p2wpkh() -> Option<bool> {
    let transaction: Transaction = bitcoin::consensus::encode::deserialize_hex(P2WPKH).ok()?;
    let account = account(ScriptType::Segwit)?;
    let mut cache = SighashCache::new(&transaction);
    let coins = coins(P2WPKH_COINS);
    for (index, (coin, expected)) in coins.iter().zip(P2WPKH_SIGNATURES).enumerate() {
        let hash = cache
            .p2wpkh_signature_hash(
                index,
                &coin.script_pubkey,
                coin.value,
                EcdsaSighashType::All,
            )
            .ok()?;
        let message = Message::from_digest(hash.to_byte_array());
        let (_, signature) = account
            .sign_ecdsa(Branch::Receive, index as u32, &message)
            .ok()?;
        if signature.serialize_der().to_vec() != bytes(expected) {
            return Some(false);
        }
    }
    Some(true)
}

/// The same with three taproot inputs, spent by their keys.
fn sign_taproot() -> Option<bool> {
    let transaction: Transaction = bitcoin::consensus::encode::deserialize_hex(TAPROOT).ok()?;
    let account = account(ScriptType::Taproot)?;
    let mut cache = SighashCache::new(&transaction);
    let coins = coins(TAPROOT_COINS);
    for (index, expected) in TAPROOT_SIGNATURES.into_iter().enumerate() {
        let hash = cache
            .taproot_key_spend_signature_hash(
                index,
                &Prevouts::All(&coins),
                TapSighashType::Default,
            )
            .ok()?;
        let message = Message::from_digest(hash.to_byte_array());
        let signature = account
            .sign_taproot_key_spend(Branch::Receive, index as u32, &message, None)
            .ok()?;
        if signature.serialize().as_slice() != bytes(expected) {
            return Some(false);
        }
    }
    Some(true)
}

const P2WPKH: &str = "0200000003f42afb85570b89bf83e405a2a3275f6bbb40cf1cd8bc410026e8df1dffb77fbc0000000000fdffffff541be0a9\
    5a89969b39003977f508e9494c7ebbc1e429bb6e9768273b08dc57660000000000fdffffff0f8068f35c25224b2cd4a67574\
    46b406d232c7a9093aa8a21cc016e0f6cb956d0000000000fdffffff0200f2052a01000000160014751e76e8199196d45494\
    1c45d1b3a323f1433bd6f0bc0b54020000001600142f34aa1cf00a53b055a291a03a7d45f0a6988b5200000000";

const P2WPKH_COINS: [&str; 3] = [
    "0014d0c4a3ef09e997b6e99e397e518fe3e41a118ca1",
    "00146fa016500a3c6a737ebb260e2ddca78ba9234558",
    "0014334924eaf46e806e86b3537a12f81595030d73a7",
];

const P2WPKH_SIGNATURES: [&str; 3] = [
    "304402206b35ef104df66fed138f5fe1b52698090f8e16e0b4ebd244b0ae64328482e2aa0220097bcb0eb6e524670d770271\
    003f67060a15078f2e42e9c0d95ca8d499ff699d",
    "304402203173015f45f59c8bf1cf353ed16cbf9c86156bd1ff60259eaed6a30a52e8c0d2022010815f29804b838137d1e62a\
    c1fa17cfc16f23d1f0d7731c7e93ca9fd603d8d7",
    "3044022044a29fee97cc5bd44793f7254a80a3900fa219f91ca3904cd9ab8922ee36cefe02203f03b796db7cd22a3f6199e7\
    886748d7b2bec044c9b22f1b9552d09469f6b16b",
];

const TAPROOT: &str = "02000000033d9ce7bbea974c4980a336571d543168a034725773b6a0b08c840ec4893fa7910000000000fdffffffb01923d0\
    0094d202a84631ee1640b99fcdb917a3f3c0195cf93285724bd786240000000000fdffffff457462ef42b0c82521ed4bc06b\
    f4a75230ef5e4932fa9ae1a170f4391385a7a20000000000fdffffff0200f2052a01000000160014751e76e8199196d45494\
    1c45d1b3a323f1433bd6f0bc0b5402000000225120d73acf6667b7850e6e00e21bb4525a2c5e2d88956a3d2c35b0bc06f4b0\
    df01bc00000000";

const TAPROOT_COINS: [&str; 3] = [
    "51203b82b2b2a9185315da6f80da5f06d0440d8a5e1457fa93387c2d919c86ec8786",
    "51202befa14431d4cb71889ea1df7a7eaa2f1d8b9107e60b01564e15dabe5c0dfd32",
    "5120abc00e9eb6086f9a3178734e26799a7783a5637c0a749d3f69384cdb618aad28",
];

const TAPROOT_SIGNATURES: [&str; 3] = [
    "e6d586794296db4cf95a1cda847c4fa6b624dd47b4885c76015388cf20bb2c5cb07ca57a4332181c643f4311009f2e901f40\
    f785756329664f7e272755889109",
    "5c011082b2a7f922ca7a71a58337380c383250ae1a1ffb14f945f5628efd0ffd3cb0069a76c64a3ea4dd6c61ae1c61b906bc\
    eb2a2e1195ec90557aacbea12ec8",
    "1deac9c54f3e79b862a9f8c588291057ef60e97ca258d9f6e5eddf8442a0585ce11497d3b4550e217e9e33f1b9af02f2f4d2\
    18f9d07809c326e57eee6760d400",
];

//! Signatures for what a treasury spends: a sync believes no spend of its coins without one.

use std::borrow::Borrow;
use std::collections::HashMap;

use anyhow::{Context as _, Result};
use bitcoin::bip32::{ChildNumber, DerivationPath, Xpriv};
use bitcoin::hashes::Hash as _;
use bitcoin::hex::FromHex as _;
use bitcoin::secp256k1::{All, Message, Secp256k1, SecretKey};
use bitcoin::sighash::SighashCache;
use bitcoin::{
    EcdsaSighashType, NetworkKind, OutPoint, Script, ScriptBuf, Transaction, TxOut, Witness, ecdsa,
};

use super::Treasury;

/// The seed of the mnemonic `abandon` eleven times and `about`, whose account the treasury's wallet
/// is.
const SEED: &str = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1\
                    9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";

/// Signs every input that spends a coin of a segwit treasury. No txid changes.
///
/// # Errors
/// Fails for a treasury of another script type.
pub fn sign(treasury: &mut Treasury) -> Result<()> {
    let secp = Secp256k1::new();
    let keys = keys(&treasury.scripts)?;
    let mut coins: HashMap<OutPoint, TxOut> = HashMap::new();
    for (_, transaction) in &mut treasury.history {
        let mut witnesses: Vec<(usize, Witness)> = Vec::new();
        let mut cache = SighashCache::new(&*transaction);
        for (index, input) in transaction.input.iter().enumerate() {
            let Some(coin) = coins.remove(&input.previous_output) else {
                continue;
            };
            let key = keys.get(coin.script_pubkey.as_script()).context("a key")?;
            witnesses.push((index, witness(&secp, &mut cache, index, &coin, key)?));
        }
        for (index, witness) in witnesses {
            transaction.input[index].witness = witness;
        }
        let txid = transaction.compute_txid();
        for (vout, output) in (0..).zip(&transaction.output) {
            if keys.contains_key(output.script_pubkey.as_script()) {
                coins.insert(OutPoint::new(txid, vout), output.clone());
            }
        }
    }
    Ok(())
}

/// Signs an input that spends a P2WPKH coin.
///
/// # Errors
/// Fails where the transaction has no such input, or the coin is none of P2WPKH.
pub fn witness<T: Borrow<Transaction>>(
    secp: &Secp256k1<All>,
    cache: &mut SighashCache<T>,
    input: usize,
    coin: &TxOut,
    key: &SecretKey,
) -> Result<Witness> {
    let sighash_type = EcdsaSighashType::All;
    let digest =
        cache.p2wpkh_signature_hash(input, &coin.script_pubkey, coin.value, sighash_type)?;
    let signature = secp.sign_ecdsa(&Message::from_digest(digest.to_byte_array()), key);
    let signature = ecdsa::Signature {
        signature,
        sighash_type,
    };
    Ok(Witness::p2wpkh(&signature, &key.public_key(secp)))
}

/// Returns the key of every script of a segwit treasury, by branch and index.
fn keys(scripts: &[Vec<ScriptBuf>; 2]) -> Result<HashMap<&Script, SecretKey>> {
    let secp = Secp256k1::new();
    let seed = <[u8; 64]>::from_hex(SEED)?;
    let path: DerivationPath = "84h/1h/0h".parse()?;
    let account = Xpriv::new_master(NetworkKind::Test, &seed)?.derive_priv(&secp, &path)?;
    let mut keys = HashMap::new();
    for (branch, scripts) in (0..).zip(scripts) {
        let branch = account.derive_priv(&secp, &[ChildNumber::from_normal_idx(branch)?])?;
        for (index, script) in (0..).zip(scripts) {
            let derived = branch.derive_priv(&secp, &[ChildNumber::from_normal_idx(index)?])?;
            let key = derived.private_key;
            let public = bitcoin::CompressedPublicKey(key.public_key(&secp));
            let ours = ScriptBuf::new_p2wpkh(&public.wpubkey_hash()) == *script;
            anyhow::ensure!(ours, "the treasury is not of this seed, or not of segwit");
            keys.insert(script.as_script(), key);
        }
    }
    Ok(keys)
}

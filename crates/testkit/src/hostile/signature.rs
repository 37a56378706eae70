//! Signatures for payouts, also with sighash types that our signer never makes.

use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use bitcoin::{CompressedPublicKey, EcdsaSighashType, ScriptBuf, Transaction, TxOut};
use cofferdam_core::psbt::{RawKey, RawMap, fields};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_core::{Network, ScriptType};

use super::fixture::{OUR_WORDS, THEIR_WORDS, account, vault_wallets};
use super::payout::Payout;

/// Makes the signature of a payout's input with the key of its coin, and returns its field.
pub(super) fn signature(payout: &Payout, input: usize, sighash: u8) -> (RawKey, Vec<u8>) {
    sign(
        &payout.unsigned_tx(),
        &payout.txouts(),
        input,
        payout.coins[input].own,
        sighash,
    )
}

/// Adds the signature of a payout's input to its map.
pub(super) fn add_signature(map: &mut RawMap, payout: &Payout, input: usize, sighash: u8) {
    let (key, value) = signature(payout, input, sighash);
    map.set(key, value);
}

fn sign(
    transaction: &Transaction,
    coins: &[TxOut],
    input: usize,
    (wallet, branch, index): (&Wallet, Branch, u32),
    sighash: u8,
) -> (RawKey, Vec<u8>) {
    let ours = vault_wallets()
        .iter()
        .any(|known| known.id() == wallet.id());
    let words = if ours { OUR_WORDS } else { THEIR_WORDS };
    let key = account(
        words,
        Network::Regtest,
        wallet.single().unwrap().script_type(),
        0,
    );
    let mut cache = SighashCache::new(transaction);
    if wallet.single().unwrap().script_type() == ScriptType::Taproot {
        let sighash_type =
            TapSighashType::from_consensus_u8(sighash).expect("a taproot sighash type");
        let hash = cache
            .taproot_key_spend_signature_hash(input, &Prevouts::All(coins), sighash_type)
            .expect("a signature hash");
        let message = Message::from_digest(hash.to_byte_array());
        let signature = key
            .sign_taproot_key_spend(branch, index, &message, None)
            .expect("a signature");
        let signature = bitcoin::taproot::Signature {
            signature,
            sighash_type,
        };
        return (
            RawKey::plain(fields::input::TAP_KEY_SIG),
            signature.to_vec(),
        );
    }
    let sighash_type = EcdsaSighashType::from_consensus(u32::from(sighash));
    let digest = match wallet.single().unwrap().script_type() {
        ScriptType::Legacy => cache
            .legacy_signature_hash(input, &coins[input].script_pubkey, u32::from(sighash))
            .expect("a signature hash")
            .to_byte_array(),
        _ => {
            let public_key = CompressedPublicKey(wallet.public_key(branch, index).expect("a key"));
            let program = ScriptBuf::new_p2wpkh(&public_key.wpubkey_hash());
            cache
                .p2wpkh_signature_hash(input, &program, coins[input].value, sighash_type)
                .expect("a signature hash")
                .to_byte_array()
        }
    };
    let (public_key, signature) = key
        .sign_ecdsa(branch, index, &Message::from_digest(digest))
        .expect("a signature");
    // The byte is written as it was asked for, also where no sighash type has it.
    let value = [signature.serialize_der().as_ref(), &[sighash]].concat();
    (
        RawKey::with_data(fields::input::PARTIAL_SIG, public_key.serialize()),
        value,
    )
}

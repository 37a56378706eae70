//! What is proven about an input.

use bitcoin::{OutPoint, Script, TxIn, TxOut, Txid};

use super::owner::{FalseClaim, ListedKey, Owner, Wallets};
use super::signatures::SignatureFact;
use crate::ScriptType;
use crate::psbt::Input;
use crate::review::report::AmountProof;
use crate::wallet::WalletKind;

/// What the previous transaction in the PSBT proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::review) enum Previous {
    /// There is none.
    Missing,
    /// Nothing: it is another transaction.
    Other(Txid),
    /// Nothing: it has only so many outputs.
    NoSuchOutput(usize),
    /// The coin, as the transaction is the one that the input names.
    Proven(TxOut),
}

#[derive(Clone, Debug)]
pub(in crate::review) struct InputFacts {
    pub(in crate::review) outpoint: OutPoint,
    pub(in crate::review) previous: Previous,
    /// What the witness UTXO field says.
    pub(in crate::review) claimed: Option<TxOut>,
    /// The proven coin, or else the claimed one.
    pub(in crate::review) coin: Option<TxOut>,
    /// How the coin is proven; none when it is only claimed.
    pub(in crate::review) proof: Option<AmountProof>,
    pub(in crate::review) owner: Option<Owner>,
    pub(in crate::review) false_claims: Vec<FalseClaim>,
    /// Script fields that the owner's derivation contradicts.
    pub(in crate::review) wrong_scripts: Vec<&'static str>,
    /// The signatures that an own input already has.
    pub(in crate::review) signatures: Vec<SignatureFact>,
    owner_kind: Option<WalletKind>,
}

impl InputFacts {
    /// `proven` is the owner of the coin's script, if another part of the transaction has the same
    /// one and proves it.
    pub(super) fn establish(
        input: &Input,
        tx_in: &TxIn,
        wallets: &Wallets<'_>,
        proven: Option<Owner>,
    ) -> Self {
        let outpoint = tx_in.previous_output;
        let previous = previous(input, outpoint);
        let coin = match &previous {
            Previous::Proven(coin) => Some(coin.clone()),
            _ => input.witness_utxo.clone(),
        };
        let script = coin.as_ref().map(|coin| coin.script_pubkey.as_script());
        let (owner, false_claims) = wallets.examine(script, listed(input));
        let owner = owner.or(proven);
        let wallet = owner.as_ref().and_then(|owner| wallets.get(owner));
        let owner_kind = wallet.map(|wallet| wallet.kind());
        let proof = match &previous {
            Previous::Proven(_) => Some(AmountProof::PreviousTransaction),
            // Decided by the script that our wallet derives, whatever fields are present.
            Previous::Missing if owner_kind.is_some_and(WalletKind::commits_to_amounts) => {
                Some(AmountProof::TaprootSighash)
            }
            _ => None,
        };
        let wrong_scripts = match (&owner, wallet) {
            (Some(owner), Some(wallet)) => wrong_scripts(input, owner, wallet, wallets),
            _ => Vec::new(),
        };
        Self {
            outpoint,
            previous,
            claimed: input.witness_utxo.clone(),
            coin,
            proof,
            owner,
            false_claims,
            wrong_scripts,
            signatures: Vec::new(),
            owner_kind,
        }
    }

    /// Takes the claimed amount of an own segwit v0 coin whose previous transaction is missing. A
    /// previous transaction that is there overrides: it proves the amount or refuses the input.
    pub(super) fn remember(&mut self) {
        let v0 = matches!(
            self.owner_kind,
            Some(WalletKind::Single(ScriptType::Nested | ScriptType::Segwit))
        );
        if v0 && self.previous == Previous::Missing && self.coin.is_some() {
            self.proof = Some(AmountProof::Remembered);
        }
    }

    /// Returns the script type: the owner's, or what a foreign coin's script looks like.
    pub(in crate::review) fn script_type(&self) -> Option<ScriptType> {
        self.owner_kind
            .map(|WalletKind::Single(script_type)| script_type)
            .or_else(|| script_type(&self.coin.as_ref()?.script_pubkey))
    }
}

fn previous(input: &Input, outpoint: OutPoint) -> Previous {
    let Some(given) = &input.previous_transaction else {
        return Previous::Missing;
    };
    if given.txid() != outpoint.txid {
        return Previous::Other(given.txid());
    }
    match given.coin() {
        Some(coin) => Previous::Proven(coin.clone()),
        None => Previous::NoSuchOutput(given.outputs()),
    }
}

fn listed(input: &Input) -> impl Iterator<Item = (ListedKey, &bitcoin::bip32::KeySource)> {
    let full = input
        .bip32_derivations
        .iter()
        .map(|(key, source)| (ListedKey::Full(*key), source));
    let x_only = input
        .tap_key_origins
        .iter()
        .map(|(key, source)| (ListedKey::XOnly(*key), source));
    full.chain(x_only)
}

fn wrong_scripts(
    input: &Input,
    owner: &Owner,
    wallet: &crate::wallet::Wallet,
    wallets: &Wallets<'_>,
) -> Vec<&'static str> {
    let may = |owner: &Owner| wallets.may_derive().then_some(*owner);
    let redeem = || {
        may(owner).and_then(|owner| {
            wallet
                .redeem_script(owner.branch, owner.index)
                .ok()
                .flatten()
        })
    };
    let internal = || {
        may(owner).and_then(|owner| {
            wallet
                .internal_key(owner.branch, owner.index)
                .ok()
                .flatten()
        })
    };
    let fields = [
        (
            "PSBT_IN_REDEEM_SCRIPT",
            input.redeem_script.is_some() && input.redeem_script != redeem(),
        ),
        ("PSBT_IN_WITNESS_SCRIPT", input.witness_script.is_some()),
        (
            "PSBT_IN_TAP_INTERNAL_KEY",
            input.tap_internal_key.is_some() && input.tap_internal_key != internal(),
        ),
        ("PSBT_IN_TAP_MERKLE_ROOT", input.tap_merkle_root.is_some()),
    ];
    fields
        .into_iter()
        .filter(|(_, wrong)| *wrong)
        .map(|(field, _)| field)
        .collect()
}

/// Returns what the script of an input's coin looks like, before anything is known of who owns it.
pub(super) fn looks_like(input: &Input) -> Option<ScriptType> {
    let previous = input
        .previous_transaction
        .as_ref()
        .and_then(|previous| previous.coin());
    script_type(&previous.or(input.witness_utxo.as_ref())?.script_pubkey)
}

/// What a script that is not ours looks like, for the estimate of size. Pay to script hash is taken
/// for nested segwit.
fn script_type(script: &Script) -> Option<ScriptType> {
    match () {
        () if script.is_p2pkh() => Some(ScriptType::Legacy),
        () if script.is_p2sh() => Some(ScriptType::Nested),
        () if script.is_p2wpkh() => Some(ScriptType::Segwit),
        () if script.is_p2tr() => Some(ScriptType::Taproot),
        () => None,
    }
}

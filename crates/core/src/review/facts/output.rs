//! What is proven about an output.

use bitcoin::bip32::KeySource;
use bitcoin::{Script, TxOut};

use super::owner::{FalseClaim, ListedKey, Owner, Wallets};
use crate::psbt::Output;
use crate::review::report::OutputClass;
use crate::wallet::{Branch, Wallet};

#[derive(Clone, Debug)]
pub(in crate::review) struct OutputFacts {
    pub(in crate::review) class: OutputClass,
    pub(in crate::review) owner: Option<Owner>,
    pub(in crate::review) false_claims: Vec<FalseClaim>,
    /// Script fields that the owner's derivation contradicts.
    pub(in crate::review) wrong_scripts: Vec<&'static str>,
}

impl OutputFacts {
    /// `proven` is the owner of the script, if another part of the transaction has the same one and
    /// proves it. The class is told by [`classify`](Self::classify).
    pub(super) fn establish(
        output: &Output,
        tx_out: &TxOut,
        wallets: &Wallets<'_>,
        proven: Option<Owner>,
    ) -> Self {
        let script = tx_out.script_pubkey.as_script();
        let (owner, false_claims) = wallets.examine(Some(script), listed(output));
        let owner = owner.or(proven);
        let wrong_scripts = match owner.and_then(|owner| wallets.get(&owner).zip(Some(owner))) {
            Some((wallet, owner)) => wrong_scripts(output, &owner, wallet, wallets),
            None => Vec::new(),
        };
        Self {
            class: class_of_foreign(script),
            owner,
            false_claims,
            wrong_scripts,
        }
    }

    /// Tells what an own output is for. `own_wallet` is the one that owns the inputs.
    pub(super) fn classify(&mut self, own_wallet: Option<usize>) {
        if let Some(owner) = self.owner {
            self.class = match owner.branch {
                _ if Some(owner.wallet) != own_wallet => OutputClass::Payment,
                Branch::Change => OutputClass::Change,
                Branch::Receive => OutputClass::SelfTransfer,
            };
        }
    }
}

fn class_of_foreign(script: &Script) -> OutputClass {
    let has_rules = script.is_p2pkh()
        || script.is_p2sh()
        || script.is_p2wpkh()
        || script.is_p2wsh()
        || script.is_p2tr();
    match () {
        () if script.is_op_return() => OutputClass::Data,
        () if has_rules => OutputClass::Payment,
        () => OutputClass::Unknown,
    }
}

fn listed(output: &Output) -> impl Iterator<Item = (ListedKey, &KeySource)> {
    let full = output
        .bip32_derivations
        .iter()
        .map(|(key, source)| (ListedKey::Full(*key), source));
    let x_only = output
        .tap_key_origins
        .iter()
        .map(|(key, source)| (ListedKey::XOnly(*key), source));
    full.chain(x_only)
}

fn wrong_scripts(
    output: &Output,
    owner: &Owner,
    wallet: &Wallet,
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
            "PSBT_OUT_REDEEM_SCRIPT",
            output.redeem_script.is_some() && output.redeem_script != redeem(),
        ),
        ("PSBT_OUT_WITNESS_SCRIPT", output.witness_script.is_some()),
        (
            "PSBT_OUT_TAP_INTERNAL_KEY",
            output.tap_internal_key.is_some() && output.tap_internal_key != internal(),
        ),
        ("PSBT_OUT_TAP_TREE", output.has_tap_tree),
    ];
    fields
        .into_iter()
        .filter(|(_, wrong)| *wrong)
        .map(|(field, _)| field)
        .collect()
}

//! What the journal records of a reviewed transaction.

use bitcoin::hashes::Hash as _;
use cofferdam_core::review::{AmountProof, OutputClass, OwnerReport, Reviewed};
use cofferdam_core::wallet::WalletName;

use crate::journal::{Class, InputRecord, OutputRecord, Place, Proof, TransactionRecord};

/// Takes the facts of a review that later reviews are held against.
pub(super) fn of(reviewed: &Reviewed) -> TransactionRecord {
    let report = reviewed.report();
    let transaction = reviewed.parsed().unsigned_tx();
    let wallet = report.wallet.as_ref();
    let place =
        |owner: &Option<OwnerReport>| place(owner.as_ref(), wallet.map(|wallet| &wallet.name));
    let inputs = report.inputs.iter().map(|input| InputRecord {
        txid: input.outpoint.txid.to_byte_array(),
        vout: input.outpoint.vout,
        amount_sat: input.amount.map(|amount| amount.to_sat()),
        proof: match input.proof {
            Some(AmountProof::PreviousTransaction) => Proof::PreviousTransaction,
            Some(AmountProof::TaprootSighash) => Proof::Signature,
            Some(AmountProof::Remembered) => Proof::Remembered,
            None => Proof::None,
        },
        place: place(&input.owner),
    });
    let outputs = report.outputs.iter().zip(&transaction.output);
    let outputs = outputs.map(|(output, tx_out)| OutputRecord {
        script: tx_out.script_pubkey.to_bytes(),
        amount_sat: tx_out.value.to_sat(),
        class: match output.class {
            OutputClass::Payment | OutputClass::Unknown => Class::Payment,
            OutputClass::Change => Class::Change,
            OutputClass::SelfTransfer => Class::Own,
            OutputClass::Data => Class::Data,
        },
        place: place(&output.owner),
    });
    TransactionRecord {
        txid: report.unsigned_txid.to_byte_array(),
        wallet_id: wallet.map(|wallet| *wallet.id.as_bytes()),
        inputs: inputs.collect(),
        outputs: outputs.collect(),
        fee_sat: report.fee.map(|fee| fee.amount.to_sat()),
        manifest: None,
        payout_ids: Vec::new(),
        review: [0; 32],
        accepted: Vec::new(),
        supersedes: Vec::new(),
    }
}

/// The place of a script in the transaction's own wallet; none in another one.
fn place(owner: Option<&OwnerReport>, wallet: Option<&WalletName>) -> Option<Place> {
    let owner = owner.filter(|owner| Some(&owner.wallet) == wallet)?;
    Some(Place {
        branch: owner.branch.step(),
        index: owner.index,
    })
}

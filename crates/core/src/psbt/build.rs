//! Making an unsigned PSBT of one of our wallets (BIP174's creator and updater, BIP370's
//! constructor).

use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::consensus::serialize;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};

use super::Version;
use super::fields::{global, input, output};
use super::input::key_source_bytes;
use super::raw::{RawKey, RawMap, RawPsbt};
use super::reader::push_compact_size;
use crate::ScriptType;
use crate::wallet::{Branch, DeriveError, Wallet, WalletKind};

/// The transaction to be signed, and where its own coins and outputs stand in the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The transaction's version.
    pub version: TxVersion,
    /// The lock time.
    pub lock_time: LockTime,
    /// The inputs, in order.
    pub inputs: Vec<TemplateInput>,
    /// The outputs, in order.
    pub outputs: Vec<TemplateOutput>,
}

/// A coin of the wallet that is spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateInput {
    /// The coin.
    pub outpoint: OutPoint,
    /// The sequence number.
    pub sequence: Sequence,
    /// The transaction that made the coin. Needed unless the wallet is a taproot one, and shared
    /// between coins.
    pub previous_transaction: Option<Arc<Transaction>>,
    /// The coin's amount and script.
    pub utxo: TxOut,
    /// Where the coin's script stands in the wallet.
    pub own: (Branch, u32),
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateOutput {
    /// Amount and script.
    pub txout: TxOut,
    /// Where the script stands in the wallet, if it is the wallet's.
    pub own: Option<(Branch, u32)>,
}

/// Why a template cannot become a PSBT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// No key at an index.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// An input's script is not the wallet's at the index given.
    #[error(
        "input {input} does not pay to the wallet's {branch} index {index}; take coins of one wallet only"
    )]
    ForeignInput {
        /// The input.
        input: usize,
        /// The branch given.
        branch: Branch,
        /// The index given.
        index: u32,
    },
    /// An output's script is not the wallet's at the index given.
    #[error(
        "output {output} does not pay to the wallet's {branch} index {index}; derive it from the wallet"
    )]
    ForeignOutput {
        /// The output.
        output: usize,
        /// The branch given.
        branch: Branch,
        /// The index given.
        index: u32,
    },
    /// A legacy or segwit v0 coin without its previous transaction.
    #[error(
        "input {0} has no previous transaction, which signers need to prove its amount; fetch it from the node"
    )]
    PreviousTransactionMissing(usize),
    /// A previous transaction that did not make the coin.
    #[error(
        "the previous transaction of input {input} is {found}, not {expected}; fetch the right one"
    )]
    PreviousTransactionWrong {
        /// The input.
        input: usize,
        /// The txid of the outpoint.
        expected: Txid,
        /// The txid of the transaction given.
        found: Txid,
    },
    /// The previous transaction has another output there, or none.
    #[error(
        "the previous transaction of input {0} does not have the coin that was given; synchronize the ledger again"
    )]
    CoinDiffers(usize),
}

/// Makes an unsigned PSBT, in binary.
///
/// Every input and every output that is said to be the wallet's is derived again and compared.
/// Inputs carry the previous transaction (not for taproot), the spent output (not for legacy),
/// redeem script (nested) and key origins; outputs of the wallet carry redeem script and key
/// origins, so that signers recognise change. The transaction of version 2 has the same txid as
/// that of version 0, and its inputs and outputs are not modifiable.
pub fn create(
    template: &Template,
    wallet: &Wallet,
    version: Version,
) -> Result<Vec<u8>, BuildError> {
    let inputs = template.inputs.iter().enumerate();
    let mut inputs: Vec<RawMap> = inputs
        .map(|(index, input)| input_map(index, input, wallet))
        .collect::<Result<_, _>>()?;
    let outputs = template.outputs.iter().enumerate();
    let mut outputs: Vec<RawMap> = outputs
        .map(|(index, output)| output_map(index, output, wallet))
        .collect::<Result<_, _>>()?;
    let mut global = RawMap::default();
    match version {
        Version::V0 => {
            global.set(
                RawKey::plain(global::UNSIGNED_TX),
                serialize(&template.unsigned_tx()),
            );
        }
        Version::V2 => {
            global.set(
                RawKey::plain(global::TX_VERSION),
                template.version.0.to_le_bytes().to_vec(),
            );
            let lock_time = template.lock_time.to_consensus_u32().to_le_bytes().to_vec();
            global.set(RawKey::plain(global::FALLBACK_LOCKTIME), lock_time);
            global.set(
                RawKey::plain(global::INPUT_COUNT),
                compact_size(inputs.len()),
            );
            global.set(
                RawKey::plain(global::OUTPUT_COUNT),
                compact_size(outputs.len()),
            );
            global.set(RawKey::plain(global::VERSION), 2u32.to_le_bytes().to_vec());
            for (map, input) in inputs.iter_mut().zip(&template.inputs) {
                add_v2_input(map, input);
            }
            for (map, output) in outputs.iter_mut().zip(&template.outputs) {
                map.set(
                    RawKey::plain(output::AMOUNT),
                    output.txout.value.to_sat().to_le_bytes().to_vec(),
                );
                map.set(
                    RawKey::plain(output::SCRIPT),
                    output.txout.script_pubkey.to_bytes(),
                );
            }
        }
    }
    Ok(RawPsbt {
        global,
        inputs,
        outputs,
    }
    .to_bytes())
}

impl Template {
    /// Returns the transaction without signatures.
    pub fn unsigned_tx(&self) -> Transaction {
        Transaction {
            version: self.version,
            lock_time: self.lock_time,
            input: self
                .inputs
                .iter()
                .map(|input| TxIn {
                    previous_output: input.outpoint,
                    script_sig: ScriptBuf::new(),
                    sequence: input.sequence,
                    witness: Witness::new(),
                })
                .collect(),
            output: self
                .outputs
                .iter()
                .map(|output| output.txout.clone())
                .collect(),
        }
    }
}

fn input_map(
    index: usize,
    template: &TemplateInput,
    wallet: &Wallet,
) -> Result<RawMap, BuildError> {
    let (branch, own_index) = template.own;
    if wallet.script_pubkey(branch, own_index)? != template.utxo.script_pubkey {
        return Err(BuildError::ForeignInput {
            input: index,
            branch,
            index: own_index,
        });
    }
    let kind = wallet.kind();
    let mut map = RawMap::default();
    if !kind.commits_to_amounts() {
        let transaction = template
            .previous_transaction
            .as_deref()
            .ok_or(BuildError::PreviousTransactionMissing(index))?;
        check_previous(index, template, transaction)?;
        map.set(
            RawKey::plain(input::NON_WITNESS_UTXO),
            serialize(transaction),
        );
    }
    if kind.has_witness() {
        map.set(
            RawKey::plain(input::WITNESS_UTXO),
            serialize(&template.utxo),
        );
    }
    let fields = OriginFields {
        redeem_script: input::REDEEM_SCRIPT,
        bip32: input::BIP32_DERIVATION,
        tap_internal_key: input::TAP_INTERNAL_KEY,
        tap_bip32: input::TAP_BIP32_DERIVATION,
    };
    add_origin(&mut map, &fields, wallet, template.own)?;
    Ok(map)
}

fn check_previous(
    index: usize,
    template: &TemplateInput,
    transaction: &Transaction,
) -> Result<(), BuildError> {
    let (expected, found) = (template.outpoint.txid, transaction.compute_txid());
    if expected != found {
        return Err(BuildError::PreviousTransactionWrong {
            input: index,
            expected,
            found,
        });
    }
    let output = usize::try_from(template.outpoint.vout)
        .ok()
        .and_then(|vout| transaction.output.get(vout));
    if output == Some(&template.utxo) {
        Ok(())
    } else {
        Err(BuildError::CoinDiffers(index))
    }
}

fn add_v2_input(map: &mut RawMap, template: &TemplateInput) {
    let outpoint = template.outpoint;
    map.set(
        RawKey::plain(input::PREVIOUS_TXID),
        serialize(&outpoint.txid),
    );
    map.set(
        RawKey::plain(input::OUTPUT_INDEX),
        outpoint.vout.to_le_bytes().to_vec(),
    );
    map.set(
        RawKey::plain(input::SEQUENCE),
        template.sequence.0.to_le_bytes().to_vec(),
    );
}

fn output_map(
    index: usize,
    template: &TemplateOutput,
    wallet: &Wallet,
) -> Result<RawMap, BuildError> {
    let mut map = RawMap::default();
    let Some((branch, own_index)) = template.own else {
        return Ok(map);
    };
    if wallet.script_pubkey(branch, own_index)? != template.txout.script_pubkey {
        return Err(BuildError::ForeignOutput {
            output: index,
            branch,
            index: own_index,
        });
    }
    let fields = OriginFields {
        redeem_script: output::REDEEM_SCRIPT,
        bip32: output::BIP32_DERIVATION,
        tap_internal_key: output::TAP_INTERNAL_KEY,
        tap_bip32: output::TAP_BIP32_DERIVATION,
    };
    add_origin(&mut map, &fields, wallet, (branch, own_index))?;
    Ok(map)
}

/// The types of the same fields in inputs and outputs.
struct OriginFields {
    redeem_script: u64,
    bip32: u64,
    tap_internal_key: u64,
    tap_bip32: u64,
}

fn add_origin(
    map: &mut RawMap,
    fields: &OriginFields,
    wallet: &Wallet,
    (branch, index): (Branch, u32),
) -> Result<(), BuildError> {
    let (key, source) = wallet.key_origin(branch, index)?;
    let source = key_source_bytes(&source);
    if wallet.kind() == WalletKind::Single(ScriptType::Taproot) {
        let x_only = key.x_only_public_key().0.serialize();
        map.set(RawKey::plain(fields.tap_internal_key), x_only.to_vec());
        // No leaf hashes: the key signs for the key path only.
        map.set(
            RawKey::with_data(fields.tap_bip32, x_only),
            [&[0], source.as_slice()].concat(),
        );
        return Ok(());
    }
    if let Some(script) = wallet.redeem_script(branch, index)? {
        map.set(RawKey::plain(fields.redeem_script), script.into_bytes());
    }
    map.set(RawKey::with_data(fields.bip32, key.serialize()), source);
    Ok(())
}

fn compact_size(count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_compact_size(&mut bytes, count as u64);
    bytes
}

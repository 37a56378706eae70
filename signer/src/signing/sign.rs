//! Signing what was approved.

use std::collections::HashMap;
use std::num::NonZero;
use std::thread;

use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{EcdsaSighashType, PublicKey, TapSighashType, Transaction, TxOut, Txid};
use cofferdam_core::ScriptType;
use cofferdam_core::keys::{AccountKey, SignError};
use cofferdam_core::psbt::{InputSignature, Parsed, SignatureKind};
use cofferdam_core::review::{Reviewed, Spend};
use cofferdam_core::wallet::{DeriveError, Wallet, WalletId};
use cofferdam_memory::{Pages, on_stack, ordinary};

use super::approve::Approved;

/// A wallet and the key of its account.
pub(crate) struct SigningWallet<'a> {
    /// The wallet.
    pub(crate) wallet: &'a Wallet,
    /// Its account's key.
    pub(crate) key: AccountKey,
}

/// One signed PSBT.
pub(crate) struct Signed {
    /// The id of the unsigned transaction.
    pub(crate) txid: Txid,
    /// The PSBT, in the encoding and version in which it came.
    pub(crate) psbt: Vec<u8>,
    /// How many signatures were made.
    pub(crate) signatures: usize,
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningError {
    /// The key made none.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The wallet has no such index.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// No key for a wallet: it was registered without an account.
    #[error("the vault has no key for wallet {0}")]
    NoKey(WalletId),
    /// The signature hash cannot be computed for what was reviewed.
    #[error("the signature hash of input {0} cannot be computed")]
    Sighash(usize),
    /// A coin is not known, although the review let it pass.
    #[error("the coins of the transaction are not all known")]
    CoinsUnknown,
    /// A signing thread ended early.
    #[error("a signing thread ended early")]
    Thread,
}

/// The stack that a signing thread works on, in pages for secrets: keys pass over it. It is ample for libsecp256k1.
const STACK: usize = 128 * 1024;

/// With the 6 MiB of the process itself, the stacks of so many threads are the 8 MiB that may be locked.
const MAX_THREADS: usize = 16;

/// What one input's signature needs.
struct Task<'a> {
    spend: &'a Spend,
    key: &'a AccountKey,
    /// The hash to sign; none for legacy inputs, whose hash costs as much as the transaction is long and is computed where
    /// it is signed.
    message: Option<Message>,
    /// The taproot sighash type that the PSBT asks for.
    taproot: TapSighashType,
}

/// Signs every input of every transaction that was approved, in parallel. Each signature is verified as it is made.
pub(crate) fn sign(
    approved: Approved,
    keys: &HashMap<WalletId, SigningWallet<'_>>,
) -> Result<Vec<Signed>, SigningError> {
    let examined = approved.into_examined();
    examined
        .reviewed
        .iter()
        .map(|reviewed| {
            let signatures = signatures(reviewed, keys)?;
            let parsed = reviewed.parsed();
            Ok(Signed {
                txid: parsed.txid(),
                psbt: ordinary(|| parsed.with_signatures(&signatures))
                    .map_err(|error| SigningError::Sighash(error.input))?,
                signatures: signatures.len(),
            })
        })
        .collect()
}

fn signatures(
    reviewed: &Reviewed,
    keys: &HashMap<WalletId, SigningWallet<'_>>,
) -> Result<Vec<InputSignature>, SigningError> {
    let coins = reviewed.coins().ok_or(SigningError::CoinsUnknown)?;
    let tasks = tasks(reviewed, coins, keys)?;
    let transaction = reviewed.parsed().unsigned_tx();
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MAX_THREADS);
    let share = tasks.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = tasks
            .chunks(share)
            .map(|share| {
                scope.spawn(move || -> Result<Vec<InputSignature>, SigningError> {
                    let sign = || share.iter().map(|task| signature(task, transaction)).collect();
                    on_stack(STACK, Pages::Secret, sign).map_err(|_| SigningError::Thread)?
                })
            })
            .collect();
        let mut signatures = Vec::with_capacity(tasks.len());
        for worker in workers {
            signatures.extend(worker.join().map_err(|_| SigningError::Thread)??);
        }
        Ok(signatures)
    })
}

/// Prepares each input's signature. The parts of the signature hash that inputs share are computed once.
fn tasks<'a>(
    reviewed: &'a Reviewed,
    coins: &[TxOut],
    keys: &'a HashMap<WalletId, SigningWallet<'_>>,
) -> Result<Vec<Task<'a>>, SigningError> {
    let parsed: &Parsed = reviewed.parsed();
    let mut cache = SighashCache::new(parsed.unsigned_tx());
    let mut tasks = Vec::with_capacity(reviewed.spends().len());
    for spend in reviewed.spends() {
        let input = spend.input;
        let claims = parsed.inputs().get(input).ok_or(SigningError::Sighash(input))?;
        if claims.is_final() {
            continue;
        }
        let owner = keys.get(&spend.wallet).ok_or(SigningError::NoKey(spend.wallet))?;
        let taproot = match claims.sighash_type {
            None | Some(0) => TapSighashType::Default,
            Some(_) => TapSighashType::All,
        };
        let message = match spend.script_type {
            ScriptType::Legacy => None,
            ScriptType::Nested | ScriptType::Segwit => {
                let nested = owner.wallet.redeem_script(spend.branch, spend.index)?;
                let program = nested.as_ref().unwrap_or(&spend.script_pubkey);
                let hash = cache
                    .p2wpkh_signature_hash(input, program, spend.amount, EcdsaSighashType::All)
                    .map_err(|_| SigningError::Sighash(input))?;
                Some(Message::from_digest(hash.to_byte_array()))
            }
            ScriptType::Taproot => {
                let hash = cache
                    .taproot_key_spend_signature_hash(input, &Prevouts::All(coins), taproot)
                    .map_err(|_| SigningError::Sighash(input))?;
                Some(Message::from_digest(hash.to_byte_array()))
            }
        };
        tasks.push(Task {
            spend,
            key: &owner.key,
            message,
            taproot,
        });
    }
    Ok(tasks)
}

fn signature(task: &Task<'_>, transaction: &Transaction) -> Result<InputSignature, SigningError> {
    let Spend {
        input,
        branch,
        index,
        ref script_pubkey,
        script_type,
        ..
    } = *task.spend;
    let message = match task.message {
        Some(message) => message,
        None => {
            let hash = SighashCache::new(transaction)
                .legacy_signature_hash(input, script_pubkey, EcdsaSighashType::All.to_u32())
                .map_err(|_| SigningError::Sighash(input))?;
            Message::from_digest(hash.to_byte_array())
        }
    };
    let kind = match script_type {
        ScriptType::Taproot => SignatureKind::TaprootKeySpend {
            signature: bitcoin::taproot::Signature {
                signature: task.key.sign_taproot_key_spend(branch, index, &message, None)?,
                sighash_type: task.taproot,
            },
        },
        ScriptType::Legacy | ScriptType::Nested | ScriptType::Segwit => {
            let (public_key, signature) = task.key.sign_ecdsa(branch, index, &message)?;
            SignatureKind::Ecdsa {
                public_key: PublicKey::new(public_key),
                signature: bitcoin::ecdsa::Signature {
                    signature,
                    sighash_type: EcdsaSighashType::All,
                },
            }
        }
    };
    Ok(InputSignature { input, kind })
}

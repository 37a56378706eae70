//! Signing what was approved.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bitcoin::{EcdsaSighashType, PublicKey, TapSighashType, Txid};
use cofferdam_core::ScriptType;
use cofferdam_core::keys::{AccountKey, SignError};
use cofferdam_core::psbt::{InputSignature, Parsed, SignatureKind};
use cofferdam_core::review::{Reviewed, Spend};
use cofferdam_core::wallet::{DeriveError, Wallet, WalletId};
use cofferdam_memory::{Pages, on_stack, ordinary};

use super::consent::Consented;
use super::hashes::Hashes;
use super::verify::verify;

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

/// The stack that a signing thread works on, in pages for secrets: keys pass over it. It is ample
/// for libsecp256k1.
const STACK: usize = 128 * 1024;

/// With the 6 MiB of the process itself, the stacks of so many threads are the 8 MiB that may be
/// locked.
const MAX_THREADS: usize = 16;

/// How many inputs a thread takes at a time. Few, for neither threads nor signatures take all the
/// same time: low R is found at the first try or at the tenth.
const INPUTS_AT_A_TIME: usize = 8;

/// What one input's signature needs.
struct Task<'a> {
    spend: &'a Spend,
    owner: &'a SigningWallet<'a>,
    /// The taproot sighash type that the PSBT asks for.
    taproot: TapSighashType,
}

/// Signs every input of every transaction that was approved, in parallel. None leaves that
/// [`verify`] has not proven.
pub(crate) fn sign(
    approved: Consented,
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
    let tasks = tasks(reviewed, keys)?;
    let transaction = reviewed.parsed().unsigned_tx();
    let threads = threads_for(tasks.len());
    let taken = AtomicUsize::new(0);
    let work = || {
        let mut hashes = Hashes::new(transaction, coins);
        let mut signatures = Vec::with_capacity(tasks.len() / threads);
        while let Some(share) = tasks
            .chunks(INPUTS_AT_A_TIME)
            .nth(taken.fetch_add(1, Ordering::Relaxed))
        {
            for task in share {
                let made = signature(task, &mut hashes);
                if made.is_err() {
                    // Nothing leaves, so nothing more is signed.
                    taken.store(tasks.len(), Ordering::Relaxed);
                }
                signatures.push(made?);
            }
        }
        Ok(signatures)
    };
    let mut signatures = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<Vec<InputSignature>, SigningError> {
                    on_stack(STACK, Pages::Secret, work).map_err(|_| SigningError::Thread)?
                })
            })
            .collect();
        // All of them first: a scope that is left while a thread has panicked panics too.
        let made: Vec<_> = workers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        let mut signatures = Vec::with_capacity(tasks.len());
        for made in made {
            signatures.extend(made.map_err(|_| SigningError::Thread)??);
        }
        Ok::<_, SigningError>(signatures)
    })?;
    // Whoever was quicker: the same bytes each time.
    signatures.sort_unstable_by_key(|signature| signature.input);
    verify(transaction, coins, &signatures)?;
    Ok(signatures)
}

/// Returns how many threads work on so many inputs.
pub(super) fn threads_for(inputs: usize) -> usize {
    thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MAX_THREADS)
        .min(inputs.div_ceil(INPUTS_AT_A_TIME))
        .max(1)
}

/// Says for each input what its signature needs.
fn tasks<'a>(
    reviewed: &'a Reviewed,
    keys: &'a HashMap<WalletId, SigningWallet<'a>>,
) -> Result<Vec<Task<'a>>, SigningError> {
    let parsed: &Parsed = reviewed.parsed();
    let mut tasks = Vec::with_capacity(reviewed.spends().len());
    for spend in reviewed.spends() {
        let claims = parsed
            .inputs()
            .get(spend.input)
            .ok_or(SigningError::Sighash(spend.input))?;
        if claims.is_final() {
            continue;
        }
        let owner = keys
            .get(&spend.wallet)
            .ok_or(SigningError::NoKey(spend.wallet))?;
        let taproot = match claims.sighash_type {
            None | Some(0) => TapSighashType::Default,
            Some(_) => TapSighashType::All,
        };
        tasks.push(Task {
            spend,
            owner,
            taproot,
        });
    }
    Ok(tasks)
}

fn signature(task: &Task<'_>, hashes: &mut Hashes<'_>) -> Result<InputSignature, SigningError> {
    let Spend {
        input,
        branch,
        index,
        script_type,
        ..
    } = *task.spend;
    let key = &task.owner.key;
    let message = hashes.message(task.spend, task.owner, task.taproot)?;
    let kind = match script_type {
        ScriptType::Taproot => SignatureKind::TaprootKeySpend {
            signature: bitcoin::taproot::Signature {
                signature: key.sign_taproot_key_spend(branch, index, &message, None)?,
                sighash_type: task.taproot,
            },
        },
        ScriptType::Legacy | ScriptType::Nested | ScriptType::Segwit => {
            let (public_key, signature) = key.sign_ecdsa(branch, index, &message)?;
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

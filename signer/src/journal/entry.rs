//! What one record says.

use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, OutPoint, ScriptBuf, Txid};
use cofferdam_core::wallet::WalletId;
use minicbor::{Decode, Encode};

/// One entry. Times are the offline machine's clock's, which nobody vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Entry {
    /// Seconds since 1970, UTC.
    #[n(0)]
    pub(crate) time: u64,
    /// The vault's generation when the entry was made.
    #[n(1)]
    pub(crate) generation: u64,
    /// In what the machine was not fit, and allowed by the operator: `network`, `swap`.
    #[n(2)]
    pub(crate) unfit: Vec<String>,
    /// What happened.
    #[n(3)]
    pub(crate) event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Event {
    /// The vault was created with a new seed.
    #[n(0)]
    Created,
    /// The vault was created from words.
    #[n(1)]
    Restored,
    /// The vault was unlocked by this command on a machine that was not fit.
    #[n(2)]
    Unlocked(#[n(0)] String),
    /// A transaction was approved; its signatures could leave once this record was durable.
    #[n(3)]
    Signed(#[n(0)] TransactionRecord),
    /// A transaction was refused, by these codes.
    #[n(4)]
    Refused(#[n(0)] TransactionRecord, #[n(1)] Vec<String>),
    /// A signed transaction of another journal of the same seed.
    #[n(5)]
    Imported {
        /// The other journal's vault.
        #[cbor(n(0), with = "minicbor::bytes")]
        vault_id: [u8; 16],
        /// Its sequence number there.
        #[n(1)]
        sequence: u64,
        /// When it was signed.
        #[n(2)]
        time: u64,
        /// What was signed.
        #[n(3)]
        transaction: TransactionRecord,
    },
    /// An import came to its end: the vault has the memory of that journal up to this record.
    #[n(6)]
    ImportDone {
        /// The other journal's vault.
        #[cbor(n(0), with = "minicbor::bytes")]
        vault_id: [u8; 16],
        /// How many records it had.
        #[n(1)]
        count: u64,
        /// The hash of its last record.
        #[cbor(n(2), with = "minicbor::bytes")]
        head: [u8; 32],
    },
    /// The policy was changed, in these words.
    #[n(7)]
    PolicyChanged(#[n(0)] Vec<String>),
    /// The operator told how far a wallet's addresses are in use: what holds from then on, whatever
    /// held before.
    #[n(17)]
    MarkedUsed(#[n(0)] MarksRecord),
    /// What the vault holds beside its secrets, as this write left it: so that a vault's file that
    /// is put back is brought up.
    #[n(18)]
    State {
        /// What of it changed: `accounts`, `policy`.
        #[n(0)]
        parts: Vec<String>,
        /// The whole of it, as `Body::state` encodes it.
        #[cbor(n(1), with = "minicbor::bytes")]
        state: Vec<u8>,
        /// Whether the vault knows everything that its seed signed, as far as it can be told: its
        /// memory is not missing.
        #[n(2)]
        remembers: bool,
    },
    /// The vault was sealed anew under a generation of its own choice, after it and the journal had
    /// parted, or a generation that no writing comes to. Generations before this entry do not count
    /// on.
    #[n(19)]
    Resealed {
        /// The generation that was opened.
        #[n(0)]
        from: u64,
        /// What the journal knew beyond it.
        #[n(1)]
        beyond: Vec<String>,
    },
    /// What opens the vault was changed; written after the vault.
    #[n(20)]
    CredentialChanged {
        /// Whether the data key was drawn anew.
        #[n(0)]
        rotated: bool,
    },
    /// The operator compared an import with a note of their own.
    #[n(21)]
    ImportConfirmed {
        /// The other journal's vault.
        #[cbor(n(0), with = "minicbor::bytes")]
        vault_id: [u8; 16],
        /// How many records it had.
        #[n(1)]
        count: u64,
        /// The hash of its last record.
        #[cbor(n(2), with = "minicbor::bytes")]
        head: [u8; 32],
    },
    /// A transaction was refused: what is enough to recognise it by, in at most one block of a
    /// record. [`Event::Refused`] is its old form, which is read for ever and written no more.
    #[n(22)]
    Declined(#[n(0)] RefusalRecord),
}

/// The highest indices in use of a wallet, as the operator told them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MarksRecord {
    /// The wallet.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) wallet_id: [u8; 32],
    /// Of the receive branch; none if none was told.
    #[n(1)]
    pub(crate) receive: Option<u32>,
    /// Of the change branch.
    #[n(2)]
    pub(crate) change: Option<u32>,
}

/// A transaction that was refused. Nothing is decided by it, and whoever hands over files to be
/// refused shall not fill the journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RefusalRecord {
    /// The id of the unsigned transaction.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) txid: [u8; 32],
    /// The wallet it would spend from; none when it owns no input.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) wallet_id: Option<[u8; 32]>,
    /// How many inputs it has.
    #[n(2)]
    pub(crate) inputs: u64,
    /// How many outputs it has.
    #[n(3)]
    pub(crate) outputs: u64,
    /// The fee in satoshi, when it is known.
    #[n(4)]
    pub(crate) fee_sat: Option<u64>,
    /// The digest of the review that the operator saw.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) review: [u8; 32],
    /// The first of the codes that speak against it.
    #[n(6)]
    pub(crate) codes: Vec<String>,
    /// How many codes there are besides.
    #[n(7)]
    pub(crate) more_codes: u64,
}

impl RefusalRecord {
    /// How many bytes the codes have together at most.
    const CODES: usize = 160;

    /// Takes of a transaction what is recorded of a refusal.
    pub(crate) fn of(
        transaction: &TransactionRecord,
        [inputs, outputs]: [usize; 2],
        codes: &[String],
    ) -> Self {
        let mut left = RefusalRecord::CODES;
        let fits = |code: &&String| match left.checked_sub(code.len()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        let kept: Vec<String> = codes.iter().take_while(fits).cloned().collect();
        RefusalRecord {
            txid: transaction.txid,
            wallet_id: transaction.wallet_id,
            inputs: inputs as u64,
            outputs: outputs as u64,
            fee_sat: transaction.fee_sat,
            review: transaction.review,
            more_codes: (codes.len() - kept.len()) as u64,
            codes: kept,
        }
    }

    /// The id of the unsigned transaction.
    pub(crate) fn txid(&self) -> Txid {
        Txid::from_byte_array(self.txid)
    }

    /// The wallet it would spend from.
    pub(crate) fn wallet_id(&self) -> Option<WalletId> {
        self.wallet_id.map(WalletId::from_bytes)
    }
}

/// A transaction as it was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct TransactionRecord {
    /// The id of the unsigned transaction.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) txid: [u8; 32],
    /// The wallet it spends from; none when it owns no input.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) wallet_id: Option<[u8; 32]>,
    /// Its inputs, in order.
    #[n(2)]
    pub(crate) inputs: Vec<InputRecord>,
    /// Its outputs, in order.
    #[n(3)]
    pub(crate) outputs: Vec<OutputRecord>,
    /// The fee in satoshi, when it is known.
    #[n(4)]
    pub(crate) fee_sat: Option<u64>,
    /// The hash of the manifest it belongs to, if any.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) manifest: Option<[u8; 32]>,
    /// The payouts it pays, if they are known.
    #[n(6)]
    pub(crate) payout_ids: Vec<String>,
    /// The digest of the review that the operator saw.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub(crate) review: [u8; 32],
    /// The codes of the warnings that the operator accepted.
    #[n(8)]
    pub(crate) accepted: Vec<String>,
    /// The ids of transactions that the operator said it supersedes.
    #[n(9)]
    pub(crate) supersedes: Vec<Superseded>,
}

/// The id of a superseded transaction.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Superseded(#[cbor(n(0), with = "minicbor::bytes")] pub(crate) [u8; 32]);

/// How an input's amount was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Proof {
    /// By its previous transaction.
    #[n(0)]
    PreviousTransaction,
    /// By the signature itself, which covers every input's amount (BIP341).
    #[n(1)]
    Signature,
    /// Not at all.
    #[n(2)]
    None,
    /// By the journal alone: no other amount was ever signed for the coin.
    #[n(3)]
    Remembered,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct InputRecord {
    /// The coin's transaction.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) txid: [u8; 32],
    /// The coin's output index.
    #[n(1)]
    pub(crate) vout: u32,
    /// The coin's amount, when it is known.
    #[n(2)]
    pub(crate) amount_sat: Option<u64>,
    /// How it is known.
    #[n(3)]
    pub(crate) proof: Proof,
    /// Where the wallet derives its script; none for a foreign input.
    #[n(4)]
    pub(crate) place: Option<Place>,
}

/// What an output is to the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Class {
    /// A payment to somebody else.
    #[n(0)]
    Payment,
    /// Change, by own derivation.
    #[n(1)]
    Change,
    /// A transfer to an own receive address.
    #[n(2)]
    Own,
    /// Data (OP_RETURN).
    #[n(3)]
    Data,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OutputRecord {
    /// The script it pays.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) script: Vec<u8>,
    /// The amount in satoshi.
    #[n(1)]
    pub(crate) amount_sat: u64,
    /// What it is.
    #[n(2)]
    pub(crate) class: Class,
    /// Where the wallet derives its script, for change and own addresses.
    #[n(3)]
    pub(crate) place: Option<Place>,
}

/// A place in a wallet's derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub(crate) struct Place {
    /// 0 receive, 1 change.
    #[n(0)]
    pub(crate) branch: u32,
    /// The index on the branch.
    #[n(1)]
    pub(crate) index: u32,
}

impl TransactionRecord {
    /// The id of the unsigned transaction.
    pub(crate) fn txid(&self) -> Txid {
        Txid::from_byte_array(self.txid)
    }

    /// The wallet it spends from.
    pub(crate) fn wallet_id(&self) -> Option<WalletId> {
        self.wallet_id.map(WalletId::from_bytes)
    }
}

impl Superseded {
    /// The id.
    pub(crate) fn txid(&self) -> Txid {
        Txid::from_byte_array(self.0)
    }
}

impl InputRecord {
    /// The coin it spends.
    pub(crate) fn outpoint(&self) -> OutPoint {
        OutPoint::new(Txid::from_byte_array(self.txid), self.vout)
    }
}

impl OutputRecord {
    /// Whether it pays somebody, rather than the wallet's own change.
    pub(crate) fn is_payment(&self) -> bool {
        self.class != Class::Change
    }

    /// The script and the amount, which is what makes two payments the same.
    pub(crate) fn payment(&self) -> (ScriptBuf, Amount) {
        (
            ScriptBuf::from_bytes(self.script.clone()),
            Amount::from_sat(self.amount_sat),
        )
    }
}

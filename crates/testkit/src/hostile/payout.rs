//! A plain payout, to be bent into hostile ones. The maps are written here, field by field, and not
//! by the watcher's builder.

use bitcoin::absolute::LockTime;
use bitcoin::bip32::{DerivationPath, Fingerprint, KeySource};
use bitcoin::consensus::serialize;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::{RawKey, RawMap, RawPair, RawPsbt, Version, fields};
use cofferdam_core::wallet::{Branch, Wallet};

use super::fixture::{ours, payee};

/// A coin that a payout spends: the second output of a transaction of its own.
#[derive(Clone, Debug)]
pub struct Coin {
    /// The wallet, branch and index that it belongs to.
    pub own: (&'static Wallet, Branch, u32),
    /// What it pays to in place of the wallet's script.
    pub script: Option<ScriptBuf>,
    /// Its amount in satoshi.
    pub sat: u64,
    /// Tells previous transactions apart.
    pub salt: u32,
    /// The sequence number of the input.
    pub sequence: u32,
}

/// An output of a payout.
#[derive(Clone, Debug)]
pub struct Out {
    /// The script.
    pub script: ScriptBuf,
    /// The amount in satoshi.
    pub sat: u64,
    /// Where the maps say that it stands.
    pub own: Option<(&'static Wallet, Branch, u32)>,
}

/// A payout of 0.5 BTC from coins of 0.6 and 0.4 BTC with a fee of 10,000 satoshi; change on
/// index 7.
#[derive(Clone, Debug)]
pub struct Payout {
    /// What is spent.
    pub coins: Vec<Coin>,
    /// Where it goes.
    pub outputs: Vec<Out>,
    /// The lock time.
    pub lock_time: u32,
    /// The transaction's version.
    pub version: i32,
}

impl Coin {
    /// Returns a coin of a wallet.
    pub fn new(wallet: &'static Wallet, branch: Branch, index: u32, sat: u64, salt: u32) -> Self {
        Self {
            own: (wallet, branch, index),
            script: None,
            sat,
            salt,
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME.0,
        }
    }

    /// Returns the transaction that made it.
    pub fn previous(&self) -> Transaction {
        Transaction {
            version: TxVersion::TWO,
            lock_time: LockTime::from_consensus(self.salt),
            input: vec![TxIn {
                previous_output: OutPoint::new(Txid::from_byte_array([7; 32]), 0),
                sequence: Sequence::ZERO,
                script_sig: ScriptBuf::new(),
                witness: Witness::new(),
            }],
            output: vec![
                TxOut {
                    value: Amount::from_sat(1_000),
                    script_pubkey: payee(9),
                },
                self.txout(),
            ],
        }
    }

    /// Returns its amount and script.
    pub fn txout(&self) -> TxOut {
        let (wallet, branch, index) = self.own;
        TxOut {
            value: Amount::from_sat(self.sat),
            script_pubkey: self
                .script
                .clone()
                .unwrap_or_else(|| script(wallet, branch, index)),
        }
    }

    /// Returns its outpoint.
    pub fn outpoint(&self) -> OutPoint {
        OutPoint::new(self.previous().compute_txid(), 1)
    }

    fn map(&self) -> RawMap {
        let (wallet, branch, index) = self.own;
        let mut map = RawMap::default();
        if wallet.single().unwrap().script_type() != ScriptType::Taproot {
            map.set(
                RawKey::plain(fields::input::NON_WITNESS_UTXO),
                serialize(&self.previous()),
            );
        }
        if wallet.single().unwrap().script_type() != ScriptType::Legacy {
            map.set(
                RawKey::plain(fields::input::WITNESS_UTXO),
                serialize(&self.txout()),
            );
        }
        if let Some(redeem) = wallet.redeem_script(branch, index).expect("a script") {
            map.set(
                RawKey::plain(fields::input::REDEEM_SCRIPT),
                redeem.into_bytes(),
            );
        }
        claim_input(&mut map, wallet, branch, index);
        map
    }
}

impl Payout {
    /// Returns the plain payout of the vault's wallet of this type.
    pub fn new(script_type: ScriptType) -> Self {
        Self::of(ours(script_type))
    }

    /// Returns the plain payout of a wallet.
    pub fn of(wallet: &'static Wallet) -> Self {
        Self {
            coins: vec![
                Coin::new(wallet, Branch::Receive, 0, 60_000_000, 0),
                Coin::new(wallet, Branch::Change, 3, 40_000_000, 1),
            ],
            outputs: vec![
                Out {
                    script: payee(1),
                    sat: 50_000_000,
                    own: None,
                },
                Out {
                    script: script(wallet, Branch::Change, 7),
                    sat: 49_990_000,
                    own: Some((wallet, Branch::Change, 7)),
                },
            ],
            lock_time: 0,
            version: 2,
        }
    }

    /// Changes it.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Adds an output to a script that nobody claims.
    pub fn pay(&mut self, script: ScriptBuf, sat: u64) {
        self.outputs.push(Out {
            script,
            sat,
            own: None,
        });
    }

    /// Adds an output of a wallet, declared as such.
    pub fn pay_own(&mut self, wallet: &'static Wallet, branch: Branch, index: u32, sat: u64) {
        self.outputs.push(Out {
            script: script(wallet, branch, index),
            sat,
            own: Some((wallet, branch, index)),
        });
    }

    /// Returns the transaction.
    pub fn unsigned_tx(&self) -> Transaction {
        let inputs = self.coins.iter().map(|coin| TxIn {
            previous_output: coin.outpoint(),
            sequence: Sequence(coin.sequence),
            script_sig: ScriptBuf::new(),
            witness: Witness::new(),
        });
        let outputs = self.outputs.iter().map(|output| TxOut {
            value: Amount::from_sat(output.sat),
            script_pubkey: output.script.clone(),
        });
        Transaction {
            version: TxVersion(self.version),
            lock_time: LockTime::from_consensus(self.lock_time),
            input: inputs.collect(),
            output: outputs.collect(),
        }
    }

    /// Returns the coins that it spends, in order.
    pub fn txouts(&self) -> Vec<TxOut> {
        self.coins.iter().map(Coin::txout).collect()
    }

    /// Returns the maps of its PSBT.
    pub fn raw(&self, version: Version) -> RawPsbt {
        let transaction = self.unsigned_tx();
        let mut raw = RawPsbt {
            global: RawMap::default(),
            inputs: self.coins.iter().map(Coin::map).collect(),
            outputs: self.outputs.iter().map(output_map).collect(),
        };
        match version {
            Version::V0 => raw.global.set(
                RawKey::plain(fields::global::UNSIGNED_TX),
                unsigned_bytes(&transaction),
            ),
            Version::V2 => make_v2(&mut raw, &transaction),
        }
        raw
    }

    /// Returns its PSBT of version 0.
    pub fn psbt(&self) -> Vec<u8> {
        self.raw(Version::V0).to_bytes()
    }

    /// Returns its PSBT of version 0 after a change to the maps.
    pub fn edited(&self, edit: impl FnOnce(&mut RawPsbt)) -> Vec<u8> {
        self.edited_as(Version::V0, edit)
    }

    /// Returns its PSBT after a change to the maps.
    pub fn edited_as(&self, version: Version, edit: impl FnOnce(&mut RawPsbt)) -> Vec<u8> {
        let mut raw = self.raw(version);
        edit(&mut raw);
        raw.to_bytes()
    }
}

/// Returns the script of a place in a wallet.
pub fn script(wallet: &Wallet, branch: Branch, index: u32) -> ScriptBuf {
    wallet
        .script_pubkey(branch, index)
        .expect("an index in range")
}

/// Writes a transaction without witnesses, also when it has no inputs.
pub fn unsigned_bytes(transaction: &Transaction) -> Vec<u8> {
    let mut bytes = serialize(&transaction.version);
    bytes.extend(serialize(&transaction.input));
    bytes.extend(serialize(&transaction.output));
    bytes.extend(serialize(&transaction.lock_time));
    bytes
}

fn output_map(output: &Out) -> RawMap {
    let mut map = RawMap::default();
    let Some((wallet, branch, index)) = output.own else {
        return map;
    };
    if let Some(redeem) = wallet.redeem_script(branch, index).expect("a script") {
        map.set(
            RawKey::plain(fields::output::REDEEM_SCRIPT),
            redeem.into_bytes(),
        );
    }
    claim_output(&mut map, wallet, branch, index);
    map
}

fn make_v2(raw: &mut RawPsbt, transaction: &Transaction) {
    use fields::{global, input, output};
    let mut set = |key, value: Vec<u8>| raw.global.set(RawKey::plain(key), value);
    set(
        global::TX_VERSION,
        transaction.version.0.to_le_bytes().to_vec(),
    );
    set(global::FALLBACK_LOCKTIME, serialize(&transaction.lock_time));
    set(global::INPUT_COUNT, compact_size(transaction.input.len()));
    set(global::OUTPUT_COUNT, compact_size(transaction.output.len()));
    set(global::VERSION, 2u32.to_le_bytes().to_vec());
    for (map, tx_in) in raw.inputs.iter_mut().zip(&transaction.input) {
        let outpoint = tx_in.previous_output;
        map.set(
            RawKey::plain(input::PREVIOUS_TXID),
            serialize(&outpoint.txid),
        );
        map.set(
            RawKey::plain(input::OUTPUT_INDEX),
            serialize(&outpoint.vout),
        );
        map.set(RawKey::plain(input::SEQUENCE), serialize(&tx_in.sequence));
    }
    for (map, tx_out) in raw.outputs.iter_mut().zip(&transaction.output) {
        map.set(RawKey::plain(output::AMOUNT), serialize(&tx_out.value));
        map.set(
            RawKey::plain(output::SCRIPT),
            tx_out.script_pubkey.clone().into_bytes(),
        );
    }
}

fn compact_size(count: usize) -> Vec<u8> {
    serialize(&bitcoin::VarInt::from(count))
}

/// Adds to an input's map the claim that it is a wallet's.
pub fn claim_input(map: &mut RawMap, wallet: &Wallet, branch: Branch, index: u32) {
    use fields::input::{BIP32_DERIVATION, TAP_BIP32_DERIVATION, TAP_INTERNAL_KEY};
    claim(
        map,
        wallet,
        branch,
        index,
        [BIP32_DERIVATION, TAP_BIP32_DERIVATION, TAP_INTERNAL_KEY],
    );
}

/// Adds to an output's map the claim that it is a wallet's.
pub fn claim_output(map: &mut RawMap, wallet: &Wallet, branch: Branch, index: u32) {
    use fields::output::{BIP32_DERIVATION, TAP_BIP32_DERIVATION, TAP_INTERNAL_KEY};
    claim(
        map,
        wallet,
        branch,
        index,
        [BIP32_DERIVATION, TAP_BIP32_DERIVATION, TAP_INTERNAL_KEY],
    );
}

fn claim(map: &mut RawMap, wallet: &Wallet, branch: Branch, index: u32, fields: [u64; 3]) {
    let [bip32, tap_bip32, tap_internal] = fields;
    let (key, source) = wallet.key_origin(branch, index).expect("a key");
    if wallet.single().unwrap().script_type() == ScriptType::Taproot {
        let x_only = key.x_only_public_key().0.serialize();
        map.set(RawKey::plain(tap_internal), x_only.to_vec());
        map.set(
            RawKey::with_data(tap_bip32, x_only),
            [&[0], origin_bytes(&source).as_slice()].concat(),
        );
    } else {
        map.set(
            RawKey::with_data(bip32, key.serialize()),
            origin_bytes(&source),
        );
    }
}

fn origin_bytes((fingerprint, path): &KeySource) -> Vec<u8> {
    let steps = path
        .into_iter()
        .flat_map(|step| u32::from(*step).to_le_bytes());
    fingerprint.to_bytes().into_iter().chain(steps).collect()
}

/// Returns the bytes of a derivation.
pub fn origin(fingerprint: Fingerprint, path: &str) -> Vec<u8> {
    let path: DerivationPath = path.parse().expect("a path");
    origin_bytes(&(fingerprint, path))
}

/// Returns a map's first pair of a type, to be changed.
pub fn pair(map: &mut RawMap, key_type: u64) -> &mut RawPair {
    map.pairs
        .iter_mut()
        .find(|pair| pair.key.key_type == key_type)
        .expect("the field is there")
}

/// Sets a field without key data.
pub fn set(map: &mut RawMap, key_type: u64, value: impl Into<Vec<u8>>) {
    map.set(RawKey::plain(key_type), value.into());
}

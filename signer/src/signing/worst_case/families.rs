//! Files that take as much work as their makers could think of, each family by two numbers.

use bitcoin::absolute::LockTime;
use bitcoin::bip32::Fingerprint;
use bitcoin::consensus::serialize;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, WPubkeyHash, Witness,
};
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::fields::{global, input, output};
use cofferdam_core::psbt::{RawKey, RawMap, RawPair, RawPsbt};
use cofferdam_core::wallet::{Branch, Wallet};

use super::draw::Draw;
use crate::signing::tests::wallet_of;

/// What a file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Own inputs with junk signatures of own keys, in every form that a PSBT has.
    JunkSignatures,
    /// Signatures of strangers, with every sighash byte.
    SighashBytes,
    /// Derivations of outputs that do not claim to be ours and lead into our wallet.
    Unclaimed,
    /// Derivations that claim to be ours, and are false.
    FalseClaims,
    /// Own inputs and outputs, all true.
    Own,
    /// Paths of many steps.
    LongPaths,
    /// A previous transaction of many outputs, given to several inputs.
    LargePrevious,
    /// Another previous transaction for every input.
    ManyPrevious,
    /// Fields that nobody knows.
    Unknown,
    /// Fields of one long key or value.
    LongFields,
    /// Taproot trees, leaves, and keys of several signers.
    Taproot,
    /// Extended public keys.
    Xpubs,
    /// Inputs that say nothing of their coins, some of them twice.
    BareInputs,
    /// Outputs of a script that is as short as can be.
    BareOutputs,
    /// Data, in one output or in many.
    Data,
    /// Outputs that look alike, pay dust, or nothing.
    Alike,
    /// Coins with a long script.
    LongScripts,
    /// Finished inputs whose witness has many items.
    Witnesses,
}

impl Family {
    pub(super) const ALL: [Family; 18] = [
        Family::JunkSignatures,
        Family::SighashBytes,
        Family::Unclaimed,
        Family::FalseClaims,
        Family::Own,
        Family::LongPaths,
        Family::LargePrevious,
        Family::ManyPrevious,
        Family::Unknown,
        Family::LongFields,
        Family::Taproot,
        Family::Xpubs,
        Family::BareInputs,
        Family::BareOutputs,
        Family::Data,
        Family::Alike,
        Family::LongScripts,
        Family::Witnesses,
    ];

    /// The most of its two numbers that are tried: beyond, every parser would refuse the file for
    /// its size alone.
    pub(super) fn most(self) -> (usize, usize) {
        match self {
            Family::JunkSignatures | Family::SighashBytes => (1_500, 60),
            Family::Unclaimed | Family::FalseClaims => (3_000, 33),
            Family::Own => (1_400, 2_000),
            Family::LongPaths => (100, 300_000),
            Family::LargePrevious => (500, 2_000_000),
            Family::ManyPrevious => (1_400, 400),
            Family::Unknown => (1_100_000, 8),
            Family::LongFields => (4, 20_000_000),
            Family::Taproot => (1_000, 3_000),
            Family::Xpubs => (60_000, 5),
            Family::BareInputs => (2_500, 3),
            Family::BareOutputs => (10_000, 3),
            Family::Data => (2_000, 95_000),
            Family::Alike => (3_000, 4),
            Family::LongScripts => (500, 12_000),
            Family::Witnesses => (100, 1_000_000),
        }
    }

    /// Makes a file of this family.
    pub(super) fn psbt(self, [count, size]: [usize; 2], draw: &mut Draw) -> Vec<u8> {
        let script_type = ScriptType::ALL[draw.below(4)];
        let mut made = Made::new(script_type, draw.below(1 << 30) as u32);
        match self {
            Family::JunkSignatures => junk_signatures(&mut made, count, size, draw),
            Family::SighashBytes => sighash_bytes(&mut made, count, size),
            Family::Unclaimed => derivations(&mut made, count, size, false),
            Family::FalseClaims => derivations(&mut made, count, size, true),
            Family::Own => {
                (0..count).for_each(|number| made.own_input(number));
                (0..size).for_each(|number| made.own_output(number));
            }
            Family::LongPaths => long_paths(&mut made, count, size),
            Family::LargePrevious => {
                let previous = previous(&[made.coin()], size, 0);
                for number in 0..count.max(1) {
                    made.spend(&previous, number.min(size) as u32);
                }
            }
            Family::ManyPrevious => {
                for number in 0..count {
                    let previous = previous(&[made.coin()], size, number as u32);
                    made.spend(&previous, 0);
                }
            }
            Family::Unknown => unknown(&mut made, count, size),
            Family::LongFields => {
                for number in 0..count {
                    let place = draw.below(4);
                    long_field(&mut made, number, size, place);
                }
            }
            Family::Taproot => taproot(&mut made, count, size),
            Family::Xpubs => xpubs(&mut made, count, size),
            Family::BareInputs => {
                for number in 0..count {
                    let txid = Txid::from_byte_array([(number / size.max(1)) as u8; 32]);
                    made.input(
                        OutPoint::new(txid, (number / size.max(1)) as u32),
                        RawMap::default(),
                    );
                }
            }
            Family::BareOutputs => {
                for _ in 0..count {
                    made.output(
                        ScriptBuf::from_bytes(vec![0x51; size]),
                        1_000,
                        RawMap::default(),
                    );
                }
            }
            Family::Data => {
                let each = (size / count.max(1)).max(1);
                for _ in 0..count {
                    let script = [&[0x6a][..], &vec![0x1b; each]].concat();
                    made.output(ScriptBuf::from_bytes(script), 0, RawMap::default());
                }
            }
            Family::Alike => {
                for number in 0..count {
                    let mut hash = [0; 20];
                    hash[10..14].copy_from_slice(&((number / size.max(1)) as u32).to_le_bytes());
                    let script = ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash));
                    made.output(script, (number % 300) as u64, RawMap::default());
                }
            }
            Family::LongScripts => {
                for number in 0..count {
                    let coin = TxOut {
                        value: Amount::from_sat(1_000),
                        script_pubkey: ScriptBuf::from_bytes(vec![0x51; size]),
                    };
                    let mut map = RawMap::default();
                    map.set(RawKey::plain(input::WITNESS_UTXO), serialize(&coin));
                    made.input(
                        OutPoint::new(Txid::from_byte_array([9; 32]), number as u32),
                        map,
                    );
                }
            }
            Family::Witnesses => {
                for number in 0..count {
                    made.own_input(number);
                    let mut witness = serialize(&bitcoin::VarInt::from(size));
                    witness.resize(witness.len() + size, 0);
                    let key = RawKey::plain(input::FINAL_SCRIPT_WITNESS);
                    made.last_input().set(key, witness);
                }
            }
        }
        made.psbt()
    }
}

/// A PSBT that is being made.
pub(super) struct Made {
    wallet: Wallet,
    transaction: Transaction,
    inputs: Vec<RawMap>,
    outputs: Vec<RawMap>,
    global: RawMap,
    salt: u32,
    key: (bitcoin::secp256k1::PublicKey, Vec<u8>),
    coin: TxOut,
}

impl Made {
    fn new(script_type: ScriptType, salt: u32) -> Made {
        let wallet = wallet_of(script_type, 0);
        let (key, (fingerprint, path)) = wallet.key_origin(Branch::Receive, 0).unwrap();
        let steps: Vec<u32> = path.into_iter().map(|step| u32::from(*step)).collect();
        let coin = TxOut {
            value: Amount::from_sat(10_000),
            script_pubkey: wallet.script_pubkey(Branch::Receive, 0).unwrap(),
        };
        let mut made = Made {
            key: (key, origin(fingerprint, &steps)),
            wallet,
            coin,
            transaction: Transaction {
                version: TxVersion::TWO,
                lock_time: LockTime::ZERO,
                input: Vec::new(),
                output: Vec::new(),
            },
            inputs: Vec::new(),
            outputs: Vec::new(),
            global: RawMap::default(),
            salt,
        };
        made.own_input(usize::MAX >> 40);
        made.output(
            ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([5; 20])),
            5_000,
            RawMap::default(),
        );
        made
    }

    fn coin(&self) -> TxOut {
        self.coin.clone()
    }

    fn input(&mut self, outpoint: OutPoint, map: RawMap) {
        self.transaction.input.push(TxIn {
            previous_output: outpoint,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::new(),
        });
        self.inputs.push(map);
    }

    fn output(&mut self, script: ScriptBuf, sat: u64, map: RawMap) {
        self.transaction.output.push(TxOut {
            value: Amount::from_sat(sat),
            script_pubkey: script,
        });
        self.outputs.push(map);
    }

    fn last_input(&mut self) -> &mut RawMap {
        self.inputs.last_mut().unwrap()
    }

    /// A coin of ours with all that belongs to it.
    fn own_input(&mut self, number: usize) {
        let bytes = previous(&[self.coin()], 0, self.salt.wrapping_add(number as u32));
        self.spend(&bytes, 0);
    }

    fn spend(&mut self, previous: &[u8], vout: u32) {
        let txid = cofferdam_core::psbt::TransactionIndex::read(previous)
            .unwrap()
            .txid();
        let mut map = RawMap::default();
        let script_type = self.wallet.single().unwrap().script_type();
        map.set(RawKey::plain(input::NON_WITNESS_UTXO), previous.to_vec());
        if script_type != ScriptType::Legacy {
            map.set(RawKey::plain(input::WITNESS_UTXO), serialize(&self.coin));
        }
        if let Some(redeem) = self.wallet.redeem_script(Branch::Receive, 0).unwrap() {
            map.set(RawKey::plain(input::REDEEM_SCRIPT), redeem.into_bytes());
        }
        let fields = (input::BIP32_DERIVATION, input::TAP_BIP32_DERIVATION);
        self.claim(&mut map, fields);
        self.input(OutPoint::new(txid, vout), map);
    }

    fn own_output(&mut self, number: usize) {
        let mut map = RawMap::default();
        self.claim(
            &mut map,
            (output::BIP32_DERIVATION, output::TAP_BIP32_DERIVATION),
        );
        let script = self.coin.script_pubkey.clone();
        self.output(script, 1_000 + number as u64, map);
    }

    fn claim(&self, map: &mut RawMap, (full, x_only): (u64, u64)) {
        let (key, origin) = &self.key;
        match self.wallet.single().unwrap().script_type() {
            ScriptType::Taproot => map.set(
                RawKey::with_data(x_only, key.x_only_public_key().0.serialize()),
                [&[0], origin.as_slice()].concat(),
            ),
            _ => map.set(RawKey::with_data(full, key.serialize()), origin.clone()),
        }
    }

    fn psbt(mut self) -> Vec<u8> {
        let mut bytes = serialize(&self.transaction.version);
        bytes.extend(serialize(&self.transaction.input));
        bytes.extend(serialize(&self.transaction.output));
        bytes.extend(serialize(&self.transaction.lock_time));
        let key = RawKey::plain(global::UNSIGNED_TX);
        self.global.pairs.insert(0, RawPair { key, value: bytes });
        RawPsbt {
            global: self.global,
            inputs: self.inputs,
            outputs: self.outputs,
        }
        .to_bytes()
    }
}

/// A transaction with these outputs first, and so many that are as small as can be behind them.
pub(super) fn previous(first: &[TxOut], more: usize, salt: u32) -> Vec<u8> {
    let head = Transaction {
        version: TxVersion::TWO,
        lock_time: LockTime::from_consensus(salt),
        input: vec![TxIn::default()],
        output: Vec::new(),
    };
    let head = serialize(&head);
    // Version, one input, no outputs, lock time.
    let mut bytes = head[..head.len() - 5].to_vec();
    bytes.extend(serialize(&bitcoin::VarInt::from(first.len() + more)));
    first
        .iter()
        .for_each(|output| bytes.extend(serialize(output)));
    bytes.resize(bytes.len() + more * 9, 0);
    bytes.extend(&head[head.len() - 4..]);
    bytes
}

fn origin(fingerprint: Fingerprint, steps: &[u32]) -> Vec<u8> {
    let mut bytes = fingerprint.to_bytes().to_vec();
    steps
        .iter()
        .for_each(|step| bytes.extend(step.to_le_bytes()));
    bytes
}

/// Keys on the curve that are nobody's: the x-only key of a counter, where it is one.
fn stranger(number: usize) -> [u8; 33] {
    let mut key = [0; 33];
    key[0] = 2;
    for attempt in 0u64.. {
        key[1..9].copy_from_slice(&(number as u64 + 1).to_be_bytes());
        key[25..].copy_from_slice(&attempt.to_be_bytes());
        if bitcoin::PublicKey::from_slice(&key).is_ok() {
            break;
        }
    }
    key
}

/// A signature in strict DER that verifies for nothing.
fn der(sighash: u8) -> Vec<u8> {
    let half = [&[0x02, 0x20][..], &[0x11; 32]].concat();
    [&[0x30, 0x44][..], &half, &half, &[sighash]].concat()
}

fn junk_signatures(made: &mut Made, count: usize, size: usize, draw: &mut Draw) {
    let strangers: Vec<[u8; 33]> = (0..size).map(stranger).collect();
    for number in 0..count {
        made.own_input(number);
        let key = made.key.0.serialize();
        let is_final = draw.below(2) == 0;
        let script_type = made.wallet.single().unwrap().script_type();
        let map = made.last_input();
        match script_type {
            ScriptType::Taproot => {
                map.set(RawKey::plain(input::TAP_KEY_SIG), vec![0x11; 64]);
                if is_final {
                    let witness = Witness::from_slice(&[[0x11; 64]]);
                    map.set(
                        RawKey::plain(input::FINAL_SCRIPT_WITNESS),
                        serialize(&witness),
                    );
                }
            }
            _ => {
                map.set(RawKey::with_data(input::PARTIAL_SIG, key), der(1));
                if is_final {
                    let witness = Witness::from_slice(&[der(1), key.to_vec()]);
                    map.set(
                        RawKey::plain(input::FINAL_SCRIPT_WITNESS),
                        serialize(&witness),
                    );
                }
                for stranger in &strangers {
                    map.set(RawKey::with_data(input::PARTIAL_SIG, *stranger), der(1));
                }
            }
        }
    }
}

fn sighash_bytes(made: &mut Made, count: usize, size: usize) {
    let strangers: Vec<[u8; 33]> = (0..size).map(stranger).collect();
    for number in 0..count {
        made.own_input(number);
        let map = made.last_input();
        for (stranger, byte) in strangers.iter().zip(2u8..) {
            map.set(RawKey::with_data(input::PARTIAL_SIG, *stranger), der(byte));
            let leaf = [&stranger[1..], &[byte; 32]].concat();
            let signature = [&[1; 64][..], &[byte]].concat();
            map.set(RawKey::with_data(input::TAP_SCRIPT_SIG, leaf), signature);
        }
    }
}

fn derivations(made: &mut Made, count: usize, size: usize, claimed: bool) {
    let own = made.key.1.clone();
    let fingerprint = if claimed {
        own[..4].to_vec()
    } else {
        vec![0; 4]
    };
    let value = [fingerprint, own[4..].to_vec()].concat();
    let strangers: Vec<[u8; 33]> = (0..size).map(stranger).collect();
    for number in 0..count {
        let mut hash = [3; 20];
        hash[..4].copy_from_slice(&(number as u32).to_le_bytes());
        let pairs = strangers.iter().map(|stranger| RawPair {
            key: RawKey::with_data(output::BIP32_DERIVATION, *stranger),
            value: value.clone(),
        });
        let map = RawMap {
            pairs: pairs.collect(),
        };
        made.output(
            ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash)),
            1_000 + number as u64,
            map,
        );
    }
}

fn long_paths(made: &mut Made, count: usize, size: usize) {
    let fingerprint = made.wallet.single().unwrap().fingerprint();
    for number in 0..count {
        let mut map = RawMap::default();
        let key = RawKey::with_data(output::BIP32_DERIVATION, stranger(number));
        map.set(key, origin(fingerprint, &vec![0x8000_0001; size]));
        made.output(
            ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([7; 20])),
            1_000 + number as u64,
            map,
        );
    }
}

fn unknown(made: &mut Made, count: usize, size: usize) {
    let maps = made.inputs.len();
    for number in 0..count {
        let data = [&(number as u32).to_le_bytes()[..], &vec![7; size]].concat();
        let pair = RawPair {
            key: RawKey::with_data(0x77, data),
            value: Vec::new(),
        };
        made.inputs[number % maps].pairs.push(pair);
    }
}

fn long_field(made: &mut Made, number: usize, size: usize, place: usize) {
    let map = made.last_input();
    match place {
        0 => map.set(
            RawKey::with_data(0x78, [vec![number as u8], vec![7; size]].concat()),
            Vec::new(),
        ),
        1 => map.set(RawKey::with_data(0x78, [number as u8]), vec![7; size]),
        2 => map.set(RawKey::plain(input::REDEEM_SCRIPT), vec![7; size]),
        _ => map.set(RawKey::plain(input::POR_COMMITMENT), vec![7; size]),
    }
}

fn taproot(made: &mut Made, count: usize, size: usize) {
    let key = stranger(0);
    for number in 0..count {
        let mut map = RawMap::default();
        let path = origin(Fingerprint::default(), &[1; 5]);
        let leaves = [
            serialize(&bitcoin::VarInt::from(size % 200)),
            vec![8; 32 * (size % 200)],
        ];
        map.set(
            RawKey::with_data(output::TAP_BIP32_DERIVATION, &stranger(number)[1..]),
            [leaves.concat(), path].concat(),
        );
        map.set(RawKey::plain(output::TAP_INTERNAL_KEY), key[1..].to_vec());
        let participants = key.repeat(1 + size % 40);
        map.set(
            RawKey::with_data(output::MUSIG2_PARTICIPANTS, key),
            participants,
        );
        let script = ScriptBuf::from_bytes([&[0x51, 0x20][..], &key[1..]].concat());
        made.output(script, 1_000 + number as u64, map);
    }
    // A tree that is one long branch.
    let depth = size.clamp(1, 120) as u8;
    let leaves = (1..=depth)
        .chain([depth])
        .flat_map(|depth| [depth, 0xc0, 1, 0x51]);
    let map = made.outputs.last_mut().unwrap();
    map.set(RawKey::plain(output::TAP_TREE), leaves.collect());
}

fn xpubs(made: &mut Made, count: usize, size: usize) {
    for number in 0..count {
        let mut key = vec![0x04, 0x35, 0x87, 0xcf, size as u8];
        key.extend([0; 4]);
        key.extend(0u32.to_be_bytes());
        key.extend([number as u8; 32]);
        key.extend(stranger(number % 300));
        key[13..17].copy_from_slice(&(number as u32).to_be_bytes());
        let value = origin(Fingerprint::default(), &vec![0; size]);
        made.global.pairs.push(RawPair {
            key: RawKey::with_data(global::XPUB, key),
            value,
        });
    }
}

//! Everything that one hand can change in a PSBT: each pair dropped, doubled, cut, lengthened,
//! exchanged; each integer moved.

use bitcoin::Transaction;
use bitcoin::consensus::{deserialize, serialize};
use cofferdam_core::psbt::fields::{global, input, output};
use cofferdam_core::psbt::{RawKey, RawMap, RawPair, RawPsbt};

use super::payout::unsigned_bytes;

/// A changed PSBT, and what was changed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What was changed, in words.
    pub change: String,
    /// The maps.
    pub raw: RawPsbt,
}

/// Returns every mutant of a PSBT. Fields and maps are also exchanged for those of `other`.
pub fn mutants(original: &RawPsbt, other: &RawPsbt) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for map in places(original) {
        let pairs = &at(original, map).pairs;
        for number in 0..pairs.len() {
            one_pair(original, map, number, &mut mutants);
            integers(original, map, number, &mut mutants);
            exchanges(original, other, map, number, &mut mutants);
        }
        whole_maps(original, other, map, &mut mutants);
    }
    transaction(original, &mut mutants);
    mutants
}

/// Which map: 0 is the global one, then the inputs', then the outputs'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Map {
    Global,
    Input(usize),
    Output(usize),
}

fn places(raw: &RawPsbt) -> Vec<Map> {
    let inputs = (0..raw.inputs.len()).map(Map::Input);
    let outputs = (0..raw.outputs.len()).map(Map::Output);
    [Map::Global]
        .into_iter()
        .chain(inputs)
        .chain(outputs)
        .collect()
}

fn at(raw: &RawPsbt, map: Map) -> &RawMap {
    match map {
        Map::Global => &raw.global,
        Map::Input(index) => &raw.inputs[index],
        Map::Output(index) => &raw.outputs[index],
    }
}

fn at_mut(raw: &mut RawPsbt, map: Map) -> &mut RawMap {
    match map {
        Map::Global => &mut raw.global,
        Map::Input(index) => &mut raw.inputs[index],
        Map::Output(index) => &mut raw.outputs[index],
    }
}

/// The other maps of the same kind.
fn siblings(raw: &RawPsbt, map: Map) -> Vec<Map> {
    let same = |other: &Map| {
        *other != map
            && matches!(
                (map, other),
                (Map::Input(_), Map::Input(_)) | (Map::Output(_), Map::Output(_))
            )
    };
    places(raw).into_iter().filter(same).collect()
}

struct Sink<'a> {
    original: &'a RawPsbt,
    map: Map,
    number: usize,
    mutants: &'a mut Vec<Mutant>,
}

impl Sink<'_> {
    fn push(&mut self, change: &str, edit: impl FnOnce(&mut Vec<RawPair>)) {
        let mut raw = self.original.clone();
        let pairs = &mut at_mut(&mut raw, self.map).pairs;
        let key_type = pairs[self.number].key.key_type;
        edit(pairs);
        if raw != *self.original {
            let change = format!("{:?}, field {key_type:#04x}: {change}", self.map);
            self.mutants.push(Mutant { change, raw });
        }
    }

    fn value(&mut self, change: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        let number = self.number;
        self.push(change, |pairs| edit(&mut pairs[number].value));
    }
}

fn one_pair(original: &RawPsbt, map: Map, number: usize, mutants: &mut Vec<Mutant>) {
    let mut sink = Sink {
        original,
        map,
        number,
        mutants,
    };
    sink.push("dropped", |pairs| {
        pairs.remove(number);
    });
    sink.push("doubled", |pairs| pairs.push(pairs[number].clone()));
    sink.push("doubled with another value", |pairs| {
        let mut pair = pairs[number].clone();
        pair.value.push(0);
        pairs.push(pair);
    });
    sink.push("moved to an unknown type", |pairs| {
        pairs[number].key.key_type = 0x5f
    });
    sink.push("key data lengthened", |pairs| {
        pairs[number].key.data.push(0)
    });
    sink.push("key data cut", |pairs| {
        pairs[number].key.data.pop();
    });
    sink.push("key data: last byte changed", |pairs| {
        if let Some(byte) = pairs[number].key.data.last_mut() {
            *byte ^= 1;
        }
    });
    sink.value("emptied", Vec::clear);
    sink.value("cut", |value| {
        value.pop();
    });
    sink.value("lengthened", |value| value.push(0));
    sink.value("first byte changed", |value| flip(value.first_mut()));
    sink.value("last byte changed", |value| flip(value.last_mut()));
    sink.value("a byte in the middle changed", |value| {
        let middle = value.len() / 2;
        flip(value.get_mut(middle));
    });
}

fn flip(byte: Option<&mut u8>) {
    if let Some(byte) = byte {
        *byte ^= 1;
    }
}

/// How an integer is moved: in words, and by its width in bits.
type Move = (&'static str, fn(u64, u32) -> u64);

/// By one, to nothing, to the largest, and its sign.
const MOVES: [Move; 5] = [
    ("and one", |value, bits| {
        value.wrapping_add(1) & largest(bits)
    }),
    ("less one", |value, bits| {
        value.wrapping_sub(1) & largest(bits)
    }),
    ("to zero", |_, _| 0),
    ("to the largest", |_, bits| largest(bits)),
    ("sign changed", |value, bits| value ^ 1 << (bits - 1)),
];

fn largest(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

/// Moves a little-endian integer of a value.
fn move_integer(value: &mut [u8], at: usize, width: usize, change: fn(u64, u32) -> u64) {
    if let Some(bytes) = value.get_mut(at..at + width) {
        let mut whole = [0; 8];
        whole[..width].copy_from_slice(bytes);
        let moved = change(u64::from_le_bytes(whole), 8 * width as u32).to_le_bytes();
        bytes.copy_from_slice(&moved[..width]);
    }
}

fn integers(original: &RawPsbt, map: Map, number: usize, mutants: &mut Vec<Mutant>) {
    let pair = &at(original, map).pairs[number];
    let mut sink = Sink {
        original,
        map,
        number,
        mutants,
    };
    for (at, width) in integer_places(map, pair) {
        for (words, change) in MOVES {
            sink.value(&format!("integer at {at} {words}"), |value| {
                move_integer(value, at, width, change);
            });
        }
    }
}

/// Where a field's value has integers: place and width.
fn integer_places(map: Map, pair: &RawPair) -> Vec<(usize, usize)> {
    let steps = |from: usize| {
        (from..pair.value.len())
            .step_by(4)
            .map(|at| (at, 4))
            .collect()
    };
    match (map, pair.key.key_type) {
        (Map::Global, global::TX_VERSION | global::FALLBACK_LOCKTIME | global::VERSION) => {
            vec![(0, 4)]
        }
        (Map::Global, global::INPUT_COUNT | global::OUTPUT_COUNT | global::TX_MODIFIABLE) => {
            vec![(0, 1)]
        }
        (Map::Global, global::XPUB) => steps(0),
        (
            Map::Input(_),
            input::SIGHASH_TYPE
            | input::OUTPUT_INDEX
            | input::SEQUENCE
            | input::REQUIRED_TIME_LOCKTIME
            | input::REQUIRED_HEIGHT_LOCKTIME,
        ) => vec![(0, 4)],
        (Map::Input(_), input::WITNESS_UTXO) | (Map::Output(_), output::AMOUNT) => vec![(0, 8)],
        (Map::Input(_), input::BIP32_DERIVATION) | (Map::Output(_), output::BIP32_DERIVATION) => {
            steps(0)
        }
        (Map::Input(_), input::TAP_BIP32_DERIVATION)
        | (Map::Output(_), output::TAP_BIP32_DERIVATION) => [vec![(0, 1)], steps(1)].concat(),
        _ => Vec::new(),
    }
}

fn exchanges(
    original: &RawPsbt,
    other: &RawPsbt,
    map: Map,
    number: usize,
    mutants: &mut Vec<Mutant>,
) {
    let pair = &at(original, map).pairs[number];
    let of_type = |map: &RawMap| {
        let same = |candidate: &&RawPair| candidate.key.key_type == pair.key.key_type;
        map.pairs.iter().find(same).cloned()
    };
    let mut taken: Vec<(String, RawPair)> = Vec::new();
    for sibling in siblings(original, map) {
        let found = of_type(at(original, sibling));
        taken.extend(found.map(|found| (format!("taken from {sibling:?}"), found)));
    }
    if places(other).contains(&map) {
        let found = of_type(at(other, map));
        taken.extend(found.map(|found| ("taken from another PSBT".into(), found)));
    }
    let mut sink = Sink {
        original,
        map,
        number,
        mutants,
    };
    for (words, found) in taken {
        sink.value(&format!("value {words}"), |value| {
            value.clone_from(&found.value)
        });
        sink.push(&format!("key and value {words}"), |pairs| {
            pairs[number] = found
        });
    }
}

fn whole_maps(original: &RawPsbt, other: &RawPsbt, map: Map, mutants: &mut Vec<Mutant>) {
    let mut push = |change: String, raw: RawPsbt| {
        if raw != *original {
            mutants.push(Mutant { change, raw });
        }
    };
    for sibling in siblings(original, map) {
        let mut raw = original.clone();
        let (one, two) = (at(original, map).clone(), at(original, sibling).clone());
        *at_mut(&mut raw, map) = two;
        *at_mut(&mut raw, sibling) = one;
        push(format!("maps of {map:?} and {sibling:?} exchanged"), raw);
    }
    if places(other).contains(&map) {
        let mut raw = original.clone();
        *at_mut(&mut raw, map) = at(other, map).clone();
        push(format!("map of {map:?} taken from another PSBT"), raw);
    }
    let mut raw = original.clone();
    at_mut(&mut raw, map).pairs.clear();
    push(format!("map of {map:?} emptied"), raw);
    let mut raw = original.clone();
    match map {
        Map::Global => return,
        Map::Input(index) => {
            raw.inputs.remove(index);
        }
        Map::Output(index) => {
            raw.outputs.remove(index);
        }
    }
    push(format!("map of {map:?} removed"), raw);
}

/// Moves the integers of the unsigned transaction of version 0, its counts included.
fn transaction(original: &RawPsbt, mutants: &mut Vec<Mutant>) {
    let key = RawKey::plain(global::UNSIGNED_TX);
    let Some(transaction) = original.global.get(&key) else {
        return;
    };
    let mut push = |change: String, bytes: Vec<u8>| {
        let mut raw = original.clone();
        raw.global.set(key.clone(), bytes);
        if raw != *original {
            let change = format!("transaction: {change}");
            mutants.push(Mutant { change, raw });
        }
    };
    let Ok(decoded) = deserialize::<Transaction>(transaction) else {
        return;
    };
    let outputs_at = 4 + serialize(&decoded.input).len();
    let mut integers = vec![
        (0, 4, "version".to_owned()),
        (transaction.len() - 4, 4, "lock time".into()),
    ];
    integers.extend([
        (4, 1, "input count".into()),
        (outputs_at, 1, "output count".into()),
    ]);
    for index in 0..decoded.input.len() {
        // Outpoint (36), length of an empty script (1), sequence (4).
        let at = 5 + 41 * index;
        integers.push((at + 32, 4, format!("output index of input {index}")));
        integers.push((at + 37, 4, format!("sequence of input {index}")));
        integers.push((at, 1, format!("txid of input {index}")));
    }
    let mut at = outputs_at + 1;
    for (index, output) in decoded.output.iter().enumerate() {
        integers.push((at, 8, format!("amount of output {index}")));
        integers.push((at + 10, 1, format!("script of output {index}")));
        at += serialize(output).len();
    }
    for (at, width, what) in integers {
        for (words, change) in MOVES {
            let mut bytes = transaction.to_vec();
            move_integer(&mut bytes, at, width, change);
            push(format!("{what} {words}"), bytes);
        }
    }
    if decoded.input.len() > 1 {
        let mut exchanged = decoded.clone();
        exchanged.input.swap(0, 1);
        push(
            "inputs 0 and 1 exchanged".into(),
            unsigned_bytes(&exchanged),
        );
        let mut doubled = decoded.clone();
        doubled.input[1].previous_output = doubled.input[0].previous_output;
        push(
            "input 1 spends the coin of input 0".into(),
            unsigned_bytes(&doubled),
        );
    }
    if decoded.output.len() > 1 {
        let mut exchanged = decoded.clone();
        exchanged.output.swap(0, 1);
        push(
            "outputs 0 and 1 exchanged".into(),
            unsigned_bytes(&exchanged),
        );
        let mut amounts = decoded;
        (amounts.output[0].value, amounts.output[1].value) =
            (amounts.output[1].value, amounts.output[0].value);
        push(
            "amounts of outputs 0 and 1 exchanged".into(),
            unsigned_bytes(&amounts),
        );
    }
}

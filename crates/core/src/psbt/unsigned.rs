//! The unsigned transaction: given whole in version 0 (BIP174), put together from the maps in
//! version 2 (BIP370).

use bitcoin::absolute::LockTime;
use bitcoin::consensus::Decodable;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};

use super::Version;
use super::error::{MapName, PsbtError};
use super::fields::{global, input, output};
use super::raw::{MapCounts, RawMap, RawPsbt};
use super::reader::Reader;

/// Returns the PSBT's version from its global map (BIP174).
pub(super) fn version(map: &RawMap) -> Result<Version, PsbtError> {
    match map.plain(global::VERSION) {
        None => Ok(Version::V0),
        Some(value) => match u32_value(value, MapName::Global, "PSBT_GLOBAL_VERSION")? {
            0 => Ok(Version::V0),
            2 => Ok(Version::V2),
            other => Err(PsbtError::UnknownVersion(other)),
        },
    }
}

/// Returns how many input and output maps follow the global map.
pub(super) fn counts(map: &RawMap, version: Version) -> Result<MapCounts, PsbtError> {
    match version {
        Version::V0 => {
            let transaction = given(map)?;
            Ok(MapCounts {
                inputs: transaction.input.len() as u64,
                outputs: transaction.output.len() as u64,
            })
        }
        Version::V2 => Ok(MapCounts {
            inputs: count(map, global::INPUT_COUNT, "PSBT_GLOBAL_INPUT_COUNT")?,
            outputs: count(map, global::OUTPUT_COUNT, "PSBT_GLOBAL_OUTPUT_COUNT")?,
        }),
    }
}

/// Returns the unsigned transaction of maps whose fields were checked.
pub(super) fn transaction(raw: &RawPsbt, version: Version) -> Result<Transaction, PsbtError> {
    let transaction = match version {
        Version::V0 => given(&raw.global)?,
        Version::V2 => assembled(raw)?,
    };
    match transaction.base_size() {
        found if found > MAX_TRANSACTION_BYTES => Err(PsbtError::TransactionTooLarge {
            found,
            limit: MAX_TRANSACTION_BYTES,
        }),
        _ => Ok(transaction),
    }
}

/// The weight limit of a block (BIP141) in bytes that are not witness. It also bounds what a review
/// has to show.
const MAX_TRANSACTION_BYTES: usize = 1_000_000;

/// Reads the transaction of a version 0 global map: without witnesses, and every signature script
/// empty.
fn given(map: &RawMap) -> Result<Transaction, PsbtError> {
    let bytes = map
        .plain(global::UNSIGNED_TX)
        .ok_or(PsbtError::MissingField {
            map: MapName::Global,
            field: "PSBT_GLOBAL_UNSIGNED_TX",
            version: 0,
        })?;
    if bytes.len() > MAX_TRANSACTION_BYTES {
        return Err(PsbtError::TransactionTooLarge {
            found: bytes.len(),
            limit: MAX_TRANSACTION_BYTES,
        });
    }
    let transaction =
        decode(bytes).map_err(|error| PsbtError::UnsignedTransaction(error.to_string()))?;
    match transaction
        .input
        .iter()
        .position(|input| !input.script_sig.is_empty())
    {
        Some(signed) => Err(PsbtError::SignedTransaction(signed)),
        None => Ok(transaction),
    }
}

/// Reads the form without witnesses. The general decoder would take no inputs for the mark of a
/// witness.
fn decode(mut bytes: &[u8]) -> Result<Transaction, bitcoin::consensus::encode::Error> {
    let transaction = Transaction {
        version: TxVersion::consensus_decode(&mut bytes)?,
        input: Vec::<TxIn>::consensus_decode(&mut bytes)?,
        output: Vec::<TxOut>::consensus_decode(&mut bytes)?,
        lock_time: LockTime::consensus_decode(&mut bytes)?,
    };
    if bytes.is_empty() {
        Ok(transaction)
    } else {
        Err(bitcoin::consensus::encode::Error::ParseFailed(
            "bytes follow its end",
        ))
    }
}

fn assembled(raw: &RawPsbt) -> Result<Transaction, PsbtError> {
    let version = u32_field(
        &raw.global,
        MapName::Global,
        global::TX_VERSION,
        "PSBT_GLOBAL_TX_VERSION",
    )?;
    let inputs = raw.inputs.iter().enumerate();
    let outputs = raw.outputs.iter().enumerate();
    Ok(Transaction {
        version: TxVersion(version as i32),
        lock_time: lock_time(raw)?,
        input: inputs
            .map(|(index, map)| tx_in(map, MapName::Input(index)))
            .collect::<Result<_, _>>()?,
        output: outputs
            .map(|(index, map)| tx_out(map, MapName::Output(index)))
            .collect::<Result<_, _>>()?,
    })
}

fn tx_in(map: &RawMap, name: MapName) -> Result<TxIn, PsbtError> {
    let txid = needed(map, name, input::PREVIOUS_TXID, "PSBT_IN_PREVIOUS_TXID")?;
    let txid = Txid::from_slice(txid).map_err(|error| PsbtError::InvalidValue {
        map: name,
        field: "PSBT_IN_PREVIOUS_TXID",
        reason: error.to_string(),
    })?;
    let vout = u32_field(map, name, input::OUTPUT_INDEX, "PSBT_IN_OUTPUT_INDEX")?;
    let sequence = match map.plain(input::SEQUENCE) {
        Some(value) => Sequence(u32_value(value, name, "PSBT_IN_SEQUENCE")?),
        None => Sequence::MAX,
    };
    Ok(TxIn {
        previous_output: OutPoint { txid, vout },
        script_sig: ScriptBuf::new(),
        sequence,
        witness: Witness::new(),
    })
}

fn tx_out(map: &RawMap, name: MapName) -> Result<TxOut, PsbtError> {
    let amount = needed(map, name, output::AMOUNT, "PSBT_OUT_AMOUNT")?;
    let amount = amount.try_into().map_err(|_| PsbtError::InvalidValue {
        map: name,
        field: "PSBT_OUT_AMOUNT",
        reason: "not 8 bytes".into(),
    })?;
    let script = needed(map, name, output::SCRIPT, "PSBT_OUT_SCRIPT")?;
    Ok(TxOut {
        value: Amount::from_sat(u64::from_le_bytes(amount)),
        script_pubkey: ScriptBuf::from_bytes(script.to_vec()),
    })
}

/// Determines the lock time (BIP370, "Determining Lock Time").
///
/// With no input that requires one it is the fallback, or 0. Otherwise it is the greatest of the
/// kind that every requiring input states; of two possible kinds, the block height.
fn lock_time(raw: &RawPsbt) -> Result<LockTime, PsbtError> {
    let mut height = Some(0);
    let mut time = Some(0);
    let mut required = false;
    for (index, map) in raw.inputs.iter().enumerate() {
        let name = MapName::Input(index);
        let of = |key_type, field| {
            map.plain(key_type)
                .map(|value| u32_value(value, name, field))
                .transpose()
        };
        let input_height = of(
            input::REQUIRED_HEIGHT_LOCKTIME,
            "PSBT_IN_REQUIRED_HEIGHT_LOCKTIME",
        )?;
        let input_time = of(
            input::REQUIRED_TIME_LOCKTIME,
            "PSBT_IN_REQUIRED_TIME_LOCKTIME",
        )?;
        if input_height.is_none() && input_time.is_none() {
            continue;
        }
        required = true;
        height = height
            .zip(input_height)
            .map(|(greatest, height)| greatest.max(height));
        time = time
            .zip(input_time)
            .map(|(greatest, time)| greatest.max(time));
    }
    if !required {
        let fallback = raw.global.plain(global::FALLBACK_LOCKTIME);
        let fallback = fallback
            .map(|value| u32_value(value, MapName::Global, "PSBT_GLOBAL_FALLBACK_LOCKTIME"))
            .transpose()?;
        return Ok(LockTime::from_consensus(fallback.unwrap_or(0)));
    }
    height
        .or(time)
        .map(LockTime::from_consensus)
        .ok_or(PsbtError::LockTimeConflict)
}

fn needed<'a>(
    map: &'a RawMap,
    name: MapName,
    key_type: u64,
    field: &'static str,
) -> Result<&'a [u8], PsbtError> {
    map.plain(key_type).ok_or(PsbtError::MissingField {
        map: name,
        field,
        version: 2,
    })
}

fn u32_field(
    map: &RawMap,
    name: MapName,
    key_type: u64,
    field: &'static str,
) -> Result<u32, PsbtError> {
    u32_value(needed(map, name, key_type, field)?, name, field)
}

fn u32_value(value: &[u8], map: MapName, field: &'static str) -> Result<u32, PsbtError> {
    value
        .try_into()
        .map(u32::from_le_bytes)
        .map_err(|_| PsbtError::InvalidValue {
            map,
            field,
            reason: format!("{} bytes instead of 4", value.len()),
        })
}

fn count(map: &RawMap, key_type: u64, field: &'static str) -> Result<u64, PsbtError> {
    let value = needed(map, MapName::Global, key_type, field)?;
    let mut reader = Reader::new(value);
    let count = reader.compact_size(MapName::Global);
    match count {
        Ok(count) if reader.rest().is_empty() => Ok(count),
        _ => Err(PsbtError::InvalidValue {
            map: MapName::Global,
            field,
            reason: "not one number in its shortest form".into(),
        }),
    }
}

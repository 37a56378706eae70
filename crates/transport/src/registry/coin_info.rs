//! `crypto-coininfo`: which coin and network a key is for (BCR-2020-007).

use bitcoin::NetworkKind;

use super::reader::Reader;
use super::writer::Writer;
use super::{Names, RegistryError, tags};

/// Reads the network's kind; the coin must be Bitcoin.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<NetworkKind, RegistryError> {
    reader.one_of(tags::COIN_INFO)?;
    let (mut coin, mut network) = (0, 0);
    reader.map(|reader, field| {
        match field {
            1 => coin = reader.uint()?,
            2 => network = reader.uint()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    match (coin, network) {
        (0, 0) => Ok(NetworkKind::Main),
        (0, 1) => Ok(NetworkKind::Test),
        (0, _) => Err(RegistryError::Value { field: "network" }),
        _ => Err(RegistryError::OtherCoin),
    }
}

/// Writes a test network; the main one is what is meant where nothing is written.
pub(super) fn write_test(writer: &mut Writer, names: Names) {
    writer.tag(tags::of(tags::COIN_INFO, names));
    writer.map(1);
    writer.uint(2);
    writer.uint(1);
}

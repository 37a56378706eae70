//! `crypto-account` and `account-descriptor`: the accounts of one master key (BCR-2020-015,
//! BCR-2023-019).

use bitcoin::bip32::Fingerprint;
use cofferdam_core::wallet::{Wallet, WalletKind};

use super::hd_key::HdKey;
use super::output::{Output, Source};
use super::reader::Reader;
use super::writer::Writer;
use super::{Names, RegistryError, tags};

/// The most descriptors; seven are defined.
const MAX_OUTPUTS: u64 = 64;

/// The accounts of one master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The master key's fingerprint, for keys that do not tell it themselves.
    pub master_fingerprint: Fingerprint,
    /// The descriptors of one key each.
    pub outputs: Vec<Output>,
    /// How many others there were, cosigners of multisig for the most part.
    pub left_out: usize,
}

impl Account {
    /// Returns the accounts of wallets, at least one and all of one master key.
    pub fn of_wallets(wallets: &[&Wallet]) -> Result<Account, RegistryError> {
        let first = wallets
            .first()
            .ok_or(RegistryError::Missing { field: "wallet" })?;
        let of = |wallet: &Wallet| wallet.keys().next().map(|key| key.fingerprint);
        let master_fingerprint = of(first).ok_or(RegistryError::SeveralKeys)?;
        let mut keys = wallets.iter().flat_map(|wallet| wallet.keys());
        if keys.any(|key| key.fingerprint != master_fingerprint) {
            return Err(RegistryError::SeveralMasters);
        }
        let output = |wallet: &&Wallet| {
            let WalletKind::Single(script_type) = wallet.kind();
            Ok(Output {
                source: Source::Single(script_type, Box::new(HdKey::of_wallet(wallet)?)),
                name: None,
                note: None,
            })
        };
        Ok(Account {
            master_fingerprint,
            outputs: wallets.iter().map(output).collect::<Result<_, _>>()?,
            left_out: 0,
        })
    }

    /// Reads the content of `ur:crypto-account` or `ur:account-descriptor`.
    pub fn decode(cbor: &[u8]) -> Result<Account, RegistryError> {
        Reader::whole(cbor, |reader| {
            reader.perhaps_one_of(tags::ACCOUNT)?;
            let (mut master_fingerprint, mut outputs, mut left_out) = (None, None, 0);
            reader.map(|reader, field| {
                match field {
                    1 => master_fingerprint = Some(reader.u32()?.to_be_bytes().into()),
                    2 => {
                        let mut read = Vec::new();
                        for _ in 0..reader.array(MAX_OUTPUTS)? {
                            match reader.supported(|reader| Output::read(reader))? {
                                Some(output) => read.push(output),
                                None => left_out += 1,
                            }
                        }
                        outputs = Some(read);
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
            Ok(Account {
                master_fingerprint: master_fingerprint.ok_or(RegistryError::Missing {
                    field: "master fingerprint",
                })?,
                outputs: outputs.ok_or(RegistryError::Missing {
                    field: "descriptors",
                })?,
                left_out,
            })
        })
    }

    /// Writes the content of `ur:crypto-account` or `ur:account-descriptor`.
    pub fn encode(&self, names: Names) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(2);
        writer.uint(1);
        writer.uint(u32::from_be_bytes(self.master_fingerprint.to_bytes()));
        writer.uint(2);
        writer.array(self.outputs.len());
        for output in &self.outputs {
            if names == Names::New || matches!(output.source, Source::Text(_)) {
                writer.tag(tags::of(tags::OUTPUT, Names::New));
            }
            output.write(&mut writer, names);
        }
        writer.finish()
    }

    /// Returns the descriptors' texts; at least one.
    pub fn descriptors(&self) -> Result<Vec<String>, RegistryError> {
        if self.outputs.is_empty() {
            return Err(RegistryError::NotSupported {
                found: "an account without a descriptor of a single key",
            });
        }
        self.outputs
            .iter()
            .map(|output| output.descriptor_under(Some(self.master_fingerprint)))
            .collect()
    }
}

//! The key that signs receipts.

use std::fmt;

use bitcoin::bip32::{ChildNumber, DerivationPath};
use bitcoin::secp256k1::{All, Keypair, Message, Secp256k1, XOnlyPublicKey, schnorr};

use super::secret::{WipedKeypair, WipedXpriv};
use super::{KeyError, MasterKey, SignError};
use crate::wallet::verifier;

/// The purpose (BIP43) of keys that never own a coin: "CFDR" as a big-endian number. No BIP has it.
const PURPOSE: u32 = 0x4346_4452;
/// The first such key.
const RECEIPTS: u32 = 0;

/// The key of the receipts of all accounts of a seed, at `m/1128678482h/0h`.
///
/// It is used for nothing else: whatever hash it signs, it moves no coin.
pub struct ReceiptKey {
    pair: WipedKeypair,
    public_key: XOnlyPublicKey,
    secp: Secp256k1<All>,
}

impl MasterKey {
    /// Derives the receipt key.
    pub fn receipt_key(&self) -> Result<ReceiptKey, KeyError> {
        let steps = [PURPOSE, RECEIPTS].map(|index| ChildNumber::Hardened { index });
        let key = self.derive(&DerivationPath::from(&steps[..]))?;
        Ok(ReceiptKey::new(&key, self.secp()))
    }
}

impl ReceiptKey {
    fn new(key: &WipedXpriv, secp: &Secp256k1<All>) -> ReceiptKey {
        let pair = WipedKeypair::new(Keypair::from_secret_key(secp, &key.expose().private_key));
        ReceiptKey {
            public_key: pair.expose().x_only_public_key().0,
            pair,
            secp: secp.clone(),
        }
    }

    /// Returns the public key, which stands in the wallet's file.
    pub fn public_key(&self) -> XOnlyPublicKey {
        self.public_key
    }

    /// Signs the hash of a receipt: BIP340 with zero auxiliary randomness. The signature is
    /// verified before it is returned.
    pub fn sign(&self, hash: [u8; 32]) -> Result<schnorr::Signature, SignError> {
        let message = Message::from_digest(hash);
        let signature = self
            .secp
            .sign_schnorr_no_aux_rand(&message, self.pair.expose());
        verifier()
            .verify_schnorr(&signature, &message, &self.public_key)
            .map(|()| signature)
            .map_err(|_| SignError::Unverified)
    }
}

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptKey({}, ..)", self.public_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;

    #[test]
    fn it_stands_at_its_documented_path() {
        let master = MasterKey::from_bytes(&[7; 32], Network::Regtest).unwrap();
        let path: DerivationPath = "m/1128678482h/0h".parse().unwrap();
        let expected = master.derive(&path).unwrap();
        let expected = expected
            .expose()
            .private_key
            .x_only_public_key(master.secp())
            .0;
        let key = master.receipt_key().unwrap();
        assert_eq!(key.public_key(), expected);
        assert_eq!(PURPOSE.to_be_bytes(), *b"CFDR");
    }

    #[test]
    fn signatures_are_deterministic_and_verify() {
        let key = MasterKey::from_bytes(&[7; 32], Network::Regtest)
            .unwrap()
            .receipt_key()
            .unwrap();
        let signature = key.sign([1; 32]).unwrap();
        assert_eq!(key.sign([1; 32]).unwrap(), signature);
        let other = Message::from_digest([2; 32]);
        assert!(
            verifier()
                .verify_schnorr(&signature, &other, &key.public_key())
                .is_err()
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let master = MasterKey::from_bytes(&[7; 32], Network::Regtest).unwrap();
        let key = master.receipt_key().unwrap();
        let secret = key.pair.expose().display_secret().to_string();
        let text = format!("{key:?}");
        assert!(text.contains(&key.public_key().to_string()) && !text.contains(&secret));
    }
}

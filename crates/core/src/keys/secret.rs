//! Wrappers that wipe the key types of the `bitcoin` and `secp256k1` crates, which are `Copy` and
//! do not wipe themselves.

use std::hint::black_box;

use bitcoin::bip32::{ChainCode, Xpriv};
use bitcoin::secp256k1::{Keypair, SecretKey};

/// A private key, wiped when dropped. Boxed, so that moving it leaves no copy behind.
pub(super) struct WipedSecretKey(Box<SecretKey>);

impl WipedSecretKey {
    pub(super) fn new(mut key: SecretKey) -> WipedSecretKey {
        let wiped = WipedSecretKey(Box::new(key));
        key.non_secure_erase();
        wiped
    }

    pub(super) fn expose(&self) -> &SecretKey {
        &self.0
    }
}

impl Drop for WipedSecretKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

/// A key pair, wiped when dropped.
pub(super) struct WipedKeypair(Box<Keypair>);

impl WipedKeypair {
    pub(super) fn new(mut pair: Keypair) -> WipedKeypair {
        let wiped = WipedKeypair(Box::new(pair));
        pair.non_secure_erase();
        wiped
    }

    pub(super) fn expose(&self) -> &Keypair {
        &self.0
    }
}

impl Drop for WipedKeypair {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

/// An extended private key, wiped when dropped.
pub(super) struct WipedXpriv(Box<Xpriv>);

impl WipedXpriv {
    pub(super) fn new(mut key: Xpriv) -> WipedXpriv {
        let wiped = WipedXpriv(Box::new(key));
        wipe(&mut key);
        wiped
    }

    pub(super) fn expose(&self) -> &Xpriv {
        &self.0
    }
}

impl Drop for WipedXpriv {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(key: &mut Xpriv) {
    key.private_key.non_secure_erase();
    key.chain_code = ChainCode::from([0; 32]);
    // The write is not to be optimized away.
    black_box(&key.chain_code);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiping_leaves_nothing_of_an_extended_key() {
        let mut key = Xpriv::new_master(bitcoin::NetworkKind::Main, &[7; 64]).unwrap();
        let (secret, chain_code) = (key.private_key.secret_bytes(), key.chain_code);
        wipe(&mut key);
        assert_eq!(key.chain_code.to_bytes(), [0; 32]);
        assert_ne!(key.chain_code, chain_code);
        // The library's erased key is a fixed one.
        assert_eq!(key.private_key.secret_bytes(), [1; 32]);
        assert_ne!(secret, [1; 32]);
    }

    #[test]
    fn wrapping_keeps_the_key() {
        let key = Xpriv::new_master(bitcoin::NetworkKind::Main, &[7; 64]).unwrap();
        assert_eq!(WipedXpriv::new(key).expose(), &key);
        assert_eq!(
            WipedSecretKey::new(key.private_key).expose(),
            &key.private_key
        );
        let pair = key.to_keypair(&bitcoin::secp256k1::Secp256k1::new());
        assert_eq!(WipedKeypair::new(pair).expose(), &pair);
    }
}

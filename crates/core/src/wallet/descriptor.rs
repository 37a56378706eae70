//! From descriptor text to an account.

use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, Xpub};
use miniscript::Descriptor;
use miniscript::descriptor::checksum::Engine;
use miniscript::descriptor::{DescriptorPublicKey, ShInner, Wildcard};

use super::account::Account;
use super::{Branch, WalletError};
use crate::ScriptType;

/// The branches that one descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    /// `/0/*` or `/1/*`.
    One(Branch),
    /// `/<0;1>/*`.
    Both,
}

/// An account descriptor, as it was read.
#[derive(Clone, Debug)]
pub(super) struct AccountDescriptor {
    pub(super) account: Account,
    pub(super) coverage: Coverage,
}

/// Reads a descriptor whose checksum, if there is one, must be right.
pub(super) fn parse(text: &str) -> Result<AccountDescriptor, WalletError> {
    if holds_private_key(text) {
        return Err(WalletError::PrivateKey);
    }
    if holds_slip132_key(text) {
        return Err(WalletError::Slip132);
    }
    let body = match text.split_once('#') {
        Some((body, found)) => {
            let expected = checksum(body)?;
            if found != expected {
                return Err(WalletError::Checksum { expected });
            }
            body
        }
        None => text,
    };
    let descriptor: Descriptor<DescriptorPublicKey> =
        body.parse().map_err(|_| WalletError::Syntax)?;
    let (script_type, key) = single_key(&descriptor)?;
    let (origin, xpub, coverage) = account_key(key)?;
    let (fingerprint, path) = origin.ok_or(WalletError::OriginMissing)?;
    check_origin(fingerprint, &path, &xpub)?;
    let account =
        Account::new(script_type, fingerprint, path, xpub).map_err(|_| WalletError::Derivation)?;
    Ok(AccountDescriptor { account, coverage })
}

/// As [`parse`], but the checksum must be there.
pub(super) fn parse_with_checksum(text: &str) -> Result<AccountDescriptor, WalletError> {
    if holds_private_key(text) {
        return Err(WalletError::PrivateKey);
    }
    if !text.contains('#') {
        return Err(WalletError::ChecksumMissing {
            expected: checksum(text)?,
        });
    }
    parse(text)
}

/// Appends the checksum (BIP380) to a descriptor of ours.
pub(super) fn with_checksum(body: &str) -> String {
    let mut engine = Engine::new();
    // Our own descriptors are ASCII, for which the engine has no error.
    let _ = engine.input(body);
    format!("{body}#{}", engine.checksum())
}

/// Returns whether text holds an extended private key or what may be a private key in wallet import
/// format, even a mistyped one.
pub(super) fn holds_private_key(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| {
            let extended = word.get(1..4) == Some("prv") && word.len() > 40;
            let import_format = matches!(word.len(), 51 | 52)
                && word.starts_with(['5', 'K', 'L', '9', 'c'])
                && !word.contains(['0', 'O', 'I', 'l']);
            extended || import_format
        })
}

fn holds_slip132_key(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| {
            word.len() > 40
                && word.starts_with(['y', 'z', 'Y', 'Z', 'u', 'v', 'U', 'V'])
                && word.get(1..4) == Some("pub")
        })
}

fn checksum(body: &str) -> Result<String, WalletError> {
    let mut engine = Engine::new();
    engine.input(body).map_err(|_| WalletError::Syntax)?;
    Ok(engine.checksum())
}

fn single_key(
    descriptor: &Descriptor<DescriptorPublicKey>,
) -> Result<(ScriptType, &DescriptorPublicKey), WalletError> {
    let found = match descriptor {
        Descriptor::Pkh(pkh) => return Ok((ScriptType::Legacy, pkh.as_inner())),
        Descriptor::Wpkh(wpkh) => return Ok((ScriptType::Segwit, wpkh.as_inner())),
        Descriptor::Tr(tr) if tr.tap_tree().is_none() => {
            return Ok((ScriptType::Taproot, tr.internal_key()));
        }
        Descriptor::Tr(_) => "tr(...) with a script tree",
        Descriptor::Sh(sh) => match sh.as_inner() {
            ShInner::Wpkh(wpkh) => return Ok((ScriptType::Nested, wpkh.as_inner())),
            ShInner::Wsh(_) => "sh(wsh(...))",
            ShInner::SortedMulti(_) | ShInner::Ms(_) => "sh(...) with a script",
        },
        Descriptor::Wsh(_) => "wsh(...)",
        Descriptor::Bare(_) => "a bare script",
    };
    Err(WalletError::NotSupported { found })
}

type Origin = Option<(Fingerprint, DerivationPath)>;

fn account_key(key: &DescriptorPublicKey) -> Result<(Origin, Xpub, Coverage), WalletError> {
    let step = |path: &DerivationPath| match path.as_ref() {
        [ChildNumber::Normal { index }] => Branch::from_step(*index),
        _ => None,
    };
    let (origin, xpub, coverage, wildcard) = match key {
        DescriptorPublicKey::Single(_) => return Err(WalletError::NotExtended),
        DescriptorPublicKey::XPub(key) => {
            let branch = step(&key.derivation_path).ok_or(WalletError::Derivation)?;
            (&key.origin, key.xkey, Coverage::One(branch), key.wildcard)
        }
        DescriptorPublicKey::MultiXPub(key) => {
            let branches: Vec<_> = key.derivation_paths.paths().iter().map(step).collect();
            if branches != [Some(Branch::Receive), Some(Branch::Change)] {
                return Err(WalletError::Derivation);
            }
            (&key.origin, key.xkey, Coverage::Both, key.wildcard)
        }
    };
    if wildcard != Wildcard::Unhardened {
        return Err(WalletError::Derivation);
    }
    Ok((origin.clone(), xpub, coverage))
}

/// Checks what an extended key itself says about where it came from.
fn check_origin(
    fingerprint: Fingerprint,
    path: &DerivationPath,
    xpub: &Xpub,
) -> Result<(), WalletError> {
    let refuse = |reason| Err(WalletError::Origin { reason });
    if path.len() != usize::from(xpub.depth) {
        return refuse("the path's length is not the key's depth");
    }
    match path.as_ref().last() {
        Some(last) if *last != xpub.child_number => refuse("the path's last step is not the key's"),
        None if fingerprint != xpub.fingerprint() => {
            refuse("the fingerprint is not the master key's")
        }
        None if xpub.parent_fingerprint != Fingerprint::default()
            || xpub.child_number != ChildNumber::from(0) =>
        {
            refuse("a master key has no parent")
        }
        _ => Ok(()),
    }
}

//! Where accounts are.

use bitcoin::bip32::{ChildNumber, DerivationPath};

use crate::{Network, ScriptType};

/// The account number is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("account {0} is out of range; use one below 2147483648")]
pub struct PathError(pub u32);

/// The script of a multisignature account, the last step of its path (BIP48).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CosignerScript {
    /// `sh(wsh(...))`: `1h`.
    NestedWsh,
    /// `wsh(...)`: `2h`.
    Wsh,
}

/// Returns the path of an account: `purpose h / coin type h / account h` (BIP44, BIP49, BIP84,
/// BIP86).
pub fn account_path(
    network: Network,
    script_type: ScriptType,
    account: u32,
) -> Result<DerivationPath, PathError> {
    hardened(
        account,
        &[script_type.purpose(), network.coin_type(), account],
    )
}

/// Returns the path of a cosigner's account: `48h / coin type h / account h / script h` (BIP48).
pub fn cosigner_path(
    network: Network,
    script: CosignerScript,
    account: u32,
) -> Result<DerivationPath, PathError> {
    let script = match script {
        CosignerScript::NestedWsh => 1,
        CosignerScript::Wsh => 2,
    };
    hardened(account, &[48, network.coin_type(), account, script])
}

fn hardened(account: u32, steps: &[u32]) -> Result<DerivationPath, PathError> {
    let steps: Result<Vec<_>, _> = steps
        .iter()
        .map(|step| ChildNumber::from_hardened_idx(*step))
        .collect();
    steps
        .map(DerivationPath::from)
        .map_err(|_| PathError(account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_bips() {
        let path =
            |network, script_type| account_path(network, script_type, 7).unwrap().to_string();
        assert_eq!(path(Network::Mainnet, ScriptType::Legacy), "44'/0'/7'");
        assert_eq!(path(Network::Testnet4, ScriptType::Nested), "49'/1'/7'");
        assert_eq!(path(Network::Signet, ScriptType::Segwit), "84'/1'/7'");
        assert_eq!(path(Network::Regtest, ScriptType::Taproot), "86'/1'/7'");
        let cosigner = |script| {
            cosigner_path(Network::Mainnet, script, 3)
                .unwrap()
                .to_string()
        };
        assert_eq!(cosigner(CosignerScript::NestedWsh), "48'/0'/3'/1'");
        assert_eq!(cosigner(CosignerScript::Wsh), "48'/0'/3'/2'");
    }

    #[test]
    fn refuses_accounts_that_do_not_fit() {
        let too_large = account_path(Network::Mainnet, ScriptType::Segwit, 1 << 31);
        assert_eq!(too_large, Err(PathError(1 << 31)));
        assert!(account_path(Network::Mainnet, ScriptType::Segwit, (1 << 31) - 1).is_ok());
    }
}

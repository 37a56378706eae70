//! Wallet files: our own, other programs', and hostile ones.

mod arbitrary;
mod descriptor;
mod others;
mod own;
mod secrets;

use cofferdam_core::Network;
use cofferdam_core::wallet::{ImportOptions, Wallet, WalletError, WalletName};
use serde_json::Value;

// A public key whose descriptors' checksums other programs computed.
const ORIGIN: &str = "[5c9e228d/84h/0h/0h]";
const XPUB: &str = "xpub6DDUPHpUo4pcy43iJeZjbSVWGav1SMMmuWdMHiGtkK8rhKmfbomtkwW6GKs1GGAKehT6QRocrmda3WWxXawpjmwaUHfFRXuKrXSapdckEYF";
const BOTH: &str = "u9auedf8";
const RECEIVE: &str = "vyj8qz0q";
const CHANGE: &str = "ashxahlc";
// The BIP32 document's first master key and a private key of BIP84's example.
const XPRV: &str = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
const WIF: &str = "KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d";

fn descriptor(suffix: &str) -> String {
    format!("wpkh({ORIGIN}{XPUB}{suffix})")
}

fn both() -> String {
    format!("{}#{BOTH}", descriptor("/<0;1>/*"))
}

fn name() -> WalletName {
    "main".parse().unwrap()
}

fn told() -> ImportOptions {
    ImportOptions {
        name: Some(name()),
        network: Some(Network::Mainnet),
        ..ImportOptions::default()
    }
}

fn import(text: &str) -> Result<Wallet, WalletError> {
    Wallet::import(text.as_bytes(), &told())
}

fn wallet() -> Wallet {
    import(&both()).unwrap()
}

fn file() -> Value {
    serde_json::from_str(&wallet().to_json()).unwrap()
}

/// Reads the wallet file after a change.
fn changed(field: &str, value: Value) -> Result<Wallet, WalletError> {
    let mut file = file();
    file[field] = value;
    Wallet::parse_json(file.to_string().as_bytes())
}

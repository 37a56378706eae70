//! Text that must not be shown to a camera.

use bitcoin::PrivateKey;
use bitcoin::base64::Engine as _;
use bitcoin::base64::alphabet;
use bitcoin::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cofferdam_core::keys::Mnemonic;
use cofferdam_transport::seed_qr::looks_like_seed;

/// Bytes of entropy of 12 to 24 words, of a private key and a key file, and of a seed.
const SECRETS: [usize; 6] = [16, 20, 24, 28, 32, 64];

/// As few rolls of a die are 51 bits.
const ROLLS: usize = 20;

/// As few flips of a coin are too.
const FLIPS: usize = 51;

/// Tells text that may be a secret: words of a mnemonic, whole or by their first letters; private
/// keys; and nothing but a number of the length of entropy or a key, in hexadecimal, base64 or the
/// digits of a SeedQR, or rolls of dice.
pub(super) fn may_be_secret(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return true;
    };
    is_number(text) || holds_private_key(text) || Mnemonic::may_be_in(text)
}

/// Tells text that is a number and nothing besides.
fn is_number(text: &str) -> bool {
    let kept = |dropped: &str| -> String {
        let letters = text.chars();
        letters
            .filter(|letter| !letter.is_whitespace() && !dropped.contains(*letter))
            .collect()
    };
    let (plain, apart) = (kept(""), kept(":-_.,;|/"));
    let digits = apart.strip_prefix("0x").unwrap_or(&apart);
    is_hex(digits) || is_base64(&plain) || looks_like_seed(apart.as_bytes()) || are_rolls(&apart)
}

fn is_hex(text: &str) -> bool {
    text.len().is_multiple_of(2)
        && SECRETS.contains(&(text.len() / 2))
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// In either alphabet, with padding or without. Addresses are no base64 of these lengths.
fn is_base64(text: &str) -> bool {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .any(|alphabet| {
            let decoded = GeneralPurpose::new(alphabet, config).decode(text);
            decoded.is_ok_and(|bytes| SECRETS.contains(&bytes.len()))
        })
}

fn are_rolls(text: &str) -> bool {
    let all = |allowed: &str| text.chars().all(|letter| allowed.contains(letter));
    text.len() >= ROLLS && all("123456") || text.len() >= FLIPS && all("01hHtT")
}

/// Tells whether a word of the text is a private key: extended, in the wallet import format,
/// encrypted with a passphrase (BIP38), or a share of a seed (BIP93).
fn holds_private_key(text: &str) -> bool {
    let mut tokens = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    tokens.any(|token| {
        matches!(token.get(1..4), Some("prv" | "PRV"))
            || PrivateKey::from_wif(token).is_ok()
            || token.len() == 58 && token.starts_with("6P")
            || token.len() >= 48 && matches!(token.get(..3), Some("ms1" | "MS1"))
    })
}

#[cfg(test)]
mod tests {
    use bitcoin::base64::engine::general_purpose::{
        STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD,
    };
    use bitcoin::hex::DisplayHex as _;

    use super::*;

    const WORDS: [&str; 12] = [
        "abandon", "abandon", "abandon", "abandon", "abandon", "abandon", "abandon", "abandon",
        "abandon", "abandon", "abandon", "about",
    ];
    const XPRV: &str = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";

    #[test]
    fn no_secret_is_shown_however_it_is_written() {
        let numbered: Vec<String> = (1..)
            .zip(WORDS)
            .map(|(number, word)| format!("{number}. {word}"))
            .collect();
        let wif = "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn";
        for secret in [
            WORDS.join(" "),
            WORDS.join(", "),
            WORDS.join(" ").to_uppercase(),
            WORDS.map(|word| &word[..4]).join(" "),
            WORDS.map(|word| &word[..4]).concat(),
            numbered.join("\n"),
            format!("our backup:\n\n{}\n", WORDS.join("\n")),
            format!("{} (the last one is wrong)", ["zoo"; 12].join(" ")),
            XPRV.to_owned(),
            format!("wpkh([00000000/84h/0h/0h]{XPRV}/<0;1>/*)"),
            XPRV.replace("xprv", "Vprv"),
            format!("wpkh({wif})"),
            format!("{{\"key\": \"{wif}\"}}"),
            "6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg".into(),
            "ms10testsxxxxxxxxxxxxxxxxxxxxxxxxxx4nzvca9cmczlw".into(),
            "0123456789abcdef".repeat(4),
            "0123456789ABCDEF".repeat(2),
            "0x0123456789abcdef0123456789abcdef".into(),
            "01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef".into(),
            "0123 4567 89ab cdef 0123 4567 89ab cdef\n".into(),
            "0000 ".repeat(12),
            "3141 5926 1234 5612 3456".replace(['9', '0'], "6"),
            "1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2".into(),
            "HTHHT".repeat(11),
        ] {
            assert!(may_be_secret(secret.as_bytes()), "{secret}");
        }
    }

    #[test]
    fn entropy_is_no_text_in_any_encoding() {
        for length in SECRETS {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 37 + 250) as u8).collect();
            for text in [
                STANDARD.encode(&bytes),
                STANDARD_NO_PAD.encode(&bytes),
                URL_SAFE.encode(&bytes),
                URL_SAFE_NO_PAD.encode(&bytes),
                format!("{}\n", STANDARD.encode(&bytes)),
                bytes.to_lower_hex_string(),
                bytes.to_upper_hex_string(),
            ] {
                assert!(may_be_secret(text.as_bytes()), "{length}: {text}");
            }
        }
    }

    #[test]
    fn what_is_public_is_shown() {
        for public in [
            "wpkh([00000000/84h/0h/0h]xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8/<0;1>/*)#00000000",
            "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "{\"format\": \"cofferdam-wallet\"}",
            "the treasury pays on Friday",
            "2026-11-30",
        ] {
            assert!(!may_be_secret(public.as_bytes()), "{public}");
        }
    }
}

//! PSBT files: how they are called, and how they are told from others. Bundles and returns are
//! called in the same way.
//!
//! A signed file stands beside its unsigned one as `<stem>.signed.psbt`, so that a folder can go
//! back and forth whole: the signer passes over what is signed already, and the watcher takes only
//! that.

use std::ffi::{OsStr, OsString};

use cofferdam_core::psbt::MAGIC;

const SIGNED: &str = ".signed.psbt";
const RETURN: &str = ".return";

/// How many bytes of a file [`looks_like_psbt`] wants to see.
pub const LOOK: usize = 64;

/// Returns the name of the signed file for the unsigned file of this name: `a.psbt` gives
/// `a.signed.psbt`.
pub fn signed_name(unsigned: &OsStr) -> OsString {
    stem_with(unsigned, SIGNED)
}

/// Returns the name of the return for the bundle of this name: `a.bundle` gives `a.return`.
pub fn return_name(bundle: &OsStr) -> OsString {
    stem_with(bundle, RETURN)
}

/// Returns the name of the file of a list's transaction: `po.psbt` where there is one, else
/// `po-1.psbt`, with as many digits as the last one needs. Numbers count from 1.
pub fn numbered_name(list: &str, number: usize, count: usize) -> String {
    match count {
        1 => format!("{list}.psbt"),
        _ => format!(
            "{list}-{number:0width$}.psbt",
            width = count.to_string().len()
        ),
    }
}

fn stem_with(name: &OsStr, ending: &str) -> OsString {
    let stem = std::path::Path::new(name).file_stem().unwrap_or_default();
    let mut name = stem.to_owned();
    name.push(ending);
    name
}

/// Tells whether a name is that of a signed file.
pub fn is_signed_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().ends_with(SIGNED.as_bytes())
}

/// Tells a PSBT by the first [`LOOK`] bytes of its file, whatever its name: the magic (BIP174), or
/// the magic in base64 or hexadecimal after white space.
pub fn looks_like_psbt(start: &[u8]) -> bool {
    let text = start.trim_ascii_start();
    start.starts_with(&MAGIC)
        || text.starts_with(b"cHNidP")
        || text
            .get(..10)
            .is_some_and(|hex| hex.eq_ignore_ascii_case(b"70736274ff"))
}

/// Chooses from the PSBT files of a folder those that a signer shall sign: all but the signed ones.
pub fn to_sign<T>(files: Vec<T>, name: impl Fn(&T) -> OsString) -> Vec<T> {
    files
        .into_iter()
        .filter(|file| !is_signed_name(&name(file)))
        .collect()
}

/// Chooses from the PSBT files of a folder those that came back signed: the signed ones by name, or
/// all where no name says so (another wallet's folder).
pub fn came_back<T>(files: Vec<T>, name: impl Fn(&T) -> OsString) -> Vec<T> {
    if files.iter().any(|file| is_signed_name(&name(file))) {
        files
            .into_iter()
            .filter(|file| is_signed_name(&name(file)))
            .collect()
    } else {
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_back_and_forth() {
        for (unsigned, signed) in [
            ("a.psbt", "a.signed.psbt"),
            ("a.txt", "a.signed.psbt"),
            ("a", "a.signed.psbt"),
            ("a.b.psbt", "a.b.signed.psbt"),
        ] {
            let name = signed_name(OsStr::new(unsigned));
            assert_eq!(name, signed);
            assert!(is_signed_name(&name));
            assert!(!is_signed_name(OsStr::new(unsigned)));
        }
    }

    #[test]
    fn transactions_of_a_list_are_numbered() {
        assert_eq!(numbered_name("po", 1, 1), "po.psbt");
        assert_eq!(numbered_name("po", 1, 9), "po-1.psbt");
        assert_eq!(numbered_name("po", 7, 10), "po-07.psbt");
        assert_eq!(return_name(OsStr::new("po.bundle")), "po.return");
        assert_eq!(return_name(OsStr::new("po")), "po.return");
    }

    #[test]
    fn psbts_are_told_by_their_content() {
        for psbt in [
            &b"psbt\xff\x01"[..],
            b"cHNidP8BA",
            b" \n\tcHNidP8",
            b"70736274ff01",
            b"\r\n70736274FF01",
        ] {
            assert!(looks_like_psbt(psbt));
        }
        for other in [
            &b""[..],
            b"psbt",
            b"70736274f",
            b"payout_id,address",
            b"{}",
            b"xpsbt\xff",
        ] {
            assert!(!looks_like_psbt(other));
        }
    }

    #[test]
    fn a_folder_that_went_and_came_back_holds_both() {
        let name = |file: &&str| OsString::from(*file);
        let folder = vec!["a.psbt", "a.signed.psbt", "b.psbt"];
        assert_eq!(to_sign(folder.clone(), name), ["a.psbt", "b.psbt"]);
        assert_eq!(came_back(folder, name), ["a.signed.psbt"]);
        let other_wallets = vec!["a.psbt", "b.psbt"];
        assert_eq!(came_back(other_wallets.clone(), name), other_wallets);
    }
}

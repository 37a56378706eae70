//! Reading passphrases and other secrets: only the worker does.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::path::Path;

use cofferdam_core::seal::{Credential, KeyFile, KeyFileDigest, Passphrase};
use zeroize::Zeroizing;

use super::failure::terminal_failure;
use crate::error::{Exit, Failure};
use crate::files;
use crate::process::Terminal;
use crate::protocol::{Source, Unlock};

/// The longest file that is read as a passphrase, as words or as rolls.
const MAX_SECRET: usize = 64 * 1024;

/// The longest key file.
const MAX_KEY_FILE: usize = 16 * 1024 * 1024;

/// How much of a key file is in memory at once: far less than the largest block of the secret
/// pages.
const PIECE: usize = 4096;

/// Reads a credential to unlock with.
pub(super) fn existing(unlock: &Unlock) -> Result<Credential, Failure> {
    let passphrase = passphrase(&unlock.passphrase, "Passphrase: ")?;
    together(unlock, passphrase, |second| {
        passphrase_of(second, "Second passphrase: ")
    })
}

/// Reads the credential of a vault that is being made, or of a slot that changes; typed ones twice.
///
/// # Errors
///
/// When one part of it adds nothing to the other: two passphrases that are one, or a key file that
/// is the passphrase, or could be guessed. A key file that is `kept` was chosen before, and only
/// held against the new passphrase.
pub(super) fn chosen(unlock: &Unlock, kept: bool) -> Result<Credential, Failure> {
    let first = chosen_passphrase(&unlock.passphrase, "New passphrase")?;
    if let (Some(path), false) = (&unlock.key_file, kept) {
        require_unguessable(path)?;
    }
    let chosen = together(unlock, first, |second| {
        chosen_passphrase(second, "New second passphrase")
    })?;
    match &chosen {
        Credential::TwoPassphrases(first, second) if first.is_same(second) => Err(Failure::usage(
            "the two passphrases are the same: one person alone would open the vault",
            "let two people choose two passphrases",
        )),
        Credential::PassphraseAndKeyFile(passphrase, digest)
            if passphrase.is_key_file(digest) || is_passphrase_file(unlock, digest)? =>
        {
            Err(Failure::usage(
                "the key file holds the passphrase: it adds nothing to it",
                KEY_FILE_HINT,
            ))
        }
        _ => Ok(chosen),
    }
}

/// What to take for a key file.
const KEY_FILE_HINT: &str = "make a key file of random bytes, such as with `head -c 64 /dev/urandom > key`, and keep it apart from the passphrase";

/// The fewest bytes of a new key file, and the fewest different ones: 32 random bytes have more but
/// for one case in 10^29.
const LEAST_KEY_FILE: (u64, u32) = (32, 8);

/// Refuses a key file that could be guessed by its length.
fn require_unguessable(path: &Path) -> Result<(), Failure> {
    let file = digested_file(path)?;
    let (len, distinct) = LEAST_KEY_FILE;
    if file.len() >= len && file.distinct() >= distinct {
        return Ok(());
    }
    Err(Failure::usage(
        format!(
            "the key file {} has {} bytes, {} different ones: a new one needs at least {len} and {distinct}, or it can be guessed",
            path.display(),
            file.len(),
            file.distinct()
        ),
        KEY_FILE_HINT,
    ))
}

/// Tells whether the key file is the very file that the passphrase is read from, by its place or
/// its bytes.
fn is_passphrase_file(unlock: &Unlock, digest: &KeyFileDigest) -> Result<bool, Failure> {
    let Source::File(path) = &unlock.passphrase else {
        return Ok(false);
    };
    // A pipe was read to its end.
    if !path.metadata().is_ok_and(|facts| facts.is_file()) {
        return Ok(false);
    }
    let bytes = secret(&unlock.passphrase, "the passphrase")?;
    Ok(KeyFileDigest::of(&bytes).is_ok_and(|own| own.is_same(digest)))
}

fn together(
    unlock: &Unlock,
    first: Passphrase,
    second: impl FnOnce(&Source) -> Result<Passphrase, Failure>,
) -> Result<Credential, Failure> {
    Ok(match (&unlock.second, &unlock.key_file) {
        (Some(source), _) => Credential::TwoPassphrases(first, second(source)?),
        (None, Some(path)) => Credential::PassphraseAndKeyFile(first, key_file(path)?),
        (None, None) => Credential::Passphrase(first),
    })
}

fn passphrase(source: &Source, question: &str) -> Result<Passphrase, Failure> {
    passphrase_of(source, question)
}

fn passphrase_of(source: &Source, question: &str) -> Result<Passphrase, Failure> {
    match source {
        Source::Prompt => {
            let typed = terminal()?.ask_secret(question).map_err(no_terminal())?;
            Ok(Passphrase::new(&typed)?)
        }
        source => Ok(Passphrase::from_file_bytes(&secret(
            source,
            "the passphrase",
        )?)?),
    }
}

fn chosen_passphrase(source: &Source, what: &str) -> Result<Passphrase, Failure> {
    let Source::Prompt = source else {
        return passphrase_of(source, what);
    };
    let mut terminal = terminal()?;
    loop {
        let first = terminal
            .ask_secret(&format!("{what}: "))
            .map_err(no_terminal())?;
        let again = terminal
            .ask_secret(&format!("{what}, once more: "))
            .map_err(no_terminal())?;
        if first != again {
            terminal
                .show("The two differ. Once more, please.\n")
                .map_err(no_terminal())?;
        } else if first.is_empty() {
            terminal
                .show("It is empty. Once more, please.\n")
                .map_err(no_terminal())?;
        } else {
            return Ok(Passphrase::new(&first)?);
        }
    }
}

fn terminal() -> Result<Terminal, Failure> {
    Terminal::open().map_err(no_terminal())
}

fn no_terminal() -> impl FnOnce(io::Error) -> Failure {
    terminal_failure(
        "the passphrase",
        "give --passphrase-file FILE or --passphrase-fd N, for a new one --new-passphrase-file FILE, or run it on a terminal",
    )
}

/// Reads a secret that is not typed. `what` names it in errors.
pub(super) fn secret(source: &Source, what: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match source {
        Source::Prompt => Err(Failure::usage(
            format!("{what} must come from a file"),
            "name a file",
        )),
        Source::File(path) => {
            let file =
                files::open_or_pipe(path).map_err(|error| Failure::reading(what, path, &error))?;
            bounded(file, MAX_SECRET)
                .map_err(|error| Failure::reading(what, path, &error))?
                .ok_or_else(|| too_long(what, path))
        }
        Source::Descriptor(number) => {
            let path = format!("/proc/self/fd/{number}");
            let opened = match number {
                // Not `io::stdin()`, whose buffer would keep a copy.
                0 => io::stdin().as_fd().try_clone_to_owned().map(File::from),
                _ => File::open(&path),
            };
            let file = opened.map_err(|error| {
                Failure::usage(
                    format!("{what} cannot be read from file descriptor {number}: {error}"),
                    "open the descriptor for reading when starting the program, as in 3<FILE",
                )
            })?;
            bounded(file, MAX_SECRET)
                .map_err(|error| Failure::reading(what, Path::new(&path), &error))?
                .ok_or_else(|| too_long(what, Path::new(&path)))
        }
    }
}

fn key_file(path: &Path) -> Result<KeyFileDigest, Failure> {
    let file = digested_file(path)?.digest();
    file.map_err(|error| Failure::usage(error, "choose another key file"))
}

fn digested_file(path: &Path) -> Result<KeyFile, Failure> {
    let what = "the key file";
    let file = files::open_regular(path).map_err(|error| Failure::reading(what, path, &error))?;
    digested(file, MAX_KEY_FILE)
        .map_err(|error| Failure::reading(what, path, &error))?
        .ok_or_else(|| too_long(what, path))
}

/// Digests a file of at most `limit` bytes; none if it is longer. A whole one would not fit into
/// the secret pages.
fn digested(mut file: impl Read, limit: usize) -> io::Result<Option<KeyFile>> {
    let mut key_file = KeyFile::default();
    let mut piece = Zeroizing::new([0; PIECE]);
    loop {
        match file.read(piece.as_mut()) {
            Ok(0) => return Ok(Some(key_file)),
            Ok(len) => key_file.add(&piece[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if key_file.len() > limit as u64 {
            return Ok(None);
        }
    }
}

fn too_long(what: &str, path: &Path) -> Failure {
    Failure::new(
        Exit::Malformed,
        "file-too-long",
        format!("{} is too long for {what}", path.display()),
        "check the path",
    )
}

/// Reads a file of at most `limit` bytes into memory that is allocated once; none if it is longer.
fn bounded(mut file: impl Read, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    (&mut file).take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that remembers the largest buffer it was asked to fill, and is interrupted once.
    struct Watched<'a> {
        rest: &'a [u8],
        largest: usize,
        interrupted: bool,
    }

    impl Read for Watched<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.largest = self.largest.max(buffer.len());
            if !std::mem::replace(&mut self.interrupted, true) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.rest.read(buffer)
        }
    }

    #[test]
    fn a_key_file_is_never_in_memory_as_a_whole() {
        let bytes: Vec<u8> = (0..300_001u32)
            .map(|at| at.to_le_bytes()[0] ^ 0x5a)
            .collect();
        let mut file = Watched {
            rest: &bytes,
            largest: 0,
            interrupted: false,
        };
        let key_file = digested(&mut file, bytes.len()).unwrap().unwrap();
        assert_eq!(key_file.len(), bytes.len() as u64);
        assert_eq!(file.largest, PIECE);
    }

    #[test]
    fn a_key_file_has_a_longest_length_and_a_shortest() {
        let bytes = vec![7; 3 * PIECE];
        assert!(digested(&bytes[..], bytes.len() - 1).unwrap().is_none());
        assert_eq!(
            digested(&bytes[..], bytes.len()).unwrap().unwrap().len(),
            bytes.len() as u64
        );
        assert!(
            digested(io::repeat(7), 10 * PIECE).unwrap().is_none(),
            "it has no end"
        );
        assert!(
            digested(io::empty(), 10)
                .unwrap()
                .unwrap()
                .digest()
                .is_err()
        );
    }
}

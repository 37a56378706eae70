//! The program itself, and what it takes from the kernel.

use std::fs::File;
use std::io::{self, Read as _};

use bitcoin::hex::DisplayHex as _;
use cofferdam_core::known_answers;
use sha2::{Digest as _, Sha256};

use super::{Check, State};
use crate::date::date;

/// 2026-11-01: no clock that is right says an earlier time to this program.
const RELEASED: u64 = 1_793_491_200;

/// 2100-01-01.
const FAR: u64 = 4_102_444_800;

/// Returns the SHA-256 of the program that runs, in hexadecimal, to be compared with that of a
/// build that was reviewed.
pub(crate) fn own_sha256() -> io::Result<String> {
    let mut file = File::open("/proc/self/exe")?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hash.finalize().as_slice().to_lower_hex_string()),
            read => hash.update(&chunk[..read]),
        }
    }
}

/// The kernel's random source: it answers at once, and not the same twice.
pub(super) fn random_source() -> Check {
    let draw = || {
        let mut bytes = [0u8; 32];
        let flags = rustix::rand::GetRandomFlags::NONBLOCK;
        rustix::rand::getrandom(&mut bytes, flags).map(|read| (read, bytes))
    };
    let name = "random-source";
    match (draw(), draw()) {
        (Ok((32, first)), Ok((32, second))) if first != second => Check::new(
            name,
            State::Good,
            "the kernel's random numbers are ready, and differ",
        ),
        (Err(rustix::io::Errno::AGAIN), _) => Check::new(
            name,
            State::Bad,
            "the kernel has not gathered enough randomness since it started; wait, and move the mouse",
        ),
        (Err(error), _) | (_, Err(error)) => Check::new(
            name,
            State::Bad,
            format!("the kernel gives no random numbers: {error}"),
        ),
        _ => Check::new(
            name,
            State::Bad,
            "the kernel's random numbers repeat, or are too few; do not use this machine",
        ),
    }
}

/// The clock: plausible, and no more can be said of it.
pub(super) fn clock(now: u64) -> Check {
    let shown = date(now);
    Check::of(
        "clock",
        (RELEASED..FAR).contains(&now),
        format!("{shown} by this machine's clock, which nobody vouches for"),
    )
}

/// The known-answer tests.
pub(super) fn known_answers() -> Vec<Check> {
    let answers = known_answers::known_answers();
    let words = |holds| match holds {
        true => "it computes the known answer",
        false => "IT DOES NOT COMPUTE THE KNOWN ANSWER; do not use this machine or this build",
    };
    answers
        .into_iter()
        .map(|answer| Check::of(answer.name, answer.holds, words(answer.holds)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_plausible_from_the_release_to_the_end_of_the_century() {
        let state = |now| clock(now).state;
        assert_eq!(state(RELEASED - 1), State::Bad);
        assert_eq!(state(RELEASED), State::Good);
        assert_eq!(state(FAR - 1), State::Good);
        assert_eq!(state(FAR), State::Bad);
        assert_eq!(
            clock(0).message,
            "1970-01-01T00:00:00Z by this machine's clock, which nobody vouches for"
        );
    }

    #[test]
    fn the_hash_is_that_of_the_file_that_runs() {
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let expected = Sha256::digest(&file).as_slice().to_lower_hex_string();
        assert_eq!(own_sha256().unwrap(), expected);
    }
}

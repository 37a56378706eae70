//! Standard input, in the place of a file that is named `-`.

use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How it is named where a file is named.
const NAME: &str = "-";

/// The name that what came from it has on screens and in outputs.
pub(crate) const SHOWN: &str = "standard-input.psbt";

/// How long its end may take: what is piped in is there, or being made by a program that runs.
const WITHIN: Duration = Duration::from_secs(30);

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// Tells whether a path names standard input.
pub(crate) fn is_named_by(path: &Path) -> bool {
    path == Path::new(NAME)
}

/// Reads it to its end; none if it is longer than `limit` bytes.
///
/// # Errors
///
/// When it is a terminal, when its end does not come within 30 seconds, and what reading fails
/// with.
pub(crate) fn read(limit: usize) -> io::Result<Option<Vec<u8>>> {
    let input = io::stdin();
    if input.is_terminal() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is the terminal",
        ));
    }
    // Past the buffer of the standard library, which nobody else reads from.
    read_within(input.as_fd(), limit, WITHIN)
}

fn read_within(source: impl AsFd, limit: usize, within: Duration) -> io::Result<Option<Vec<u8>>> {
    let end = Instant::now() + within;
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let late = || {
            let message = format!("its end did not come within {} s", within.as_secs());
            io::Error::new(io::ErrorKind::TimedOut, message)
        };
        if left.is_zero() {
            return Err(late());
        }
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&source, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(late()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match rustix::io::read(&source, &mut piece) {
            Ok(0) => return Ok(Some(bytes)),
            Ok(count) if bytes.len() + count > limit => return Ok(None),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use super::*;

    fn pipe() -> (File, File) {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        (reader.into(), writer.into())
    }

    #[test]
    fn an_input_that_does_not_end_is_given_up() {
        let (reader, mut writer) = pipe();
        writer.write_all(b"psbt").unwrap();
        let error = read_within(&reader, 100, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(writer);
    }

    #[test]
    fn what_is_piped_in_is_read_to_its_end_and_no_further_than_allowed() {
        for (length, limit, fits) in [
            (0, 0, true),
            (10, 10, true),
            (11, 10, false),
            (60_000, 60_000, true),
        ] {
            let (reader, mut writer) = pipe();
            writer.write_all(&vec![7; length]).unwrap();
            drop(writer);
            let read = read_within(&reader, limit, Duration::from_secs(60)).unwrap();
            assert_eq!(read, fits.then(|| vec![7; length]), "{length} of {limit}");
        }
    }
}

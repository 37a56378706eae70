//! Raw deflate (RFC 1951), with bounds.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::Damage;

/// The window when writing: 2^10 bytes, because receivers inflate with no more.
const WINDOW_WRITTEN: u8 = 10;
/// The window when reading: 2^15 bytes, the greatest of deflate, which reads every smaller one.
const WINDOW_READ: u8 = 15;
const CHUNK: usize = 64 * 1024;

/// Deflates bytes as far as it can. None when the library fails.
pub(super) fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut state = Compress::new_with_window_bits(Compression::best(), false, WINDOW_WRITTEN);
    let mut written = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let (read, made) = (state.total_in(), state.total_out());
        let rest = bytes.get(usize::try_from(read).ok()?..)?;
        let status = state
            .compress(rest, &mut chunk, FlushCompress::Finish)
            .ok()?;
        let made = usize::try_from(state.total_out() - made).ok()?;
        written.extend_from_slice(chunk.get(..made)?);
        if status == Status::StreamEnd {
            return Some(written);
        }
        if made == 0 && state.total_in() == read {
            return None;
        }
    }
}

/// Inflates bytes to `limit` bytes at most, and asks that the stream ends with them.
pub(super) fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, Damage> {
    let mut state = Decompress::new_with_window_bits(false, WINDOW_READ);
    let mut written: Vec<u8> = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let (read, made) = (state.total_in(), state.total_out());
        let rest = usize::try_from(read)
            .ok()
            .and_then(|read| bytes.get(read..))
            .ok_or(Damage::Deflate)?;
        let status = state
            .decompress(rest, &mut chunk, FlushDecompress::None)
            .map_err(|_| Damage::Deflate)?;
        let new = usize::try_from(state.total_out() - made)
            .ok()
            .and_then(|made| chunk.get(..made))
            .ok_or(Damage::Deflate)?;
        if written.len() + new.len() > limit {
            return Err(Damage::TooLarge);
        }
        written.extend_from_slice(new);
        if status == Status::StreamEnd {
            return if state.total_in() == bytes.len() as u64 {
                Ok(written)
            } else {
                Err(Damage::Trailing)
            };
        }
        if new.is_empty() && state.total_in() == read {
            return Err(Damage::CutOff);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = deflate(&vec![0; 1 << 20]).unwrap();
        assert!(bomb.len() < 8 << 10);
        assert_eq!(inflate(&bomb, (1 << 20) - 1), Err(Damage::TooLarge));
        assert_eq!(inflate(&bomb, 1 << 20).unwrap(), vec![0; 1 << 20]);
    }

    #[test]
    fn a_stream_must_end_where_its_bytes_end() {
        let whole = deflate(b"cofferdam cofferdam cofferdam").unwrap();
        for length in 0..whole.len() {
            assert!(inflate(&whole[..length], 100).is_err(), "{length}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert_eq!(inflate(&longer, 100), Err(Damage::Trailing));
        assert_eq!(inflate(b"\xff\xff\xff", 100), Err(Damage::Deflate));
    }

    #[test]
    fn what_is_written_needs_a_window_of_two_to_the_ten_only() {
        let bytes: Vec<u8> = (0..200_000u32)
            .flat_map(|n| (n / 700 * n % 251).to_le_bytes())
            .collect();
        let written = deflate(&bytes).unwrap();
        let mut small = Decompress::new_with_window_bits(false, 10);
        let mut read = Vec::with_capacity(bytes.len() + 1);
        let status = small
            .decompress_vec(&written, &mut read, FlushDecompress::Finish)
            .unwrap();
        assert_eq!((status, read == bytes), (Status::StreamEnd, true));
        assert_eq!(inflate(&written, bytes.len()).unwrap(), bytes);
    }

    #[test]
    fn a_window_of_two_to_the_fifteen_is_read() {
        let bytes: Vec<u8> = (0..60_000u32)
            .map(|n| (n % 20_011 * 7919 % 256) as u8)
            .collect();
        let mut state = Compress::new_with_window_bits(Compression::best(), false, 15);
        let mut written = Vec::with_capacity(bytes.len() + 100);
        state
            .compress_vec(&bytes, &mut written, FlushCompress::Finish)
            .unwrap();
        assert!(written.len() < 30_000);
        assert_eq!(inflate(&written, bytes.len()).unwrap(), bytes);
    }
}

//! Framed CBOR over a pair of pipes: `u32 length (little-endian) ‖ CBOR`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd as _, RawFd};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest frame: the longest run (192 MiB), and room for what goes with it. What answers it is
/// far smaller.
const MAX_FRAME: u32 = 200 << 20;

/// One end of a conversation with another process.
pub(crate) struct Channel {
    reader: File,
    writer: File,
}

/// A conversation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelError {
    /// The other process has ended.
    #[error("the other process has ended")]
    Closed,
    /// The pipe failed.
    #[error("the pipe between two of the signer's processes failed: {0}")]
    Io(#[from] io::Error),
    /// A frame larger than [`MAX_FRAME`].
    #[error("a frame of {0} bytes between two of the signer's processes is larger than allowed")]
    TooLarge(u64),
    /// A frame that is not what the protocol expects here.
    #[error("a frame between two of the signer's processes is malformed")]
    Malformed,
}

impl Channel {
    /// Makes a channel of a pipe to read from and a pipe to write to.
    pub(super) fn new(reader: File, writer: File) -> Self {
        Channel { reader, writer }
    }

    /// Returns the descriptors that it needs.
    pub(super) fn descriptors(&self) -> [RawFd; 2] {
        [self.reader.as_raw_fd(), self.writer.as_raw_fd()]
    }

    /// Sends one message.
    pub(crate) fn send<T: Serialize>(&mut self, message: &T) -> Result<(), ChannelError> {
        let body = minicbor_serde::to_vec(message).map_err(|_| ChannelError::Malformed)?;
        let length = u32::try_from(body.len())
            .ok()
            .filter(|length| *length <= MAX_FRAME)
            .ok_or(ChannelError::TooLarge(body.len() as u64))?;
        self.writer
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.writer.write_all(&body))
            .map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => ChannelError::Closed,
                _ => ChannelError::Io(error),
            })
    }

    /// Waits for one message.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> Result<T, ChannelError> {
        let mut length = [0; 4];
        self.reader.read_exact(&mut length).map_err(ended)?;
        let length = u32::from_le_bytes(length);
        if length > MAX_FRAME {
            return Err(ChannelError::TooLarge(length.into()));
        }
        let mut body = vec![0; length as usize];
        self.reader.read_exact(&mut body).map_err(ended)?;
        minicbor_serde::from_slice(&body).map_err(|_| ChannelError::Malformed)
    }
}

fn ended(error: io::Error) -> ChannelError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ChannelError::Closed,
        _ => ChannelError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Channel, File) {
        let (reader, far) = rustix::pipe::pipe().unwrap();
        let (_unread, writer) = rustix::pipe::pipe().unwrap();
        (Channel::new(reader.into(), writer.into()), far.into())
    }

    #[test]
    fn a_frame_longer_than_allowed_is_refused_before_it_is_allocated() {
        let (mut channel, mut far) = pair();
        far.write_all(&u32::MAX.to_le_bytes()).unwrap();
        assert!(matches!(
            channel.receive::<String>(),
            Err(ChannelError::TooLarge(_))
        ));
    }

    #[test]
    fn a_frame_cut_short_is_the_end_and_not_a_message() {
        let (mut channel, mut far) = pair();
        far.write_all(&9u32.to_le_bytes()).unwrap();
        far.write_all(b"half").unwrap();
        drop(far);
        assert!(matches!(
            channel.receive::<String>(),
            Err(ChannelError::Closed)
        ));
    }

    #[test]
    fn a_frame_of_another_type_is_malformed() {
        let (mut channel, mut far) = pair();
        let body = minicbor_serde::to_vec(7u8).unwrap();
        far.write_all(&(body.len() as u32).to_le_bytes()).unwrap();
        far.write_all(&body).unwrap();
        assert!(matches!(
            channel.receive::<String>(),
            Err(ChannelError::Malformed)
        ));
    }
}

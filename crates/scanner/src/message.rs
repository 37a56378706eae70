//! What the two processes say to each other: `u32 length (little-endian) ‖ CBOR`.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use minicbor::{Decode, Encode};
use zeroize::Zeroize as _;

/// The longest message: all codes of one frame, with room to spare.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;

/// The most codes of one frame that are passed on.
pub(crate) const MAX_CODES: usize = 32;

/// What the decoder shall look at.
#[derive(Debug, Encode, Decode)]
pub(crate) struct Task {
    /// The bytes of the path.
    #[cbor(n(0), with = "minicbor::bytes")]
    path: Vec<u8>,
    /// Whether it is a camera.
    #[n(1)]
    pub(crate) camera: bool,
    /// How many frames to pass over: they were looked at before.
    #[n(2)]
    pub(crate) skip: u64,
}

impl Task {
    pub(crate) fn new(path: &std::path::Path, camera: bool, skip: u64) -> Task {
        Task {
            path: path.as_os_str().as_encoded_bytes().to_vec(),
            camera,
            skip,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        use std::os::unix::ffi::OsStrExt as _;
        std::ffi::OsStr::from_bytes(&self.path).into()
    }
}

/// What the decoder saw.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Glance {
    /// The contents of the codes in one frame, often none.
    #[n(0)]
    Frame {
        /// The frame, from 0.
        #[n(0)]
        number: u64,
        /// The contents.
        #[n(1)]
        codes: Vec<Content>,
    },
    /// There are no more frames.
    #[n(1)]
    End,
    /// There are no more frames because something is wrong with what comes next.
    #[n(2)]
    Failed(#[n(0)] String),
    /// It has set its own limits, and waits for a task; the first message.
    #[n(3)]
    Ready,
    /// A frame was skipped as the task says. It tells that the decoder is at work.
    #[n(4)]
    Skipped,
}

/// The content of a code. Wiped when dropped: it can be a seed.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Content(#[cbor(n(0), with = "minicbor::bytes")] pub(crate) Vec<u8>);

impl Drop for Content {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Writes one message.
pub(crate) fn send<T: Encode<()>>(to: &mut impl Write, message: &T) -> io::Result<()> {
    let body = minicbor::to_vec(message).map_err(io::Error::other)?;
    let length = u32::try_from(body.len())
        .ok()
        .filter(|length| *length as usize <= MAX_MESSAGE)
        .ok_or_else(|| io::Error::other("a message too long"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&body)?;
    to.flush()
}

/// Waits for one message; nothing at the end of the stream.
pub(crate) fn receive<T: for<'b> Decode<'b, ()>>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_MESSAGE {
        return Err(io::Error::other("a message too long"));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    minicbor::decode(&body).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_round_trip() {
        let mut stream = Vec::new();
        let glance = Glance::Frame {
            number: 7,
            codes: vec![Content(b"UR:BYTES/".to_vec()), Content(vec![0, 255])],
        };
        send(&mut stream, &glance).unwrap();
        send(&mut stream, &Glance::End).unwrap();
        let mut from = stream.as_slice();
        assert_eq!(receive::<Glance>(&mut from).unwrap(), Some(glance));
        assert_eq!(receive::<Glance>(&mut from).unwrap(), Some(Glance::End));
        assert_eq!(receive::<Glance>(&mut from).unwrap(), None);
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_it_is_allocated() {
        assert!(receive::<Glance>(&mut &u32::MAX.to_le_bytes()[..]).is_err());
    }
}

//! One code that holds the whole message, and no format says what it is.
//!
//! - [`encode`]: a message becomes the content of one code, in a chosen [`Form`].
//! - [`recognise`]: the content of a code becomes a message, by its first bytes and by what parses.

mod form;
mod recognise;

pub use form::{Form, SingleFrame, SingleFrameError, encode};
pub use recognise::{MAX_CONTENT, UnrecognisedError, recognise};
pub(crate) use recognise::{is_psbt, is_text, is_transaction};

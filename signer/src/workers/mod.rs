//! The processes that work for a face, and what is said to and by them.
//!
//! A face (the command line today) says what they start with, hears of what is only to be told, and
//! acts on what needs an action. Nothing here prints, asks, or knows a command line.
//!
//! - [`start`]: what a face starts them with; the machine is looked at first.
//! - [`request`]: what is read, and from where.
//! - [`conversation`]: what is said, step by step.
//! - [`event`]: what is only to be told.

mod conversation;
mod event;
mod request;
mod start;

pub(crate) use conversation::{Step, Workers, out_of_turn};
pub(crate) use event::Event;
pub(crate) use request::{Credentials, Inputs};
pub(crate) use start::Start;

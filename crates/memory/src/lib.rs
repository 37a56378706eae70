//! Memory for secrets: an audited module, the only one with `unsafe` code beside the signer's fork.
//!
//! Whoever holds keys runs by [`run_and_end`]: its whole stack, and every small allocation that it
//! makes, lie in pages that are never swapped or dumped; the stack and the heap are wiped before it
//! ends. So the copies that key types, hash states and libraries leave behind need no wiping of
//! their own, although they have it where they can. Other threads of the process use [`on_stack`].
//!
//! - [`Pages`]: the kinds of pages, from the best: `memfd_secret` (even root and the kernel's own
//!   maps do not see them), `mlock`, ordinary ones.
//! - [`Allocator`]: the program's allocator: serves from such pages where it may, and wipes what is
//!   freed, everywhere.
//! - [`ordinary`]: for bulk that is not secret, as a transaction of megabytes, so that it leaves
//!   the room to the secrets.

mod allocator;
mod arena;
pub mod for_tests;
mod map;
mod run;
mod stack;
mod wipe;

pub use allocator::Allocator;
pub use arena::{ordinary, ran_out};
pub use map::Pages;
pub use run::{Forking, available, run_and_end, state};
pub use stack::on_stack;

//! Bundles and returns: round trips, what hostile ones are refused for, and how large they are.

#![allow(
    clippy::print_stdout,
    reason = "tests say how large things are, and how long refusals take"
)]

mod bundle;
mod fixture;
mod hostile;
mod journals;
mod property;
mod returned;
mod size;

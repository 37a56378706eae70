//! QR formats against other people's implementations: theirs reads ours, and ours reads theirs.

#![allow(clippy::print_stdout)]

mod bbqr;
mod registry;
mod ur;

use std::time::Duration;

use anyhow::{Context, Result};
use cofferdam_transport::Payload;
use cofferdam_transport::collect::{Collector, Seen, Wanted};
use serde_json::Value;

/// Bytes that deflate to about a half.
fn half_noise(length: usize) -> Vec<u8> {
    let mut state = 7u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (state >> 28) as u8
    });
    bytes.take(length).collect()
}

/// Collects the parts of an answer, the last one first.
fn collect(answer: &Value) -> Result<Payload> {
    let mut collector = Collector::new(Wanted::Anything);
    let parts = answer["parts"].as_array().context("parts")?;
    parts
        .iter()
        .rev()
        .filter_map(Value::as_str)
        .find_map(
            |part| match collector.take(part.as_bytes(), Duration::ZERO) {
                Seen::Whole(payload) => Some(payload),
                _ => None,
            },
        )
        .context("the message is not whole")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

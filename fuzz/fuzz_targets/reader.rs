//! Reading codes from any picture at all: the first byte is its width, and so many bytes are a row,
//! drawn large by the second. The reader stops soon after its time is over.

#![no_main]

use std::time::{Duration, Instant};

use cofferdam_transport::code::read_codes;
use cofferdam_transport::picture::Luma;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [width, scale, pixels @ ..] = input else {
        return;
    };
    let (width, scale) = (usize::from(*width).max(1), usize::from(scale % 4) + 1);
    let rows: Vec<&[u8]> = pixels.chunks_exact(width).collect();
    let large = rows.iter().flat_map(|row| {
        let row: Vec<u8> = row.iter().flat_map(|shade| vec![*shade; scale]).collect();
        row.repeat(scale)
    });
    let Ok(picture) = Luma::new(width * scale, rows.len() * scale, large.collect()) else {
        return;
    };
    let deadline = Instant::now() + Duration::from_millis(300);
    for content in read_codes(&picture, &|| Instant::now() > deadline) {
        assert!(content.len() <= 7089);
    }
});

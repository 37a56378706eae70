//! Bad frames are read, and hostile files are survived.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cofferdam_testkit::frames::{Condition, grid, hostile};
use cofferdam_transport::code::Reader;
use cofferdam_transport::picture::open;

/// Percent of frames that must be read, by condition: what was measured on 400 frames, less what a
/// smaller grid may scatter.
const FLOORS: [(Condition, usize); 10] = [
    (Condition::Plain, 100),
    (Condition::Perspective, 85),
    (Condition::Rotation, 90),
    (Condition::Blur, 85),
    (Condition::Noise, 85),
    (Condition::Ghost, 75),
    (Condition::LowContrast, 90),
    (Condition::Glare, 90),
    (Condition::Inversion, 85),
    (Condition::Mixed, 85),
];

#[test]
fn bad_frames_are_read() {
    let mut counts: BTreeMap<Condition, (usize, usize)> = BTreeMap::new();
    for case in grid(160) {
        let (content, frame) = case.frame();
        let read = Reader::default().read(&frame, &|| false);
        assert!(
            read.iter().all(|read| *read == content),
            "{case:?} was read wrongly"
        );
        let (hits, all) = counts.entry(case.condition).or_default();
        *hits += read.len();
        *all += 1;
    }
    let (hits, all) = counts
        .values()
        .fold((0, 0), |(hits, all), count| (hits + count.0, all + count.1));
    println!("{hits} of {all} frames read: {counts:?}");
    assert!(hits * 100 >= all * 92, "{hits} of {all}: {counts:?}");
    for (condition, floor) in FLOORS {
        let (hits, all) = counts[&condition];
        assert!(
            hits * 100 >= all * floor,
            "{}: {hits} of {all}",
            condition.name()
        );
    }
}

#[test]
fn hostile_files_are_survived() {
    let mut frames = 0;
    let mut slowest = (Duration::ZERO, "");
    let files = hostile();
    for (name, bytes) in &files {
        let mut source = match open(bytes.clone()) {
            Ok(source) => source,
            Err(error) => {
                println!("{name}: refused: {error}");
                continue;
            }
        };
        let start = Instant::now();
        let (mut given, mut found) = (0, 0);
        let end = loop {
            match source.next_frame() {
                Ok(Some(frame)) if given < 20 => {
                    given += 1;
                    let began = Instant::now();
                    let read = Reader::default()
                        .read(&frame, &|| began.elapsed() > Duration::from_millis(150));
                    found += read.len();
                    slowest = slowest.max((began.elapsed(), name));
                }
                Ok(Some(_)) => break "more than 20 frames".to_owned(),
                Ok(None) => break "end".to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        frames += given;
        println!(
            "{name}: {given} frames, {found} codes, {:?}, {end}",
            start.elapsed()
        );
        if !name.starts_with("truncated") {
            assert_eq!(found, 0, "{name} holds no code");
        }
    }
    println!(
        "{} hostile files, {frames} frames; the slowest: {slowest:?}",
        files.len()
    );
}

//! Animated codes, shown to a bad camera, are read from what it recorded.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cofferdam_transport::code::{Drawing, Matrix, Reader};
use cofferdam_transport::picture::open_stream;
use cofferdam_transport::render::animated_gif;

const FRAMES: usize = 24;

fn content(at: usize) -> Vec<u8> {
    format!("UR:BYTES/{at}-{FRAMES}/{}", "TAPELOUDFLEW".repeat(40)).into_bytes()
}

fn degrade(from: &Path, to: &Path, options: &[&str]) {
    let run = Command::new(env!("CARGO_BIN_EXE_degrade"))
        .arg(from)
        .arg(to)
        .args(options)
        .output()
        .expect("it runs");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

/// The numbers of the frames that were read, and how many frames there are.
fn read(recording: &Path) -> (Vec<usize>, usize) {
    let mut source =
        open_stream(std::fs::File::open(recording).expect("a recording")).expect("a source");
    let (mut reader, mut numbers, mut frames) = (Reader::default(), Vec::new(), 0);
    while let Some(frame) = source.next_frame().expect("a frame") {
        frames += 1;
        for read in reader.read(&frame, &|| false) {
            numbers.push(
                (0..FRAMES)
                    .find(|at| content(*at) == read)
                    .expect("one of ours"),
            );
        }
    }
    (numbers, frames)
}

#[test]
fn recordings_of_a_bad_camera_are_read() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let codes: Vec<Matrix> = (0..FRAMES)
        .map(|at| Drawing::default().draw(&content(at)).expect("a code"))
        .collect();
    let gif = animated_gif(&codes, 4, Duration::from_millis(100)).expect("a GIF");
    std::fs::write(file("codes.gif"), gif).expect("a file");

    degrade(&file("codes.gif"), &file("all.y4m"), &["--seed", "7"]);
    let (numbers, frames) = read(&file("all.y4m"));
    assert_eq!(frames, FRAMES);
    assert!(
        numbers.len() * 100 >= frames * 90,
        "{} of {frames} were read",
        numbers.len()
    );
    assert!(numbers.is_sorted());

    degrade(
        &file("codes.gif"),
        &file("some.gif"),
        &["--seed", "7", "--loss", "30"],
    );
    let (numbers, frames) = read(&file("some.gif"));
    assert!((10..=21).contains(&frames), "{frames} frames are left");
    assert!(
        numbers.len() * 100 >= frames * 90,
        "{} of {frames} were read",
        numbers.len()
    );

    degrade(
        &file("codes.gif"),
        &file("again.gif"),
        &["--seed", "7", "--loss", "30"],
    );
    let bytes = |name: &str| std::fs::read(file(name)).expect("a file");
    assert!(
        bytes("some.gif") == bytes("again.gif"),
        "a seed decides everything"
    );
}

#[test]
fn wrong_usage_is_told() {
    for arguments in [
        &["a.gif"][..],
        &["a.gif", "b.gif"],
        &["a.gif", "b.gif", "--seed", "x"],
        &["a", "b", "--what"],
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_degrade"))
            .args(arguments)
            .output()
            .expect("it runs");
        assert_eq!(run.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&run.stderr).contains("usage: degrade"));
    }
}

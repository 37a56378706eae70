//! Every single-bit flip of a vault file through the binary's `verify`.

use std::fs;

use crate::folder::{Folder, json};

/// As many files as one run gets: their names fit a command line, and their bytes a small disk.
const BATCH: usize = 2048;

#[test]
fn verify_refuses_every_flipped_bit() {
    let folder = Folder::with_generations(1);
    let mut bytes = folder.read("V").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let bits: Vec<usize> = (0..bytes.len() * 8).collect();
    let (mut refused, mut runs) = (0, 0);
    for batch in bits.chunks(BATCH) {
        let mut files = Vec::new();
        for bit in batch {
            let flip = 1 << (bit % 8);
            bytes[bit / 8] ^= flip;
            let path = scratch.path().join((bit % BATCH).to_string());
            fs::write(&path, &bytes).unwrap();
            files.push(path.to_str().unwrap().to_owned());
            bytes[bit / 8] ^= flip;
        }
        let args: Vec<&str> = std::iter::once("verify")
            .chain(files.iter().map(String::as_str))
            .collect();
        let output = folder.run(&args);
        assert_eq!(output.status.code(), Some(5));
        let report = json(&output.stdout);
        let reported = report["files"].as_array().unwrap();
        assert_eq!(reported.len(), batch.len());
        for (bit, (file, path)) in batch.iter().zip(reported.iter().zip(&files)) {
            assert_eq!(file["file"].as_str(), Some(path.as_str()));
            assert_eq!(file["intact"], false, "bit {bit} was accepted: {file}");
            refused += 1;
        }
        runs += 1;
    }
    println!("{refused} single-bit flips refused in {runs} runs of the binary");
    assert_eq!(refused, bytes.len() * 8);

    let sound = folder.run_well(&["verify", folder.path("V").to_str().unwrap()]);
    assert!(
        sound.contains("\"intact\":true") || sound.contains("\"intact\": true"),
        "{sound}"
    );
}

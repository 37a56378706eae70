//! What the process that looks at pictures can reach, and what it can make of them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use cofferdam_transport::code::Drawing;
use cofferdam_transport::render;
use tempfile::TempDir;

fn signer(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam-signer"));
    command.args(arguments);
    command.args([
        "--allow-unfit",
        "swap,network,bluetooth,radio,tracer",
        "--json",
    ]);
    command.arg("--vault").arg(folder.join("v"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Ends the signer, and with it its processes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the decoder: the process that has no child, and a parent that is no signer's screen.
fn decoder_of(screen: u32) -> u32 {
    let children = |id: u32| -> Vec<u32> {
        let path = format!("/proc/{id}/task/{id}/children");
        let text = fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect()
    };
    for _ in 0..PATIENCE {
        let decoders: Vec<u32> = children(screen).into_iter().flat_map(children).collect();
        if let [decoder] = decoders.as_slice() {
            return *decoder;
        }
        sleep(MOMENT);
    }
    panic!("no decoder");
}

/// How often something is looked for, and how far apart: for two minutes, far longer than it takes
/// on a machine that has much else to do.
const PATIENCE: u32 = 6_000;
const MOMENT: Duration = Duration::from_millis(20);

/// Returns what a process has open. None where the system does not let this user see it.
fn open_files(process: u32) -> Option<Vec<PathBuf>> {
    match fs::read_dir(format!("/proc/{process}/fd")) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
        folder => Some(
            folder
                .unwrap()
                // One that was closed meanwhile has no name any more.
                .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
                .collect(),
        ),
    }
}

#[test]
fn the_eye_has_nothing_but_its_pipes() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pictures");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let pipe = pipe.display().to_string();
    fs::write(folder.path().join("p"), "a passphrase").unwrap();
    for arguments in [
        // Forked by the process with the lock; the passphrase stands in a descriptor.
        &[
            "restore",
            "--network",
            "regtest",
            "--passphrase-fd",
            "0",
            "--seed-qr",
            &pipe,
        ][..],
        &["scan", &pipe, "--out", "o", "--yes", "--passphrase-fd", "0"],
    ] {
        let mut command = signer(folder.path(), arguments);
        command.stdin(fs::File::open(folder.path().join("p")).unwrap());
        let screen = Running(command.spawn().unwrap());
        let decoder = decoder_of(screen.0.id());
        // Soon after it was forked it has let go of what it inherited; it waits for pictures that
        // never come.
        for attempt in 0.. {
            let Some(open) = open_files(decoder) else {
                return;
            };
            if has_nothing_but_pipes(&open) {
                break;
            }
            assert!(attempt < PATIENCE, "{open:?}");
            sleep(MOMENT);
        }
    }
}

fn has_nothing_but_pipes(open: &[PathBuf]) -> bool {
    let (null, pipes): (Vec<_>, Vec<_>) = open
        .iter()
        .partition(|path| path.as_path() == Path::new("/dev/null"));
    let mut pipes = pipes.iter().map(|path| path.to_string_lossy());
    (null.len(), pipes.len()) == (3, 2) && pipes.all(|path| path.starts_with("pipe:"))
}

/// A label or a link as long as entropy must not become a wallet.
#[test]
fn text_before_the_camera_is_no_seed() {
    let folder = TempDir::new().unwrap();
    let code = Drawing::default().draw(b"Lot 07/2026 B-12").unwrap();
    fs::write(
        folder.path().join("label.png"),
        render::png(&code, 8).unwrap(),
    )
    .unwrap();
    fs::write(folder.path().join("p"), "a passphrase").unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (passphrase, label) = (at("p"), at("label.png"));
    // A descriptor that is looked at is one of the few that the decoder keeps.
    for named in [&label[..], "/dev/stdin"] {
        let arguments = [
            "restore",
            "--network",
            "regtest",
            "--passphrase-file",
            &passphrase,
            "--seed-qr",
            named,
        ];
        let mut command = signer(folder.path(), &arguments);
        command.stdin(fs::File::open(&label).unwrap());
        let run = command.output().unwrap();
        let error: serde_json::Value = serde_json::from_slice(&run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(6), "{error}");
        assert_eq!(error["error"]["code"], "foreign-code", "{error}");
    }
    assert!(!folder.path().join("v").exists());
}

#[test]
fn a_name_that_says_no_picture_is_refused_before_anything_is_signed() {
    let folder = TempDir::new().unwrap();
    let run = signer(
        folder.path(),
        &["scan", "none.gif", "--qr", "answer.txt", "--yes"],
    );
    let run = { run }.output().unwrap();
    assert_eq!(
        run.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

#[test]
fn a_seed_before_the_camera_is_restored() {
    let folder = TempDir::new().unwrap();
    // "abandon" eleven times and "about", in both forms.
    let digits = format!("{}0003", "0000".repeat(11));
    fs::write(folder.path().join("p"), "a passphrase").unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for (name, content) in [("v-digits", digits.as_bytes()), ("v-entropy", &[0; 16])] {
        let code = Drawing::default().draw(content).unwrap();
        fs::write(
            folder.path().join("seed.png"),
            render::png(&code, 8).unwrap(),
        )
        .unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_cofferdam-signer"))
            .args([
                "restore",
                "--network",
                "regtest",
                "--json",
                "--allow-unfit",
                "swap,network,bluetooth,radio,tracer",
            ])
            .args(["--kdf-memory-mib", "64", "--kdf-passes", "3"])
            .args([
                "--vault",
                &at(name),
                "--passphrase-file",
                &at("p"),
                "--seed-qr",
                &at("seed.png"),
            ])
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        let made: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(made["fingerprint"], "73c5da0a", "{name}");
    }
}

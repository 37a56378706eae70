//! What a camera recorded, read by the real binaries: as a file, as a stream through a named pipe,
//! and with pictures in it that were made to harm.

#![allow(clippy::print_stdout, reason = "tests say how much was read")]

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;

use cofferdam_testkit::frames::hostile;
use cofferdam_testkit::{Run, Signer, Watcher};
use serde_json::Value;
use tempfile::TempDir;

/// A y4m frame of 1280 x 720 in grey, with its header.
const FRAME: usize = 6 + 1280 * 720;

/// Both programs, an account that only the signer knows, and later a list to pay.
struct Office {
    folder: TempDir,
    signer: Signer,
    watcher: Watcher,
}

impl Office {
    fn new() -> Office {
        let folder = TempDir::new().unwrap();
        let office = Office {
            signer: Signer::init(&folder.path().join("offline")).unwrap(),
            watcher: Watcher::new(&folder.path().join("online")),
            folder,
        };
        office.sign(&["account", "add", "--name", "main", "--script", "segwit"]);
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn sign(&self, arguments: &[&str]) -> Value {
        self.signer.run(arguments).unwrap().json().unwrap()
    }

    fn watch(&self, arguments: &[&str]) -> Value {
        self.watcher.run(arguments).unwrap().json().unwrap()
    }

    /// The wallet in small codes, as pictures.
    fn show_wallet(&self, out: &str) {
        let codes = ["qr", "--account", "main", "--out", out, "--qr-version", "6"];
        assert!(self.sign(&codes)["parts"].as_u64().unwrap() > 2);
    }

    /// Funds the wallet, and plans a list.
    fn plan(&self) -> String {
        let fund = [
            "rehearsal",
            "fund",
            "--wallet",
            "main",
            "--amount-sat",
            "4000000",
            "--coins",
            "2",
        ];
        self.watch(&fund);
        self.watch(&["sync", "--chain", "rehearsal"]);
        let payee = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
        std::fs::write(
            self.path("list.csv"),
            format!("payout_id,address,amount,unit\na,{payee},50000,sat\n"),
        )
        .unwrap();
        let file = self.text("list.csv");
        let created = self.watch(&[
            "payout",
            "create",
            &file,
            "--wallet",
            "main",
            "--fee-rate",
            "2",
        ]);
        created["id"].as_str().unwrap().to_owned()
    }

    /// What is to be signed in small codes, as pictures.
    fn show_list(&self, id: &str, out: &str) {
        let shown = self.watch(&["payout", "qr", id, "--out", out, "--qr-version", "6"]);
        assert!(shown["parts"].as_u64().unwrap() > 2, "{shown}");
    }

    fn scan_wallet(&self, from: &str) {
        assert_eq!(self.watch(&["scan", from])["name"], "main");
    }

    fn scan_list(&self, from: &str) {
        let out = self.text("answer.return");
        self.sign(&["scan", from, "--yes", "--out", &out]);
    }

    /// Gives the answer back, as a file.
    fn answered(&self, id: &str) {
        let answer = self.text("answer.return");
        assert_eq!(
            self.watch(&["payout", "import", id, &answer])["state"],
            "signed"
        );
    }
}

/// What a bad camera records of codes.
fn recorded(codes: &Path, recording: &Path) {
    let run = Command::new(env!("CARGO_BIN_EXE_degrade"))
        .args([codes, recording])
        .args(["--seed", "11", "--loss", "10"])
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

/// Header and frames of a recording.
fn frames(recording: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let header = recording.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let (header, frames) = recording.split_at(header);
    assert!(
        frames.len().is_multiple_of(FRAME),
        "frames of 1280 x 720 in grey"
    );
    (header, frames.chunks(FRAME).collect())
}

#[test]
fn a_recording_is_read_as_a_camera_delivers_it() {
    let office = Office::new();
    office.show_wallet(&office.text("wallet.gif"));
    recorded(&office.path("wallet.gif"), &office.path("wallet.y4m"));
    office.scan_wallet(&office.text("wallet.y4m"));

    let id = office.plan();
    office.show_list(&id, &office.text("list.gif"));
    recorded(&office.path("list.gif"), &office.path("list.y4m"));
    office.scan_list(&office.text("list.y4m"));
    office.answered(&id);
}

/// Plays a recording into a named pipe, over and over, a frame at a time, until nobody reads any
/// more.
fn played(office: &Office, recording: &str, pipe: &str) -> JoinHandle<usize> {
    let made = Command::new("mkfifo")
        .arg(office.path(pipe))
        .status()
        .unwrap();
    assert!(made.success());
    let (recording, pipe) = (
        std::fs::read(office.path(recording)).unwrap(),
        office.path(pipe),
    );
    std::thread::spawn(move || {
        let (header, frames) = frames(&recording);
        let mut pipe = File::options().write(true).open(pipe).unwrap();
        pipe.write_all(header).unwrap();
        for (number, frame) in frames.iter().cycle().enumerate() {
            if pipe.write_all(frame).is_err() {
                return number;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
        }
        0
    })
}

/// Four frames a second: waiting for a frame is not work on it.
#[test]
fn a_slow_stream_through_a_pipe_is_read_while_it_goes_on() {
    let office = Office::new();
    office.show_wallet(&office.text("wallet.gif"));
    recorded(&office.path("wallet.gif"), &office.path("wallet.y4m"));
    let player = played(&office, "wallet.y4m", "wallet.pipe");
    office.scan_wallet(&office.text("wallet.pipe"));
    println!("the watcher took {} frames", player.join().unwrap());

    let id = office.plan();
    office.show_list(&id, &office.text("list.gif"));
    recorded(&office.path("list.gif"), &office.path("list.y4m"));
    let player = played(&office, "list.y4m", "list.pipe");
    office.scan_list(&office.text("list.pipe"));
    println!("the signer took {} frames", player.join().unwrap());
    office.answered(&id);
}

/// Puts every hostile picture of the size of a recording behind each of its frames.
fn poisoned(recording: &Path) {
    let bytes = std::fs::read(recording).unwrap();
    let (header, good) = frames(&bytes);
    let hostile = hostile();
    let bad: Vec<&[u8]> = hostile
        .iter()
        .filter(|(name, file)| {
            file.starts_with(b"YUV4MPEG2 W1280 H720 ") && *name != "truncated y4m"
        })
        .flat_map(|(_, file)| frames(file).1)
        .collect();
    assert!(bad.len() > 10);
    let mut film = header.to_vec();
    for frame in good {
        film.extend(frame);
        film.extend(bad.concat());
    }
    std::fs::write(recording, film).unwrap();
}

#[test]
fn hostile_frames_between_good_ones_are_passed_over() {
    let office = Office::new();
    office.show_wallet(&office.text("wallet.gif"));
    recorded(&office.path("wallet.gif"), &office.path("wallet.y4m"));
    poisoned(&office.path("wallet.y4m"));
    office.scan_wallet(&office.text("wallet.y4m"));

    let id = office.plan();
    office.show_list(&id, &office.text("list.gif"));
    recorded(&office.path("list.gif"), &office.path("list.y4m"));
    poisoned(&office.path("list.y4m"));
    office.scan_list(&office.text("list.y4m"));
    office.answered(&id);
}

/// Puts every hostile file, and what is no file to read, between the first and the second picture
/// of a folder.
fn poisoned_folder(folder: &Path) {
    for (number, (_, bytes)) in hostile()
        .iter()
        .filter(|(name, _)| !name.contains("20,000"))
        .enumerate()
    {
        std::fs::write(folder.join(format!("code-2-hostile-{number}")), bytes).unwrap();
    }
    std::os::unix::fs::symlink("/nowhere", folder.join("code-2-gone")).unwrap();
    std::fs::create_dir(folder.join("code-2-folder")).unwrap();
    let pipe = folder.join("code-2-pipe");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
}

#[test]
fn hostile_files_in_a_folder_are_passed_over() {
    let office = Office::new();
    office.show_wallet(&office.text("wallet/"));
    poisoned_folder(&office.path("wallet"));
    office.scan_wallet(&office.text("wallet"));

    let id = office.plan();
    office.show_list(&id, &office.text("list/"));
    poisoned_folder(&office.path("list"));
    office.scan_list(&office.text("list"));
    office.answered(&id);
}

fn both(office: &Office, what: &[&str]) -> [Run; 2] {
    let arguments = [&["scan"], what].concat();
    [
        office
            .signer
            .run(&[&arguments[..], &["--yes", "--out", &office.text("out")]].concat())
            .unwrap(),
        office.watcher.run(&arguments).unwrap(),
    ]
}

/// Folders, devices and pipes that give nothing; each is named, with the reason.
#[test]
fn what_gives_no_pictures_is_told() {
    let office = Office::new();
    std::fs::create_dir(office.path("empty")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(office.path("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let nothing = [
        (office.text("missing.gif"), "No such file"),
        (office.text("empty"), "no file"),
        ("/dev/null".into(), "no picture that can be read"),
        ("/dev/zero".into(), "no picture that can be read"),
        (office.text("pipe"), "no picture within 20 seconds"),
    ];
    for (path, reason) in &nothing {
        for run in both(&office, &[path]) {
            let error = run.error(6).unwrap();
            assert_eq!(error["code"], "unreadable-picture");
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains(path) && message.contains(reason),
                "{message}"
            );
        }
    }
    for run in both(&office, &["--camera", "/dev/null"]) {
        assert_eq!(run.error(6).unwrap()["code"], "unreadable-picture");
    }
    // One of several does not end the scan.
    office.show_wallet(&office.text("wallet.gif"));
    let imported = office.watch(&[
        "scan",
        &nothing[0].0,
        &nothing[1].0,
        &office.text("wallet.gif"),
    ]);
    assert_eq!(imported["name"], "main");
}

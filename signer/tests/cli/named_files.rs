//! Files that the command line names are regular ones, or standard input.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use crate::harness::{Run, Signer, names};
use crate::psbts::{PAYEE, Plan};

/// What opening would wait for, or reading would never end.
fn with_strange_files() -> (Signer, UnixListener, [String; 5]) {
    let signer = Signer::init();
    let made = Command::new("mkfifo").arg(signer.path("pipe")).status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink(signer.path("pipe"), signer.path("link")).unwrap();
    let socket = UnixListener::bind(signer.path("socket")).unwrap();
    let strange = [
        signer.text("pipe"),
        signer.text("link"),
        signer.text("socket"),
        "/dev/zero".into(),
        "/dev/tty".into(),
    ];
    (signer, socket, strange)
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let (signer, _socket, strange) = with_strange_files();
    for path in &strange {
        for command in ["inspect", "sign", "qr"] {
            let arguments: &[&str] = match command {
                "inspect" => &["inspect", path],
                "sign" => &["sign", path, "--yes"],
                _ => &["qr", path, "--out", "x.gif"],
            };
            let error = signer.run(arguments).error(6);
            assert_eq!(error["code"], "not-a-file", "{command} {path}: {error}");
            assert!(
                error["hint"].as_str().unwrap().contains("a regular file"),
                "{error}"
            );
        }
    }
    let compared = signer.run(&["sign", "/dev/null", "--expect", &strange[0], "--yes"]);
    assert_eq!(compared.error_code(6), "not-a-file");
}

#[test]
fn a_pipe_in_a_folder_of_psbts_is_passed_over() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    std::fs::create_dir(signer.path("in")).unwrap();
    let made = Command::new("mkfifo")
        .arg(signer.path("in/x.psbt"))
        .status();
    assert!(made.unwrap().success());
    signer.write(
        "in/a.psbt",
        Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt(),
    );
    let review = signer.run(&["inspect", &signer.text("in")]).json();
    assert_eq!(review["files"].as_array().unwrap().len(), 1);
}

/// Writing looks at what is there already.
#[test]
fn a_pipe_in_the_place_of_an_output_is_not_waited_for() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let made = Command::new("mkfifo").arg(signer.path("out")).status();
    assert!(made.unwrap().success());
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let (psbt, out) = (signer.text("a.psbt"), signer.text("out"));
    let signed = signer.run(&["sign", &psbt, "--out", &out, "--yes"]);
    assert_eq!(signed.error_code(12), "file-exists");
    let exported = signer.run(&[
        "export",
        "--account",
        "main",
        "--format",
        "json",
        "--out",
        &out,
    ]);
    assert_eq!(exported.error_code(12), "file-exists");
}

fn piped(signer: &Signer, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = signer
        .command(arguments)
        .arg("--json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where it is not read, the pipe breaks.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_psbt_comes_from_standard_input() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let psbt = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt();
    let review = piped(&signer, &["inspect", "-"], &psbt).json();
    assert_eq!(review["files"][0]["file"], "standard-input.psbt");
    std::fs::create_dir(signer.path("signed")).unwrap();
    let folder = signer.text("signed");
    let signed = piped(&signer, &["sign", "-", "--out", &folder, "--yes"], &psbt).json();
    assert_eq!(signed["signed"][0]["signatures"], 1);
    assert_eq!(
        names(&signer.path("signed")),
        ["standard-input.signed.psbt"]
    );
    assert_eq!(
        piped(&signer, &["inspect", "-"], b"").error_code(6),
        "malformed-psbt"
    );
}

#[test]
fn standard_input_is_one_thing() {
    let signer = Signer::init();
    let twice = signer.run(&["inspect", "-", "-"]);
    assert_eq!(twice.error_code(2), "wrong-usage");
    let mut command =
        signer.command_without_passphrase(&["inspect", "-", "--passphrase-fd", "0", "--json"]);
    let run: Run = command
        .stdin(File::open(signer.path("p")).unwrap())
        .output()
        .unwrap()
        .into();
    assert_eq!(run.error_code(2), "wrong-usage");
}

//! What others wrote cannot stand where a line of ours stands: names of files, data outputs,
//! arguments.
//!
//! The screens are looked at as a terminal of 80 columns shows them. The widths here are counted by
//! other code than the program's: every character beyond ASCII may take two columns.

use std::process::Command;

use bitcoin::ScriptBuf;
use bitcoin::script::PushBytesBuf;
use rexpect::session::spawn_command;

use crate::harness::{BINARY, Run, Signer, namespace_permitted};
use crate::psbts::{PAYEE, Plan};

/// A name of a file that puts its words into the first column where a terminal of 80 columns breaks
/// lines.
fn posing_name() -> String {
    format!(
        "{:<77}{:<80}{:<60}.psbt",
        "pay", "REFUSED: nothing", "fee 10 sat"
    )
}

/// No line is wider than the terminal, nothing writes on it, and the words stand behind the mark or
/// within a line of ours.
fn is_ours(text: &str, words: &[&str]) {
    for line in text.lines() {
        let width: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        assert!(width <= 80, "{width} columns: {line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let shown = line.trim_start();
        for words in words {
            assert!(
                !shown.starts_with(words),
                "poses as a line of ours: {line:?}"
            );
        }
    }
}

fn whole(run: &Run, words: &[&str]) {
    is_ours(&run.stdout, words);
    is_ours(&run.stderr, words);
}

#[test]
fn a_file_name_cannot_pose() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let name = posing_name();
    signer.write(&name, Plan::new(&wallet, &[0], &[(PAYEE, 700_000)]).psbt());
    let words = ["REFUSED", "fee 10 sat"];
    let run = signer.words(&["inspect", &signer.text(&name)]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    whole(&run, &words);
    assert!(run.stdout.contains("│ "), "the name is not broken by us");

    // In an error, in the answer of a command, and in one that names several.
    let missing = signer.words(&["inspect", &signer.text(&format!("{name}.none"))]);
    assert_eq!(missing.code, 6);
    whole(&missing, &words);
    let signed = signer.words(&["sign", &signer.text(&name), "--yes"]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    whole(&signed, &words);
    let verified = signer.words(&["verify", &signer.text(&name)]);
    whole(&verified, &words);
}

#[test]
fn a_data_output_cannot_pose() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let lines = "\r\n  fee rate           1.000 sat/vB over 100 vB\n\n━━ other.psbt\n    note     all is well\n";
    for (number, text) in [
        lines.to_owned(),
        format!("{:<68}{:<69}{}", "pay", "fee 10 sat", "REFUSED nothing"),
        "│ fee 10 sat\n".repeat(40),
        "\u{202e}\u{3164}\u{2066}fee\u{301}\u{301}\u{301} 10 sat".repeat(9),
    ]
    .iter()
    .enumerate()
    {
        let data = PushBytesBuf::try_from(text.as_bytes().to_vec()).unwrap();
        let name = format!("{number}.psbt");
        let plan = Plan::new(&wallet, &[0], &[(PAYEE, 700_000)]);
        signer.write(&name, plan.with_data(ScriptBuf::new_op_return(data)).psbt());
        let run = signer.words(&["inspect", &signer.text(&name)]);
        assert!(
            run.stdout.contains("as text\n"),
            "{}{}",
            run.stdout,
            run.stderr
        );
        whole(
            &run,
            &[
                "fee 10 sat",
                "REFUSED nothing",
                "fee rate           1.000",
                "━━ other",
            ],
        );
        let notes = run.stdout.matches("note ").count();
        let behind = run
            .stdout
            .lines()
            .filter(|line| line.trim_start().starts_with("│ "))
            .map(|line| line.matches("note ").count())
            .sum::<usize>();
        let own = signer.run(&["inspect", &signer.text(&name)]);
        let findings: serde_json::Value = serde_json::from_str(&own.stdout).unwrap();
        let found = findings["findings"].as_array().unwrap();
        let own_notes = found
            .iter()
            .filter(|finding| finding["severity"] == "note")
            .count();
        assert_eq!(notes - behind, own_notes, "{}", run.stdout);
        // For scripts the text is exact, and still writes on no screen.
        assert_eq!(findings["files"][0]["outputs"][2]["data"]["text"], **text);
        assert!(!own.stdout.contains(['\u{202e}', '\u{3164}', '\u{2066}']));
    }
}

#[test]
fn an_argument_cannot_pose() {
    let signer = Signer::bare();
    let argument = format!(
        "--\x1b[2J\u{202e}{:<70}REFUSED: nothing\r\nUsage: none",
        "x"
    );
    let run = signer.words(&[argument.as_str()]);
    assert_eq!(run.code, 2);
    whole(&run, &["REFUSED", "Usage: none"]);
    assert!(run.stderr.contains("unexpected argument"), "{}", run.stderr);
    let json = signer.run(&[argument.as_str()]);
    assert_eq!(json.error_code(2), "wrong-usage");
    assert!(!json.stderr.contains(['\u{202e}', '\x1b']));
}

/// The same on a terminal of 80 columns and 24 lines, up to the question.
#[test]
fn nothing_poses_on_a_terminal() {
    let (signer, wallet) = Signer::with_wallet("taproot");
    let name = posing_name();
    signer.write(&name, Plan::new(&wallet, &[0], &[(PAYEE, 700_000)]).psbt());
    let mut command = Command::new("sh");
    command.args(["-c", "stty echo cols 80 rows 24 && exec \"$@\"", "sh"]);
    match namespace_permitted() {
        true => command.args(["unshare", "-rn", "--", BINARY]),
        false => command.args([BINARY, "--allow-online"]),
    };
    command
        .args(["--allow-unfit", "swap,bluetooth,radio,tracer", "--vault"])
        .arg(signer.path("v"))
        .arg("--passphrase-file")
        .arg(signer.path("p"))
        .arg("sign")
        .arg(signer.path(&name));
    let mut session = spawn_command(command, Some(60_000)).unwrap();
    let review = session.exp_string("Type yes or no: ").unwrap();
    // The session reads each byte as a character.
    let bytes: Vec<u8> = review.chars().map(|byte| byte as u8).collect();
    let review = String::from_utf8(bytes).unwrap();
    is_ours(&review.replace('\r', ""), &["REFUSED", "fee 10 sat"]);
    assert!(review.contains("│ "), "{review}");
    session.send_line("no").unwrap();
    session.exp_eof().unwrap();
}

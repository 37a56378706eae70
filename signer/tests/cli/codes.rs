//! Codes and secrets: what is never shown, what is never read but to restore, and codes on a
//! terminal.

use std::path::Path;
use std::process::Command;

use cofferdam_transport::code::Drawing;
use cofferdam_transport::render::png;
use rexpect::session::{PtySession, spawn_command};
use serde_json::Value;

use crate::harness::{BINARY, COSTS, Signer, WORDS};

/// The test vectors of SeedQR's specification.
fn seeds() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/seed-qr/vectors.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn text<'a>(seed: &'a Value, part: &str) -> &'a str {
    seed[part].as_str().unwrap()
}

fn entropy(seed: &Value) -> Vec<u8> {
    let hex = text(seed, "entropy").as_bytes().chunks(2);
    hex.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 16).unwrap())
        .collect()
}

/// Draws a code as a picture, and returns its path.
fn picture(signer: &Signer, content: &[u8]) -> String {
    let code = Drawing::default().draw(content).unwrap();
    signer.write("code.png", png(&code, 6).unwrap());
    signer.text("code.png")
}

fn restored(option: &str, prepare: impl FnOnce(&Signer) -> String) -> Value {
    let signer = Signer::bare();
    let from = prepare(&signer);
    let restore = ["restore", "--network", "regtest", option, &from];
    signer.run(&[&restore[..], &COSTS].concat()).json()["fingerprint"].clone()
}

#[test]
fn a_seed_in_a_code_is_the_same_as_in_words() {
    for seed in seeds() {
        let by_words = restored("--mnemonic-file", |signer| {
            signer.write("words", text(&seed, "words"));
            signer.text("words")
        });
        let digits = text(&seed, "digits").as_bytes();
        assert_eq!(
            restored("--seed-qr", |signer| picture(signer, digits)),
            by_words
        );
        let compact = entropy(&seed);
        assert_eq!(
            restored("--seed-qr", |signer| picture(signer, &compact)),
            by_words
        );
    }
}

/// It is refused, and nothing of it is said again.
#[test]
fn a_seed_before_the_camera_is_not_taken_for_a_payment() {
    let signer = Signer::init();
    for seed in seeds() {
        for content in [text(&seed, "digits").as_bytes(), &entropy(&seed)] {
            let scan = [
                "scan",
                &picture(&signer, content),
                "--yes",
                "--out",
                &signer.text("out"),
            ];
            let run = signer.run(&scan);
            assert_eq!(run.error_code(6), "foreign-code");
            let said = [run.stdout, run.stderr, signer.words(&scan).stderr].concat();
            assert!(said.contains("this code is a seed"), "{said}");
            assert!(
                !said.contains(text(&seed, "digits")) && !said.contains(text(&seed, "entropy"))
            );
            let words: Vec<&str> = text(&seed, "words").split(' ').collect();
            let told = words.windows(2).find(|pair| said.contains(&pair.join(" ")));
            assert_eq!(told, None, "{said}");
        }
    }
}

#[test]
fn secrets_are_not_shown_as_codes() {
    let signer = Signer::restore();
    signer.add_account("main", "segwit");
    let private = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
    signer.write("words", format!("{WORDS}\n"));
    signer.write("private", private);
    signer.write("descriptor", format!("wpkh({private}/84h/0h/0h/<0;1>/*)"));
    signer.write("digits", text(&seeds()[0], "digits"));
    signer.write("entropy", entropy(&seeds()[3]));
    assert!(signer.path("v.journal").is_file());
    let out = signer.text("codes.gif");
    for name in [
        "v",
        "v.journal",
        "words",
        "private",
        "descriptor",
        "digits",
        "entropy",
        "p",
    ] {
        let refused = signer.run(&["qr", &signer.text(name), "--out", &out]);
        assert_eq!(refused.error_code(3), "secret", "{name}");
        assert!(!signer.path("codes.gif").exists(), "{name}");
    }
}

/// Waits for the line below a code, and returns how many codes it names.
fn count(session: &mut PtySession) -> usize {
    let (_, line) = session.exp_regex(": [0-9]+ codes, ").unwrap();
    let digits = line.trim_start_matches(": ").trim_end_matches(" codes, ");
    digits.parse().unwrap()
}

#[test]
fn codes_on_a_terminal_get_denser_and_end_and_leave_it_as_it_was() {
    let signer = Signer::bare();
    signer.write("text", "What is carried. ".repeat(150));
    let script = format!(
        "stty echo icanon rows 70 cols 140; echo set $(stty -g) end; {BINARY} --allow-unfit network,swap,bluetooth,radio,tracer qr {} --to sparrow --code ur --qr-version 8; \
         echo code $?; echo set $(stty -g) end",
        signer.text("text")
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]);
    let mut session = spawn_command(command, Some(30_000)).unwrap();
    let (_, settings) = session.exp_regex("set [0-9a-f:]+ end").unwrap();
    // Black on white, whatever the colours of the terminal.
    session.exp_string("38;5;16;48;5;231m").unwrap();
    let before = count(&mut session);
    session.send("+").unwrap();
    session.flush().unwrap();
    let denser = (0..40)
        .map(|_| count(&mut session))
        .find(|count| *count < before);
    assert!(denser.is_some(), "{before} codes, and as many after +");
    session.send("q").unwrap();
    session.flush().unwrap();
    session.exp_string("code 0").unwrap();
    let (_, after) = session.exp_regex("set [0-9a-f:]+ end").unwrap();
    assert_eq!(after, settings);
    session.exp_eof().unwrap();
}

//! What the operator meets on a terminal.

use std::process::Command;
use std::time::Duration;

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};

use crate::harness::{BINARY, COSTS, PASSPHRASE, Signer, namespace_permitted};
use crate::psbts::{OTHER, PAYEE, Plan};

/// How many milliseconds a word of the signer is waited for: far longer than it takes on a machine
/// that has much else to do.
const PATIENCE: Option<u64> = Some(180_000);

/// Starts the signer on a terminal of its own.
fn on_terminal(signer: &Signer, arguments: &[&str]) -> PtySession {
    on_terminal_with(signer, "", arguments)
}

/// Starts it with a redirection of the shell's.
fn on_terminal_with(signer: &Signer, redirection: &str, arguments: &[&str]) -> PtySession {
    // The test's terminal starts without echo; a real one has it.
    let mut command = Command::new("sh");
    let script = format!("stty echo && exec \"$@\" {redirection}");
    command.args(["-c", &script, "sh"]);
    if namespace_permitted() {
        command.args(["unshare", "-rn", "--", BINARY]);
    } else {
        command.args([BINARY, "--allow-online"]);
    }
    command
        .args(["--allow-unfit", "swap,bluetooth,radio,tracer", "--vault"])
        .arg(signer.path("v"));
    command.args(arguments);
    let mut session = spawn_command(command, PATIENCE).unwrap();
    session.process_mut().set_kill_timeout(Some(1_000));
    session
}

/// Reads to the end, and returns the rest of the output and the exit code.
fn ended(mut session: PtySession) -> (String, i32) {
    let rest = session.exp_eof().unwrap();
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (rest, code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn init_shows_the_words_and_asks_some_back() {
    let signer = Signer::bare();
    let mut session = on_terminal(
        &signer,
        &[
            &["init", "--network", "regtest", "--words", "12"][..],
            &COSTS,
        ]
        .concat(),
    );
    session.exp_string("New passphrase: ").unwrap();
    session.send_line("one thing").unwrap();
    session.exp_string("once more: ").unwrap();
    session.send_line("another thing").unwrap();
    session.exp_string("differ").unwrap();
    session.exp_string("New passphrase: ").unwrap();
    session.send_line(PASSPHRASE).unwrap();
    session.exp_string("once more: ").unwrap();
    session.send_line(PASSPHRASE).unwrap();

    let words = read_words(&mut session);
    assert_eq!(words.len(), 12);
    session.send_line("").unwrap();
    session.exp_regex("Word [0-9]+: ").unwrap();
    // No word of the list, of which "wrong" is one.
    session.send_line("notaword").unwrap();
    session.exp_string("That is not the word").unwrap();
    session.send_line("").unwrap();
    assert_eq!(read_words(&mut session), words, "they are shown again");
    session.send_line("").unwrap();
    for _ in 0..3 {
        let (_, question) = session.exp_regex("Word [0-9]+: ").unwrap();
        let number: usize = question
            .trim_matches(|c: char| !c.is_ascii_digit())
            .parse()
            .unwrap();
        session.send_line(&words[number - 1]).unwrap();
    }
    let (rest, code) = ended(session);
    assert_eq!(code, 0, "{rest}");
    assert!(!rest.contains("NOBODY HAS A BACKUP"), "{rest}");

    let out = signer.text("words");
    signer
        .run(&["backup", "show", "--mnemonic-out", &out])
        .json();
    assert_eq!(
        String::from_utf8(signer.read("words")).unwrap().trim(),
        words.join(" ")
    );
}

fn read_words(session: &mut PtySession) -> Vec<String> {
    session.exp_string("Write these words down").unwrap();
    let shown = session.exp_string("Press Enter").unwrap();
    shown
        .lines()
        .filter_map(|line| line.trim().split_once(". "))
        .filter(|(number, _)| number.parse::<usize>().is_ok())
        .map(|(_, word)| word.trim().to_owned())
        .collect()
}

#[test]
fn a_typed_passphrase_is_not_shown_and_may_be_tried_three_times() {
    let signer = Signer::init();
    let mut session = on_terminal(&signer, &["account", "list"]);
    let mut transcript = String::new();
    for typed in ["first wrong one", "second wrong one", PASSPHRASE] {
        transcript += &session.exp_string("Passphrase: ").unwrap();
        session.send_line(typed).unwrap();
    }
    let (rest, code) = ended(session);
    assert_eq!(code, 0, "{rest}");
    transcript += &rest;
    assert!(
        !transcript.contains("wrong one") && !transcript.contains("horse"),
        "{transcript}"
    );

    let mut session = on_terminal(&signer, &["account", "list"]);
    for _ in 0..3 {
        session.exp_string("Passphrase: ").unwrap();
        session.send_line("wrong").unwrap();
    }
    assert_eq!(ended(session).1, 4);
}

fn reviewed(signer: &Signer, extra: &[&str]) -> PtySession {
    let (psbt, out, passphrase) = (signer.text("a.psbt"), signer.text("out"), signer.text("p"));
    let arguments = [
        "--passphrase-file",
        &passphrase,
        "sign",
        &psbt,
        "--out",
        &out,
    ];
    let mut session = on_terminal(signer, &[&arguments[..], extra].concat());
    session.exp_string("PAYMENT").unwrap();
    session
}

/// Whoever is asked has seen what for, wherever standard output goes.
#[test]
fn the_review_is_on_the_terminal_that_is_asked() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let (psbt, out, passphrase) = (signer.text("a.psbt"), signer.text("out"), signer.text("p"));
    let arguments = [
        "--passphrase-file",
        &passphrase,
        "sign",
        &psbt,
        "--out",
        &out,
    ];
    let mut session = on_terminal_with(&signer, "> /dev/null", &arguments);
    let before = session.exp_string("yes or no: ").unwrap();
    assert!(
        before.contains("PAYMENT") && before.contains("bcrt 1qw5 08d6"),
        "{before}"
    );
    session.send_line("no").unwrap();
    assert_eq!(ended(session).1, 3);
}

#[test]
fn sign_shows_the_review_and_asks() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let mut session = reviewed(&signer, &[]);
    session.exp_string("bcrt 1qw5 08d6").unwrap();
    session.exp_string("Sign this transaction?").unwrap();
    session
        .exp_string("0.00005000 BTC leave the wallet, and 0.00001000 BTC in fees.")
        .unwrap();
    session.exp_string("yes or no: ").unwrap();
    session.send_line("y").unwrap();
    let (rest, code) = ended(session);
    assert_eq!(code, 3, "only yes is yes: {rest}");
    assert!(!signer.path("out").exists());
    let journal = signer.run(&["journal", "show"]).json();
    let last = journal["entries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["codes"], serde_json::json!(["declined"]));

    let mut session = reviewed(&signer, &[]);
    session.exp_string("yes or no: ").unwrap();
    session.send_line("yes").unwrap();
    let (rest, code) = ended(session);
    assert_eq!(code, 0, "{rest}");
    assert!(signer.path("out").exists());
}

#[test]
fn each_warning_is_asked_for_by_name() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write(
        "first.psbt",
        Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt(),
    );
    let first = signer.text("first.psbt");
    signer.run(&["sign", &first, "--yes"]).json();
    signer.write(
        "a.psbt",
        Plan::new(&wallet, &[1], &[(PAYEE, 5_000), (OTHER, 100)]).psbt(),
    );
    for (answers, code) in [
        (&["no"][..], 3),
        (&["yes", "no"], 3),
        (&["yes", "yes", "yes"], 0),
    ] {
        let mut session = reviewed(&signer, &[]);
        for answer in answers {
            session.exp_string("yes or no: ").unwrap();
            session.send_line(answer).unwrap();
        }
        let (rest, ended) = ended(session);
        assert_eq!(ended, code, "{answers:?}: {rest}");
    }
    assert!(signer.path("out").exists());
}

/// The machine is looked at again between the consent and the first use of a key.
#[test]
fn a_network_that_comes_up_while_the_review_is_read_refuses() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let at = |name: &str| signer.text(name);
    // Beside the signer, in its empty network namespace: an interface comes up when the test says
    // so.
    let beside = format!(
        "while ! [ -e {go} ]; do sleep 0.05; done; for kind in dummy veth bridge; do ip link add d0 type $kind && break; done; \
         ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up; echo $? >{came}.tmp; mv {came}.tmp {came}",
        go = at("go"),
        came = at("came")
    );
    let script = format!("stty echo; ({beside}) >/dev/null 2>&1 & exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["-rn", "--", "sh", "-c", &script, "sh", BINARY]);
    command
        .args(["--allow-unfit", "swap,bluetooth,radio,tracer", "--vault"])
        .arg(at("v"));
    command.args([
        "--passphrase-file",
        &at("p"),
        "sign",
        &at("a.psbt"),
        "--out",
        &at("out"),
    ]);
    if !namespace_permitted() {
        println!("left out: the system permits no empty network namespace");
        return;
    }
    let mut session = spawn_command(command, PATIENCE).unwrap();
    session.process_mut().set_kill_timeout(Some(1_000));
    session.exp_string("yes or no: ").unwrap();
    signer.write("go", "");
    let came = (0..500).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        std::fs::read_to_string(signer.path("came")).ok()
    });
    if came.as_deref() != Some("0\n") {
        println!("left out: the system permits no interface to be made");
        return;
    }
    session.send_line("yes").unwrap();
    let (rest, code) = ended(session);
    assert_eq!(code, 7, "{rest}");
    assert!(rest.contains("the network is up (d0"), "{rest}");
    assert!(!signer.path("out").exists(), "nothing was signed");
    let journal = signer.run(&["journal", "show"]).json();
    let last = journal["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["event"], &last["codes"][0]),
        (&"refused".into(), &"network-up".into())
    );
}

#[test]
fn ctrl_c_is_130_and_gives_the_terminal_back() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let before = signer.names();
    let vault = signer.read("v");

    let mut session = on_terminal(&signer, &["account", "list"]);
    session.exp_string("Passphrase: ").unwrap();
    session.send_control('c').unwrap();
    assert_eq!(ended(session).1, 130, "while the passphrase is asked");

    let mut session = reviewed(&signer, &[]);
    session.exp_string("yes or no: ").unwrap();
    session.send_control('c').unwrap();
    assert_eq!(ended(session).1, 130, "while approval is asked");

    assert_eq!(signer.names(), before);
    assert_eq!(signer.read("v"), vault);
    // The lock is free at once.
    signer
        .run(&["account", "add", "--name", "b", "--script", "taproot"])
        .json();

    // In a shell: the terminal shows again what is typed.
    let script = format!(
        "stty echo; {BINARY} --allow-unfit network,swap,bluetooth,radio,tracer --vault {0} account list; echo code $?; stty -a | grep -o '[-]*echo '",
        signer.text("v")
    );
    let mut command = Command::new("bash");
    command.args(["-c", &format!("trap : INT; {script}")]);
    let mut session = spawn_command(command, PATIENCE).unwrap();
    session.exp_string("Passphrase: ").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("code 130").unwrap();
    let rest = session.exp_eof().unwrap();
    assert!(
        rest.contains("echo ") && !rest.contains("-echo"),
        "{rest:?}"
    );
}

#[test]
fn prune_deletes_only_what_is_confirmed() {
    let signer = Signer::init();
    for (name, script) in [("a", "legacy"), ("b", "nested"), ("c", "segwit")] {
        signer.add_account(name, script);
    }
    assert_eq!(
        signer.run(&["prune"]).error_code(2),
        "wrong-usage",
        "there is no way without a terminal"
    );
    let mut session = on_terminal(&signer, &["prune"]);
    session.exp_string("generation 2").unwrap();
    session.exp_string("generation 1").unwrap();
    session.exp_string("to go on: ").unwrap();
    session.send_line("yes").unwrap();
    assert_eq!(ended(session).1, 3);
    assert_eq!(
        signer.names(),
        ["p", "v", "v.1", "v.2", "v.3", "v.journal", "v.lock"]
    );
    let mut session = on_terminal(&signer, &["prune", "--keep", "3"]);
    session.exp_string("to go on: ").unwrap();
    session.send_line("delete").unwrap();
    assert_eq!(ended(session).1, 0);
    assert_eq!(
        signer.names(),
        ["p", "v", "v.2", "v.3", "v.journal", "v.lock"]
    );
}

#[test]
fn the_mix_is_shown_only_when_asked_for_and_before_the_rolls() {
    let signer = Signer::bare();
    let passphrase = signer.text("p");
    let init = [
        "--passphrase-file",
        &passphrase,
        "init",
        "--network",
        "regtest",
        "--words",
        "24",
        "--show-mix",
    ];
    let words = signer.text("words");
    let arguments = [&init[..], &["--mnemonic-out", &words], &COSTS].concat();
    let mut session = on_terminal(&signer, &arguments);
    session.exp_string("random bytes:").unwrap();
    let (_, kernel) = session.exp_regex("[0-9a-f]{64}").unwrap();
    session.exp_string("Rolls: ").unwrap();
    let rolls = "123456".repeat(3);
    session.send_line(&rolls).unwrap();
    assert_eq!(ended(session).1, 0);
    // By hand, as docs/formats/entropy.md tells: sha256("cofferdam/entropy/1" ‖ kernel ‖ rolls).
    use bitcoin::hashes::{Hash, sha256};
    let kernel: Vec<u8> = bitcoin::hex::FromHex::from_hex(&kernel).unwrap();
    let entropy =
        sha256::Hash::hash(&[b"cofferdam/entropy/1", &kernel[..], rolls.as_bytes()].concat());
    let entropy = cofferdam_core::keys::Entropy::from_bytes(entropy.as_byte_array()).unwrap();
    let expected = cofferdam_core::keys::Mnemonic::from_entropy(
        &entropy,
        cofferdam_core::keys::Language::English,
    );
    assert_eq!(
        String::from_utf8(signer.read("words")).unwrap().trim(),
        expected.phrase().as_str()
    );
}

#[test]
fn what_loosens_the_policy_is_typed() {
    let signer = Signer::init();
    let passphrase = signer.text("p");
    let set = [
        "--passphrase-file",
        &passphrase,
        "policy",
        "set",
        "only-signer",
        "yes",
    ];
    let mut session = on_terminal(&signer, &set);
    session.exp_string("only-signer yes (was no)").unwrap();
    session.exp_string("Type loosen to go on: ").unwrap();
    session.send_line("yes").unwrap();
    assert_eq!(ended(session).1, 3);
    assert_eq!(signer.run(&["policy", "show"]).json()["only_signer"], false);
    let mut session = on_terminal(&signer, &set);
    session.exp_string("Type loosen to go on: ").unwrap();
    session.send_line("loosen").unwrap();
    assert_eq!(ended(session).1, 0);
    assert_eq!(signer.run(&["policy", "show"]).json()["only_signer"], true);
}

/// Signs with a passphrase that is typed, and more pasted behind it; returns what was on the
/// terminal until the question.
fn pasted_at_the_passphrase(signer: &Signer, behind: &str) -> PtySession {
    let (psbt, out) = (signer.text("a.psbt"), signer.text("out"));
    let mut session = on_terminal(signer, &["sign", &psbt, "--out", &out]);
    session.exp_string("Passphrase: ").unwrap();
    session.send(&format!("{PASSPHRASE}\n{behind}")).unwrap();
    session.flush().unwrap();
    session
}

fn signs(signer: &Signer) -> usize {
    let journal = signer.run(&["journal", "show"]).json();
    let entries = journal["entries"].as_array().unwrap();
    entries
        .iter()
        .filter(|entry| entry["event"] == "signed")
        .count()
}

/// What answers a question was typed after it was asked.
#[test]
fn consent_that_is_typed_ahead_is_thrown_away() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    // More than a terminal's buffer of 4 KiB, so that some of it waits outside.
    let much = "yes\n".repeat(3_000);
    for behind in ["yes\n", &much] {
        let mut session = pasted_at_the_passphrase(&signer, behind);
        session.exp_string("fees.\r\nType yes or no: ").unwrap();
        session.send_line("no").unwrap();
        let (rest, code) = ended(session);
        assert_eq!(code, 3, "{rest}");
    }
    assert!(!signer.path("out").exists());
    assert_eq!(signs(&signer), 0);
}

#[test]
fn a_warning_is_not_accepted_by_what_is_typed_ahead() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write(
        "a.psbt",
        Plan::new(&wallet, &[1], &[(PAYEE, 5_000), (OTHER, 100)]).psbt(),
    );
    let mut session = pasted_at_the_passphrase(&signer, "yes\nyes\n");
    session.exp_string("dust-output? Type yes or no: ").unwrap();
    // An answer to this question, and one to the next that nobody has seen.
    session.send("yes\nyes\n").unwrap();
    session.flush().unwrap();
    session.exp_string("fees.\r\nType yes or no: ").unwrap();
    session.send_line("no").unwrap();
    assert_eq!(ended(session).1, 3);
    assert_eq!(signs(&signer), 0);
}

#[test]
fn what_is_typed_ahead_neither_loosens_nor_deletes() {
    let signer = Signer::init();
    let set = ["policy", "set", "only-signer", "yes"];
    let mut session = on_terminal(&signer, &set);
    session.exp_string("Passphrase: ").unwrap();
    session.send(&format!("{PASSPHRASE}\nloosen\n")).unwrap();
    session.flush().unwrap();
    session.exp_string("Type loosen to go on: ").unwrap();
    session.send_line("no").unwrap();
    assert_eq!(ended(session).1, 3);
    assert_eq!(signer.run(&["policy", "show"]).json()["only_signer"], false);

    for (name, script) in [("a", "legacy"), ("b", "nested"), ("c", "segwit")] {
        signer.add_account(name, script);
    }
    let before = signer.names();
    let mut session = on_terminal(&signer, &["prune"]);
    session.send_line("delete").unwrap();
    session.exp_string("to go on: ").unwrap();
    session.send_line("no").unwrap();
    assert_eq!(ended(session).1, 3);
    assert_eq!(signer.names(), before);
}

#[test]
fn a_mark_moves_far_or_back_only_when_its_index_is_typed() {
    let (signer, _) = Signer::with_wallet("segwit");
    let passphrase = signer.text("p");
    let mark = |arguments: &[&str], typed: &str| {
        let command = [
            "--passphrase-file",
            &passphrase,
            "wallet",
            "mark-used",
            "main",
            "change",
        ];
        let mut session = on_terminal(&signer, &[&command[..], arguments].concat());
        let question = session.exp_string("to go on: ").unwrap();
        session.send_line(typed).unwrap();
        let (rest, code) = ended(session);
        (question, rest, code)
    };
    let marked = || signer.run(&["wallet", "show", "main"]).json()["seen_change"].clone();
    let (question, rest, code) = mark(&["25000"], "yes");
    assert_eq!(code, 3, "{rest}");
    assert!(question.contains("as far out as index 35000"), "{question}");
    assert!(marked().is_null());
    let (_, rest, code) = mark(&["25000"], "25000");
    assert_eq!(code, 0, "{rest}");
    assert_eq!(marked(), 25_000);
    let (question, rest, code) = mark(&["7", "--lower"], "");
    assert_eq!(code, 3, "{rest}");
    assert!(question.contains("back from 25000 to 7"), "{question}");
    assert_eq!(marked(), 25_000);
    let (_, rest, code) = mark(&["7", "--lower"], "7");
    assert_eq!(code, 0, "{rest}");
    assert_eq!(marked(), 7);
}

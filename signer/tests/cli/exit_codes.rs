//! Every exit code that the signer has, reached through the real binary.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use bitcoin::hashes::Hash as _;
use serde_json::Value;

use crate::harness::{BINARY, COSTS, Run, Signer, names, namespace_permitted, offline};
use crate::psbts::{PAYEE, Plan};

#[test]
fn wrong_usage_is_2() {
    let signer = Signer::init();
    for arguments in [
        &["frobnicate"][..],
        &["init", "--network", "testnet"],
        &["address", "--account", "main"],
        &["address", "--account", "nobody", "--index", "0"],
        &["wallet", "show", "nobody"],
        &["prune", "--keep", "1"],
        &["sign", "x.psbt", "--out", "y", "--supersede", "12"],
    ] {
        assert_eq!(
            signer.run(arguments).error_code(2),
            "wrong-usage",
            "{arguments:?}"
        );
    }
    let costs = signer.run(&["init", "--network", "regtest", "--kdf-memory-mib", "1"]);
    assert_eq!(
        costs.error_code(12),
        "vault-exists",
        "before anything is measured"
    );
    let bare = Signer::bare();
    let costs = bare.run(&["init", "--network", "regtest", "--kdf-memory-mib", "1"]);
    assert_eq!(costs.error_code(2), "wrong-usage");
    let unnamed: Run = offline()
        .args(["--json", "account", "list"])
        .output()
        .unwrap()
        .into();
    assert_eq!(unnamed.error_code(2), "wrong-usage");
    let words: Run = offline().arg("frobnicate").output().unwrap().into();
    assert_eq!(words.code, 2);
    assert!(words.stderr.contains("frobnicate"), "{}", words.stderr);
}

#[test]
fn an_empty_passphrase_and_a_closed_descriptor_are_wrong_usage() {
    let signer = Signer::init();
    signer.write("p", "\n");
    assert_eq!(
        signer.run(&["account", "list"]).error_code(2),
        "wrong-usage"
    );
    let mut command =
        signer.command_without_passphrase(&["account", "list", "--json", "--passphrase-fd", "77"]);
    let run: Run = command.output().unwrap().into();
    assert_eq!(run.error_code(2), "wrong-usage");
}

#[test]
fn no_terminal_to_ask_on_is_wrong_usage() {
    let signer = Signer::init();
    let run: Run = signer
        .command_without_passphrase(&["account", "list", "--json"])
        .output()
        .unwrap()
        .into();
    let error = run.error(2);
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("--passphrase-file"),
        "{error}"
    );
    assert_eq!(signer.run(&["backup", "show"]).error_code(2), "wrong-usage");
    assert_eq!(
        signer.run(&["sign", "x", "--out", "y"]).error_code(2),
        "wrong-usage"
    );
}

#[test]
fn a_refusal_is_3_and_names_its_findings() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let stranger = Signer::restore().add_account("main", "segwit");
    signer.write(
        "foreign",
        Plan::new(&stranger, &[0], &[(PAYEE, 5_000)]).psbt(),
    );
    let mut costly = Plan::new(&wallet, &[0, 1], &[(PAYEE, 5_000)]);
    costly.fee = 500_000;
    signer.write("costly", costly.psbt());
    for (file, code) in [
        ("foreign", "foreign-wallet"),
        ("costly", "fee-rate-too-high"),
    ] {
        let (input, out) = (signer.text(file), signer.text("out"));
        let inspected = signer.run(&["inspect", &input]);
        assert_eq!(inspected.code, 3);
        let review: Value = serde_json::from_str(&inspected.stdout).unwrap();
        assert_eq!(review["would_sign"], false);
        let error = signer
            .run(&["sign", &input, "--out", &out, "--yes"])
            .error(3);
        assert_eq!(error["code"], "refused");
        let codes: Vec<&str> = error["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                assert_eq!(finding["severity"], "refusal");
                finding["code"].as_str().unwrap()
            })
            .collect();
        assert!(codes.contains(&code), "{codes:?}");
        assert!(!signer.path("out").exists());
    }
    let journal = signer.run(&["journal", "show"]).json();
    let refused: Vec<&Value> = journal["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["event"] == "refused")
        .collect();
    assert_eq!(refused.len(), 2, "both refusals are recorded");
    assert!(
        refused[1]["codes"]
            .as_array()
            .unwrap()
            .contains(&"fee-rate-too-high".into())
    );
}

/// What is not known is null in the review, and a refusal all the same.
#[test]
fn a_refusal_for_what_is_not_known_is_3() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let plan = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]);
    let mut unproven = bitcoin::Psbt::deserialize(&plan.psbt()).unwrap();
    unproven.inputs[0].non_witness_utxo = None;
    unproven.inputs[0].witness_utxo = Some(plan.coins().remove(0));
    signer.write("unproven", unproven.serialize());
    let mut empty = unproven.clone();
    empty.inputs[0].witness_utxo = None;
    signer.write("empty", empty.serialize());
    let stranger = Signer::restore().add_account("main", "taproot");
    signer.write(
        "foreign",
        Plan::new(&stranger, &[0], &[(PAYEE, 5_000)]).psbt(),
    );
    for (file, code) in [
        ("unproven", "previous-transaction-missing"),
        ("empty", "utxo-missing"),
        ("foreign", "foreign-wallet"),
    ] {
        let input = signer.text(file);
        let inspected = signer.run(&["inspect", &input]);
        assert_eq!(inspected.code, 3, "{file}: {}", inspected.stderr);
        let review: Value = serde_json::from_str(&inspected.stdout).unwrap();
        assert!(
            review["files"][0]["totals"]["fee_sat"].is_null(),
            "{review}"
        );
        let findings = review["findings"].as_array().unwrap();
        assert!(
            findings.iter().any(|finding| finding["code"] == code),
            "{review}"
        );
        let words = signer.words(&["inspect", &input]);
        assert_eq!(words.code, 3);
        assert!(words.stdout.contains("REFUSED"), "{}", words.stdout);
        let refused = signer.run(&["sign", &input, "--yes"]);
        assert_eq!(refused.error_code(3), "refused");
    }
}

#[test]
fn a_fee_limit_only_lowers() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let mut plan = Plan::new(&wallet, &[0], &[(PAYEE, 500_000)]);
    plan.fee = 2_000;
    signer.write("a", plan.psbt());
    plan.fee = 400_000;
    signer.write("b", plan.psbt());
    let (a, b) = (signer.text("a"), signer.text("b"));
    let limited =
        |file: &str, limit: &str| signer.run(&["inspect", file, "--max-fee-sat", limit]).code;
    assert_eq!(limited(&a, "2000"), 0);
    assert_eq!(limited(&a, "1999"), 3);
    assert_eq!(limited(&b, "2100000000000000"), 3);
}

#[test]
fn an_address_of_somebody_else_is_3() {
    let (signer, _) = Signer::with_wallet("segwit");
    let check = |address: &str| {
        signer.run(&[
            "address",
            "--account",
            "main",
            "--range",
            "50",
            "--check",
            address,
        ])
    };
    assert_eq!(check(PAYEE).error_code(3), "not-ours");
    let mainnet = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    assert_eq!(check(mainnet).error_code(3), "wrong-network");
    assert_eq!(check("bcrt1qqqq").error_code(6), "invalid-address");
}

#[test]
fn a_wrong_passphrase_is_4() {
    let signer = Signer::init();
    signer.write("p", "wrong");
    assert_eq!(
        signer.run(&["account", "list"]).error_code(4),
        "wrong-passphrase"
    );
    signer.write("k", "a key file");
    let key = signer.text("k");
    assert_eq!(
        signer
            .run(&["account", "list", "--key-file", &key])
            .error_code(4),
        "wrong-kind-of-credential"
    );
}

#[test]
fn a_damaged_vault_is_5_and_repair_helps() {
    let (signer, _) = Signer::with_wallet("segwit");
    let whole = signer.read("v");
    for (name, damaged) in [
        ("cut", whole[..whole.len() - 1].to_vec()),
        ("flipped", {
            let mut flipped = whole.clone();
            flipped[300] ^= 4;
            flipped
        }),
        ("longer", [&whole[..], b"x"].concat()),
    ] {
        signer.write("v", &damaged);
        assert_eq!(
            signer.run(&["account", "list"]).error_code(5),
            "vault-damaged",
            "{name}"
        );
        let verified = signer.run(&["verify"]);
        assert_eq!(verified.code, 5, "{name}");
        let report: Value = serde_json::from_str(&verified.stdout).unwrap();
        assert_eq!(report["files"][0]["intact"], false, "{name}");
        assert_eq!(report["files"][1]["intact"], true, "{name}");
        let file = signer.text("v");
        assert_eq!(signer.run(&["verify", &file]).code, 5, "{name}");
    }
    let repaired = signer.run(&["repair"]).json();
    assert_eq!(repaired["generation"], 1);
    assert_eq!(signer.run(&["verify"]).code, 0);
    let accounts = signer.run(&["account", "list"]).json();
    assert_eq!(
        accounts["accounts"].as_array().unwrap().len(),
        1,
        "generation 1 had none, and the journal knows of it"
    );
}

#[test]
fn malformed_input_is_6() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let psbt = Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt();
    signer.write("cut", &psbt[..psbt.len() - 1]);
    signer.write("longer", [&psbt[..], &[0]].concat());
    signer.write("text", "not a psbt");
    signer.write("empty", "");
    fs::create_dir(signer.path("folder")).unwrap();
    for (name, code) in [
        ("cut", "malformed-psbt"),
        ("longer", "malformed-psbt"),
        ("text", "malformed-psbt"),
        ("empty", "malformed-psbt"),
        ("missing", "unreadable-file"),
        ("folder", "no-psbt"),
    ] {
        let (path, out) = (signer.text(name), signer.text("out"));
        assert_eq!(
            signer.run(&["inspect", &path]).error_code(6),
            code,
            "{name}"
        );
        assert_eq!(
            signer
                .run(&["sign", &path, "--out", &out, "--yes"])
                .error_code(6),
            code,
            "{name}"
        );
    }
    let mut newer = signer.read("v");
    newer[7] = 2;
    let at = newer.len() - 32;
    let checksum = bitcoin::hashes::sha256::Hash::hash(&newer[..at]);
    newer[at..].copy_from_slice(checksum.as_byte_array());
    signer.write("v", newer);
    assert_eq!(
        signer.run(&["account", "list"]).error_code(6),
        "newer-format"
    );
    fs::remove_file(signer.path("p")).unwrap();
    assert_eq!(
        Signer::bare().run(&["account", "list"]).error_code(6),
        "vault-missing"
    );
}

#[test]
fn words_that_are_none_are_6_and_are_not_repeated() {
    let signer = Signer::bare();
    signer.write(
        "m",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon zoo",
    );
    let words = signer.text("m");
    let run = signer.run(&["restore", "--network", "regtest", "--mnemonic-file", &words]);
    assert_eq!(run.error_code(6), "invalid-mnemonic");
    assert!(
        !run.stderr.contains("abandon") && !run.stderr.contains("zoo"),
        "{}",
        run.stderr
    );
}

/// Runs the signer where a network is up: this machine's own, or else a namespace with an interface
/// made for the test.
fn online(signer: &Signer, arguments: &[&str]) -> Option<Run> {
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let has_route = routes.lines().skip(1).any(|line| !line.starts_with("lo\t"));
    let mut command = Command::new("setsid");
    command.arg("--wait");
    if !has_route {
        let dummy =
            "ip link add d0 type dummy && ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up";
        let made = Command::new("unshare")
            .args(["-rn", "--", "sh", "-c", dummy])
            .output()
            .ok()?;
        if !made.status.success() {
            return None;
        }
        command.args([
            "unshare",
            "-rn",
            "--",
            "sh",
            "-c",
            &format!("{dummy} && exec \"$@\""),
            "sh",
        ]);
    }
    command
        .args([BINARY, "--json", "--vault"])
        .arg(signer.path("v"));
    command.arg("--passphrase-file").arg(signer.path("p"));
    Some(
        command
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
            .into(),
    )
}

#[test]
fn a_machine_on_a_network_is_7() {
    let signer = Signer::init();
    let list = [
        "--allow-unfit",
        "swap,bluetooth,radio,tracer",
        "account",
        "list",
    ];
    let Some(refused) = online(&signer, &list) else {
        println!("left out: no network is up here, and the system permits no interface to be made");
        return;
    };
    assert_eq!(refused.error_code(7), "network-up");
    let before = signer.run(&["journal", "verify"]).json()["count"]
        .as_u64()
        .unwrap();
    let allowed = [
        "--allow-online",
        "--allow-unfit",
        "swap,bluetooth,radio,tracer",
        "account",
        "list",
    ];
    online(&signer, &allowed).unwrap().json();
    let allowed = [
        "--allow-unfit",
        "network,swap,bluetooth,radio,tracer",
        "account",
        "list",
    ];
    online(&signer, &allowed).unwrap().json();
    let journal = signer.run(&["journal", "show"]).json();
    let entries = journal["entries"].as_array().unwrap();
    let unlocked: Vec<_> = entries
        .iter()
        .filter(|entry| entry["event"] == "unlocked")
        .collect();
    assert!(entries.len() as u64 >= before + 2);
    let last = unlocked
        .iter()
        .rfind(|entry| entry["command"] == "account list")
        .unwrap();
    assert!(
        last["unfit"]
            .as_array()
            .unwrap()
            .contains(&"network".into())
    );
}

/// How often something is looked for, and how far apart: for two minutes, far longer than it takes
/// on a machine that has much else to do.
const PATIENCE: u32 = 6_000;
const MOMENT: std::time::Duration = std::time::Duration::from_millis(20);

#[test]
fn two_at_once_is_9() {
    let signer = Signer::init();
    // The first process holds the lock while it waits for a passphrase that does not come.
    let mut holder =
        signer.command_without_passphrase(&["account", "add", "--name", "a", "--script", "segwit"]);
    let mut holder = holder
        .args(["--passphrase-fd", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The kernel lists who holds which file: asking it disturbs nobody.
    let held = (0..PATIENCE).any(|_| {
        std::thread::sleep(MOMENT);
        std::fs::metadata(signer.path("v.lock")).is_ok_and(|lock| {
            let inode = format!(":{} ", std::os::unix::fs::MetadataExt::ino(&lock));
            let locks = std::fs::read_to_string("/proc/locks").unwrap();
            locks
                .lines()
                .any(|line| line.contains(&inode) && !line.contains("->"))
        })
    });
    assert!(held, "the first process never held the vault");
    let busy = signer.run(&["account", "add", "--name", "b", "--script", "taproot"]);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(busy.error_code(9), "vault-busy");
    signer
        .run(&["account", "add", "--name", "c", "--script", "legacy"])
        .json();
}

#[test]
fn a_key_process_that_is_killed_is_1_and_frees_the_vault() {
    let signer = Signer::init();
    let (mut child, worker) = waiting(&signer);
    let _open = child.stdin.take();
    kill("KILL", &worker);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    signer
        .run(&["account", "add", "--name", "z", "--script", "legacy"])
        .json();
}

#[test]
fn a_screen_that_is_killed_takes_the_key_process_with_it() {
    let signer = Signer::init();
    let (mut child, worker) = waiting(&signer);
    let _open = child.stdin.take();
    kill("KILL", &child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), None);
    // Its parent is gone, so nobody waits for it: it may be a zombie for a moment.
    let stat = format!("/proc/{worker}/stat");
    let gone = (0..PATIENCE).any(|_| {
        std::thread::sleep(MOMENT);
        fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
    });
    assert!(gone, "the key process outlived the screen");
    signer
        .run(&["account", "add", "--name", "z", "--script", "legacy"])
        .json();
}

#[test]
fn a_signal_to_the_screen_alone_ends_all_and_frees_the_vault() {
    let signer = Signer::init();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let before = signer.read("v.journal");
        let (mut child, worker) = waiting(&signer);
        // Waiting for the child would close it.
        let _open = child.stdin.take();
        kill(signal, &child.id().to_string());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert!(
            !std::path::Path::new("/proc").join(&worker).exists(),
            "the key process is gone"
        );
        assert_eq!(signer.read("v.journal"), before, "nothing was recorded");
        signer
            .run(&["account", "add", "--name", "z", "--script", "legacy"])
            .json();
    }
}

/// A signer that holds the vault and waits for a passphrase, and the id of its key process.
fn waiting(signer: &Signer) -> (Child, String) {
    let mut command = Command::new(BINARY);
    command
        .args([
            "--allow-unfit",
            "network,swap,bluetooth,radio,tracer",
            "--passphrase-fd",
            "0",
            "--vault",
        ])
        .arg(signer.path("v"));
    command.args(["account", "add", "--name", "a", "--script", "segwit"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let of_screen = format!("/proc/{}/task", child.id());
    for _ in 0..PATIENCE {
        std::thread::sleep(MOMENT);
        let children =
            fs::read_to_string(format!("{of_screen}/{}/children", child.id())).unwrap_or_default();
        // The thread that waits for signals is there, too.
        let threads = fs::read_dir(&of_screen).unwrap().count();
        if let ([worker], 2) = (
            &children.split_whitespace().collect::<Vec<_>>()[..],
            threads,
        ) {
            return (child, (*worker).to_owned());
        }
    }
    let ended = child.kill().and_then(|()| child.wait());
    panic!("the key process never started: {ended:?}");
}

fn kill(signal: &str, process: &str) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), process])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn storage_that_fails_is_10() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let psbt = signer.text("a.psbt");
    let nowhere = signer.text("no/folder/out.psbt");
    let run = signer.run(&["sign", &psbt, "--out", &nowhere, "--yes"]);
    assert_eq!(run.error_code(10), "cannot-write");
    let full = signer
        .command(&["journal", "show"])
        .stdout(fs::File::create("/dev/full").unwrap())
        .output();
    assert_eq!(full.unwrap().status.code(), Some(10));
}

#[test]
fn a_full_disk_is_10_and_leaves_the_old_vault_whole() {
    let signer = Signer::init();
    let size = signer.read("v").len();
    for limit in [0, 1, size - 1] {
        let before = signer.read("v");
        let full: Run = limited(
            &signer,
            limit,
            &["account", "add", "--name", "a", "--script", "segwit"],
        );
        assert_eq!(full.error_code(10), "storage", "at {limit} bytes");
        assert_eq!(signer.read("v"), before);
        assert_eq!(signer.run(&["verify"]).code, 0);
    }
    signer
        .run(&["account", "add", "--name", "a", "--script", "segwit"])
        .json();
}

/// Runs the signer where no file may grow beyond `bytes`, as on a full disk.
fn limited(signer: &Signer, bytes: usize, arguments: &[&str]) -> Run {
    let mut command = signer.command(arguments);
    let program = command.get_program().to_owned();
    let inner: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = Command::new("prlimit");
    command
        .arg(format!("--fsize={bytes}"))
        .arg("--")
        .arg(program)
        .args(inner)
        .arg("--json");
    command.stdin(Stdio::null()).output().unwrap().into()
}

#[test]
fn a_tiny_disk_is_10_and_no_signature_leaves_without_its_record() {
    if !namespace_permitted() {
        println!("left out: this system permits no mount namespace");
        return;
    }
    let (signer, wallet) = Signer::with_wallet("segwit");
    let payments: Vec<(String, u64)> = (0..200)
        .map(|index| {
            (
                wallet
                    .address(cofferdam_core::wallet::Branch::Receive, 500 + index)
                    .unwrap()
                    .to_string(),
                1_000,
            )
        })
        .collect();
    let payments: Vec<(&str, u64)> = payments
        .iter()
        .map(|(address, amount)| (address.as_str(), *amount))
        .collect();
    signer.write("a.psbt", Plan::new(&wallet, &[0], &payments).psbt());
    let (disk, psbt, out) = (
        signer.text("disk"),
        signer.text("a.psbt"),
        signer.text("out.psbt"),
    );
    fs::create_dir(signer.path("disk")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=20k none {disk} && cp {0} {1} {disk}/ && \"$@\"; code=$?; cp {disk}/v {0}.after; exit $code",
        signer.text("v"),
        signer.text("v.journal")
    );
    let mut command = Command::new("unshare");
    command.args([
        "-rnm",
        "--",
        "sh",
        "-c",
        &script,
        "sh",
        BINARY,
        "--json",
        "--allow-unfit",
        "swap",
    ]);
    command
        .arg("--vault")
        .arg(format!("{disk}/v"))
        .arg("--passphrase-file")
        .arg(signer.path("p"));
    command
        .args(["sign", &psbt, "--out", &out, "--yes"])
        .stdin(Stdio::null());
    let run: Run = command.output().unwrap().into();
    if run.stderr.contains("mount:") {
        println!("left out: this system permits no tmpfs in a namespace");
        return;
    }
    assert_eq!(run.error_code(10), "storage");
    assert!(
        !signer.path("out.psbt").exists(),
        "a signature left without its record"
    );
    assert_eq!(
        signer.read("v.after"),
        signer.read("v"),
        "the vault is as it was"
    );
}

#[test]
fn what_is_in_conflict_is_12() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    let again = signer.run(&[&["init", "--network", "regtest"][..], &COSTS].concat());
    assert_eq!(again.error_code(12), "vault-exists");
    let other = signer.run(&["account", "add", "--name", "main", "--script", "taproot"]);
    assert_eq!(other.error_code(12), "account-exists");
    let other = signer.run(&["account", "add", "--name", "other", "--script", "segwit"]);
    assert_eq!(other.error_code(12), "account-exists");
    signer
        .run(&["account", "add", "--name", "main", "--script", "segwit"])
        .json();
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write("out.psbt", "something else");
    let (psbt, out) = (signer.text("a.psbt"), signer.text("out.psbt"));
    let run = signer.run(&["sign", &psbt, "--out", &out, "--yes"]);
    assert_eq!(run.error_code(12), "file-exists");
    assert_eq!(signer.read("out.psbt"), b"something else");
    for precious in ["v", "v.journal"] {
        let (before, out) = (signer.read(precious), signer.text(precious));
        let run = signer.run(&[
            "export",
            "--account",
            "main",
            "--format",
            "json",
            "--out",
            &out,
        ]);
        assert_eq!(run.error_code(12), "file-exists");
        assert_eq!(signer.read(precious), before);
    }
    let taken = signer.text("out.psbt");
    let export = ["export", "--account", "main", "--format", "json", "--out"];
    let run = signer.run(&[&export[..], &[&taken]].concat());
    assert_eq!(run.error_code(12), "file-exists");
    assert_eq!(signer.read("out.psbt"), b"something else");
    let exported = signer.text("main.json");
    for format in ["json", "json", "core", "descriptor", "json"] {
        let again = [
            "export",
            "--account",
            "main",
            "--format",
            format,
            "--out",
            &exported,
        ];
        signer.run(&again).json();
    }
    let words = signer.text("a.psbt");
    let run = signer.run(&["backup", "show", "--mnemonic-out", &words]);
    assert_eq!(run.error_code(12), "file-exists");
}

#[test]
fn files_are_private_and_nothing_else_is_left() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    let (psbt, words) = (signer.text("a.psbt"), signer.text("words"));
    signer.run(&["sign", &psbt, "--yes"]).json();
    signer
        .run(&["backup", "show", "--mnemonic-out", &words])
        .json();
    assert_eq!(
        signer.names(),
        [
            "a.psbt",
            "a.signed.psbt",
            "p",
            "v",
            "v.1",
            "v.2",
            "v.3",
            "v.journal",
            "v.lock",
            "words"
        ]
    );
    for name in ["v", "v.1", "v.journal", "v.lock", "words"] {
        let mode = fs::metadata(signer.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name} is {mode:o}");
    }
}

#[test]
fn inspect_never_writes() {
    let (signer, wallet) = Signer::with_wallet("segwit");
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    fs::create_dir(signer.path("copy")).unwrap();
    for name in ["v", "v.journal", "p", "a.psbt"] {
        fs::copy(signer.path(name), signer.path("copy").join(name)).unwrap();
    }
    let folder = signer.path("copy");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = offline();
    command
        .arg("--vault")
        .arg(folder.join("v"))
        .arg("--passphrase-file")
        .arg(folder.join("p"));
    let run: Run = command
        .arg("inspect")
        .arg(folder.join("a.psbt"))
        .output()
        .unwrap()
        .into();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(names(&folder), ["a.psbt", "p", "v", "v.journal"]);
    assert_eq!(
        fs::read(folder.join("v.journal")).unwrap(),
        signer.read("v.journal")
    );
}

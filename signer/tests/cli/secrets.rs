//! No secret is an argument, an environment variable, or printed.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Stdio};
use std::time::Duration;

use cofferdam_core::keys::{Bip39Passphrase, Language, MasterKey, Mnemonic};
use cofferdam_core::{Network, ScriptType};

use crate::harness::{BINARY, COSTS, PASSPHRASE, Signer, WORDS};
use crate::psbts::{PAYEE, Plan};

#[test]
fn no_command_prints_a_secret() {
    let signer = Signer::bare();
    signer.write("words", WORDS);
    signer.write("extra", "the extra words passphrase");
    let (words, extra) = (signer.text("words"), signer.text("extra"));
    let restore = [
        "restore",
        "--network",
        "regtest",
        "--mnemonic-file",
        &words,
        "--bip39-passphrase-file",
        &extra,
    ];
    let mut transcript = String::new();
    let mut run = |arguments: &[&str]| {
        for run in [signer.run(arguments), signer.words(arguments)] {
            transcript.push_str(&run.stdout);
            transcript.push_str(&run.stderr);
        }
    };
    run(&[&restore[..], &COSTS].concat());
    run(&["account", "add", "--name", "main", "--script", "segwit"]);
    let export = signer
        .run(&["export", "--account", "main", "--format", "json"])
        .stdout;
    let wallet = cofferdam_core::wallet::Wallet::parse_json(export.as_bytes()).unwrap();
    signer.write("a.psbt", Plan::new(&wallet, &[0], &[(PAYEE, 5_000)]).psbt());
    signer.write("junk", "junk");
    let (psbt, junk, out, pages) = (
        signer.text("a.psbt"),
        signer.text("junk"),
        signer.text("o"),
        signer.text("out"),
    );
    for arguments in [
        &["account", "list"][..],
        &["export", "--account", "main", "--format", "json"],
        &["export", "--account", "main", "--format", "core"],
        &["address", "--account", "main", "--index", "3"],
        &["wallet", "show", "main"],
        &["inspect", &psbt],
        &["inspect", &junk],
        &["sign", &psbt, "--out", &out, "--yes"],
        &["journal", "show"],
        &["verify"],
        &["backup", "show"],
        &["backup", "show", "--mnemonic-out", &pages],
        &["passphrase", "--new-passphrase-file", &words],
        &["account", "list"],
    ] {
        run(arguments);
    }
    assert!(
        transcript.contains("main") && transcript.contains("signed"),
        "it ran"
    );

    let mnemonic = Mnemonic::parse(WORDS, Some(Language::English)).unwrap();
    let seed = mnemonic.seed(&Bip39Passphrase::new("the extra words passphrase"));
    let master = MasterKey::from_seed(&seed, Network::Regtest).unwrap();
    let public = master.account(ScriptType::Segwit, 0).unwrap();
    assert!(
        transcript.contains(&public.xpub().to_string()),
        "the public key is printed"
    );
    for secret in [
        PASSPHRASE,
        "abandon",
        "the extra words passphrase",
        "tprv",
        "xprv",
        &"00".repeat(16),
    ] {
        assert!(!transcript.contains(secret), "{secret:?} was printed");
    }
}

/// How often something is looked for, 20 ms apart: far longer than it takes on a machine that has
/// much else to do.
const PATIENCE: u32 = 6_000;

#[test]
fn no_process_has_a_secret_in_its_command_line_or_environment() {
    let signer = Signer::init();
    let mut command =
        signer.command_without_passphrase(&["account", "list", "--json", "--passphrase-fd", "0"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The worker waits for the passphrase's end, so all of the processes are there to be looked at.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(PASSPHRASE.as_bytes()).unwrap();
    let mut seen = Vec::new();
    for _ in 0..PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
        seen = processes_with(&signer.text("v"));
        if seen.len() >= 2 {
            break;
        }
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(
        seen.len() >= 2,
        "screen and key process were seen: {seen:?}"
    );
    for text in seen {
        assert!(!text.contains(PASSPHRASE), "{text}");
    }
}

/// Command line and environment of every process that has `mark` in its command line and is the
/// signer's.
fn processes_with(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| {
            let bytes = fs::read(entry.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let line = read("cmdline");
        if line.contains(mark) && read("comm").starts_with("cofferdam") {
            found.push(format!("{line}\0{}", read("environ")));
        }
    }
    found
}

#[test]
fn core_dumps_are_off_and_other_processes_of_the_user_may_not_look_in() {
    let signer = Signer::bare();
    // As root everything may be looked at, so the signer runs as nobody then, from where nobody
    // may.
    let root = fs::metadata(signer.folder.path()).unwrap().uid() == 0;
    let binary = signer.path("signer");
    fs::copy(BINARY, &binary).unwrap();
    fs::set_permissions(signer.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = match root {
        true => {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .arg(&binary);
            command
        }
        false => Command::new(&binary),
    };
    command
        .args([
            "--allow-unfit",
            "network,swap,bluetooth,radio,tracer",
            "--passphrase-fd",
            "0",
            "--vault",
        ])
        .arg(signer.path("v"));
    command
        .args(["init", "--network", "regtest", "--no-backup"])
        .args(COSTS);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let open = child.stdin.take();
    let processes = (0..PATIENCE).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id()))
            .unwrap_or_default();
        let worker = children.split_whitespace().next()?.to_owned();
        Some([child.id().to_string(), worker])
    });
    for process in processes.expect("the key process starts") {
        let at = format!("/proc/{process}");
        let limits = fs::read_to_string(format!("{at}/limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        let bounds: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(bounds, ["0", "0"], "{core}");
        // proc(5): these files belong to root once a process is not dumpable.
        assert_eq!(fs::metadata(format!("{at}/mem")).unwrap().uid(), 0);
    }
    drop(open);
    assert_eq!(child.wait().unwrap().code(), Some(2), "no passphrase came");
}

/// Whoever takes over the process that parses foreign bytes finds neither the passphrase nor a
/// screen to write to.
#[test]
fn the_intake_has_nothing_open_but_what_it_reads() {
    let signer = Signer::init();
    let fifo = signer.path("x.psbt");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    // Open for both, so that nobody waits for it to be opened; nothing is written until it was
    // looked at.
    let mut far = fs::File::options()
        .read(true)
        .write(true)
        .open(&fifo)
        .unwrap();
    let file = |name: &str| fs::File::create(signer.path(name)).unwrap();
    let inner = signer.command_without_passphrase(&["inspect", "-", "--passphrase-fd", "3"]);
    let mut child = Command::new("sh")
        .args(["-c", &format!("exec \"$@\" 3<{}", signer.text("p")), "sh"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .stdin(fs::File::open(&fifo).unwrap())
        .stdout(file("stdout"))
        .stderr(file("stderr"))
        .spawn()
        .unwrap();
    let intake = (0..PATIENCE).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        // The others have the standard output that they were started with.
        let reads = |open: &Vec<std::path::PathBuf>| {
            open.contains(&fifo) && !open.contains(&signer.path("stdout"))
        };
        open_files().into_iter().find(reads)
    });
    let intake = intake.expect("a process that reads standard input; the test must be run as root");
    let strange: Vec<_> = intake
        .iter()
        .filter(|open| {
            **open != fifo
                && open.as_os_str() != "/dev/null"
                && !open.to_string_lossy().starts_with("pipe:")
        })
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    far.write_all(b"no psbt").unwrap();
    drop(far);
    assert_eq!(child.wait().unwrap().code(), Some(6));
}

/// What each process of the signer has open.
fn open_files() -> Vec<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let program = fs::read_link(process.path().join("exe"));
        if !program.is_ok_and(|program| program == std::path::Path::new(BINARY)) {
            continue;
        }
        let open = fs::read_dir(process.path().join("fd"))
            .into_iter()
            .flatten()
            .flatten();
        found.push(
            open.filter_map(|open| fs::read_link(open.path()).ok())
                .collect(),
        );
    }
    found
}

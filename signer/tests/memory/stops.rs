//! Programs that stand still where a secret is in use: copies of a signer in which the first
//! instructions of one function are replaced by stopping the process. Their source knows nothing of
//! it, so the product is met in the same place as the control.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A place to stop at, and the secrets that are in use there.
pub(crate) struct Stop {
    /// The demangled name of the function.
    pub(crate) function: &'static str,
    /// Which of the secrets.
    pub(crate) secrets: &'static [&'static str],
    /// Which command comes there.
    pub(crate) job: Job,
}

/// A command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Job {
    /// It signs.
    Sign,
    /// It makes a vault of words in a file.
    Restore,
}

/// Where the secrets are in use that live too briefly to be met otherwise.
pub(crate) const STOPS: [Stop; 7] = [
    Stop {
        function: "cofferdam_core::keys::mnemonic::Mnemonic::parse",
        secrets: &["words"],
        job: Job::Restore,
    },
    Stop {
        function: "cofferdam_core::seal::slot::Slot::unwrap",
        secrets: &["passphrase", "stretched passphrase"],
        job: Job::Sign,
    },
    Stop {
        function: "cofferdam_core::seal::primitives::open_in_place",
        secrets: &["key-encryption key"],
        job: Job::Sign,
    },
    Stop {
        function: "cofferdam_core::seal::body::open",
        secrets: &["data key", "header key", "body key"],
        job: Job::Sign,
    },
    Stop {
        function: "cofferdam_core::keys::master::MasterKey::from_seed",
        secrets: &["entropy", "seed"],
        job: Job::Sign,
    },
    Stop {
        function: "cofferdam_core::keys::account::AccountKey::new",
        secrets: &["master key", "master chain code", "account key"],
        job: Job::Sign,
    },
    Stop {
        function: "secp256k1::ecdsa::<impl secp256k1::Secp256k1<C>>::sign_ecdsa_low_r",
        secrets: &["key 84h/1h/0h/0", "key 84h/1h/0h/0/0"],
        job: Job::Sign,
    },
];

/// `kill(getpid(), SIGSTOP)`, over and over, for x86-64; elsewhere nobody has written it yet.
const STOPPING: &[u8] = &[
    0xb8, 0x27, 0, 0, 0, // mov eax, 39: getpid
    0x0f, 0x05, // syscall
    0x89, 0xc7, // mov edi, eax
    0xbe, 0x13, 0, 0, 0, // mov esi, 19: SIGSTOP
    0xb8, 0x3e, 0, 0, 0, // mov eax, 62: kill
    0x0f, 0x05, // syscall
];

/// Copies `program` to `folder`, and makes the copy stop where `function` begins.
///
/// The program is read once: cargo replaces it while another run builds, and the function lies
/// elsewhere in the next one.
pub(crate) fn stopping_at(program: &Path, function: &str, folder: &Path) -> Stopping {
    if cfg!(not(target_arch = "x86_64")) {
        panic!("NOT TESTED: the instructions that stop are written for x86-64 only");
    }
    let copy = folder.join("stopping");
    // A program that is running cannot be written over.
    let _ = fs::remove_file(&copy);
    fs::copy(program, &copy).unwrap();
    let address = address(&copy, function);
    let at = file_offset(&copy, address);
    let mut bytes = fs::read(&copy).unwrap();
    let place = &mut bytes[at..at + STOPPING.len() + 2];
    place[..STOPPING.len()].copy_from_slice(STOPPING);
    // jmp to the beginning
    let back = i8::try_from(STOPPING.len() + 2).unwrap().wrapping_neg();
    place[STOPPING.len()..].copy_from_slice(&[0xeb, back.to_le_bytes()[0]]);
    fs::write(&copy, bytes).unwrap();
    Stopping {
        program: copy,
        standing: address..address + STOPPING.len() as u64 + 2,
    }
}

/// A program that stops in one function.
pub(crate) struct Stopping {
    pub(crate) program: PathBuf,
    /// The addresses of the instructions that stop it, relative to the program's base.
    pub(crate) standing: Range<u64>,
}

/// Where a function begins in memory, relative to the program's base.
fn address(program: &Path, function: &str) -> u64 {
    let symbols = output("nm", &["--demangle", "--defined-only"], program);
    let mut found: Vec<u64> = symbols
        .lines()
        .filter_map(|line| {
            let (address, rest) = line.split_once(' ')?;
            let (_, name) = rest.split_once(' ')?;
            (name == function).then(|| u64::from_str_radix(address, 16).unwrap())
        })
        .collect();
    found.dedup();
    assert_eq!(
        found.len(),
        1,
        "{function} is one function of {}",
        program.display()
    );
    found[0]
}

/// Where the byte at an address lies in the file.
fn file_offset(program: &Path, address: u64) -> usize {
    let segments = output("readelf", &["--segments", "--wide"], program);
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    segments
        .lines()
        .filter_map(|line| line.trim().strip_prefix("LOAD"))
        .find_map(|line| {
            let numbers: Vec<u64> = line.split_whitespace().take(5).map(number).collect();
            let (offset, start, length) = (numbers[0], numbers[1], numbers[3]);
            let within = address
                .checked_sub(start)
                .filter(|within| *within < length)?;
            Some(usize::try_from(offset + within).unwrap())
        })
        .expect("the function lies in a segment")
}

fn output(tool: &str, arguments: &[&str], program: &Path) -> String {
    let output = Command::new(tool)
        .args(arguments)
        .arg(program)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{tool} reads {}",
        program.display()
    );
    String::from_utf8(output.stdout).unwrap()
}

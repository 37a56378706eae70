//! The filters of the signer's processes kill who makes a denied system call, and Landlock stops
//! who opens a file out of reach.
//!
//! Each test starts this program once more as a child, which confines itself as the signer does and
//! then does what it may not. `unsafe` is needed for system calls that no library makes;
//! scripts/air-gap lists this file.

#![allow(unsafe_code, reason = "raw system calls")]

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use cofferdam_signer::confinement;
use nix::libc;

/// Which call the child makes, and how it is confined before.
const CALL: &str = "COFFERDAM_TEST_CALL";
const ROLE: &str = "COFFERDAM_TEST_ROLE";

/// A system call that does nothing much by itself: most have arguments that the kernel refuses.
type Call = (&'static str, libc::c_long, [libc::c_long; 3]);

/// The calls of the issue, and what would come round them.
const DENIED: [Call; 29] = [
    ("socket", libc::SYS_socket, [2, 1, 0]),
    ("socket of the kernel", libc::SYS_socket, [16, 3, 0]),
    ("socket of a name", libc::SYS_socket, [1, 1, 0]),
    ("socketpair", libc::SYS_socketpair, [1, 1, 0]),
    ("connect", libc::SYS_connect, [-1, 0, 0]),
    ("bind", libc::SYS_bind, [-1, 0, 0]),
    ("listen", libc::SYS_listen, [-1, 0, 0]),
    ("accept", libc::SYS_accept, [-1, 0, 0]),
    ("accept4", libc::SYS_accept4, [-1, 0, 0]),
    ("sendto", libc::SYS_sendto, [-1, 0, 0]),
    ("sendmsg", libc::SYS_sendmsg, [-1, 0, 0]),
    ("recvfrom", libc::SYS_recvfrom, [-1, 0, 0]),
    ("recvmsg", libc::SYS_recvmsg, [-1, 0, 0]),
    ("bpf", libc::SYS_bpf, [-1, 0, 0]),
    ("ptrace", libc::SYS_ptrace, [-1, 0, 0]),
    ("io_uring_setup", libc::SYS_io_uring_setup, [0, 0, 0]),
    ("io_uring_enter", libc::SYS_io_uring_enter, [-1, 0, 0]),
    ("process_vm_readv", libc::SYS_process_vm_readv, [0, 0, 0]),
    ("process_vm_writev", libc::SYS_process_vm_writev, [0, 0, 0]),
    ("pidfd_getfd", libc::SYS_pidfd_getfd, [-1, 0, 0]),
    ("execve", libc::SYS_execve, [0, 0, 0]),
    ("execveat", libc::SYS_execveat, [-1, 0, 0]),
    ("init_module", libc::SYS_init_module, [0, 0, 0]),
    ("kexec_load", libc::SYS_kexec_load, [0, 0, 0]),
    ("userfaultfd", libc::SYS_userfaultfd, [-1, 0, 0]),
    ("perf_event_open", libc::SYS_perf_event_open, [0, 0, 0]),
    ("keyctl", libc::SYS_keyctl, [-1, 0, 0]),
    ("unshare", libc::SYS_unshare, [0, 0, 0]),
    ("open_by_handle_at", libc::SYS_open_by_handle_at, [-1, 0, 0]),
];

/// By the numbers of the x32 ABI, with which the same processor makes the same calls.
#[cfg(target_arch = "x86_64")]
const DENIED_HERE: [Call; 3] = [
    ("socket of x32", 0x4000_0000 | libc::SYS_socket, [2, 1, 0]),
    ("execve of x32", 0x4000_0000 | 520, [0, 0, 0]),
    ("getpid of x32", 0x4000_0000 | libc::SYS_getpid, [0, 0, 0]),
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: [Call; 0] = [];

/// Denied by an argument: a byte put into the terminal's input.
const INTO_THE_TERMINAL: Call = (
    "TIOCSTI",
    libc::SYS_ioctl,
    [-1, libc::TIOCSTI as libc::c_long, 0],
);

/// What every process may do.
const PERMITTED: [Call; 3] = [
    ("getpid", libc::SYS_getpid, [0, 0, 0]),
    (
        "TCGETS",
        libc::SYS_ioctl,
        [-1, libc::TCGETS as libc::c_long, 0],
    ),
    ("dup", libc::SYS_dup, [0, 0, 0]),
];

/// What the others may, and the process that looks at pictures may not.
const DENIED_TO_THE_EYE: [Call; 6] = [
    ("clone", libc::SYS_clone, [0, 0, 0]),
    ("kill", libc::SYS_kill, [0, 0, 0]),
    ("unlinkat", libc::SYS_unlinkat, [-1, 0, 0]),
    ("renameat2", libc::SYS_renameat2, [-1, 0, 0]),
    ("linkat", libc::SYS_linkat, [-1, 0, 0]),
    ("prctl", libc::SYS_prctl, [0, 0, 0]),
];

fn all() -> impl Iterator<Item = Call> {
    let denied = DENIED.into_iter().chain(DENIED_HERE);
    denied
        .chain([INTO_THE_TERMINAL])
        .chain(PERMITTED)
        .chain(DENIED_TO_THE_EYE)
}

/// Not a test by itself: what the others start.
#[test]
fn child() {
    let (Ok(name), Ok(role)) = (std::env::var(CALL), std::env::var(ROLE)) else {
        return;
    };
    match role.as_str() {
        "none" => {}
        "all" => assert!(
            confinement::seal_off()
                .iter()
                .all(|lacking| !lacking.contains("seccomp"))
        ),
        "decoder" => confinement::only_look().unwrap(),
        _ => unreachable!(),
    }
    let (_, number, [a, b, c]) = all().find(|call| call.0 == name).unwrap();
    // SAFETY: the calls have null pointers and no valid descriptors; what they do ends with this
    // process.
    unsafe { libc::syscall(number, a, b, c, 0, 0) };
    std::process::exit(0)
}

/// Makes a call in a process that is confined so.
fn made(call: Call, role: &str) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--test-threads", "1"])
        .env(CALL, call.0)
        .env(ROLE, role);
    command.output().unwrap().status
}

#[test]
fn a_denied_call_is_death() {
    for call in DENIED
        .into_iter()
        .chain(DENIED_HERE)
        .chain([INTO_THE_TERMINAL])
    {
        let open = made(call, "none");
        assert_eq!(
            open.code(),
            Some(0),
            "{} harms nobody without a filter",
            call.0
        );
        let killed = made(call, "all");
        assert_eq!(killed.signal(), Some(libc::SIGSYS), "{}: {killed}", call.0);
        let killed = made(call, "decoder");
        let by_argument = call == INTO_THE_TERMINAL;
        assert!(
            by_argument || killed.signal() == Some(libc::SIGSYS),
            "{}",
            call.0
        );
    }
}

#[test]
fn what_is_needed_is_permitted() {
    for call in PERMITTED {
        for role in ["all", "decoder"] {
            assert_eq!(made(call, role).code(), Some(0), "{} of {role}", call.0);
        }
    }
}

#[test]
fn the_eye_may_less() {
    for call in DENIED_TO_THE_EYE {
        let killed = made(call, "decoder");
        assert_eq!(killed.signal(), Some(libc::SIGSYS), "{}: {killed}", call.0);
        if call.0 != "clone" {
            assert_eq!(made(call, "all").code(), Some(0), "{}", call.0);
        }
    }
}

#[test]
fn a_confined_process_reads_nothing_outside_its_folders() {
    let vault = tempfile::tempdir().unwrap();
    let secrets = tempfile::tempdir().unwrap();
    let passphrase = secrets.path().join("passphrase");
    let other = secrets.path().join("other");
    for file in [&passphrase, &other] {
        std::fs::write(file, "synthetic").unwrap();
    }
    let opened = |path: &std::path::Path| {
        std::fs::read(path)
            .map(|_| ())
            .map_err(|error| error.kind())
    };
    let passwd = std::path::Path::new("/etc/passwd");
    assert_eq!(opened(passwd), Ok(()), "it can be read before");
    assert_eq!(opened(&other), Ok(()), "it can be read before");
    let confined = std::thread::scope(|scope| {
        let confined = scope.spawn(|| {
            confinement::confine(&passphrase, vault.path()).unwrap();
            let new = vault.path().join("V");
            [
                opened(passwd),
                opened(&other),
                opened(&passphrase),
                std::fs::write(&new, "sealed").map_err(|error| error.kind()),
                opened(&new),
                std::fs::write(&passphrase, "").map_err(|error| error.kind()),
            ]
        });
        confined.join().unwrap()
    });
    let denied = Err(io::ErrorKind::PermissionDenied);
    assert_eq!(confined, [denied, denied, Ok(()), Ok(()), Ok(()), denied]);
    assert_eq!(opened(passwd), Ok(()), "only that thread was confined");
}

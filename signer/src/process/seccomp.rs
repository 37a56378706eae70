//! Which system calls the signer's processes may make: seccomp filters, which no process can ever
//! take off again.

use std::collections::BTreeMap;
use std::io;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter, sock_filter,
};

/// What no process of the signer ever needs: a network, other processes' memory, other programs,
/// the kernel's insides, other views of the file system. The first that calls one is killed, with
/// all its threads.
const DENIED: [libc::c_long; 77] = [
    // Sockets of every family.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    // Rings that make system calls past every filter.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Other processes: their memory, their files, their registers.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    // Other programs.
    libc::SYS_execve,
    libc::SYS_execveat,
    // The kernel's insides.
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_personality,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_vmsplice,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // Other views of the file system, and ways round its permissions.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
];

/// As [`DENIED`], where the processor has them.
#[cfg(target_arch = "x86_64")]
const DENIED_HERE: [libc::c_long; 4] = [
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: [libc::c_long; 0] = [];

/// All that the process which looks at pictures needs, from its limits to its end.
const OF_THE_EYE: [libc::c_long; 44] = [
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    // Landlock says what.
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_readlinkat,
    // Cameras.
    libc::SYS_ioctl,
    libc::SYS_ppoll,
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_prlimit64,
    libc::SYS_timer_create,
    libc::SYS_timer_settime,
    libc::SYS_timer_gettime,
    libc::SYS_timer_delete,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_getrandom,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // An abort.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// As [`OF_THE_EYE`], where the processor has them.
#[cfg(target_arch = "x86_64")]
const OF_THE_EYE_HERE: [libc::c_long; 9] = [
    libc::SYS_open,
    libc::SYS_dup2,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_readlink,
    libc::SYS_poll,
    libc::SYS_setrlimit,
    libc::SYS_getrlimit,
    libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OF_THE_EYE_HERE: [libc::c_long; 0] = [];

/// Numbers from here on are the x32 ABI's: the same calls by other numbers, which a filter by
/// numbers would miss.
const X32: u32 = 0x4000_0000;

/// Denies this thread, and all that it starts from now on, what the signer never needs.
///
/// # Errors
///
/// When the kernel has no seccomp filters, or lets this process have none.
pub(super) fn deny() -> io::Result<()> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = DENIED
        .into_iter()
        .chain(DENIED_HERE)
        .map(|call| (call, Vec::new()))
        .collect();
    // What is put into a terminal's input is run by the shell, once the signer has ended.
    rules.insert(
        libc::SYS_ioctl,
        vec![argument(1, libc::TIOCSTI)?, argument(1, libc::TIOCLINUX)?],
    );
    install(rules, SeccompAction::Allow, SeccompAction::KillProcess)
}

/// Leaves this thread nothing but what looking at pictures takes.
pub(crate) fn only_look() -> io::Result<()> {
    let rules = OF_THE_EYE
        .into_iter()
        .chain(OF_THE_EYE_HERE)
        .map(|call| (call, Vec::new()))
        .collect();
    install(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

/// The rule that this argument's lower half is `value`: the kernel looks at no more of it.
fn argument(index: u8, value: u64) -> io::Result<SeccompRule> {
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(io::Error::other)
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matching: SeccompAction,
) -> io::Result<()> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let filter =
        SeccompFilter::new(rules, otherwise, matching, architecture).map_err(io::Error::other)?;
    // It kills, too, who calls by the numbers of another processor.
    let by_number = BpfProgram::try_from(filter).map_err(io::Error::other)?;
    let program: BpfProgram = no_x32().into_iter().chain(by_number).collect();
    apply_filter(&program).map_err(io::Error::other)
}

/// No call at all: what a tracer, such as `strace` with a fault, puts in a call's place. The kernel
/// answers that there is none.
const NO_CALL: u32 = u32::MAX;

/// Kills who calls by a number of the x32 ABI.
fn no_x32() -> [sock_filter; 4] {
    let step = |code: u32, jt, jf, k| sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    [
        // The call's number is the first field of what a filter sees.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 2, 0, NO_CALL),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32),
        step(
            libc::BPF_RET | libc::BPF_K,
            0,
            0,
            SeccompAction::KillProcess.into(),
        ),
    ]
}

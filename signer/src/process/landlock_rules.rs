//! What of the file system a process may touch: Landlock domains, which no process can ever leave
//! again.

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};

/// The newest ABI whose rights are asked for: the one that this code was tested with. An older
/// kernel grants a part.
const ABI_TESTED: ABI = ABI::V7;

/// To read a file, or what is in a folder.
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

/// To change what is in a folder: files and folders, and nothing else.
const CHANGE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | RemoveFile
});

/// To use a device.
const USE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | WriteFile | IoctlDev});

/// What no process of the signer does anywhere: run a program, make a device, a socket, a pipe or a
/// link.
const NOWHERE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    Execute | MakeChar | MakeBlock | MakeSock | MakeFifo | MakeSym
});

/// The device of every process.
const DEVICES: [&str; 1] = ["/dev/null"];

/// What every process reads: its own state and the kernel's, random numbers, and what is attached
/// to the machine. That of other processes stays closed to it, for it may trace none.
const STATE: [&str; 4] = ["/proc", "/sys", "/dev/urandom", "/dev/random"];

/// The files, folders and devices that a process needs for its work, beside what every process
/// needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LandlockRules {
    read: Vec<PathBuf>,
    change: Vec<PathBuf>,
    devices: Vec<PathBuf>,
}

/// How much of what was asked for the kernel holds a process to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confined {
    /// All of it.
    Wholly {
        /// The kernel's Landlock ABI.
        abi: i32,
    },
    /// A part: the kernel's Landlock is older.
    Partly {
        /// The kernel's Landlock ABI.
        abi: i32,
    },
    /// Nothing: the kernel has no Landlock, or it is switched off.
    Not,
}

impl LandlockRules {
    /// Adds a file or a folder to read from; one that is not there adds nothing.
    pub(crate) fn reads(mut self, path: impl Into<PathBuf>) -> Self {
        self.read.push(path.into());
        self
    }

    /// Adds a folder whose files change. Where it is missing, the nearest folder above it that is
    /// there takes its place, for it may have to be made.
    pub(crate) fn changes(mut self, folder: &Path) -> Self {
        let there = folder.ancestors().find(|above| above.is_dir());
        self.change.push(match there {
            Some(above) => above.to_owned(),
            // The last ancestor of a relative path is the empty one.
            None => PathBuf::from("."),
        });
        self
    }

    /// Adds the folder in which a file is, or will be. Of a link it is also the folder where that
    /// leads to.
    pub(crate) fn changes_beside(self, file: &Path) -> Self {
        let beside = self.changes(file.parent().unwrap_or(Path::new(".")));
        match file.canonicalize() {
            Ok(target) if file.is_symlink() => {
                beside.changes(target.parent().unwrap_or(Path::new("/")))
            }
            _ => beside,
        }
    }

    /// Adds what a command writes to: a folder, or a file in its folder.
    pub(crate) fn writes(self, out: &Path) -> Self {
        match out.is_dir() || out.as_os_str().as_encoded_bytes().ends_with(b"/") {
            true => self.changes(out),
            false => self.changes_beside(out),
        }
    }

    /// Adds what is looked at: a picture, a folder of pictures, or a camera.
    pub(crate) fn sees(self, sight: &Path) -> Self {
        let is_device = |facts: std::fs::Metadata| facts.file_type().is_char_device();
        match sight.metadata().is_ok_and(is_device) {
            true => self.uses(sight),
            false => self.reads(sight),
        }
    }

    /// Adds the terminal, for a process that asks the operator: one that only reads foreign bytes
    /// must not speak to people.
    pub(crate) fn asks(self) -> Self {
        self.uses("/dev/tty")
    }

    /// Adds a device.
    pub(crate) fn uses(mut self, device: impl Into<PathBuf>) -> Self {
        self.devices.push(device.into());
        self
    }
}

/// Holds this thread, and all that it starts from now on, to what the signer does anywhere: it runs
/// no program, makes nothing but files and folders, opens no TCP port, and signals nobody but its
/// own processes.
///
/// # Errors
///
/// When the kernel refuses what it said it knows.
pub(super) fn confine_all() -> io::Result<Confined> {
    let rules = Ruleset::default()
        .handle_access(NOWHERE)
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI_TESTED)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI_TESTED)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)?;
    enter(rules)
}

/// Holds this thread, and all that it starts from now on, to `rules` and what every process needs.
/// Files that are open stay open.
///
/// # Errors
///
/// When the kernel refuses what it said it knows.
pub(crate) fn confine(rules: &LandlockRules) -> io::Result<Confined> {
    let rules = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(ABI_TESTED))?
            .create()?
            .add_rules(path_beneath_rules(STATE, READ))?
            .add_rules(path_beneath_rules(DEVICES, USE))?
            .add_rules(path_beneath_rules(
                rules.read.iter().filter(|path| is_placed(path)),
                READ,
            ))?
            .add_rules(path_beneath_rules(&rules.change, CHANGE))?
            .add_rules(path_beneath_rules(&rules.devices, USE))
    };
    enter(rules().map_err(io::Error::other)?)
}

/// Tells whether a path leads to a place in the file system. A pipe without a name or a file in
/// memory, which a descriptor's path leads to, is in none: it cannot be named in a rule, and no
/// rule keeps it from being opened.
fn is_placed(path: &Path) -> bool {
    if path.read_link().is_ok_and(|target| {
        target
            .as_os_str()
            .as_encoded_bytes()
            .starts_with(b"/memfd:")
    }) {
        return false;
    }
    let is_pipe =
        |facts: std::fs::Metadata| facts.file_type().is_fifo() || facts.file_type().is_socket();
    path.canonicalize().is_ok() || !path.metadata().is_ok_and(is_pipe)
}

fn enter(rules: RulesetCreated) -> io::Result<Confined> {
    let status = rules.restrict_self().map_err(io::Error::other)?;
    let abi = match status.landlock {
        LandlockStatus::Available {
            effective_abi,
            kernel_abi,
        } => kernel_abi.unwrap_or(effective_abi as i32),
        _ => return Ok(Confined::Not),
    };
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Confined::Wholly { abi },
        RulesetStatus::PartiallyEnforced => Confined::Partly { abi },
        RulesetStatus::NotEnforced => Confined::Not,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_to_be_made_is_reached_by_the_one_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let rules = LandlockRules::default().changes(&folder.path().join("a/b"));
        assert_eq!(rules.change, [folder.path()]);
        assert_eq!(
            LandlockRules::default().changes(Path::new("")).change,
            [Path::new(".")]
        );
        assert_eq!(
            LandlockRules::default()
                .changes_beside(Path::new("new.psbt"))
                .change,
            [Path::new(".")]
        );
    }

    #[test]
    fn a_link_reaches_where_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        std::fs::create_dir(at("far")).unwrap();
        std::fs::write(at("far/V"), "").unwrap();
        std::os::unix::fs::symlink(at("far/V"), at("V")).unwrap();
        let rules = LandlockRules::default().changes_beside(&at("V"));
        assert_eq!(
            rules.change,
            [at("").components().as_path().to_owned(), at("far")]
        );
    }

    /// What a passphrase may be given in by a descriptor.
    #[test]
    fn a_file_in_memory_and_a_pipe_are_in_no_place_but_are_read() {
        use std::io::{Read as _, Write as _};
        use std::os::fd::{AsFd as _, AsRawFd as _};

        let path_of = |file: &std::fs::File| {
            std::path::PathBuf::from(format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()))
        };
        let memory =
            rustix::fs::memfd_create("passphrase", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let mut memory = std::fs::File::from(memory);
        memory.write_all(b"given in memory").unwrap();
        let (pipe, _end) = rustix::pipe::pipe().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let file = std::fs::File::open(folder.path().join("file")).unwrap();
        assert!(!is_placed(&path_of(&memory)));
        assert!(!is_placed(&path_of(&std::fs::File::from(pipe))));
        assert!(is_placed(&path_of(&file)));
        assert!(
            is_placed(&folder.path().join("absent")),
            "the rule's own error tells of it"
        );
        let path = path_of(&memory);
        let rules = LandlockRules::default().reads(path.clone());
        std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    confine(&rules).unwrap();
                    let mut text = String::new();
                    std::fs::File::open(&path)
                        .unwrap()
                        .read_to_string(&mut text)
                        .unwrap();
                    assert_eq!(text, "given in memory");
                })
                .join()
                .unwrap();
        });
    }

    /// A thread of its own is confined, and the rest of the tests is not.
    #[test]
    fn what_is_out_of_reach_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["in", "beside"] {
            std::fs::write(at(name), name).unwrap();
        }
        std::fs::create_dir(at("out")).unwrap();
        let rules = LandlockRules::default().reads(at("in")).changes(&at("out"));
        let looks = || {
            let denied =
                |result: io::Result<()>| result.err().and_then(|error| error.raw_os_error());
            [
                denied(std::fs::read("/etc/passwd").map(|_| ())),
                denied(std::fs::read(at("beside")).map(|_| ())),
                denied(std::fs::read(at("in")).map(|_| ())),
                denied(std::fs::write(at("in"), "in")),
                denied(std::fs::write(at("new"), "")),
                denied(std::fs::write(at("out/new"), "")),
                denied(std::fs::rename(at("out/new"), at("out/renamed"))),
                denied(std::fs::read("/proc/self/status").map(|_| ())),
                denied(std::os::unix::fs::symlink("/", at("out/link"))),
            ]
        };
        assert_eq!(looks(), [None; 9], "before it is confined");
        for name in ["new", "out/renamed", "out/link"] {
            std::fs::remove_file(at(name)).unwrap();
        }
        let eacces = Some(rustix::io::Errno::ACCESS.raw_os_error());
        std::thread::scope(|scope| {
            scope
                .spawn(|| match confine(&rules).unwrap() {
                    Confined::Not => {
                        assert_eq!(looks(), [None; 9], "Landlock is absent, and says so");
                    }
                    Confined::Wholly { .. } | Confined::Partly { .. } => {
                        let expected = [
                            eacces, eacces, None, eacces, eacces, None, None, None, eacces,
                        ];
                        assert_eq!(looks(), expected);
                    }
                })
                .join()
                .unwrap();
        });
    }
}

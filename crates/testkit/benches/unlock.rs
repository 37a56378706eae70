//! Unlocking a vault against Debian's `argon2`, at the same Argon2id costs: `cargo bench -p
//! cofferdam-testkit --bench unlock`.

#![allow(clippy::print_stdout)]

use std::io::Write;
use std::process::{Command, Stdio};

use cofferdam_core::seal::{Cost, Credential, NewSlot, OpenVault, Passphrase, VaultFile};
use cofferdam_testkit::measure::{HEAD, rows, side_by_side};

const PASSPHRASE: &str = "correct horse battery staple";

fn main() {
    print!("{HEAD}");
    for (memory_mib, passes) in [(64, 3), (512, 3)] {
        let vault = vault(Cost::new(memory_mib * 1024, passes, 4).expect("costs within bounds"));
        let credential = credential();
        let series = side_by_side(
            7,
            &mut [
                ("cofferdam", &mut || {
                    vault.unlock(&credential).expect("the vault opens");
                    None
                }),
                ("Debian's argon2", &mut || {
                    argon2(memory_mib, passes);
                    None
                }),
            ],
        );
        print!(
            "{}",
            rows(
                &format!("unlock, {memory_mib} MiB, t = {passes}, p = 4"),
                &series
            )
        );
    }
}

fn credential() -> Credential {
    Credential::Passphrase(Passphrase::new(PASSPHRASE).expect("a passphrase"))
}

fn vault(cost: Cost) -> VaultFile {
    let mut next = 0_u8;
    let mut kernel = |bytes: &mut [u8]| {
        bytes.fill_with(|| {
            next = next.wrapping_add(1);
            next
        });
        Ok(())
    };
    OpenVault::create(
        &[NewSlot {
            credential: credential(),
            cost,
        }],
        1,
        b"a body",
        &mut kernel,
    )
    .expect("a vault")
}

fn argon2(memory_mib: u32, passes: u32) {
    let (memory, passes) = ((memory_mib * 1024).to_string(), passes.to_string());
    let mut child = Command::new("argon2")
        .args([
            "0123456789abcdef0123456789abcdef",
            "-id",
            "-t",
            &passes,
            "-k",
            &memory,
            "-p",
            "4",
            "-l",
            "32",
            "-r",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("Debian's argon2 is installed: scripts/install-packages argon2");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(PASSPHRASE.as_bytes())
        .expect("argon2 reads");
    assert!(child.wait().expect("argon2 ends").success());
}

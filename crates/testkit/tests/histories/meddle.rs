//! Somebody with access to the vault's folder, and a signer that waits at its question meanwhile.

use std::collections::BTreeSet;
use std::fs;

use rexpect::process::{Signal, WaitStatus};
use rexpect::session::{PtySession, spawn_command};
use serde_json::{Value, json};

use crate::history::History;
use crate::offline::{Paper, Place, vault_files};
use crate::owner::shown_state;
use crate::process::DEADLINE;

/// A signer that waits for its answer.
pub(crate) struct Waiting {
    paper: Paper,
    review: Value,
    session: PtySession,
}

impl History<'_> {
    /// Copies, deletes, cuts, plants and puts back files.
    pub(crate) fn meddle(&mut self) {
        let at = self.some_place();
        let pick = self.rng.below(1 << 20);
        let choice = self.rng.below(15);
        let place = &mut self.places[at];
        let folder = place.folder.clone();
        let file = |name: &str| folder.join(name);
        let any_copy = |place: &Place| match place.copies.len() {
            0 => None,
            len => Some(place.copies[pick % len].clone()),
        };
        let what = match choice {
            0..=3 => {
                place
                    .copies
                    .push((vault_files(&folder), place.acked.clone()));
                "vault copied"
            }
            4 => {
                let _ = fs::remove_file(file("vault.lock"));
                "lock deleted"
            }
            5 => {
                let names = ["18446744073709551614", "18446744073709551615", "3", "900"];
                let path = file(&format!("vault.{}", names[pick % 4]));
                if !path.exists() {
                    fs::write(path, b"").unwrap();
                }
                "generation planted"
            }
            // The vault alone, and the newer files gone.
            6 => {
                let Some((copy, _)) = any_copy(place) else {
                    return;
                };
                for name in vault_files(&folder)
                    .keys()
                    .filter(|name| !copy.contains_key(*name))
                {
                    if name.starts_with("vault.") && name[6..].parse::<u64>().is_ok() {
                        fs::remove_file(file(name)).unwrap();
                    }
                }
                if let Some(bytes) = copy.get("vault") {
                    fs::write(file("vault"), bytes).unwrap();
                }
                "vault put back"
            }
            7 => {
                let Some((copy, _)) = any_copy(place) else {
                    return;
                };
                if let Some(bytes) = copy.get("vault.journal") {
                    fs::write(file("vault.journal"), bytes).unwrap();
                }
                "journal put back"
            }
            8 | 9 => {
                let Some((copy, acked)) = any_copy(place) else {
                    return;
                };
                for name in vault_files(&folder).keys() {
                    fs::remove_file(file(name)).unwrap();
                }
                for (name, bytes) in copy {
                    fs::write(file(&name), bytes).unwrap();
                }
                // What the copy had is there; what it lacks, a note or a finding has to tell.
                let _ = acked;
                "vault and journal put back"
            }
            10 => {
                let bytes = fs::read(file("vault.journal")).unwrap_or_default();
                let kept = bytes.len() - pick % (bytes.len() / 2 + 1);
                fs::write(file("vault.journal"), &bytes[..kept]).unwrap();
                "journal cut"
            }
            11 => {
                let bytes = fs::read(file("vault")).unwrap_or_default();
                fs::write(file("vault"), &bytes[..pick % (bytes.len() + 1)]).unwrap();
                "vault cut"
            }
            12 => {
                let _ = fs::remove_file(file("vault"));
                "vault deleted"
            }
            13 => {
                let _ = fs::remove_file(file("vault.journal"));
                "journal deleted"
            }
            // The earlier generation over the present one.
            _ => {
                let earlier = (1..200).rev().map(|n| file(&format!("vault.{n}")));
                if let Some(earlier) = earlier.into_iter().find(|path| path.exists()) {
                    fs::rename(earlier, file("vault")).unwrap();
                }
                "earlier generation put back"
            }
        };
        self.counts.note(what);
    }

    /// Goes on in a copy of the vault's folder as well.
    pub(crate) fn clone_vault(&mut self) {
        if self.places.len() > 1 {
            return;
        }
        let folder = self.new_file("clone");
        let place = &self.places[0];
        crate::template::copy_folder(&place.folder, &folder);
        let clone = Place {
            folder,
            vault: place.vault.clone(),
            acked: place.acked.clone(),
            copies: Vec::new(),
        };
        self.places.push(clone);
        self.counts.note("vault cloned");
    }

    /// Starts a signer on a terminal, which reviews a file and asks.
    pub(crate) fn wait_at_a_question(&mut self, paper: Paper) {
        let review = self.inspected(&paper);
        if review.is_null() {
            return;
        }
        let mut command = self.signer(paper.place).command().unwrap();
        command.args(["sign", paper.file.to_str().unwrap()]);
        command.args(["--out", paper.out.to_str().unwrap()]);
        let milliseconds = u64::try_from(DEADLINE.as_millis()).unwrap();
        let mut session = spawn_command(command, Some(milliseconds)).unwrap();
        session.process_mut().set_kill_timeout(Some(1_000));
        if session.exp_string("yes or no: ").is_ok() {
            self.counts.note("waited at a question");
            self.waiting = Some(Waiting {
                paper,
                review,
                session,
            });
        }
    }

    /// Answers the question that a signer waits at, or kills it there.
    pub(crate) fn answer(&mut self, waiting: Waiting) {
        let Waiting {
            paper,
            review,
            mut session,
        } = waiting;
        let answer = match self.rng.below(10) {
            0 | 1 => {
                self.counts.kills += 1;
                self.counts.note("killed at a question");
                let _ = session.process_mut().kill(Signal::SIGKILL);
                drop(session);
                return self.left_all_the_same(&paper, &review);
            }
            2 => "no",
            _ => "yes",
        };
        let mut said = String::new();
        loop {
            if session.send_line(answer).is_err() {
                break;
            }
            match session.exp_regex("yes or no: ") {
                Ok((before, _)) => said.push_str(&before),
                Err(_) => break,
            }
        }
        let rest = session.exp_eof().unwrap_or_default();
        said.push_str(&rest);
        let code = match session.process().wait() {
            Ok(WaitStatus::Exited(_, code)) => code,
            other => {
                return self.harm(Some(format!(
                    "a signer at its question ended by {other:?}: {said}"
                )));
            }
        };
        match code {
            0 => {
                self.counts.note("answered");
                let note = said
                    .split_once("note this: ")
                    .map_or(Value::Null, |(_, note)| shown_state(note));
                self.harm(
                    note["journal"]["head"]
                        .is_null()
                        .then(|| format!("nothing to note: {said}")),
                );
                let document = json!({"review": review, "vault": note});
                self.signed(&paper, &document, BTreeSet::new());
            }
            1 | 101 => self.harm(Some(format!("exit 1 at a question: {said}"))),
            12 => self.counts.refuse("changed-meanwhile"),
            _ => self.counts.refuse("declined"),
        }
        self.harm(
            (code != 0 && paper.out.exists())
                .then(|| format!("exit {code}, and signatures: {said}")),
        );
    }
}

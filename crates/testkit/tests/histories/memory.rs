//! Vaults that are made of the words again, and what they are told of what was signed before.

use std::fs;

use crate::history::History;
use crate::offline::{Acked, Place};
use crate::owner::shown_state;

impl History<'_> {
    /// The first vaults are lost: another is made of the words, and their journals lie about.
    pub(crate) fn restore(&mut self) {
        self.waiting = None;
        let new = self.made_of_words();
        for lost in std::mem::replace(&mut self.places, vec![new]) {
            let journals = lost
                .copies
                .into_iter()
                .map(|(mut files, _)| files.remove("vault.journal"));
            let last = fs::read(lost.folder.join("vault.journal")).ok();
            for bytes in journals.chain([last]).flatten() {
                let file = self.new_file("journal");
                fs::write(&file, bytes).unwrap();
                self.journals.push(file);
            }
        }
        self.fill(0);
        if self.rng.percent(60) {
            self.import_journal(0);
        }
    }

    /// Returns an empty place with the passphrase.
    fn made_of_words(&mut self) -> Place {
        let folder = self.new_file("restored");
        fs::create_dir(&folder).unwrap();
        let passphrase = self.places[0].folder.join("passphrase.txt");
        fs::copy(passphrase, folder.join("passphrase.txt")).unwrap();
        Place {
            folder,
            vault: String::new(),
            acked: Acked {
                bounds: vec![None],
                ..Acked::default()
            },
            copies: Vec::new(),
        }
    }

    /// A vault that nothing brings back is made of the words.
    pub(crate) fn restore_into(&mut self, place: usize) {
        self.places[place] = self.made_of_words();
        self.fill(place);
    }

    fn fill(&mut self, place: usize) {
        let words = self.template.words.display().to_string();
        let mut arguments = vec!["restore", "--network", "regtest", "--mnemonic-file", &words];
        arguments.extend(cofferdam_testkit::binaries::LOWEST_COSTS);
        let ran = self.sign_off(place, &arguments);
        let Some(document) = ran.document() else {
            return self.harm(Some(format!("the words make no vault: {}", ran.err)));
        };
        self.see(place, &document);
        let index = self.index.to_string();
        let add = [
            "account",
            "add",
            "--name",
            self.script,
            "--script",
            self.script,
        ];
        let ran = self.sign_off(place, &[&add[..], &["--index", &index]].concat());
        self.harm(
            ran.document()
                .is_none()
                .then(|| format!("no account: {}", ran.err)),
        );
        self.counts.note("restored");
    }

    /// Imports one of the journals that lie about, or a copy; the owner compares it with the last
    /// note of the vault it is of.
    pub(crate) fn import_journal(&mut self, place: usize) {
        let mut files = self.journals.clone();
        for (copy, _) in &self.places[place].copies {
            if let Some(bytes) = copy.get("vault.journal") {
                let file = self
                    .told
                    .path()
                    .join(format!("copy-{}.journal", files.len()));
                fs::write(&file, bytes).unwrap();
                files.push(file);
            }
        }
        let Some(mut file) = self.rng.one(&files).cloned() else {
            return;
        };
        if self.rng.percent(25) {
            let bytes = fs::read(&file).unwrap();
            let kept = last_record(&bytes);
            file = self.new_file("cut.journal");
            fs::write(&file, &bytes[..kept]).unwrap();
        }
        let running =
            self.start_for_people(place, &["journal", "import", &file.display().to_string()]);
        let ran = running.finish();
        self.counted(&ran);
        self.see(place, &shown_state(&ran.err));
        if !ran.done() {
            return;
        }
        self.counts.note("journal imported");
        let from = journal_of(&fs::read(&file).unwrap());
        let Some(noted) = self
            .owner
            .notes
            .get(&from)
            .cloned()
            .filter(|_| self.rng.percent(60))
        else {
            return;
        };
        let count = noted.count.to_string();
        let copy = file.display().to_string();
        let ran = self.sign_off(
            place,
            &["journal", "confirm", &count, &noted.head, "--copy", &copy],
        );
        if let Some(document) = ran.document() {
            self.counts.note("import confirmed");
            self.see(place, &document);
        }
    }
}

/// Returns the id of the vault that wrote a journal.
fn journal_of(bytes: &[u8]) -> String {
    bytes[8..24]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Returns where the last record of a journal begins.
fn last_record(bytes: &[u8]) -> usize {
    let (mut at, mut last) = (24, 24);
    while let Some(length) = bytes.get(at..at + 4) {
        last = at;
        at += 4 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
    }
    last.min(bytes.len())
}

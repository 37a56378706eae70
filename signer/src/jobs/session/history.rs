//! Drawn histories of a vault and its journal against a model: two processes, kills, files that are
//! copied, deleted and put back, imports, restores, clones and rollbacks.
//!
//! The model is the owner: what was acknowledged, what signatures left, and the last count and head
//! that a receipt or a screen told. Harm is a coin that is signed for two purposes, or something
//! acknowledged that is gone, and nobody was told.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cofferdam_core::Network;
use cofferdam_core::keys::{Bip39Passphrase, Entropy, Language};
use cofferdam_core::seal::{Cost, NewSlot, Passphrase, UnlockError};
use tempfile::TempDir;

use super::super::{journal, repair};
use super::*;
use crate::body::Backup;
use crate::journal::{
    Class, InputRecord, Memory, OutputRecord, Proof, Remembered, TransactionRecord, unconfirmed,
};
use crate::policy::{FeeBounds, Policy};
use crate::protocol::Digest;

/// How many histories a run of the suite draws, and how many `COFFERDAM_EXHAUSTIVE=1` does.
const DRAWN: (u64, u64) = (80, 10_000);

/// The steps of one history.
const STEPS: u64 = 24;

/// Kinds of vaults: born with the seed, restored from its words, and restored once more.
const BORN: usize = 0;
const RESTORED: usize = 1;
const RESTORED_TOO: usize = 2;

/// A vault's first file and journal, and what opens all of its files without stretching.
struct Kit {
    vault: Vec<u8>,
    journal: Vec<u8>,
    open: OpenVault,
    seed: Seed,
}

fn credential() -> Credential {
    Credential::Passphrase(Passphrase::new("horse").expect("is a passphrase"))
}

fn kits() -> &'static [Kit; 3] {
    static KITS: OnceLock<[Kit; 3]> = OnceLock::new();
    KITS.get_or_init(|| {
        [BORN, RESTORED, RESTORED_TOO].map(|kind| {
            let (memory, event) = match kind {
                BORN => (MemoryState::Complete, Event::Created),
                _ => (MemoryState::Missing, Event::Restored),
            };
            let body = Body {
                network: Network::Regtest,
                entropy: Entropy::from_bytes(&[7; 16]).unwrap(),
                language: Language::English,
                bip39_passphrase: Bip39Passphrase::none(),
                accounts: vec![],
                wallets: vec![],
                policy: Policy::default(),
                checkpoint: Checkpoint::NONE,
                memory,
                backup: Backup::Given,
            };
            let slot = NewSlot {
                credential: credential(),
                cost: Cost::MINIMUM,
            };
            let file = OpenVault::create(&[slot], 1, &body.encode(), &mut kernel).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("journal");
            let key = JournalKey::derive(&body.seed());
            let mut journal = Journal::create(path.clone(), key, file.vault_id());
            let first = vec![entry(event, 1, &Fitness::default())];
            journal.append(first, &mut kernel).unwrap();
            Kit {
                open: file.unlock(&credential()).unwrap(),
                seed: body.seed(),
                vault: file.as_bytes().to_vec(),
                journal: fs::read(path).unwrap(),
            }
        })
    })
}

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A folder with a vault in it.
struct Place {
    kind: usize,
    vault: PathBuf,
    processes: [Option<Session>; 2],
    copies: Vec<BTreeMap<String, Vec<u8>>>,
}

impl Place {
    fn begin(folder: &Path, kind: usize) -> Self {
        fs::create_dir_all(folder).unwrap();
        let place = Place {
            kind,
            vault: folder.join("V"),
            processes: [None, None],
            copies: vec![],
        };
        fs::write(place.file(""), &kits()[kind].vault).unwrap();
        fs::write(place.file(".journal"), &kits()[kind].journal).unwrap();
        place
    }

    fn file(&self, suffix: &str) -> PathBuf {
        PathBuf::from(format!("{}{suffix}", self.vault.display()))
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.vault.parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let read = |name: String| {
            let bytes = fs::read(self.vault.with_file_name(&name)).unwrap();
            (name, bytes)
        };
        names.map(read).collect()
    }

    /// Opens the vault as a process that writes does.
    fn open(&self) -> Result<Session, Failure> {
        let path = VaultPath::new(&self.vault)?;
        let lock = path.lock()?;
        let survey = path.survey()?;
        let file = survey.current()?.clone();
        // A file of another vault that lies in the folder does not open with this one's passphrase.
        let open = kits()[self.kind]
            .open
            .open_sibling(&file)
            .map_err(|_| UnlockError::WrongCredential)?;
        let sitting = Sitting {
            fitness: Fitness::default(),
            command: "history".into(),
        };
        let opened = Opened {
            body: Body::decode(open.plaintext())?,
            seed: kits()[self.kind].seed.clone(),
            present: file,
            open,
            credential: credential(),
        };
        Session::begin(path, Some(lock), opened, sitting)
    }
}

/// What the owner knows.
#[derive(Default)]
struct Owner {
    /// What left: by coin, the transactions.
    left: BTreeMap<u8, Vec<[u8; 32]>>,
    /// What each kind of vault acknowledged as signed.
    signed: [Vec<[u8; 32]>; 3],
    /// The bounds that the policy may have: the one that was acknowledged, and those that a killed
    /// process may have written.
    bounds: [Vec<Option<u64>>; 3],
    /// The last count and head that a receipt or a screen told.
    noted: [Option<Checkpoint>; 3],
    /// Whether the owner went on with a vault of which it was told that it had gone back.
    told: [bool; 3],
}

/// How harm was kept away, or was not.
#[derive(Debug, Default)]
struct Counts {
    histories: u64,
    steps: u64,
    signed: u64,
    refused: BTreeMap<String, u64>,
    found: BTreeMap<&'static str, u64>,
    harm: Vec<String>,
}

struct History {
    folder: TempDir,
    rng: Rng,
    places: Vec<Place>,
    owner: Owner,
    serial: u8,
}

impl History {
    fn begin(seed: u64) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        }
        .unwrap();
        let places = vec![Place::begin(&folder.path().join("0"), BORN)];
        let owner = Owner {
            bounds: [vec![None], vec![None], vec![None]],
            ..Owner::default()
        };
        History {
            folder,
            rng: Rng(seed),
            places,
            owner,
            serial: 0,
        }
    }

    fn step(&mut self, counts: &mut Counts) {
        counts.steps += 1;
        let at = self.rng.below(self.places.len() as u64) as usize;
        let process = self.rng.below(2) as usize;
        match self.rng.below(20) {
            0..=6 => self.sign(at, process, counts),
            7 | 8 => self.tighten(at, process, counts),
            9 => self.places[at].processes[process] = None,
            10 => self.kill(at, process, counts),
            11..=15 => self.meddle(at, counts),
            16 => self.repair(at, counts),
            17 => self.clone(at),
            18 => self.restore(counts),
            _ => self.import(counts),
        }
    }

    /// Returns the process that works in a place, started where there is none; none when it is
    /// refused.
    fn session(&mut self, at: usize, process: usize, counts: &mut Counts) -> Option<Session> {
        if let Some(session) = self.places[at].processes[process].take() {
            return Some(session);
        }
        let opened = self.places[at].open().and_then(|mut session| {
            session.journal()?;
            session.catch_up()?;
            Ok(session)
        });
        match opened {
            Ok(session) => {
                self.look(at, &session, counts);
                Some(session)
            }
            Err(failure) => {
                refused(counts, &failure);
                None
            }
        }
    }

    /// Tells whether the last note or receipt shows that the vault is not what it was.
    fn went_back(&self, kind: usize, session: &Session) -> bool {
        let journal = session.journal().unwrap().log();
        let noted = self.owner.noted[kind];
        noted.is_some_and(|noted| journal.head_at(noted.count) != Some(noted.head))
    }

    /// What was acknowledged is there, or the owner is told.
    fn look(&mut self, at: usize, session: &Session, counts: &mut Counts) {
        let kind = self.places[at].kind;
        if self.owner.told[kind] {
            return;
        }
        if self.went_back(kind, session) {
            *counts
                .found
                .entry("the count and head that were noted")
                .or_default() += 1;
            self.owner.told[kind] = true;
            return;
        }
        let entries = session.journal().unwrap().log().entries();
        let memory = Memory::of(entries);
        for txid in &self.owner.signed[kind] {
            if memory
                .get(bitcoin::hashes::Hash::from_byte_array(*txid))
                .is_none()
            {
                counts
                    .harm
                    .push(format!("a signature of vault {kind} is forgotten"));
            }
        }
        let bound = session.body.policy.fee.max_sat;
        if !self.owner.bounds[kind].contains(&bound) {
            let bounds = &self.owner.bounds[kind];
            counts
                .harm
                .push(format!("the bound is {bound:?}, not one of {bounds:?}"));
        }
    }

    fn sign(&mut self, at: usize, process: usize, counts: &mut Counts) {
        let Some(mut session) = self.session(at, process, counts) else {
            return;
        };
        let kind = self.places[at].kind;
        self.serial += 1;
        let coin = self.rng.below(5) as u8;
        let transaction = transaction(self.serial, coin);
        let (found, refuses) = findings(&session, &transaction);
        if refuses {
            *counts
                .refused
                .entry("coin-signed-before".into())
                .or_default() += 1;
            return;
        }
        let committed = session
            .commit(vec![Event::Signed(transaction.clone())])
            .and_then(|_| session.check());
        if let Err(failure) = committed {
            return refused(counts, &failure);
        }
        // What goes back of it has a receipt: the watcher holds it against the last one.
        let receipt = self.went_back(kind, &session);
        let before = self.owner.left.entry(coin).or_default();
        let twice = before.iter().any(|txid| *txid != transaction.txid);
        let said = found.first().copied().or(receipt.then_some("the receipt"));
        match (twice, said) {
            (true, None) if !self.owner.told[kind] => {
                counts
                    .harm
                    .push(format!("coin {coin} is signed twice by vault {kind}"));
            }
            (true, Some(said)) => *counts.found.entry(said).or_default() += 1,
            _ => {}
        }
        before.push(transaction.txid);
        self.owner.told[kind] |= receipt;
        self.owner.signed[kind].push(transaction.txid);
        self.note(kind, &session);
        counts.signed += 1;
        self.places[at].processes[process] = self.keep(session);
    }

    fn tighten(&mut self, at: usize, process: usize, counts: &mut Counts) {
        let Some(mut session) = self.session(at, process, counts) else {
            return;
        };
        let kind = self.places[at].kind;
        let event = self.tightened(&mut session);
        let bound = session.body.policy.fee.max_sat;
        match session.commit(vec![event]) {
            Ok(_) => {
                // The owner compares what the screen shows with the note of before.
                self.owner.told[kind] |= self.went_back(kind, &session);
                self.owner.bounds[kind] = vec![bound];
                self.note(kind, &session);
                self.places[at].processes[process] = self.keep(session);
            }
            Err(failure) => {
                self.owner.bounds[kind].push(bound);
                refused(counts, &failure);
            }
        }
    }

    fn tightened(&mut self, session: &mut Session) -> Event {
        let now = session.body.policy.fee.max_sat.unwrap_or(1_000_000);
        let bound = now - 1 - self.rng.below(50);
        session.body.policy.fee = FeeBounds {
            max_sat: Some(bound),
            ..session.body.policy.fee
        };
        Event::PolicyChanged(vec![format!("max-fee-sat {bound} (was {now})")])
    }

    /// A process ends, or waits for its next question.
    fn keep(&mut self, session: Session) -> Option<Session> {
        (self.rng.below(2) == 0).then_some(session)
    }

    fn note(&mut self, kind: usize, session: &Session) {
        self.owner.noted[kind] = Some(session.journal().unwrap().log().checkpoint());
    }

    /// A process is killed in the middle of a write: nothing was acknowledged.
    fn kill(&mut self, at: usize, process: usize, counts: &mut Counts) {
        let Some(mut session) = self.session(at, process, counts) else {
            return;
        };
        let kind = self.places[at].kind;
        let journal = self.places[at].file(".journal");
        let event = match self.rng.below(2) {
            0 => self.tightened(&mut session),
            _ => {
                self.serial += 1;
                Event::Signed(transaction(self.serial, self.rng.below(5) as u8))
            }
        };
        self.owner.bounds[kind].push(session.body.policy.fee.max_sat);
        if session.check().and_then(|()| session.catch_up()).is_err() {
            return;
        }
        let state = session.parts.changed(&session.body.parts());
        let mut events = vec![event];
        if !state.is_empty() {
            events.push(session.state(state));
        }
        let Ok(generation) = session.next_generation() else {
            return;
        };
        let intact = session.journal().unwrap().log().intact_len();
        if session.append(events, generation).is_err() {
            return;
        }
        match self.rng.below(4) {
            // After the journal.
            0 => {}
            // In the middle of it.
            1 => {
                let after = fs::read(&journal).unwrap();
                let cut = intact + self.rng.below(after.len() as u64 - intact);
                fs::write(&journal, &after[..cut as usize]).unwrap();
            }
            // After the present vault got its second name, and the next one its first bytes.
            2 => {
                let place = &self.places[at];
                let _ = fs::hard_link(
                    place.file(""),
                    place.file(&format!(".{}", session.present.generation())),
                );
                fs::write(place.vault.with_file_name(".V.tmp"), b"half a vault").unwrap();
            }
            // After the vault, before the release.
            _ => {
                let _ = session.write_vault(generation);
            }
        }
    }

    /// Somebody with access to the folder copies, deletes, cuts, plants and puts back.
    fn meddle(&mut self, at: usize, counts: &mut Counts) {
        let choice = self.rng.below(11);
        let pick = self.rng.next();
        let place = &mut self.places[at];
        let any_copy = |place: &Place| match place.copies.len() as u64 {
            0 => None,
            len => Some(place.copies[(pick % len) as usize].clone()),
        };
        match choice {
            0 | 1 => {
                let files = place.files();
                place.copies.push(files);
            }
            2 => drop(fs::remove_file(place.file(".lock"))),
            3 => {
                let name = [
                    ".18446744073709551614",
                    ".18446744073709551615",
                    ".3",
                    ".900",
                ];
                let path = place.file(name[(pick % 4) as usize]);
                if !path.exists() {
                    fs::write(path, b"").unwrap();
                }
            }
            // The vault alone, and the newer files gone.
            4 | 5 => {
                if let Some(copy) = any_copy(place) {
                    fs::write(place.file(""), &copy["V"]).unwrap();
                    for name in place
                        .files()
                        .keys()
                        .filter(|name| !copy.contains_key(*name))
                    {
                        if name.starts_with("V.") && name[2..].parse::<u64>().is_ok() {
                            fs::remove_file(place.vault.with_file_name(name)).unwrap();
                        }
                    }
                }
            }
            // The journal alone.
            6 => {
                if let Some(copy) = any_copy(place) {
                    fs::write(place.file(".journal"), &copy["V.journal"]).unwrap();
                }
            }
            // All of it.
            7 => {
                if let Some(copy) = any_copy(place) {
                    for name in place.files().keys() {
                        fs::remove_file(place.vault.with_file_name(name)).unwrap();
                    }
                    for (name, bytes) in copy {
                        fs::write(place.vault.with_file_name(name), bytes).unwrap();
                    }
                }
            }
            8 => {
                let bytes = fs::read(place.file(".journal")).unwrap_or_default();
                let kept = bytes.len() - (pick as usize % (bytes.len() / 2 + 1)).min(bytes.len());
                fs::write(place.file(".journal"), &bytes[..kept]).unwrap();
            }
            9 => {
                let bytes = fs::read(place.file(".journal")).unwrap_or_default();
                fs::write(place.file(".journal"), [&bytes[..], &[0; 700]].concat()).unwrap();
            }
            // The earlier generation over the present one.
            _ => {
                let present = crate::store::verify(&place.file("")).outcome;
                if let Ok(facts) = present {
                    let earlier = place.file(&format!(".{}", facts.generation.saturating_sub(1)));
                    if earlier.exists() {
                        fs::rename(earlier, place.file("")).unwrap();
                    }
                }
            }
        }
        *counts.found.entry("meddled").or_default() += 1;
    }

    /// The owner does what a refusal advises.
    fn repair(&mut self, at: usize, counts: &mut Counts) {
        let place = &self.places[at];
        let path = VaultPath::new(&place.vault).unwrap();
        if let Ok(lock) = path.lock() {
            let _ = lock.repair(None);
        }
        let Ok(mut session) = place.open() else {
            return;
        };
        if session.whole_journal().is_err() {
            // A copy of the journal is brought back, the newest first.
            for copy in place.copies.iter().rev() {
                let bytes = &copy["V.journal"];
                if journal::import_bytes(&mut session, bytes, Path::new("copy"), &mut vec![])
                    .is_ok()
                {
                    break;
                }
            }
            return;
        }
        let Ok(words) = repair::reasons(&session) else {
            return;
        };
        if let Ok(done) = repair::sealed_anew(&mut session, words)
            && !done.beyond.is_empty()
        {
            *counts.found.entry("resealed").or_default() += 1;
        }
    }

    fn clone(&mut self, at: usize) {
        if self.places.len() > 3 {
            return;
        }
        let folder = self.folder.path().join(self.places.len().to_string());
        let place = Place::begin(&folder, self.places[at].kind);
        for (name, bytes) in self.places[at].files() {
            fs::write(place.vault.with_file_name(name), bytes).unwrap();
        }
        self.places.push(place);
    }

    /// The first vault is lost: its words make another, and it signs no more.
    fn restore(&mut self, counts: &mut Counts) {
        if self.places.iter().any(|place| place.kind == RESTORED) || self.rng.below(3) > 0 {
            return;
        }
        *counts.found.entry("restored").or_default() += 1;
        let folder = self.folder.path().join("restored");
        let restored = Place::begin(&folder, RESTORED);
        let old = std::mem::replace(&mut self.places, vec![restored]);
        // What is left of it lies about, to be imported.
        for (number, place) in old.iter().enumerate() {
            let bytes = fs::read(place.file(".journal")).unwrap_or_default();
            fs::write(self.folder.path().join(format!("{number}.journal")), bytes).unwrap();
            for (copied, copy) in place.copies.iter().enumerate() {
                let name = format!("{number}-{copied}.journal");
                fs::write(self.folder.path().join(name), &copy["V.journal"]).unwrap();
            }
        }
        fs::write(
            self.folder.path().join("x.journal"),
            &kits()[RESTORED_TOO].journal,
        )
        .unwrap();
    }

    /// A restored vault is given a journal, and the owner compares it with the last note.
    fn import(&mut self, counts: &mut Counts) {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "journal")
        });
        files.sort();
        if files.is_empty() {
            return;
        }
        let file = files[self.rng.below(files.len() as u64) as usize].clone();
        let at = self.rng.below(self.places.len() as u64) as usize;
        let Some(mut session) = self.session(at, 0, counts) else {
            return;
        };
        let mut bytes = fs::read(&file).unwrap();
        if self.rng.below(3) == 0 {
            bytes.truncate(last_record(&bytes));
        }
        match journal::import_bytes(&mut session, &bytes, &file, &mut vec![]) {
            Ok(_) => *counts.found.entry("imported").or_default() += 1,
            Err(failure) => return refused(counts, &failure),
        }
        // A note says nothing of a history that is known to have parted.
        let noted = self.owner.noted[BORN].filter(|_| !self.owner.told[BORN]);
        if let (Some(noted), true) = (noted, self.rng.below(2) == 0) {
            let confirmed = journal::confirm_in(&mut session, noted.count, noted.head, Some(&file));
            match confirmed {
                Ok(()) => *counts.found.entry("confirmed").or_default() += 1,
                Err(failure) => refused(counts, &failure),
            }
        }
        let kind = self.places[at].kind;
        if !self.owner.told[kind] && session.journal().is_ok() && !self.went_back(kind, &session) {
            self.note(kind, &session);
        }
    }
}

/// Where the last record of a journal begins.
fn last_record(bytes: &[u8]) -> usize {
    let (mut at, mut last) = (24, 24);
    while let Some(length) = bytes.get(at..at + 4) {
        last = at;
        at += 4 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
    }
    last.min(bytes.len())
}

fn refused(counts: &mut Counts, failure: &Failure) {
    *counts.refused.entry(failure.code.clone()).or_default() += 1;
}

/// A transaction by its number, over one coin.
fn transaction(serial: u8, coin: u8) -> TransactionRecord {
    TransactionRecord {
        txid: Digest::of(&[serial]).0,
        wallet_id: Some([5; 32]),
        inputs: vec![InputRecord {
            txid: [coin; 32],
            vout: 0,
            amount_sat: Some(10_000),
            proof: Proof::PreviousTransaction,
            place: None,
        }],
        outputs: vec![OutputRecord {
            script: vec![serial],
            amount_sat: 5_000,
            class: Class::Payment,
            place: None,
        }],
        fee_sat: Some(100),
        manifest: None,
        payout_ids: vec![],
        review: [0; 32],
        accepted: vec![],
        supersedes: vec![],
    }
}

/// What a review would say of it beside its own facts, and whether it would refuse.
fn findings(session: &Session, transaction: &TransactionRecord) -> (Vec<&'static str>, bool) {
    let entries = session.journal().unwrap().log().entries();
    let mut found = Vec::new();
    if session.body.memory == MemoryState::Missing {
        found.push("no-memory");
    }
    if !unconfirmed(entries).is_empty() {
        found.push("memory-imported");
    }
    let recalled = Memory::of(entries).recall(transaction, &[]);
    let refuses = recalled
        .iter()
        .any(|remembered| matches!(remembered, Remembered::CoinSigned { .. }));
    (found, refuses)
}

/// Lives one history through, and adds what came of it.
fn lived(mut counts: Counts, seed: u64) -> Counts {
    let harm = counts.harm.len();
    let mut history = History::begin(seed);
    for _ in 0..STEPS {
        history.step(&mut counts);
    }
    for place in 0..history.places.len() {
        history.places[place].processes = [None, None];
        history.session(place, 0, &mut counts);
    }
    counts.histories += 1;
    for harm in &mut counts.harm[harm..] {
        *harm = format!("history {seed}: {harm}");
    }
    counts
}

impl Counts {
    fn with(mut self, other: Counts) -> Counts {
        self.histories += other.histories;
        self.steps += other.steps;
        self.signed += other.signed;
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        for (code, count) in other.found {
            *self.found.entry(code).or_default() += count;
        }
        self.harm.extend(other.harm);
        self
    }
}

#[test]
fn drawn_histories_lose_nothing_and_sign_nothing_twice_unsaid() {
    let histories = match std::env::var_os("COFFERDAM_EXHAUSTIVE") {
        Some(_) => DRAWN.1,
        None => DRAWN.0,
    };
    // What is slow is made once, before the threads.
    kits();
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let counts = std::thread::scope(|scope| {
        let run = |first: u64| {
            let seeds = (first..histories).step_by(threads as usize);
            scope.spawn(move || seeds.fold(Counts::default(), lived))
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        let done = running.into_iter().map(|thread| thread.join().unwrap());
        done.reduce(Counts::with).unwrap()
    });
    println!(
        "histories {}, steps {}, signatures that left {}, refused {:?}, found {:?}, harm {}",
        counts.histories,
        counts.steps,
        counts.signed,
        counts.refused,
        counts.found,
        counts.harm.len()
    );
    assert_eq!(counts.harm, Vec::<String>::new());
    for code in [
        "changed-meanwhile",
        "vault-behind-journal",
        "journal-damaged",
        "coin-signed-before",
        "vault-busy",
    ] {
        assert!(
            counts.refused.contains_key(code),
            "no history came to {code}"
        );
    }
    assert_eq!(counts.refused.get("unexpected"), None);
    for kind in [
        "no-memory",
        "the count and head that were noted",
        "resealed",
        "imported",
    ] {
        assert!(counts.found.contains_key(kind), "no history came to {kind}");
    }
}

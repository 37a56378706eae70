//! `init` and `restore`: making a vault.

use cofferdam_core::Network;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cofferdam_core::keys::{
    Bias, Bip39Passphrase, Entropy, Language, MasterKey, Mnemonic, Rolls, WordCount, mix,
};
use cofferdam_core::seal::{Cost, Credential, NewSlot, OpenVault, OutOfMemory, VaultFile};
use cofferdam_transport::collect::Wanted;
use cofferdam_transport::seed_qr::SeedQr;
use zeroize::Zeroizing;

use super::Work;
use super::credential::{chosen, secret};
use super::failure::terminal_failure;
use super::landlock_rules;
use super::session::{Opening, entry, facts, kernel};
use super::{Screen, backup, scan};
use crate::body::{Backup, Body};
use crate::error::{Exit, Failure};
use crate::journal::{Checkpoint, Event, Journal, JournalKey};
use crate::memory_state::MemoryState;
use crate::policy::Policy;
use crate::process::LandlockRules;
use crate::process::Terminal;
use crate::protocol::{CostFacts, Costs, Created, Looking, Outcome, Sight, Source};
use crate::store::{LockedVault, VaultPath};
use cofferdam_memory::Forking;
use serde::{Deserialize, Serialize};

/// Makes a vault with a new seed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InitJob {
    /// The network.
    pub(crate) network: Network,
    /// 12, 15, 18, 21 or 24.
    pub(crate) words: usize,
    /// The language of the words.
    pub(crate) language: Language,
    /// A file with the rolls of dice or coins.
    pub(crate) dice: Option<PathBuf>,
    /// Whether to show the kernel's part of the mix on the terminal and to ask for the rolls there.
    pub(crate) show_mix: bool,
    /// A file to write the words to.
    pub(crate) mnemonic_out: Option<PathBuf>,
    /// Whether the operator wants no backup.
    pub(crate) no_backup: bool,
    /// Whether two people must unlock it together.
    pub(crate) dual: bool,
    /// What a guess shall cost.
    pub(crate) costs: Costs,
}

/// Makes a vault from words.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RestoreJob {
    /// The network.
    pub(crate) network: Network,
    /// Where the words are read from.
    pub(crate) mnemonic: Source,
    /// What shows them as a SeedQR, instead.
    pub(crate) seed_qr: Vec<Sight>,
    /// The language of the words, if the operator told it.
    pub(crate) language: Option<Language>,
    /// Where BIP39's passphrase is read from, if there is one.
    pub(crate) bip39_passphrase: Option<Source>,
    /// Whether two people must unlock it together.
    pub(crate) dual: bool,
    /// What a guess shall cost.
    pub(crate) costs: Costs,
}

impl Work for InitJob {
    fn rules(&self, rules: LandlockRules) -> LandlockRules {
        let rules = self.dice.iter().fold(rules, LandlockRules::reads);
        landlock_rules::writes(rules, &self.mnemonic_out)
    }

    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        init(open, self, screen)
    }
}

impl Work for RestoreJob {
    fn rules(&self, rules: LandlockRules) -> LandlockRules {
        let rules = landlock_rules::sees(rules, &self.seed_qr);
        let words = [Some(&self.mnemonic), self.bip39_passphrase.as_ref()];
        landlock_rules::sources(rules, words)
    }

    /// The decoder is forked, and has read the codes, before anything else of the job is read.
    fn forking(&self) -> Forking {
        match self.seed_qr.is_empty() {
            true => Forking::Never,
            false => Forking::BeforeSecrets,
        }
    }

    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        restore(open, self, screen)
    }
}

/// How long a guess of the passphrase shall take on this machine, where nothing else is told.
const TARGET: Duration = Duration::from_secs(2);

/// Makes a vault with a new seed.
pub(super) fn init(open: Opening, job: InitJob, screen: &mut Screen) -> Result<Outcome, Failure> {
    let word_count =
        WordCount::try_from(job.words).map_err(|error| Failure::usage(error, "choose --words"))?;
    let (path, lock) = vacant(&open.vault)?;
    if let Some(out) = &job.mnemonic_out {
        backup::vacant(out)?;
    }
    let interactive = open.unlock.passphrase == Source::Prompt;
    let mut bytes = Zeroizing::new([0; 32]);
    kernel(&mut *bytes)?;
    let rolls = rolls(&job, &bytes)?;
    let entropy = mix(&bytes, rolls.as_ref(), word_count);
    let mnemonic = Mnemonic::from_entropy(&entropy, job.language);
    let mut body = Body {
        network: job.network,
        entropy,
        language: job.language,
        bip39_passphrase: Bip39Passphrase::none(),
        accounts: Vec::new(),
        wallets: Vec::new(),
        policy: Policy::default(),
        checkpoint: Checkpoint::NONE,
        memory: MemoryState::Complete,
        backup: match (&job.mnemonic_out, job.no_backup) {
            (Some(_), _) => Backup::Written,
            (None, true) => Backup::Declined,
            (None, false) => Backup::NotShown,
        },
    };
    let credential = chosen_credential(&open, job.dual)?;
    let cost = cost(job.costs, screen)?;
    let new = NewVault {
        path,
        lock,
        credential,
        cost,
        event: Event::Created,
    };
    if let Some(out) = &job.mnemonic_out {
        backup::write(out, &mnemonic)?;
    }
    let vault = new.path.vault().to_path_buf();
    let mut made = new.make(&open, &body).inspect_err(|_| {
        if let Some(out) = &job.mnemonic_out
            && matches!(vault.try_exists(), Ok(false))
        {
            // It was made a moment ago, for a vault that is not there.
            let _ = std::fs::remove_file(out);
        }
    })?;
    if body.backup == Backup::NotShown && interactive {
        backup::show(&mnemonic)?;
        body.backup = Backup::Shown;
        body.checkpoint = made.checkpoint;
        made.rewrite(&body)?;
    }
    let dice_warning = rolls.and_then(|rolls| rolls.bias()).map(|bias| {
        let what = match bias {
            Bias::Faces => "some faces of the rolls come too often",
            Bias::Sequence => "each roll seems to depend on the one before",
        };
        format!(
            "{what} for fair dice or coins; nothing is lost, for the kernel's random numbers are mixed in"
        )
    });
    made.created(&body, &mnemonic, dice_warning)
}

/// Makes a vault from words.
pub(super) fn restore(
    open: Opening,
    job: RestoreJob,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let (path, lock) = vacant(&open.vault)?;
    let mnemonic = match job.seed_qr.as_slice() {
        [] => typed(&job.mnemonic, job.language)?,
        sights => seed_qr(sights, job.language.unwrap_or(Language::English), screen)?,
    };
    let bip39_passphrase = match &job.bip39_passphrase {
        None => Bip39Passphrase::none(),
        Some(Source::Prompt) => {
            let typed = Terminal::open()
                .and_then(|mut terminal| terminal.ask_secret("BIP39 passphrase: "))
                .map_err(terminal_failure(
                    "the BIP39 passphrase",
                    "give --bip39-passphrase-file FILE",
                ))?;
            Bip39Passphrase::new(&typed)
        }
        Some(source) => {
            let text = utf8(
                secret(source, "the BIP39 passphrase")?,
                "the BIP39 passphrase",
            )?;
            Bip39Passphrase::new(one_line(&text))
        }
    };
    let body = Body {
        network: job.network,
        entropy: mnemonic.entropy(),
        language: mnemonic.language(),
        bip39_passphrase,
        accounts: Vec::new(),
        wallets: Vec::new(),
        policy: Policy::default(),
        checkpoint: Checkpoint::NONE,
        memory: MemoryState::Missing,
        backup: Backup::Given,
    };
    let credential = chosen_credential(&open, job.dual)?;
    let cost = cost(job.costs, screen)?;
    let new = NewVault {
        path,
        lock,
        credential,
        cost,
        event: Event::Restored,
    };
    new.make(&open, &body)?.created(&body, &mnemonic, None)
}

/// Reads the words of a file or the terminal.
fn typed(source: &Source, language: Option<Language>) -> Result<Mnemonic, Failure> {
    let text = match source {
        Source::Prompt => Terminal::open()
            .and_then(|mut terminal| {
                terminal.ask_secret("Words, in order, with spaces between them: ")
            })
            .map_err(terminal_failure(
                "the text of the backup",
                "give --mnemonic-file FILE",
            ))?,
        source => utf8(secret(source, "the words")?, "the words")?,
    };
    Ok(Mnemonic::parse(&text, language)?)
}

/// Reads the words of a SeedQR.
fn seed_qr(sights: &[Sight], language: Language, screen: &mut Screen) -> Result<Mnemonic, Failure> {
    let mut tell = |looking: Looking| match looking {
        Looking::Note(note) => screen.progress(note),
        Looking::Parts { .. } => Ok(()),
    };
    let payload = scan::look(sights, Wanted::Seed, &screen.channel, &mut tell)?;
    let content = Zeroizing::new(payload.bytes);
    let seed = SeedQr::read(&content).map_err(Failure::unexpected)?;
    Ok(match seed {
        SeedQr::Indices(indices) => Mnemonic::from_indices(&indices, language)?,
        SeedQr::Entropy(entropy) => {
            let entropy = Entropy::from_bytes(&entropy).map_err(Failure::unexpected)?;
            Mnemonic::from_entropy(&entropy, language)
        }
    })
}

/// Locks the place of a vault that is not there yet.
fn vacant(vault: &Path) -> Result<(VaultPath, LockedVault), Failure> {
    let path = VaultPath::new(vault)?;
    let lock = path.lock()?;
    lock.require_free()?;
    Ok((path, lock))
}

fn chosen_credential(open: &Opening, dual: bool) -> Result<Credential, Failure> {
    let mut unlock = open.unlock.clone();
    match (dual, &unlock.second) {
        (false, Some(_)) => {
            return Err(Failure::usage(
                "a second passphrase makes a vault that two people must unlock together",
                "say so with --dual, or leave the second passphrase out",
            ));
        }
        (true, _) if unlock.key_file.is_some() => {
            return Err(Failure::usage(
                "a vault under dual control takes no key file",
                "leave out --key-file or --dual",
            ));
        }
        (true, None) => unlock.second = Some(Source::Prompt),
        _ => {}
    }
    chosen(&unlock, false)
}

/// Reads the operator's rolls from a file, or asks for them after the kernel's part was shown.
fn rolls(job: &InitJob, kernel: &[u8; 32]) -> Result<Option<Rolls>, Failure> {
    let missing = || {
        terminal_failure(
            "the mix of random numbers",
            "leave out --show-mix, or run it on a terminal",
        )
    };
    if job.show_mix {
        use std::fmt::Write as _;
        let mut shown = Zeroizing::new(String::with_capacity(64));
        kernel.iter().for_each(|byte| {
            let _ = write!(shown, "{byte:02x}");
        });
        let mut terminal = Terminal::open().map_err(missing())?;
        terminal
            .show("The kernel's 32 random bytes:\n  ")
            .map_err(missing())?;
        terminal.show(&shown).map_err(missing())?;
        terminal
            .show("\nNow throw the dice (1 to 6) or the coins (H and T).\n")
            .map_err(missing())?;
        if job.dice.is_none() {
            let typed = terminal.ask("Rolls: ").map_err(missing())?;
            return Ok(Some(Rolls::parse(&typed)?));
        }
    }
    match &job.dice {
        None => Ok(None),
        Some(path) => {
            let text = utf8(
                secret(&Source::File(path.clone()), "the rolls")?,
                "the rolls",
            )?;
            Ok(Some(Rolls::parse(&text)?))
        }
    }
}

fn cost(costs: Costs, screen: &mut Screen) -> Result<Cost, Failure> {
    let least = Cost::MINIMUM;
    if costs.memory_mib.is_some() || costs.passes.is_some() {
        let memory_kib = costs
            .memory_mib
            .map_or(least.memory_kib(), |mib| mib.saturating_mul(1024));
        return Ok(Cost::new(
            memory_kib,
            costs.passes.unwrap_or(least.passes()),
            least.lanes(),
        )?);
    }
    screen.progress(
        "measuring this machine, so that a guess of the passphrase takes it about two seconds ...",
    )?;
    let measure = |cost: Cost| -> Result<Duration, OutOfMemory> {
        let start = Instant::now();
        cost.exercise()?;
        Ok(start.elapsed())
    };
    Ok(Cost::calibrate(TARGET, spare_memory_kib(), measure)?)
}

/// Half of the memory that is available now, so that unlocking works when the machine is busier
/// than today.
fn spare_memory_kib() -> u32 {
    let available = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|facts| {
            let line = facts
                .lines()
                .find(|line| line.starts_with("MemAvailable:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        });
    available
        .and_then(|kib| u32::try_from(kib / 2).ok())
        .map_or(Cost::MAX_CALIBRATED_MEMORY_KIB, |half| {
            half.min(Cost::MAX_CALIBRATED_MEMORY_KIB)
        })
}

/// A vault that is about to be made.
struct NewVault {
    path: VaultPath,
    lock: LockedVault,
    credential: Credential,
    cost: Cost,
    event: Event,
}

/// A vault that was made.
struct MadeVault {
    path: VaultPath,
    lock: LockedVault,
    credential: Credential,
    cost: Cost,
    file: VaultFile,
    checkpoint: Checkpoint,
}

impl NewVault {
    /// Writes the vault, then its journal's first record.
    ///
    /// The vault remembers no record yet: a journal that is longer than the vault remembers is
    /// accepted, so that an interruption between the two leaves a vault that works.
    fn make(self, open: &Opening, body: &Body) -> Result<MadeVault, Failure> {
        let slot = NewSlot {
            credential: self.credential,
            cost: self.cost,
        };
        let file = OpenVault::create(std::slice::from_ref(&slot), 1, &body.encode(), &mut kernel)?;
        self.lock.create(&file)?;
        let key = JournalKey::derive(&body.seed());
        let mut journal = Journal::create(self.path.journal(), key, file.vault_id());
        let first = vec![entry(self.event, file.generation(), &open.fitness)];
        journal.append(first, &mut kernel).map_err(|error| Failure {
            hint: "the vault itself was made, and opens; make room, then go on with `backup show` and `account add`"
                .into(),
            ..Failure::from(error)
        })?;
        Ok(MadeVault {
            path: self.path,
            lock: self.lock,
            credential: slot.credential,
            cost: self.cost,
            checkpoint: journal.log().checkpoint(),
            file,
        })
    }
}

impl MadeVault {
    /// Writes the next generation, with another body.
    fn rewrite(&mut self, body: &Body) -> Result<(), Failure> {
        let open = self.file.unlock(&self.credential)?;
        let file = open.reseal(self.file.generation() + 1, &body.encode(), &mut kernel)?;
        self.lock.write(&self.file, &file)?;
        self.file = file;
        Ok(())
    }

    fn created(
        self,
        body: &Body,
        mnemonic: &Mnemonic,
        dice_warning: Option<String>,
    ) -> Result<Outcome, Failure> {
        let master = MasterKey::from_seed(&body.seed(), body.network)?;
        Ok(Outcome::Created(Created {
            vault: PathBuf::from(self.path.vault()),
            vault_id: self.file.vault_id().to_string(),
            network: body.network,
            generation: self.file.generation(),
            fingerprint: master.fingerprint().to_string(),
            words: mnemonic.word_count().words(),
            language: mnemonic.language().name().into(),
            backup: body.backup,
            dice_warning,
            cost: CostFacts {
                memory_kib: self.cost.memory_kib(),
                passes: self.cost.passes(),
                lanes: self.cost.lanes(),
            },
            journal: facts(&self.checkpoint),
        }))
    }
}

fn utf8(bytes: Zeroizing<Vec<u8>>, what: &str) -> Result<Zeroizing<String>, Failure> {
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Failure::new(
            Exit::Malformed,
            "not-utf8",
            format!("{what} are not UTF-8 text"),
            "save the file as UTF-8",
        )),
    }
}

/// Strips one trailing newline, as of every file with a passphrase.
fn one_line(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

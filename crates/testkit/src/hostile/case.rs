//! A hostile case: files, what is done with them, and exactly what must be said.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use cofferdam_core::psbt::{Encoding, Limits, Parsed};
use cofferdam_core::review::{
    FeeLimits, FindingReport, ReviewContext, Reviewed, review, review_run,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fixture::known_wallets;

/// A case, as `case.json` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The name of its folder.
    #[serde(skip)]
    pub name: String,
    /// What is done.
    pub title: String,
    /// Where the idea comes from.
    pub source: String,
    /// What the attacker wants.
    pub attacker: String,
    /// What refuses it: the file of a rule of the review (`crates/core/src/review/rules/`), or one
    /// of [`LAYERS`].
    pub caught_by: String,
    /// The rules that would still speak without that one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_caught_by: Vec<String>,
    /// For what the parser refuses: the file that differs in the hostile bytes alone, and is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// For what the parser refuses: other parsers that read it, `bitcoin` and `psbt-v2`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lenient: Vec<String>,
    /// What the vault is like, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Vault::is_usual")]
    pub vault: Vault,
    /// What is done, in order, on one vault.
    pub steps: Vec<Step>,
    /// The files, by name.
    #[serde(skip)]
    pub files: Vec<(String, Vec<u8>)>,
}

/// What refuses a case where it is no rule of the review.
pub const LAYERS: [&str; 9] = [
    "parser",
    "budget",
    "run",
    "journal",
    "journal-head",
    "bundle",
    "vault-header",
    "approval",
    "screen",
];

/// What a bundle asks of the vault's journal: whether it has this head at this count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// The head that it has.
    ItsOwn,
    /// One at the end of more records than it has.
    Longer,
    /// Another than it has at its first record.
    Another,
}

/// What the vault is like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vault {
    /// It was restored, and no journal was imported.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub without_memory: bool,
    /// Argon2 costs (memory in KiB, passes, lanes) that somebody wrote into its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs: Option<[u32; 3]>,
}

impl Vault {
    fn is_usual(&self) -> bool {
        *self == Vault::default()
    }
}

/// One run of the signer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The command: `inspect` or `sign`, which is given `--yes`.
    pub command: String,
    /// The files that are named.
    pub files: Vec<String>,
    /// Further arguments. `TXID:FILE` stands for the id of that file's transaction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// The file that takes the place of the first one while the operator reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swapped_for: Option<String>,
    /// The name that the first file has on the stick, where it is not its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// What the first file, a bundle, asks of the vault's journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asked>,
    /// The exit code.
    pub exit: i32,
    /// The code of the error, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Exactly the findings of the review, in any order; of a run that fails, the refusals alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Expected>,
    /// Words that must stand in what the run prints for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<String>,
    #[serde(skip)]
    declared: Vec<String>,
}

/// A finding that is expected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expected {
    /// The file; none for one about the run.
    pub file: Option<String>,
    /// The code.
    pub code: String,
    /// The severity.
    pub severity: String,
    /// The place.
    #[serde(rename = "where")]
    pub place: String,
    /// What was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// Findings of the journal, of a bundle and of the policy, which core does not know, with their
/// severities; and the one of core's that the journal adds to.
const SIGNER_FINDINGS: [(&str, &str); 15] = [
    ("amount-overridden", "note"),
    ("amount-differs", "note"),
    ("address-lookalike", "warning"),
    ("coin-amount-changed", "refusal"),
    ("amounts-not-allowed", "refusal"),
    ("signed-before", "note"),
    ("fee-bump", "note"),
    ("supersedes", "note"),
    ("coin-signed-before", "refusal"),
    ("paid-before", "warning"),
    ("payee-paid-before", "note"),
    ("no-memory", "note"),
    ("bundle-wallet", "refusal"),
    ("journal-rolled-back", "warning"),
    ("journal-forked", "warning"),
];

impl Case {
    /// Begins a case: its name, what is done, the source of the idea, and what the attacker wants.
    pub fn new(name: &str, title: &str, source: &str, attacker: &str) -> Self {
        Case {
            name: name.into(),
            title: title.into(),
            source: source.into(),
            attacker: attacker.into(),
            caught_by: String::new(),
            also_caught_by: Vec::new(),
            twin: None,
            lenient: Vec::new(),
            vault: Vault::default(),
            steps: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Names what refuses it.
    #[must_use]
    pub fn caught_by(mut self, rule: &str) -> Self {
        self.caught_by = rule.into();
        self
    }

    /// Names the rules that would still speak.
    #[must_use]
    pub fn also(mut self, rules: &[&str]) -> Self {
        self.also_caught_by = rules.iter().map(|rule| (*rule).to_owned()).collect();
        self
    }

    /// Adds a PSBT, which is written as base64.
    #[must_use]
    pub fn psbt(self, name: &str, binary: Vec<u8>) -> Self {
        self.file(name, Encoding::Base64.encode(&binary))
    }

    /// Adds a file as it is.
    #[must_use]
    pub fn file(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.files.push((name.into(), bytes));
        self
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// `payout.psbt`, that the review refuses with exactly these findings, each written as `place
    /// code`.
    #[must_use]
    pub fn refused(self, psbt: Vec<u8>, findings: &[&str]) -> Self {
        self.psbt(PAYOUT, psbt)
            .step(Step::inspect(&[PAYOUT], 3, findings))
            .step(Step::refused(&[PAYOUT], findings))
    }

    /// `payout.psbt`, that is not signed until a warning is accepted.
    #[must_use]
    pub fn warned(self, psbt: Vec<u8>, findings: &[&str]) -> Self {
        self.psbt(PAYOUT, psbt)
            .step(Step::inspect(&[PAYOUT], 0, findings))
            .step(Step::sign(&[PAYOUT], 3, &[]).error("warning-not-accepted"))
    }

    /// `payout.psbt`, that is signed, with these notes.
    #[must_use]
    pub fn noted(self, psbt: Vec<u8>, findings: &[&str]) -> Self {
        self.psbt(PAYOUT, psbt)
            .step(Step::inspect(&[PAYOUT], 0, findings))
            .step(Step::sign(&[PAYOUT], 0, findings))
    }

    /// `payout.psbt`, that the parser refuses although it reads `twin.psbt`.
    #[must_use]
    pub fn unreadable(self, hostile: Vec<u8>, twin: Vec<u8>) -> Self {
        self.psbt("twin.psbt", twin)
            .unreadable_file(Encoding::Base64.encode(&hostile))
    }

    /// The same for bytes in no encoding of a PSBT; the twin, where there is one, is added by the
    /// caller.
    #[must_use]
    pub fn unreadable_file(mut self, hostile: Vec<u8>) -> Self {
        self.twin = Some("twin.psbt".into());
        let malformed = |step: Step| step.error("malformed-psbt");
        self.caught_by("parser")
            .file(PAYOUT, hostile)
            .step(malformed(Step::inspect(&[PAYOUT], 6, &[])))
            .step(malformed(Step::sign(&[PAYOUT], 6, &[])))
    }

    /// Returns the bytes of a file.
    pub fn bytes(&self, name: &str) -> &[u8] {
        let found = self.files.iter().find(|(known, _)| known == name);
        found.map_or(&[], |(_, bytes)| bytes)
    }

    /// Puts into each step what the review says beside code and place, and holds the review against
    /// the declared findings: every difference is added to `problems`.
    #[must_use]
    pub(super) fn completed(mut self, problems: &mut Vec<String>) -> Self {
        let mut steps = std::mem::take(&mut self.steps);
        for step in &mut steps {
            let refused = step.command == "sign" && step.exit != 0;
            let mut declared = step.declared.clone();
            let mut findings = self.known_findings(step);
            for finding in &findings {
                let text = declared_text(finding);
                match declared.iter().position(|declared| *declared == text) {
                    Some(at) => {
                        declared.swap_remove(at);
                    }
                    None if refused => {}
                    None => problems.push(format!(
                        "{}: the review also says {text:?}: {finding:?}",
                        self.name
                    )),
                }
            }
            for text in declared {
                match signer_finding(&text, step) {
                    Some(finding) => findings.push(finding),
                    None => {
                        problems.push(format!("{}: the review does not say {text:?}", self.name))
                    }
                }
            }
            if refused {
                let keep = step.error.as_deref() == Some("refused");
                findings.retain(|finding| keep && finding.severity == "refusal");
            }
            findings.sort();
            step.findings = findings;
        }
        self.steps = steps;
        self
    }

    fn known_findings(&self, step: &Step) -> Vec<Expected> {
        let wallets = known_wallets();
        let context = ReviewContext::new(&wallets, FeeLimits::DEFAULT);
        let mut reviews: Vec<Reviewed> = Vec::new();
        let mut known = Vec::new();
        for file in &step.files {
            let Ok(parsed) = Parsed::parse(self.bytes(file), &Limits::DEFAULT) else {
                continue;
            };
            let reviewed = review(parsed, &context);
            let reports = reviewed.report().findings.iter();
            known.extend(reports.map(|finding| expected(Some(file), finding)));
            reviews.push(reviewed);
        }
        known.extend(
            review_run(&reviews, &FeeLimits::DEFAULT)
                .findings
                .iter()
                .map(|finding| expected(None, finding)),
        );
        known
    }

    /// Returns the id of the transaction in a file.
    pub fn txid(&self, file: &str) -> String {
        let parsed = Parsed::parse(self.bytes(file), &Limits::DEFAULT).expect("a PSBT");
        parsed.txid().to_string()
    }

    /// Reads a case from its folder.
    ///
    /// # Errors
    /// When a file cannot be read, or `case.json` is none.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut case: Case = serde_json::from_slice(&fs::read(folder.join("case.json"))?)
            .with_context(|| format!("{}", folder.display()))?;
        case.name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name != "case.json" {
                case.files.push((name.into(), fs::read(&path)?));
            }
        }
        case.files.sort();
        Ok(case)
    }

    /// Returns the files of the case's folder by name, `case.json` among them.
    pub fn folder(&self) -> Vec<(String, Vec<u8>)> {
        let mut json = serde_json::to_string_pretty(self).expect("a case has only string keys");
        json.push('\n');
        let mut files = self.files.clone();
        files.push(("case.json".into(), json.into_bytes()));
        files.sort();
        files
    }
}

const PAYOUT: &str = "payout.psbt";

fn expected(file: Option<&String>, finding: &FindingReport) -> Expected {
    Expected {
        file: file.cloned(),
        code: finding.code.clone(),
        severity: finding.severity.to_string(),
        place: finding.place.to_string(),
        expected: finding.expected.clone(),
        found: finding.found.clone(),
    }
}

/// Reads a declared finding of the signer: `FILE: place code`, where the file may be left out if it
/// is the first one; `run: code` is about no file.
fn signer_finding(text: &str, step: &Step) -> Option<Expected> {
    let (place, code) = text.rsplit_once(' ')?;
    let (_, severity) = SIGNER_FINDINGS.iter().find(|(known, _)| *known == code)?;
    let (file, place) = match place.split_once(": ") {
        _ if place == "run:" => (None, "transaction"),
        Some((file, place)) => (Some(file), place),
        None => (Some(step.files.first()?.as_str()), place),
    };
    Some(Expected {
        file: file.map(str::to_owned),
        code: code.into(),
        severity: (*severity).into(),
        place: place.into(),
        expected: None,
        found: None,
    })
}

/// Writes a finding as recipes declare it: `place code`; of a run, `run: code`.
fn declared_text(finding: &Expected) -> String {
    match &finding.file {
        None => format!("run: {}", finding.code),
        Some(file) if file == PAYOUT => format!("{} {}", finding.place, finding.code),
        Some(file) => format!("{file}: {} {}", finding.place, finding.code),
    }
}

impl Step {
    fn new(command: &str, files: &[&str], exit: i32, findings: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Step {
            command: command.into(),
            files: owned(files),
            arguments: Vec::new(),
            swapped_for: None,
            named: None,
            asks: None,
            exit,
            error: None,
            findings: Vec::new(),
            shown: Vec::new(),
            declared: owned(findings),
        }
    }

    /// `inspect`.
    pub fn inspect(files: &[&str], exit: i32, findings: &[&str]) -> Self {
        Self::new("inspect", files, exit, findings)
    }

    /// `sign --yes`.
    pub fn sign(files: &[&str], exit: i32, findings: &[&str]) -> Self {
        Self::new("sign", files, exit, findings)
    }

    /// `sign --yes` that the review refuses.
    pub fn refused(files: &[&str], findings: &[&str]) -> Self {
        Self::sign(files, 3, findings).error("refused")
    }

    /// Says which error it ends with.
    #[must_use]
    pub fn error(mut self, code: &str) -> Self {
        self.error = Some(code.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
        self
    }

    /// Puts another file in the place of the first one while the operator reads, who then says yes.
    #[must_use]
    pub fn swapped_for(mut self, file: &str) -> Self {
        self.swapped_for = Some(file.into());
        self
    }

    /// Gives the first file another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.named = Some(name.into());
        self
    }

    /// Has the first file, a bundle, ask after the vault's journal.
    #[must_use]
    pub fn asking(mut self, what: Asked) -> Self {
        self.asks = Some(what);
        self
    }

    /// Says what people must read.
    #[must_use]
    pub fn showing(mut self, words: &[&str]) -> Self {
        self.shown = words.iter().map(|text| (*text).to_owned()).collect();
        self
    }
}

impl Expected {
    /// Returns whether a finding of a run is this one: file, code, severity and place, and of
    /// core's findings also what was expected and found.
    pub fn is(&self, found: &Value) -> bool {
        let text = |name: &str| found[name].as_str();
        let file = text("file").map(|file| {
            Path::new(file)
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
        });
        let same = file.as_deref() == self.file.as_deref()
            && text("code") == Some(&self.code)
            && text("severity") == Some(&self.severity)
            && text("where") == Some(&self.place);
        let of_signer = SIGNER_FINDINGS.iter().any(|(code, _)| *code == self.code);
        // How far is too far depends on the clock.
        let limit = self.code == "lock-time-far" || text("expected") == self.expected.as_deref();
        let compared = || limit && text("found") == self.found.as_deref();
        same && (of_signer || compared())
    }
}

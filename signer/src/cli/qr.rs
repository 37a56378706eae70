//! `qr`

use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_core::psbt::{Limits, decode};
use cofferdam_core::wallet::{Wallet, WalletName};
use cofferdam_scanner::args::ShowArgs;
use cofferdam_scanner::{self as scanner, PicturesError, ShowError};
use cofferdam_transport::bundle::looks_like_bundle;
use cofferdam_transport::registry::{Account, HdKey, Output};
use cofferdam_transport::returned::looks_like_return;
use cofferdam_transport::schedule::ScheduleError;
use cofferdam_transport::seed_qr::looks_like_seed;
use cofferdam_transport::single_frame::recognise;
use cofferdam_transport::ur::Names;
use cofferdam_transport::{Kind, Payload};
use serde_json::{Value, json};

use super::context::{Context, Done};
use super::secret_text::may_be_secret;
use crate::error::{Exit, Failure};
use crate::files::{self, Existing};
use crate::jobs::{ExportJob, Job};
use crate::process::LandlockRules;
use crate::protocol::{ExportFormat, Outcome};
use crate::screens;
use crate::workers::out_of_turn;

/// The longest file that is shown: an hour of codes.
const MAX_FILE: u64 = 8 << 20;

/// Show a file, or an account's public wallet, as QR codes.
///
/// On the terminal, until a key ends it; + and - change the density, f and s the pace. Or as
/// pictures, with --out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer qr payout.signed.psbt --to sparrow
  cofferdam-signer qr payout.return --out payout.gif
  cofferdam-signer --vault treasury.vault qr --account main --as account --to keystone \\
    --code ur-new")]
pub(crate) struct Args {
    /// A PSBT, a return, a bundle, or a file of text (a descriptor, a wallet file).
    #[arg(value_name = "FILE", required_unless_present = "account")]
    file: Option<PathBuf>,

    /// Show this account's public wallet.
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    account: Option<WalletName>,

    /// How the wallet is written.
    #[arg(
        long = "as",
        value_name = "FORM",
        requires = "account",
        default_value = "json"
    )]
    form: WalletForm,

    /// Write pictures instead: a .gif, a .png or .svg where one code is enough, or a folder (its
    /// name ends with a slash).
    #[arg(long, value_name = "PICTURES")]
    out: Option<PathBuf>,

    #[command(flatten)]
    show: ShowArgs,
}

/// The forms of a public wallet in codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WalletForm {
    /// Cofferdam's own JSON.
    Json,
    /// A descriptor as text (BIP380).
    Descriptor,
    /// UR crypto-hdkey: the extended key alone.
    Hdkey,
    /// UR crypto-output: the descriptor.
    Output,
    /// UR crypto-account: the descriptor with the master fingerprint.
    Account,
}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn landlock_rules(&self, rules: LandlockRules) -> LandlockRules {
        let rules = self.file.iter().fold(rules, LandlockRules::reads);
        self.out.iter().fold(rules, |rules, out| rules.writes(out))
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    match &args.out {
        Some(out) => check_pictures(out)?,
        None => check_terminal()?,
    }
    let (payload, what) = match (&args.file, &args.account) {
        (Some(path), _) if context.reads_secret_from(path) => return Err(secret(path)),
        (Some(path), _) => {
            context.start().confine()?;
            (read(path)?, screens::path(path))
        }
        (None, Some(name)) => (
            wallet(context, name, args.form, args.show.names())?,
            name.to_string(),
        ),
        (None, None) => {
            return Err(Failure::usage(
                "nothing is named",
                "name a file, or --account",
            ));
        }
    };
    match &args.out {
        Some(out) => {
            let json = write(payload, &args.show, out)?;
            Ok(Done::new(
                json,
                format!("codes of {what}: {}\n", screens::path(out)),
            ))
        }
        None => {
            show(payload, &args.show, &what)?;
            Ok(Done::new(json!({"shown": what}), ""))
        }
    }
}

/// Refuses early what could only be shown in vain.
pub(super) fn check_terminal() -> Result<(), Failure> {
    scanner::largest_on_terminal()
        .map(|_| ())
        .map_err(|error| on_terminal(&error))
}

/// Refuses early a name that says no format of pictures.
pub(super) fn check_pictures(out: &Path) -> Result<(), Failure> {
    scanner::check_pictures(out, 1).map_err(|error| undrawn(&error))
}

/// Shows a message on the terminal.
pub(super) fn show(payload: Payload, args: &ShowArgs, title: &str) -> Result<(), Failure> {
    let largest = scanner::largest_on_terminal().map_err(|error| on_terminal(&error))?;
    let schedule = args
        .schedule(payload, Some(largest))
        .map_err(|error| unshowable(&error))?;
    scanner::show(schedule, args.theme(), title).map_err(|error| on_terminal(&error))
}

/// Writes the codes of a message as pictures. Returns what `--json` says of them.
pub(super) fn write(payload: Payload, args: &ShowArgs, out: &Path) -> Result<Value, Failure> {
    let mut schedule = args
        .schedule(payload, None)
        .map_err(|error| unshowable(&error))?;
    let pictures = scanner::pictures(&mut schedule, out).map_err(|error| undrawn(&error))?;
    if pictures.iter().any(|picture| picture.name.is_some()) {
        fs::create_dir_all(out).map_err(|error| Failure::writing(out, &error))?;
    }
    let files: Vec<(PathBuf, &[u8])> = pictures
        .iter()
        .map(|picture| {
            let path = match &picture.name {
                Some(name) => out.join(name),
                None => out.to_owned(),
            };
            (path, picture.bytes.as_slice())
        })
        .collect();
    files::write_all(&files, Existing::Keep)?;
    Ok(json!({
        "out": out,
        "format": schedule.carrier().name(),
        "parts": schedule.count(),
        "pictures": files.len(),
        "millis": schedule.millis(),
    }))
}

/// Returns a PSBT as it is carried: in binary, whatever its encoding.
pub(super) fn psbt(file: &[u8]) -> Result<Payload, Failure> {
    let (_, binary) = decode(file, &Limits::DEFAULT).map_err(Failure::unexpected)?;
    Ok(Payload {
        kind: Kind::Psbt,
        bytes: binary.into_owned(),
    })
}

fn read(path: &Path) -> Result<Payload, Failure> {
    let read =
        files::read(path, MAX_FILE).map_err(|error| Failure::reading("the file", path, &error))?;
    let Some(bytes) = read else {
        return Err(Failure::new(
            Exit::Malformed,
            "too-large",
            format!("{} is longer than {MAX_FILE} bytes", screens::path(path)),
            "carry it as a file",
        ));
    };
    let kind = match bytes.as_slice() {
        bytes if looks_like_bundle(bytes) => Kind::Bundle,
        bytes if looks_like_return(bytes) => Kind::Return,
        // Sealed files of ours, and seeds as codes have them.
        bytes if bytes.starts_with(b"CFDR") => return Err(secret(path)),
        bytes if looks_like_seed(bytes) || looks_like_seed(bytes.trim_ascii()) => {
            return Err(secret(path));
        }
        bytes => return text_or_psbt(path, bytes.trim_ascii_end()),
    };
    Ok(Payload { kind, bytes })
}

fn secret(path: &Path) -> Failure {
    Failure::new(
        Exit::Refused,
        "secret",
        format!("{} holds, or may hold, a secret", screens::path(path)),
        "vaults, journals, passphrases, seeds, recovery words and private keys are not shown as codes",
    )
}

fn text_or_psbt(path: &Path, bytes: &[u8]) -> Result<Payload, Failure> {
    let unknown = |reason: String| {
        Failure::new(
            Exit::Malformed,
            "not-to-be-shown",
            format!("{}: {reason}", screens::path(path)),
            "name a PSBT, a return, a bundle, or a file of text",
        )
    };
    match recognise(bytes) {
        Ok(payload) if matches!(payload.kind, Kind::Bytes | Kind::Seed) => {
            Err(unknown("it holds nothing that is carried as codes".into()))
        }
        Ok(payload)
            if matches!(payload.kind, Kind::Text | Kind::Json) && may_be_secret(&payload.bytes) =>
        {
            Err(secret(path))
        }
        Ok(payload) => Ok(payload),
        Err(error) => Err(unknown(error.to_string())),
    }
}

fn wallet(
    context: &Context,
    name: &WalletName,
    form: WalletForm,
    names: Names,
) -> Result<Payload, Failure> {
    let job = Job::Export(ExportJob {
        account: name.clone(),
        format: ExportFormat::Json,
    });
    let Outcome::Export(export) = context.run("qr", job)? else {
        return Err(out_of_turn());
    };
    let wallet = Wallet::parse_json(export.text.as_bytes()).map_err(Failure::unexpected)?;
    let payload = |kind, bytes| Ok(Payload { kind, bytes });
    match form {
        WalletForm::Json => payload(Kind::Json, export.text.trim_end().into()),
        WalletForm::Descriptor => payload(Kind::Text, wallet.descriptor_text().into_bytes()),
        WalletForm::Hdkey => payload(
            Kind::HdKey,
            HdKey::of_wallet(&wallet)
                .map_err(Failure::unexpected)?
                .encode(names),
        ),
        WalletForm::Output => payload(
            Kind::Output,
            Output::of_wallet(&wallet, names)
                .map_err(Failure::unexpected)?
                .encode(names),
        ),
        WalletForm::Account => {
            let account = Account::of_wallets(&[&wallet]).map_err(Failure::unexpected)?;
            payload(Kind::Account, account.encode(names))
        }
    }
}

fn undrawn(error: &PicturesError) -> Failure {
    match error {
        PicturesError::Several(_) | PicturesError::Name => Failure::usage(error, "see `qr --help`"),
        _ => Failure::unexpected(error),
    }
}

fn unshowable(error: &ScheduleError) -> Failure {
    Failure::usage(error, "choose another --code, --to or --qr-version")
}

fn on_terminal(error: &ShowError) -> Failure {
    let hint = "run it on a larger terminal, or write pictures with --out FILE.gif";
    match error {
        ShowError::NoTerminal(_) | ShowError::TooSmall { .. } => Failure::usage(error, hint),
        ShowError::Schedule(error) => unshowable(error),
        ShowError::Draw(_) => Failure::unexpected(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 12] = [
        "abandon", "abandon", "abandon", "abandon", "abandon", "abandon", "abandon", "abandon",
        "abandon", "abandon", "abandon", "about",
    ];
    #[test]
    fn files_are_told_by_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let code = |bytes: &[u8]| {
            let path = folder.path().join("f");
            fs::write(&path, bytes).unwrap();
            match read(&path) {
                Ok(payload) => format!("{:?}", payload.kind),
                Err(failure) => failure.code,
            }
        };
        assert_eq!(code(b"CFDRVLT\x01"), "secret");
        assert_eq!(
            code(b"073318950739065415961602009907670428187212261116\n"),
            "secret"
        );
        assert_eq!(code(&[0xfe; 16]), "secret");
        // Key files.
        assert_eq!(code(&[0xfe; 32]), "secret");
        assert_eq!(code(&[0xfe; 64]), "not-to-be-shown");
        assert_eq!(code(WORDS.join("\n").as_bytes()), "secret");
        // A PSBT in base64 may have these letters by chance.
        assert_eq!(code(b"cHNidP8BAxprvtprvzprvabc"), "Psbt");
    }
}

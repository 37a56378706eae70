//! `qr`

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use cofferdam_core::psbt::{Limits, decode};
use cofferdam_core::wallet::{Wallet, WalletName};
use cofferdam_optics::args::ShowArgs;
use cofferdam_optics::{self as optics, PicturesError, ShowError};
use cofferdam_transport::bundle::looks_like_bundle;
use cofferdam_transport::registry::{Account, HdKey, Output};
use cofferdam_transport::returned::looks_like_return;
use cofferdam_transport::schedule::ScheduleError;
use cofferdam_transport::still::recognise;
use cofferdam_transport::ur::Names;
use cofferdam_transport::{Carried, Kind};
use serde_json::{Value, json};

use super::context::{Context, Done, out_of_turn};
use crate::error::{Exit, Failure};
use crate::files::{self, Existing};
use crate::protocol::{ExportFormat, Job, Outcome};
use crate::screens;

/// The longest file that is shown: an hour of codes.
const MAX_FILE: u64 = 8 << 20;

/// Show a file, or an account's public wallet, as QR codes.
///
/// On the terminal, until a key ends it; + and - change the density, f and s the pace. Or as pictures, with --out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer qr payout.signed.psbt --to sparrow
  cofferdam-signer qr payout.return --out payout.gif
  cofferdam-signer --vault treasury.vault qr --account main --as account --to keystone --code ur-new")]
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

    /// Write pictures instead: a .gif, a .png or .svg where one code is enough, or a folder (its name ends with a slash).
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

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    if args.out.is_none() {
        check_terminal()?;
    }
    let (carried, what) = match (&args.file, &args.account) {
        (Some(path), _) if context.reads_secret_from(path) => return Err(secret(path)),
        (Some(path), _) => (read(path)?, screens::path(path)),
        (None, Some(name)) => (
            wallet(context, name, args.form, args.show.names())?,
            name.to_string(),
        ),
        (None, None) => return Err(Failure::usage("nothing is named", "name a file, or --account")),
    };
    match &args.out {
        Some(out) => {
            let json = write(carried, &args.show, out)?;
            Ok(Done::new(
                json,
                format!("codes of {what}: {}\n", screens::path(out)),
            ))
        }
        None => {
            show(carried, &args.show, &what)?;
            Ok(Done::new(json!({"shown": what}), ""))
        }
    }
}

/// Refuses early what could only be shown in vain.
pub(super) fn check_terminal() -> Result<(), Failure> {
    optics::largest_on_terminal()
        .map(|_| ())
        .map_err(|error| on_terminal(&error))
}

/// Shows a message on the terminal.
pub(super) fn show(carried: Carried, args: &ShowArgs, title: &str) -> Result<(), Failure> {
    let largest = optics::largest_on_terminal().map_err(|error| on_terminal(&error))?;
    let schedule = args
        .schedule(carried, Some(largest))
        .map_err(|error| unshowable(&error))?;
    optics::show(schedule, args.theme(), title).map_err(|error| on_terminal(&error))
}

/// Writes the codes of a message as pictures. Returns what `--json` says of them.
pub(super) fn write(carried: Carried, args: &ShowArgs, out: &Path) -> Result<Value, Failure> {
    let mut schedule = args.schedule(carried, None).map_err(|error| unshowable(&error))?;
    let pictures = optics::pictures(&mut schedule, out).map_err(|error| match &error {
        PicturesError::Several(_) | PicturesError::Name => Failure::usage(error, "see `qr --help`"),
        _ => Failure::unexpected(error),
    })?;
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
pub(super) fn psbt(file: &[u8]) -> Result<Carried, Failure> {
    let (_, binary) = decode(file, &Limits::DEFAULT).map_err(Failure::unexpected)?;
    Ok(Carried {
        kind: Kind::Psbt,
        bytes: binary,
    })
}

fn read(path: &Path) -> Result<Carried, Failure> {
    let unreadable = |error| Failure::reading("the file", path, &error);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Failure::new(
            Exit::Malformed,
            "too-large",
            format!("{} is longer than {MAX_FILE} bytes", screens::path(path)),
            "carry it as a file",
        ));
    }
    if is_secret(&bytes) {
        return Err(secret(path));
    }
    let kind = match bytes.as_slice() {
        bytes if looks_like_bundle(bytes) => Kind::Bundle,
        bytes if looks_like_return(bytes) => Kind::Return,
        bytes => return text_or_psbt(path, bytes.trim_ascii_end()),
    };
    Ok(Carried { kind, bytes })
}

fn secret(path: &Path) -> Failure {
    Failure::new(
        Exit::Refused,
        "secret",
        format!("{} holds, or may hold, a secret", screens::path(path)),
        "vaults, journals, passphrases, recovery words and private keys are not shown as codes",
    )
}

fn text_or_psbt(path: &Path, bytes: &[u8]) -> Result<Carried, Failure> {
    let unknown = |reason: String| {
        Failure::new(
            Exit::Malformed,
            "not-to-be-shown",
            format!("{}: {reason}", screens::path(path)),
            "name a PSBT, a return, a bundle, or a file of text",
        )
    };
    match recognise(bytes) {
        Ok(carried) if matches!(carried.kind, Kind::Bytes | Kind::Seed) => {
            Err(unknown("it holds nothing that is carried as codes".into()))
        }
        Ok(carried) => Ok(carried),
        Err(error) => Err(unknown(error.to_string())),
    }
}

/// Tells what must not be shown to a camera: our own sealed files, words of a mnemonic, extended private keys.
fn is_secret(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"CFDR") {
        return true;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let words = text.split_whitespace().count();
    let is_private_key = ["xprv", "tprv", "yprv", "zprv", "uprv", "vprv"];
    is_private_key.iter().any(|start| text.contains(start))
        || ((12..=24).contains(&words) && cofferdam_core::keys::Mnemonic::parse(text, None).is_ok())
}

fn wallet(context: &Context, name: &WalletName, form: WalletForm, names: Names) -> Result<Carried, Failure> {
    let job = Job::Export {
        account: name.clone(),
        format: ExportFormat::Json,
    };
    let Outcome::Export(export) = context.run("qr", job)? else {
        return Err(out_of_turn());
    };
    let wallet = Wallet::parse_json(export.text.as_bytes()).map_err(Failure::unexpected)?;
    let carried = |kind, bytes| Ok(Carried { kind, bytes });
    match form {
        WalletForm::Json => carried(Kind::Json, export.text.trim_end().into()),
        WalletForm::Descriptor => carried(Kind::Text, wallet.descriptor_text().into_bytes()),
        WalletForm::Hdkey => carried(Kind::HdKey, HdKey::of_wallet(&wallet).encode(names)),
        WalletForm::Output => carried(Kind::Output, Output::of_wallet(&wallet, names).encode(names)),
        WalletForm::Account => {
            let account = Account::of_wallets(&[&wallet]).map_err(Failure::unexpected)?;
            carried(Kind::Account, account.encode(names))
        }
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

//! `scan`

use std::path::{Path, PathBuf};

use cofferdam_scanner::args::{LookArgs, ShowArgs};
use cofferdam_transport::{Kind, Payload};
use serde_json::json;

use super::context::{Context, Done};
use super::qr;
use super::sign::{
    ConsentArgs, SignedRun, check_room, places, review_and_sign, signed_json, targets,
};
use crate::error::Failure;
use crate::process::LandlockRules;
use crate::protocol::{Digest, Sight};
use crate::screens;
use crate::workers::out_of_turn;

/// Read a PSBT or a bundle from QR codes, review it, sign it, and show the answer as QR codes.
///
/// The codes can be still or animated, of any format that Cofferdam reads; which one it is, is
/// recognised. Without --out and --qr the answer is shown on the terminal: of a bundle the return,
/// of a PSBT the signed PSBT.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault scan --camera /dev/video0
  cofferdam-signer --vault treasury.vault scan payout.gif --out payout.return \\
    --qr payout-return.gif
  cofferdam-signer --vault treasury.vault scan --camera /dev/video0 --to sparrow")]
pub(crate) struct Args {
    #[command(flatten)]
    look: LookArgs,

    /// Write the answer to this file, or into this folder.
    #[arg(long, value_name = "FILE-OR-FOLDER")]
    out: Option<PathBuf>,

    /// Write the codes of the answer as pictures: a .gif, a .png or .svg where one code is enough,
    /// or a folder (its name ends with a slash).
    #[arg(long, value_name = "PICTURES")]
    qr: Option<PathBuf>,

    /// Answer a bundle with signed PSBTs instead of a return, for another program than Cofferdam's
    /// watcher.
    #[arg(long)]
    psbts: bool,

    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    show: ShowArgs,
}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn landlock_rules(&self, rules: LandlockRules) -> LandlockRules {
        let written = [&self.out, &self.qr].into_iter().flatten();
        written.fold(rules, |rules, out| rules.writes(out))
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let mut workers = context.start().workers(true)?;
    args.consent.check_terminal()?;
    let on_terminal = args.out.is_none() && args.qr.is_none();
    if let Some(out) = &args.qr {
        qr::check_pictures(out)?;
    }
    if on_terminal {
        qr::check_terminal()?;
    }
    let inputs = workers.scan(sights(&args.look))?;
    let psbts = args.psbts && inputs.bundle.is_some();
    let places = places(&inputs, psbts)?;
    let shows_several = psbts && places.len() > 1 && args.out.is_none();
    if shows_several {
        return Err(Failure::usage(
            format!("{} PSBTs cannot be shown at once", places.len()),
            "write them with --out FOLDER, and show each with `qr`; or leave --psbts out",
        ));
    }
    let targets = match &args.out {
        Some(out) => {
            let targets = targets(&places, Some(out))?;
            check_room(&targets, &inputs)?;
            Some(targets)
        }
        None => None,
    };
    let run = review_and_sign(context, &mut workers, "scan", inputs, args.consent)?;
    let mut done = match targets {
        Some(targets) => run.write(psbts, &targets)?,
        None => run.to_note(summary(&run)),
    };
    if args.qr.is_none() && !on_terminal {
        return Ok(done);
    }
    let payload = answer(&run, psbts)?;
    match &args.qr {
        Some(out) => {
            let written = qr::write(payload, &args.show, out)?;
            done.text
                .push_str(&format!("codes: {}\n", screens::path(out)));
            if let Some(object) = done.json.as_object_mut() {
                object.insert("codes".into(), written);
            }
        }
        None => qr::show(payload, &args.show, "signed")?,
    }
    Ok(done)
}

/// Names what is looked at, for the intake.
pub(super) fn sights(look: &LookArgs) -> Vec<Sight> {
    let sight = |path: &Path, camera| Sight {
        path: path.to_owned(),
        camera,
    };
    let camera = look.camera.iter().map(|path| sight(path, true));
    camera
        .chain(look.pictures.iter().map(|path| sight(path, false)))
        .collect()
}

/// What goes back: the return of a bundle, or the signed PSBT in binary.
fn answer(run: &SignedRun, psbts: bool) -> Result<Payload, Failure> {
    if let (Some(returned), false) = (&run.returned, psbts) {
        return Ok(Payload {
            kind: Kind::Return,
            bytes: returned.bytes.0.clone(),
        });
    }
    let [file] = run.signed.as_slice() else {
        return Err(out_of_turn());
    };
    qr::psbt(&file.psbt.0)
}

fn summary(run: &SignedRun) -> Done {
    let mut text = String::new();
    for file in &run.signed {
        text.push_str(&format!(
            "signed {} ({})\n",
            file.txid,
            screens::counted(file.signatures, "signature")
        ));
    }
    let signed: Vec<_> = run
        .signed
        .iter()
        .map(|file| signed_json(file, None))
        .collect();
    let mut json = json!({"signed": signed, "review": run.review});
    if let (Some(returned), Some(object)) = (&run.returned, json.as_object_mut()) {
        object.insert(
            "return".into(),
            json!({"out": null, "sha256": Digest::of(&returned.bytes.0), "receipt": returned.receipt}),
        );
    }
    Done::new(json, text)
}

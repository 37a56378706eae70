//! `inspect`

use std::path::PathBuf;

use bitcoin::Txid;

use super::context::{Context, Done};
use crate::error::{Exit, Failure};
use crate::jobs::{InspectJob, Job, SignJob};
use crate::screens;
use crate::workers::{Step, out_of_turn};

/// Show what PSBTs really do.
///
/// The review is on standard output in any case. The exit code is 0 when signing would go ahead
/// (warnings or not) and 3 when it would be refused. Nothing is ever written, neither file nor
/// journal.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault inspect payout.psbt
  cofferdam-signer --vault treasury.vault inspect payout.bundle
  cofferdam-signer --vault treasury.vault --json inspect payouts/")]
pub(crate) struct Args {
    /// PSBTs (binary, base64 or hex, told by content), folders of them, or one bundle; - is
    /// standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    limits: LimitArgs,
}

/// What a review is held against besides the vault.
#[derive(Debug, clap::Args)]
pub(crate) struct LimitArgs {
    /// Refuse a higher fee of one transaction than this; it only lowers the default bound of 0.1
    /// BTC.
    #[arg(long, value_name = "N")]
    pub(super) max_fee_sat: Option<u64>,

    /// Allow coins to be taken from this signed transaction, although the payments differ; may be
    /// given several times.
    #[arg(long, value_name = "TXID")]
    pub(super) supersede: Vec<Txid>,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    context.check_standard_input(&args.files)?;
    let mut workers = context.start().workers(true)?;
    let inputs = workers.read(args.files)?;
    let job = Job::Inspect(InspectJob(SignJob {
        files: inputs.files,
        bundle: inputs.bundle,
        max_fee_sat: args.limits.max_fee_sat,
        supersede: args.limits.supersede,
        expected: None,
    }));
    workers.begin(context.credentials()?, "inspect", job)?;
    let Step::Review(review) = workers.next()? else {
        return Err(out_of_turn());
    };
    let Step::Done(_) = workers.next()? else {
        return Err(out_of_turn());
    };
    let json = serde_json::to_value(&review).map_err(Failure::unexpected)?;
    Ok(Done {
        exit: if review.would_sign {
            0
        } else {
            Exit::Refused as u8
        },
        ..Done::new(json, screens::review(&review))
    })
}

//! Collecting what QR codes hold. Decoding pictures and reading codes runs in a process of its own,
//! which this program starts as itself: pictures are the attacker's.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use cofferdam_scanner::{ScanError, Source, Teller, Told, Update, Worker, supervise};
use cofferdam_transport::Payload;
use cofferdam_transport::collect::{Collector, Wanted};

use crate::error::{Coded, Exit};
use crate::remedy::Remedy;

/// The hidden command that makes this program a decoder.
pub const DECODER: &str = "look-at-pictures";

/// A scan brought nothing.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ScanFailure(#[from] ScanError);

impl Coded for ScanFailure {
    fn exit(&self) -> Exit {
        match self.0 {
            ScanError::Spawn(_) => Exit::Unexpected,
            _ => Exit::Malformed,
        }
    }

    fn code(&self) -> &'static str {
        self.0.code()
    }

    fn remedy(&self) -> Remedy {
        let wanted = "the codes of a signed transaction, a return or a wallet";
        Remedy::Told(self.0.hint(wanted))
    }
}

/// Looks until a message that is wanted, and that `takes` takes, is whole. Blocks. `tell` hears
/// what people are told.
pub fn look(
    sources: &[Source],
    wanted: Wanted,
    takes: fn(&Payload) -> bool,
    tell: &mut dyn FnMut(&Told),
) -> Result<Payload, ScanFailure> {
    let mut teller = Teller::default();
    let mut update = |update: Update| {
        if let Some(told) = teller.tell(update) {
            tell(&told);
        }
    };
    Ok(supervise(
        sources,
        &mut Collector::new(wanted).judged_by(takes),
        &mut spawn,
        &mut update,
    )?)
}

/// Starts this program as a decoder.
fn spawn() -> io::Result<Worker> {
    let mut child = Command::new("/proc/self/exe")
        .arg(DECODER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (tasks, glances) = pipes.ok_or_else(|| io::Error::other("the process has no pipes"))?;
    Ok(Worker {
        tasks: File::from(OwnedFd::from(tasks)),
        glances: File::from(OwnedFd::from(glances)),
        end: Box::new(move || end(&mut child)),
    })
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

//! A batch of 20 inputs and 200 outputs, there and back, over a lossy channel: `cargo bench -p
//! cofferdam-testkit --bench channel [-- RUNS]`.
//!
//! A frame that is shown is seen or lost, by a seeded coin; scanning starts at a random place of
//! the stream. What is counted is the frames shown, lost ones included, from the start of scanning
//! until the message is whole, first there and then back. Not counted: pointing the camera,
//! reviewing and signing, and that large codes are lost more easily than small ones (the table says
//! the versions).

#![allow(clippy::print_stdout)]

mod batch;
mod receiver;

use batch::{Batch, batch};
use cofferdam_core::ScriptType;
use cofferdam_testkit::frames::Random;
use cofferdam_transport::schedule::{Carrier, Order, Preset, Settings};
use cofferdam_transport::{Kind, Payload};
use receiver::{Receiver, Stream};

/// Frames of 100 that are lost.
const LOSS: u64 = 30;
/// Milliseconds for which all show a frame, to be compared.
const MILLIS: f64 = 100.0;

/// Someone's way to carry a batch.
struct Contender {
    name: &'static str,
    /// Only what is new crosses, as bundle and return; otherwise full PSBTs.
    lean: bool,
    carrier: Carrier,
    settings: Settings,
    receiver: Receiver,
}

fn contenders() -> Vec<Contender> {
    let sparrow = |name, settings| Contender {
        name,
        lean: false,
        carrier: Carrier::Ur,
        settings,
        receiver: Receiver::Peeling,
    };
    let preset = Preset::Sparrow.settings();
    vec![
        Contender {
            name: "cofferdam: bundle and return, fast mode",
            lean: true,
            carrier: Carrier::Raptorq,
            settings: Preset::Own.settings(),
            receiver: Receiver::Ours,
        },
        Contender {
            name: "the same as dense as Coldcard Q's preset",
            lean: true,
            carrier: Carrier::Raptorq,
            settings: Settings {
                version: Preset::ColdcardQ.settings().version,
                ..Preset::Own.settings()
            },
            receiver: Receiver::Ours,
        },
        sparrow("Sparrow's preset: UR", preset),
        sparrow(
            "Sparrow's preset in the standard order",
            Settings {
                order: Order::Standard,
                ..preset
            },
        ),
        sparrow(
            "Sparrow's preset as dense as ours",
            Settings {
                version: Preset::Own.settings().version,
                ..preset
            },
        ),
        Contender {
            name: "Coldcard Q's preset: BBQr",
            lean: false,
            carrier: Carrier::Bbqr,
            settings: Preset::ColdcardQ.settings(),
            receiver: Receiver::Loop,
        },
        Contender {
            name: "ours without the bundle: full PSBTs, fast mode",
            lean: false,
            carrier: Carrier::Raptorq,
            settings: Preset::Own.settings(),
            receiver: Receiver::Ours,
        },
    ]
}

fn main() {
    let runs = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(400);
    for script_type in [ScriptType::Segwit, ScriptType::Taproot] {
        table(&batch(script_type), runs);
    }
}

fn table(batch: &Batch, runs: u64) {
    println!(
        "20 inputs of {}, 200 payments and change: mean / 95th percentile of {runs} runs. The PSBT has {} bytes, and {} signed.\n",
        batch.name,
        batch.unsigned.len(),
        batch.signed.len()
    );
    println!(
        "| how | version | bytes there + back | codes needed | frames there | frames back | seconds at 10 a second | times ours | \
         seconds at its own pace | times ours |"
    );
    println!("|{}", " --- |".repeat(10));
    let mut ours = None;
    for contender in contenders() {
        let streams = contender
            .messages(batch)
            .map(|payload| contender.stream(payload));
        let mut frames = [const { Vec::new() }; 3];
        for run in 0..runs {
            let mut random = Random::new(run);
            let [there, back] = streams.each_ref().map(|stream| {
                let begin = random.bits() as usize;
                stream.frames_until_whole(begin, &mut || random.bits() % 100 >= LOSS)
            });
            for (series, count) in frames.iter_mut().zip([there, back, there + back]) {
                series.push(count as f64);
            }
        }
        let [there, back, both] = frames.map(summary);
        let [sent, returned] = &streams;
        let seconds = |millis: f64| (both.0 * millis / 1e3, both.1 * millis / 1e3);
        let (equal, own) = (seconds(MILLIS), seconds(contender.settings.millis.into()));
        let (ours_equal, ours_own) = *ours.get_or_insert((equal.0, own.0));
        println!(
            "| {} | {} | {} + {} | {} + {} | {} | {} | {} | {:.2} | {} | {:.2} |",
            contender.name,
            contender.settings.version.number(),
            sent.bytes,
            returned.bytes,
            sent.count,
            returned.count,
            text(there),
            text(back),
            text(equal),
            equal.0 / ours_equal,
            text(own),
            own.0 / ours_own,
        );
    }
    println!();
}

impl Contender {
    /// What crosses, there and back.
    fn messages(&self, batch: &Batch) -> [Payload; 2] {
        let psbt = |bytes: &Vec<u8>| Payload {
            kind: Kind::Psbt,
            bytes: bytes.clone(),
        };
        match self.lean {
            true => [batch.bundle.clone(), batch.returned.clone()],
            false => [psbt(&batch.unsigned), psbt(&batch.signed)],
        }
    }

    fn stream(&self, payload: Payload) -> Stream {
        Stream::new(payload, self.settings, self.carrier, self.receiver)
    }
}

/// Mean and 95th percentile.
fn summary(mut series: Vec<f64>) -> (f64, f64) {
    series.sort_by(f64::total_cmp);
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    (mean, series[(series.len() * 95).div_ceil(100) - 1])
}

fn text((mean, high): (f64, f64)) -> String {
    format!("{mean:.1} / {high:.1}")
}

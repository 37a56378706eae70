//! Reading bad frames against the libraries alone and Debian's `zbarimg`: `cargo bench -p
//! cofferdam-testkit --bench reading`. `COFFERDAM_FRAMES` says how many frames (1,000 unless it
//! does).
//!
//! Times are of the processor, not of the wall: the machine is shared. Each is of one frame of 1280
//! x 720 on one core.
//!
//! - cofferdam: a new reader for each frame;
//! - cofferdam, scanning: one reader for all frames of a condition, as in a scan;
//! - `rqrr` alone, and `rxing` alone: one pass over the whole frame, `rxing` trying harder;
//! - `zbarimg`: the whole run over a batch of PGM files, divided by their number.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use cofferdam_testkit::frames::grid::{SIZES, VERSIONS};
use cofferdam_testkit::frames::{Condition, grid};
use cofferdam_transport::code::{Reader, read_codes};
use cofferdam_transport::picture::Luma;
use cofferdam_transport::raptorq::symbol_bytes;
use cofferdam_transport::schedule::{Mode, Version, characters};
use rxing::Reader as _;

const NAMES: [&str; 5] = [
    "cofferdam",
    "cofferdam, scanning",
    "`rxing` alone",
    "`rqrr` alone",
    "`zbarimg`",
];

/// How many frames one run of `zbarimg` gets.
const BATCH: usize = 50;

fn main() {
    // A library that panics has found nothing, and says so to nobody.
    std::panic::set_hook(Box::new(|_| {}));
    let count = std::env::var("COFFERDAM_FRAMES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000);
    let zbar = Command::new("zbarimg")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    let folder = tempfile::TempDir::new().expect("a folder");

    let mut hits: BTreeMap<Condition, ([usize; 5], usize)> = BTreeMap::new();
    let mut times: [Vec<f64>; 5] = Default::default();
    let mut readers: BTreeMap<Condition, Reader> = BTreeMap::new();
    let mut densities: BTreeMap<Density, (usize, usize)> = BTreeMap::new();
    let mut batch = Vec::new();
    for case in grid(count) {
        let (content, frame) = case.frame();
        let (counted, all) = hits.entry(case.condition).or_default();
        *all += 1;
        let scanning = readers.entry(case.condition).or_default();
        let mut contenders: [&mut dyn FnMut() -> Vec<Vec<u8>>; 4] = [
            &mut || read_codes(&frame, &|| false),
            &mut || scanning.read(&frame, &|| false),
            &mut || rxing_alone(&frame),
            &mut || rqrr_alone(&frame),
        ];
        for (at, contender) in contenders.iter_mut().enumerate() {
            let start = own_seconds();
            let read = contender();
            if case.size == (1280, 720) {
                times[at].push(own_seconds() - start);
            }
            counted[at] += usize::from(read.contains(&content));
            if at == 0 {
                let (hits, all) = densities.entry((case.version, case.size)).or_default();
                *hits += usize::from(read.contains(&content));
                *all += 1;
            }
        }
        if zbar {
            batch.push(Waiting::save(
                folder.path(),
                batch.len(),
                case.condition,
                content,
                &frame,
            ));
            if batch.len() == BATCH {
                zbarimg(&mut batch, &mut hits, &mut times[4]);
            }
        }
    }
    if !batch.is_empty() {
        zbarimg(&mut batch, &mut hits, &mut times[4]);
    }
    print!(
        "{}\n{}",
        table(&hits, &mut times, zbar),
        table_of_densities(&densities)
    );
}

/// A version, and the size of a frame.
type Density = (u8, (usize, usize));

/// What cofferdam read of each density, and so how many bytes of a message in the RaptorQ mode one
/// frame brings.
fn table_of_densities(densities: &BTreeMap<Density, (usize, usize)>) -> String {
    let mut table = String::from("| version | bytes |");
    for (width, height) in SIZES {
        let _ = write!(table, " {width} x {height} |");
    }
    let _ = writeln!(table, "\n|{}", " --- |".repeat(2 + SIZES.len()));
    for number in VERSIONS {
        let room = Version::new(number).map(|version| characters(version, Mode::Alphanumeric));
        let bytes = room.and_then(symbol_bytes).unwrap_or_default();
        let _ = write!(table, "| {number} | {bytes} |");
        for size in SIZES {
            let _ = match densities.get(&(number, size)) {
                Some((hits, all)) => {
                    let rate = *hits as f64 / *all as f64;
                    write!(
                        table,
                        " {:.0} % of {all}: {:.0} |",
                        100.0 * rate,
                        rate * bytes as f64
                    )
                }
                None => write!(table, " |"),
            };
        }
        table.push('\n');
    }
    table
}

fn table(
    hits: &BTreeMap<Condition, ([usize; 5], usize)>,
    times: &mut [Vec<f64>; 5],
    zbar: bool,
) -> String {
    let mut table = format!(
        "| condition | frames | {} |\n|{}\n",
        NAMES.join(" | "),
        " --- |".repeat(7)
    );
    let cells = |table: &mut String, counted: &[usize; 5], all: usize| {
        for (at, hits) in counted.iter().enumerate() {
            let _ = match at {
                4 if !zbar => write!(table, " not installed |"),
                _ => write!(table, " {:.1} % |", 100.0 * *hits as f64 / all as f64),
            };
        }
        table.push('\n');
    };
    let (mut sums, mut total) = ([0; 5], 0);
    for (condition, (counted, all)) in hits {
        let _ = write!(table, "| {} | {all} |", condition.name());
        cells(&mut table, counted, *all);
        sums.iter_mut()
            .zip(counted)
            .for_each(|(sum, hits)| *sum += hits);
        total += all;
    }
    let _ = write!(table, "| **all** | {total} |");
    cells(&mut table, &sums, total);
    for (label, part) in [("median ms at 720p", 0.5), ("95th percentile", 0.95)] {
        let _ = write!(table, "| {label} | |");
        for series in times.iter_mut() {
            series.sort_by(f64::total_cmp);
            let at = ((series.len() as f64 * part) as usize).min(series.len().saturating_sub(1));
            let _ = match series.get(at) {
                Some(seconds) => write!(table, " {:.1} |", seconds * 1e3),
                None => write!(table, " |"),
            };
        }
        table.push('\n');
    }
    table
}

fn rxing_alone(frame: &Luma) -> Vec<Vec<u8>> {
    let read = || {
        let (width, height) = (frame.width() as u32, frame.height() as u32);
        let source = rxing::Luma8Source::new_with_slice(frame.pixels(), width, height).ok()?;
        let mut bitmap = rxing::BinaryBitmap::new(rxing::common::HybridBinarizer::new(source));
        let hints = rxing::DecodeHints {
            TryHarder: Some(true),
            ..rxing::DecodeHints::default()
        };
        let result = rxing::qrcode::QRCodeReader
            .decode_with_hints(&mut bitmap, &hints)
            .ok()?;
        Some(result.getText().as_bytes().to_vec())
    };
    catch_unwind(AssertUnwindSafe(read))
        .ok()
        .flatten()
        .into_iter()
        .collect()
}

fn rqrr_alone(frame: &Luma) -> Vec<Vec<u8>> {
    let read = || {
        let mut prepared =
            rqrr::PreparedImage::prepare_from_greyscale(frame.width(), frame.height(), |x, y| {
                frame.at(x, y)
            });
        let grids = prepared.detect_grids();
        let contents = grids.iter().filter_map(|grid| grid.decode().ok());
        contents.map(|(_, content)| content.into_bytes()).collect()
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
}

/// A frame that waits for `zbarimg`.
struct Waiting {
    path: PathBuf,
    condition: Condition,
    content: Vec<u8>,
    hd: bool,
}

impl Waiting {
    fn save(
        folder: &Path,
        number: usize,
        condition: Condition,
        content: Vec<u8>,
        frame: &Luma,
    ) -> Waiting {
        let path = folder.join(format!("{number}.pgm"));
        let header = format!("P5\n{} {}\n255\n", frame.width(), frame.height());
        std::fs::write(&path, [header.as_bytes(), frame.pixels()].concat()).expect("a file");
        Waiting {
            path,
            condition,
            content,
            hd: frame.height() == 720,
        }
    }
}

/// Runs it over the batch: the frames of 720p apart, so that their time is known.
fn zbarimg(
    batch: &mut Vec<Waiting>,
    hits: &mut BTreeMap<Condition, ([usize; 5], usize)>,
    times: &mut Vec<f64>,
) {
    for hd in [true, false] {
        let files: Vec<&Waiting> = batch.iter().filter(|waiting| waiting.hd == hd).collect();
        if files.is_empty() {
            continue;
        }
        let start = children_seconds();
        let output = Command::new("zbarimg")
            .args(["--quiet", "--xml", "-Sdisable", "-Sqrcode.enable"])
            .args(files.iter().map(|waiting| &waiting.path))
            .output()
            .expect("zbarimg runs");
        if hd {
            times.push((children_seconds() - start) / files.len() as f64);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        for source in text.split("<source href='").skip(1) {
            let Some(waiting) = files
                .iter()
                .find(|waiting| source.starts_with(&waiting.path.display().to_string()))
            else {
                continue;
            };
            if source.contains(&*String::from_utf8_lossy(&waiting.content))
                && let Some((counted, _)) = hits.get_mut(&waiting.condition)
            {
                counted[4] += 1;
            }
        }
    }
    batch.clear();
}

/// Processor time of this thread, by the scheduler's nanoseconds.
fn own_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")
        .expect("Linux with scheduler statistics");
    stat.split(' ')
        .next()
        .and_then(|ns| ns.parse::<f64>().ok())
        .expect("nanoseconds")
        / 1e9
}

/// Processor time of the children that have ended, in hundredths of a second.
fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    // proc(5): cutime and cstime are fields 16 and 17; the third is the first behind the name.
    let ticks = |at: usize| fields[at].parse::<f64>().expect("ticks");
    (ticks(13) + ticks(14)) / 100.0
}

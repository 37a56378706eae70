//! Measures of ours and of peers, in one run, as ratios: these machines are shared, and only what
//! ran side by side compares.

use std::time::Instant;

/// The wall-clock times of one contender, in seconds.
#[derive(Clone, Debug)]
pub struct Series {
    /// Who was measured.
    pub name: String,
    seconds: Vec<f64>,
}

impl Series {
    /// Returns the median, in seconds.
    ///
    /// # Panics
    /// Panics when nothing was measured.
    pub fn median(&self) -> f64 {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    /// Returns the least and the greatest time, in seconds.
    pub fn spread(&self) -> (f64, f64) {
        let least = self.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = self.seconds.iter().copied().fold(0.0, f64::max);
        (least, greatest)
    }
}

/// Returns the exponent of growth between two sizes: `work` times as much of it took `more` instead
/// of `less`. 1 is linear.
pub fn exponent(work: f64, less: f64, more: f64) -> f64 {
    (more / less).ln() / work.ln()
}

/// Returns the most memory that this process had resident at once, in MiB, since it began or since
/// [`forget_peak`].
///
/// # Errors
/// Fails where the kernel tells none.
pub fn peak_memory() -> std::io::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0)
        .ok_or_else(|| std::io::Error::other("/proc/self/status has no VmHWM"))
}

/// Begins to count [`peak_memory`] anew.
///
/// # Errors
/// Fails where the kernel does not allow it.
pub fn forget_peak() -> std::io::Result<()> {
    std::fs::write("/proc/self/clear_refs", "5")
}

/// Someone who does the work that is measured, and tells how many seconds it took by its own clock,
/// if that is what counts.
pub type Contender<'a> = (&'a str, &'a mut dyn FnMut() -> Option<f64>);

/// Runs every contender once a round, in turn, for `rounds` rounds after one that is not counted.
pub fn side_by_side(rounds: usize, contenders: &mut [Contender<'_>]) -> Vec<Series> {
    let mut all: Vec<Series> = contenders
        .iter()
        .map(|(name, _)| Series {
            name: (*name).to_owned(),
            seconds: Vec::with_capacity(rounds),
        })
        .collect();
    for round in 0..=rounds {
        for ((_, work), series) in contenders.iter_mut().zip(&mut all) {
            let start = Instant::now();
            let own = work();
            let seconds = own.unwrap_or_else(|| start.elapsed().as_secs_f64());
            if round > 0 {
                series.seconds.push(seconds);
            }
        }
    }
    all
}

/// Runs a contender once, where a round of it would take minutes: its spread says nothing.
pub fn once((name, work): Contender<'_>) -> Series {
    let start = Instant::now();
    let own = work();
    Series {
        name: name.to_owned(),
        seconds: vec![own.unwrap_or_else(|| start.elapsed().as_secs_f64())],
    }
}

/// Formats a result as rows of a Markdown table: contender, median, spread, and the first one's
/// median as a ratio to it.
///
/// # Panics
/// Panics when there is no series.
pub fn rows(what: &str, all: &[Series]) -> String {
    let ours = all[0].median();
    let mut text = String::new();
    for series in all {
        let (least, greatest) = series.spread();
        let median = series.median();
        text.push_str(&format!(
            "| {what} | {} | {} | {} to {} | {:.2} |\n",
            series.name,
            milliseconds(median),
            milliseconds(least),
            milliseconds(greatest),
            ours / median,
        ));
    }
    text
}

/// The head of the table that [`rows`] fills.
pub const HEAD: &str =
    "| what | who | median | spread | ours / theirs |\n| --- | --- | --- | --- | --- |\n";

fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1_000.0)
}

//! Where codes are in black and white, and what their modules say.

use rxing::Point;
use rxing::common::{BitMatrix, DetectorRXingResult};
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};

/// How many finder patterns are looked at. Four codes have twelve; a picture with more than this
/// shows something else.
pub(super) const MAX_FINDERS: usize = 60;

/// How many sets of three finder patterns are sampled.
const MAX_SETS: usize = 40;

/// How many rows may have something of the proportions of a finder pattern, counted once for each:
/// the library compares each finder pattern with all others, and a picture tiled with them would
/// keep it busy for long.
const MAX_CROSSINGS: usize = 10_000;

/// A code as it stands in a picture.
pub(super) struct Found {
    pub(super) content: Vec<u8>,
    /// Its corners in pixels, from the top left of the code clockwise.
    pub(super) corners: [(f32, f32); 4],
}

impl Found {
    /// The same, seen from further left and up.
    pub(super) fn moved(&self, right: f32, down: f32) -> Found {
        Found {
            content: self.content.clone(),
            corners: self.corners.map(|(x, y)| (x + right, y + down)),
        }
    }
}

/// What a search saw.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) found: Vec<Found>,
    pub(super) finders: usize,
}

/// Searches black and white. `out_of_time` is asked before each piece of work.
pub(super) fn search(black: &BitMatrix, out_of_time: &dyn Fn() -> bool) -> Seen {
    if crossings(black) > MAX_CROSSINGS {
        return Seen {
            finders: usize::MAX,
            ..Seen::default()
        };
    }
    let mut finders = FindFinderPatterns(black, true, 0);
    let mut seen = Seen {
        finders: finders.len(),
        ..Seen::default()
    };
    if finders.len() > MAX_FINDERS {
        return seen;
    }
    let mut used = Vec::new();
    for set in GenerateFinderPatternSets(&mut finders)
        .into_iter()
        .take(MAX_SETS)
    {
        if out_of_time() {
            break;
        }
        let three = [set.bl, set.tl, set.tr];
        if three.iter().any(|finder| used.contains(finder)) {
            continue;
        }
        let Ok(sampled) = SampleQR(black, &set) else {
            continue;
        };
        let Some(corners) = corners(sampled.getPoints()) else {
            continue;
        };
        if let Some(content) = decode(&Modules(sampled.getBits())) {
            used.extend(three);
            seen.found.push(Found { content, corners });
        }
    }
    seen
}

/// Runs of about 1:1:3:1:1, dark at both ends, in every third row: those that the library looks at.
/// Stops when they are too many.
fn crossings(black: &BitMatrix) -> usize {
    let mut found = 0;
    for y in (2..black.height()).step_by(3) {
        let (mut runs, mut run, mut last) = ([0_u32; 5], 0, false);
        for x in 0..black.width() {
            let dark = black.get(x, y);
            if dark == last {
                run += 1;
                continue;
            }
            runs.rotate_left(1);
            runs[4] = run;
            (run, last) = (1, dark);
            let [a, b, c, d, e] = runs;
            if !dark && a > 0 && c >= 3 && c >= 2 * a.max(e) && c >= b.max(d) {
                found += 1;
            }
        }
        if found > MAX_CROSSINGS {
            break;
        }
    }
    found
}

fn corners(points: &[Point]) -> Option<[(f32, f32); 4]> {
    let [a, b, c, d] = *points else { return None };
    Some([a, b, c, d].map(|point| (point.x, point.y)))
}

/// The content of the modules: bytes, digits and letters as they are, Kanji in Shift JIS. Corrects
/// errors.
pub(super) fn decode(modules: &impl rqrr::BitGrid) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    rqrr::Grid::new(By(modules)).decode_to(&mut content).ok()?;
    Some(content)
}

struct By<'a, G>(&'a G);

impl<G: rqrr::BitGrid> rqrr::BitGrid for By<'_, G> {
    fn size(&self) -> usize {
        self.0.size()
    }

    fn bit(&self, y: usize, x: usize) -> bool {
        self.0.bit(y, x)
    }
}

struct Modules<'a>(&'a BitMatrix);

impl rqrr::BitGrid for Modules<'_> {
    fn size(&self) -> usize {
        self.0.width() as usize
    }

    fn bit(&self, y: usize, x: usize) -> bool {
        self.0.get(x as u32, y as u32)
    }
}

//! The frames that read rates are measured on.

use cofferdam_transport::code::{Drawing, Matrix};
use cofferdam_transport::picture::Luma;

use super::camera::{Shot, screen, shoot};
use super::condition::Condition;
use super::random::Random;

/// The versions of the grid: from what SeedSigner reads well to the largest there is.
pub const VERSIONS: [u8; 8] = [6, 10, 15, 20, 25, 30, 35, 40];

/// The frame sizes of the grid.
pub const SIZES: [(usize, usize); 3] = [(640, 480), (1280, 720), (1920, 1080)];

/// A frame in which some module has fewer pixels than this is not in the grid: no reader reads it,
/// and no sender should show it to such a camera.
pub const LEAST_PIXELS: f32 = 3.0;

/// The screen's part of the frame's height.
const FILL: f32 = 0.92;

/// One frame of the grid.
#[derive(Clone, Debug)]
pub struct Case {
    /// The code's version.
    pub version: u8,
    /// What makes it bad.
    pub condition: Condition,
    /// How bad, 0 to 1.
    pub strength: f32,
    /// The frame's size.
    pub size: (usize, usize),
    /// Decides the content, and where everything falls.
    pub seed: u64,
}

/// `count` frames: versions, sizes and conditions in turn, wherever [`LEAST_PIXELS`] are left;
/// strengths from 0.3 to 1. Of a longer grid, a shorter one is the beginning.
pub fn grid(count: usize) -> Vec<Case> {
    let mut cases = Vec::with_capacity(count);
    let mut seed = 0;
    loop {
        for version in VERSIONS {
            for size in SIZES {
                for condition in Condition::ALL {
                    if cases.len() == count {
                        return cases;
                    }
                    seed += 1;
                    let strength = Random::new(seed ^ 0x5eed).between(0.3, 1.0);
                    let case = Case {
                        version,
                        condition,
                        strength,
                        size,
                        seed,
                    };
                    let modules = 17 + 4 * usize::from(version) + 8;
                    if case.shot().least_pixels_a_module(modules) >= LEAST_PIXELS {
                        cases.push(case);
                    }
                }
            }
        }
    }
}

impl Case {
    /// The code and the one that is shown after it: full of letters and digits, as a UR is.
    pub fn codes(&self) -> [(Vec<u8>, Matrix); 2] {
        let mut random = Random::new(self.seed ^ 0xc0de);
        [0, 1].map(|_| {
            let drawing = Drawing {
                versions: self.version..=self.version,
                ..Drawing::default()
            };
            let length = capacity(self.version);
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-";
            let content: Vec<u8> = (0..length)
                .map(|_| alphabet[(random.bits() % alphabet.len() as u64) as usize])
                .collect();
            let matrix = drawing.draw(&content).expect("content that fits");
            (content, matrix)
        })
    }

    /// How it is taken.
    pub fn shot(&self) -> Shot {
        Shot {
            width: self.size.0,
            height: self.size.1,
            conditions: self.condition.parts(self.strength),
            fill: FILL,
            seed: self.seed,
        }
    }

    /// The frame, and what is in it.
    pub fn frame(&self) -> (Vec<u8>, Luma) {
        let [(content, code), (_, next)] = self.codes();
        (
            content,
            shoot(
                &screen(&code),
                &screen(&next),
                code.size_with_quiet_zone(),
                &self.shot(),
            ),
        )
    }
}

/// Alphanumeric characters that a code holds at error correction L (ISO/IEC 18004, table 7),
/// rounded down.
fn capacity(version: u8) -> usize {
    match version {
        6 => 195,
        10 => 395,
        15 => 758,
        20 => 1_249,
        25 => 1_853,
        30 => 2_520,
        35 => 3_351,
        _ => 4_296,
    }
}

//! What makes a frame bad.

use super::random::Random;

/// What makes a frame bad. Each takes a strength from 0 (nothing) to 1 (the worst that is
/// simulated).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    /// Nothing but the camera: pixels that do not fall on modules, an optical blur of 0.5 pixels,
    /// noise of deviation 3.
    Plain,
    /// The screen turned away about both axes: up to a third of a side is lost at the far end.
    Perspective,
    /// The screen turned in its plane: up to 45 degrees.
    Rotation,
    /// Out of focus: a Gaussian with a deviation of up to 0.55 modules or 2.2 pixels, whichever is
    /// less.
    Blur,
    /// Sensor noise: a deviation of up to 55 of 255.
    Noise,
    /// The next frame shines through, as displays and exposures overlap: up to 42 %.
    Ghost,
    /// Little contrast under a gradient of light: down to 32 of 255, the gradient three times that.
    LowContrast,
    /// A lamp's reflection, up to a fifth of the code wide, white in its middle.
    Glare,
    /// Light on dark, and half as much rotation, a third of the noise.
    Inversion,
    /// A bit of each but glare and inversion.
    Mixed,
}

/// What an ordinary bad moment is made of, for demonstrations and end-to-end tests: a bit of
/// everything but inversion.
pub fn moderate(seed: u64) -> Vec<(Condition, f32)> {
    let mut random = Random::new(seed ^ 0x00de_77ad);
    let mut bad: Vec<_> = [
        Condition::Perspective,
        Condition::Rotation,
        Condition::Blur,
        Condition::Noise,
        Condition::Ghost,
        Condition::LowContrast,
    ]
    .map(|condition| (condition, random.between(0.0, 0.3)))
    .to_vec();
    if random.unit() < 0.2 {
        bad.push((Condition::Glare, random.between(0.2, 0.6)));
    }
    bad
}

impl Condition {
    /// All of them.
    pub const ALL: [Condition; 10] = [
        Condition::Plain,
        Condition::Perspective,
        Condition::Rotation,
        Condition::Blur,
        Condition::Noise,
        Condition::Ghost,
        Condition::LowContrast,
        Condition::Glare,
        Condition::Inversion,
        Condition::Mixed,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Plain => "plain",
            Condition::Perspective => "perspective",
            Condition::Rotation => "rotation",
            Condition::Blur => "blur",
            Condition::Noise => "noise",
            Condition::Ghost => "ghost of the next frame",
            Condition::LowContrast => "low contrast, gradient",
            Condition::Glare => "glare",
            Condition::Inversion => "inversion",
            Condition::Mixed => "mixed",
        }
    }

    /// What it is made of: itself, but for those that bring others along.
    pub fn parts(self, strength: f32) -> Vec<(Condition, f32)> {
        match self {
            Condition::Inversion => vec![
                (Condition::Inversion, strength),
                (Condition::Rotation, strength / 2.0),
                (Condition::Noise, strength / 3.0),
            ],
            Condition::Mixed => vec![
                (Condition::Perspective, strength / 2.0),
                (Condition::Rotation, strength / 3.0),
                (Condition::Blur, strength / 2.0),
                (Condition::Noise, strength / 4.0),
                (Condition::Ghost, strength / 3.0),
                (Condition::LowContrast, strength / 3.0),
            ],
            alone => vec![(alone, strength)],
        }
    }
}

//! What makes a frame bad.

/// What makes a frame bad. Each takes a strength from 0 (nothing) to 1 (the worst that is simulated).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    /// Nothing but the camera: pixels that do not fall on modules, an optical blur of 0.4 pixels, noise of deviation 2.
    Plain,
    /// The screen turned away about both axes: up to a quarter of a side is lost at the far end.
    Perspective,
    /// The screen turned in its plane: up to 45 degrees.
    Rotation,
    /// Out of focus: a Gaussian of up to 0.45 modules or 1.6 pixels, whichever is less.
    Blur,
    /// Sensor noise: a deviation of up to 40 of 255.
    Noise,
    /// The next frame shines through, as displays and exposures overlap: up to 38 %.
    Ghost,
    /// Little contrast under a gradient of light: down to 40 of 255, the gradient twice that.
    LowContrast,
    /// A lamp's reflection, up to a sixth of the code wide, white in its middle.
    Glare,
    /// Light on dark; the strength adds rotation and noise.
    Inversion,
}

impl Condition {
    /// All of them.
    pub const ALL: [Condition; 9] = [
        Condition::Plain,
        Condition::Perspective,
        Condition::Rotation,
        Condition::Blur,
        Condition::Noise,
        Condition::Ghost,
        Condition::LowContrast,
        Condition::Glare,
        Condition::Inversion,
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
        }
    }
}

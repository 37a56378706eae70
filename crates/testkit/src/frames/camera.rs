//! A screen, seen by a camera.

use cofferdam_transport::code::Matrix;
use cofferdam_transport::picture::Luma;

use super::condition::Condition;
use super::random::Random;

/// How one frame is taken.
#[derive(Clone, Debug)]
pub struct Shot {
    /// Pixels a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What makes it bad, with strengths from 0 to 1.
    pub conditions: Vec<(Condition, f32)>,
    /// How much of the frame's height the screen takes.
    pub fill: f32,
    /// Decides where exactly everything falls.
    pub seed: u64,
}

impl Shot {
    /// The pixels of the smallest module of a screen of `modules` modules on a side, at worst.
    pub fn least_pixels_a_module(&self, modules: usize) -> f32 {
        let upright = self.height as f32 * self.fill / modules as f32;
        let factor = self
            .conditions
            .iter()
            .map(|(condition, strength)| match condition {
                Condition::Rotation => {
                    let angle = strength * std::f32::consts::FRAC_PI_4;
                    (1.0 / (self.fill * (angle.sin() + angle.cos()))).min(1.0)
                }
                Condition::Perspective => (1.0 - 0.35 * strength) / (1.0 + 0.35 * strength),
                _ => 1.0,
            });
        upright * factor.product::<f32>()
    }
}

/// A code as a screen shows it: one pixel a module, with its quiet zone.
pub fn screen(matrix: &Matrix) -> Luma {
    cofferdam_transport::render::luma(matrix, 1)
        .expect("a code of one pixel a module is within the limits")
}

/// Takes a frame of `screen`, a picture of `modules` modules on a side, while `next`, of the same
/// size, begins to show.
///
/// The screen stands in a grey room that is darker than it. Each pixel is the mean of four places.
pub fn shoot(screen: &Luma, next: &Luma, modules: usize, shot: &Shot) -> Luma {
    let mut random = Random::new(shot.seed);
    let strength = |wanted: Condition| {
        shot.conditions
            .iter()
            .find(|(condition, _)| *condition == wanted)
            .map_or(0.0, |(_, strength)| *strength)
    };
    let side = shot.height as f32 * shot.fill;
    let module = side / modules as f32;

    let tilt = 0.35 * strength(Condition::Perspective);
    let turn = strength(Condition::Rotation);
    let sign = if random.unit() < 0.5 { -1.0 } else { 1.0 };
    let jitter = random.between(-0.02, 0.02);
    let angle = sign * turn * random.between(0.7, 1.0) * std::f32::consts::FRAC_PI_4 + jitter;
    // A turned square is shrunk until it stands within the frame.
    let fitting = (1.0 / (shot.fill * (angle.sin().abs() + angle.cos().abs()))).min(1.0);
    let (dx, dy) = (random.between(-2.0, 2.0), random.between(-2.0, 2.0));
    let (mut far_x, mut far_y) = (random.between(-tilt, tilt), random.between(-tilt, tilt));
    if tilt > 0.0 {
        // At least one axis is turned as far as the strength says.
        if random.unit() < 0.5 {
            far_x = tilt.copysign(far_x)
        } else {
            far_y = tilt.copysign(far_y)
        }
    }
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y): (f32, f32)| {
        let depth = 1.0 + (far_x * x + far_y * y) / 2.0;
        let widest = 1.0 + (far_x.abs() + far_y.abs()) / 2.0;
        let (x, y) = (x * depth / widest, y * depth / widest);
        let (x, y) = (
            x * angle.cos() - y * angle.sin(),
            x * angle.sin() + y * angle.cos(),
        );
        let half = side / 2.0 * fitting;
        (
            shot.width as f32 / 2.0 + dx + x * half,
            shot.height as f32 / 2.0 + dy + y * half,
        )
    });

    let ghost = 0.42 * strength(Condition::Ghost);
    let invert = strength(Condition::Inversion) > 0.0;
    let room = random.between(60.0, 110.0);
    let mut light = project(screen, next, ghost, invert, &corners, room, shot);

    let out_of_focus = (0.55 * module).min(2.2) * strength(Condition::Blur);
    gaussian(
        &mut light,
        shot.width,
        (0.25 + out_of_focus * out_of_focus).sqrt(),
    );

    expose(&mut light, shot, &mut random, &strength, &corners, side);
    let noise = 3.0 + 52.0 * strength(Condition::Noise);
    let pixels = light
        .iter()
        .map(|light| (light + noise * random.normal()).clamp(0.0, 255.0) as u8)
        .collect();
    Luma::new(shot.width, shot.height, pixels).expect("a frame within the limits")
}

/// The light that falls on each pixel: the screen through a homography.
fn project(
    screen: &Luma,
    next: &Luma,
    ghost: f32,
    invert: bool,
    corners: &[(f32, f32); 4],
    room: f32,
    shot: &Shot,
) -> Vec<f32> {
    let map = Homography::to_unit_square(corners);
    let shown: Vec<f32> = {
        let mixed = screen.pixels().iter().zip(next.pixels());
        // A display's black is not black.
        let light = |now: &u8, next: &u8| {
            let shown = f32::from(*now) * (1.0 - ghost) + f32::from(*next) * ghost;
            20.0 + 0.85 * if invert { 255.0 - shown } else { shown }
        };
        mixed.map(|(now, next)| light(now, next)).collect()
    };
    let (width, height) = (screen.width() as f32, screen.height() as f32);
    let mut light = Vec::with_capacity(shot.width * shot.height);
    for y in 0..shot.height {
        for x in 0..shot.width {
            let mut sum = 0.0;
            for (across, down) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let (u, v) = map.apply(x as f32 + across, y as f32 + down);
                let (u, v) = (u * width, v * height);
                sum += if u >= 0.0 && u < width && v >= 0.0 && v < height {
                    shown[v as usize * screen.width() + u as usize]
                } else {
                    room
                };
            }
            light.push(sum / 4.0);
        }
    }
    light
}

/// Lamps and exposure.
fn expose(
    light: &mut [f32],
    shot: &Shot,
    random: &mut Random,
    strength: &dyn Fn(Condition) -> f32,
    corners: &[(f32, f32); 4],
    side: f32,
) {
    let dull = strength(Condition::LowContrast);
    let direction = random.between(0.0, std::f32::consts::TAU);
    let glare = strength(Condition::Glare);
    let (u, v) = (random.between(0.3, 0.7), random.between(0.3, 0.7));
    let spot = (
        corners[0].0 + (corners[1].0 - corners[0].0) * u + (corners[3].0 - corners[0].0) * v,
        corners[0].1 + (corners[1].1 - corners[0].1) * u + (corners[3].1 - corners[0].1) * v,
    );
    let radius = side / 10.0 * glare;
    for (at, pixel) in light.iter_mut().enumerate() {
        let (x, y) = ((at % shot.width) as f32, (at / shot.width) as f32);
        if dull > 0.0 {
            let range = 1.0 - dull * (1.0 - 32.0 / 217.0);
            let along = (x / shot.width as f32 - 0.5) * direction.cos()
                + (y / shot.height as f32 - 0.5) * direction.sin();
            *pixel = (*pixel - 128.0) * range + 128.0 + along * 100.0 * dull;
        }
        if glare > 0.0 {
            let distance = ((x - spot.0).powi(2) + (y - spot.1).powi(2)).sqrt() / radius.max(1.0);
            *pixel += 255.0 * (-distance * distance).exp();
        }
        *pixel = pixel.clamp(0.0, 255.0);
    }
}

/// A Gaussian of `sigma` pixels, in two passes.
fn gaussian(light: &mut [f32], width: usize, sigma: f32) {
    let reach = (sigma * 3.0).ceil() as usize;
    let mut kernel: Vec<f32> = (0..=2 * reach)
        .map(|at| (-(at as f32 - reach as f32).powi(2) / (2.0 * sigma * sigma)).exp())
        .collect();
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);

    let height = light.len() / width;
    let mut across = vec![0.0; light.len()];
    for (from, to) in light
        .chunks_exact(width)
        .zip(across.chunks_exact_mut(width))
    {
        for (x, to) in to.iter_mut().enumerate() {
            *to = if x >= reach && x + reach < width {
                kernel
                    .iter()
                    .zip(&from[x - reach..])
                    .map(|(weight, pixel)| weight * pixel)
                    .sum()
            } else {
                let near = |at: usize| from[(x + at).saturating_sub(reach).min(width - 1)];
                kernel
                    .iter()
                    .enumerate()
                    .map(|(at, weight)| weight * near(at))
                    .sum()
            };
        }
    }
    light.fill(0.0);
    for (y, to) in light.chunks_exact_mut(width).enumerate() {
        for (at, weight) in kernel.iter().enumerate() {
            let from = (y + at).saturating_sub(reach).min(height - 1);
            for (to, pixel) in to.iter_mut().zip(&across[from * width..]) {
                *to += weight * pixel;
            }
        }
    }
}

/// A projective map of the plane.
struct Homography([f32; 9]);

impl Homography {
    /// From a quadrilateral onto the unit square (Heckbert 1989, section 2.2.3: the adjoint of the
    /// other direction).
    fn to_unit_square(corners: &[(f32, f32); 4]) -> Self {
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = *corners;
        let (dx1, dx2, sx) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, sy) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let determinant = dx1 * dy2 - dx2 * dy1;
        let g = (sx * dy2 - dx2 * sy) / determinant;
        let h = (dx1 * sy - sx * dy1) / determinant;
        let (a, b, c) = (x1 - x0 + g * x1, x3 - x0 + h * x3, x0);
        let (d, e, f) = (y1 - y0 + g * y1, y3 - y0 + h * y3, y0);
        Homography([
            e - f * h,
            c * h - b,
            b * f - c * e,
            f * g - d,
            a - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ])
    }

    fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let w = g * x + h * y + i;
        ((a * x + b * y + c) / w, (d * x + e * y + f) / w)
    }
}

//! PNG and SVG.

use std::fmt::Write;

use crate::code::Matrix;
use crate::picture::Luma;
use crate::picture::luma::check_size;

use super::RenderError;

/// A code in black on white, `scale` pixels a module.
///
/// # Errors
/// [`RenderError::Scale`], [`RenderError::Size`].
pub fn luma(matrix: &Matrix, scale: usize) -> Result<Luma, RenderError> {
    let side = side(matrix.size_with_quiet_zone(), scale)?;
    let mut picture = Luma::plain(side, side, 255)?;
    for (y, row) in picture.pixels_mut().chunks_exact_mut(side).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            if matrix.dark_from_quiet_zone(x / scale, y / scale) {
                *pixel = 0;
            }
        }
    }
    Ok(picture)
}

/// A code as PNG of one bit a pixel, `scale` pixels a module.
///
/// # Errors
/// As [`luma`].
pub fn png(matrix: &Matrix, scale: usize) -> Result<Vec<u8>, RenderError> {
    let side = side(matrix.size_with_quiet_zone(), scale)?;
    let mut packed = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..side {
        for byte in 0..side.div_ceil(8) {
            let bits = (0..8).fold(0, |bits, bit| {
                let x = byte * 8 + bit;
                bits << 1 | u8::from(x < side && !matrix.dark_from_quiet_zone(x / scale, y / scale))
            });
            packed.push(bits);
        }
    }
    let mut file = Vec::new();
    let encoder_error = |error: png::EncodingError| RenderError::Encoder(error.to_string());
    let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(encoder_error)?;
    writer.write_image_data(&packed).map_err(encoder_error)?;
    writer.finish().map_err(encoder_error)?;
    Ok(file)
}

/// A code as SVG, one unit a module: one path, rows as runs of dark modules.
pub fn svg(matrix: &Matrix) -> String {
    let side = matrix.size_with_quiet_zone();
    let mut path = String::new();
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let run = (x..side)
                .take_while(|x| matrix.dark_from_quiet_zone(*x, y))
                .count();
            if run > 0 {
                let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
            }
            x += run.max(1);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\"{path}\"/></svg>\n"
    )
}

/// Pixels on a side, checked.
pub(super) fn side(modules: usize, scale: usize) -> Result<usize, RenderError> {
    if scale == 0 {
        return Err(RenderError::Scale);
    }
    let side = modules.saturating_mul(scale);
    check_size(side as u64, side as u64)?;
    Ok(side)
}

#[cfg(test)]
mod tests {
    use super::{luma, png, svg};
    use crate::code::{Drawing, Matrix};
    use crate::picture::open;
    use crate::render::RenderError;

    fn matrix() -> Matrix {
        Drawing::default().draw(b"COFFERDAM").expect("a code")
    }

    #[test]
    fn the_png_is_the_picture() {
        for scale in [1, 3, 10] {
            let mut source = open(png(&matrix(), scale).expect("a PNG")).expect("a source");
            let read = source.next_frame().expect("a frame").expect("a frame");
            assert_eq!(read, luma(&matrix(), scale).expect("a picture"));
            assert!(source.next_frame().expect("an end").is_none());
        }
    }

    #[test]
    fn scales_are_checked() {
        assert!(matches!(png(&matrix(), 0), Err(RenderError::Scale)));
        assert!(matches!(png(&matrix(), 1_000), Err(RenderError::Size(_))));
        assert!(matches!(
            luma(&matrix(), usize::MAX),
            Err(RenderError::Size(_))
        ));
    }

    #[test]
    fn the_svg_draws_each_dark_module_once() {
        let svg = svg(&matrix());
        let path = svg
            .split("d=\"")
            .nth(2)
            .and_then(|rest| rest.split('"').next())
            .expect("a path");
        let mut drawn = 0;
        for run in path.split('z').filter(|run| !run.is_empty()) {
            let (start, rest) = run.trim_start_matches('M').split_once('h').expect("a run");
            let (x, y) = start.split_once(' ').expect("a place");
            let (x, y): (usize, usize) = (x.parse().expect("x"), y.parse().expect("y"));
            let run: usize = rest
                .split('v')
                .next()
                .and_then(|run| run.parse().ok())
                .expect("a length");
            assert!((x..x + run).all(|x| matrix().dark_from_quiet_zone(x, y)));
            drawn += run;
        }
        let size = matrix().size();
        let dark = (0..size * size)
            .filter(|at| matrix().dark(at % size, at / size))
            .count();
        assert_eq!(drawn, dark);
    }
}

//! What makes a picture easier to read.

use crate::picture::Luma;

/// Half the size: each pixel the mean of four. Takes noise away where there are pixels enough.
pub(super) fn half(picture: &Luma) -> Option<Luma> {
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    let mut pixels = Vec::with_capacity(width * height);
    for rows in picture.pixels().chunks_exact(2 * picture.width()) {
        let (upper, lower) = rows.split_at(picture.width());
        for (a, b) in upper.chunks_exact(2).zip(lower.chunks_exact(2)) {
            let sum: u16 = a.iter().chain(b).map(|pixel| u16::from(*pixel)).sum();
            pixels.push(((sum + 2) / 4) as u8);
        }
    }
    Luma::new(width, height, pixels).ok()
}

/// The mean of 3 x 3 pixels. Borders stay.
pub(super) fn blur(picture: &Luma) -> Luma {
    filter(picture, |[above, here, below], x| {
        let sum: u16 = [above, here, below]
            .iter()
            .flat_map(|row| row.get(x - 1..x + 2).unwrap_or_default())
            .map(|pixel| u16::from(*pixel))
            .sum();
        (sum / 9) as u8
    })
}

/// Each pixel pushed away from the mean of its eight neighbours, one and a half times as far again.
pub(super) fn unsharp(picture: &Luma) -> Luma {
    filter(picture, |rows, x| {
        let sum: i32 = rows
            .iter()
            .flat_map(|row| row.get(x - 1..x + 2).unwrap_or_default())
            .map(|pixel| i32::from(*pixel))
            .sum();
        let here = i32::from(rows[1][x]);
        (here + (9 * here - sum) * 3 / 16).clamp(0, 255) as u8
    })
}

/// The darkest and the lightest 2 % become black and white, and what is between is spread.
pub(super) fn stretch(picture: &Luma) -> Luma {
    let mut counts = [0_usize; 256];
    for pixel in picture.pixels() {
        counts[usize::from(*pixel)] += 1;
    }
    let few = picture.pixels().len() / 50;
    let reach = |shades: &[usize]| {
        let mut seen = 0;
        shades.iter().copied().find(|shade| {
            seen += counts[*shade];
            seen > few
        })
    };
    let mut shades: Vec<usize> = (0..256).collect();
    let low = reach(&shades).unwrap_or(0);
    shades.reverse();
    let high = reach(&shades).unwrap_or(255).max(low + 1);
    let mut table = [0_u8; 256];
    for (shade, to) in table.iter_mut().enumerate() {
        *to = (shade.saturating_sub(low) * 255 / (high - low)).min(255) as u8;
    }
    map(picture, |pixel| table[usize::from(pixel)])
}

/// Black for white.
pub(super) fn inverted(picture: &Luma) -> Luma {
    map(picture, |pixel| 255 - pixel)
}

/// A part of it: nothing if it is not inside.
pub(super) fn crop(
    picture: &Luma,
    left: usize,
    top: usize,
    width: usize,
    height: usize,
) -> Option<Luma> {
    let mut pixels = Vec::with_capacity(width.checked_mul(height)?.min(picture.pixels().len()));
    for row in picture.rows().skip(top).take(height) {
        pixels.extend_from_slice(row.get(left..left + width)?);
    }
    Luma::new(width, height, pixels).ok()
}

fn map(picture: &Luma, change: impl Fn(u8) -> u8) -> Luma {
    let mut changed = picture.clone();
    changed
        .pixels_mut()
        .iter_mut()
        .for_each(|pixel| *pixel = change(*pixel));
    changed
}

/// A new picture of what `change` makes of three rows at each column that has two neighbours.
fn filter(picture: &Luma, change: impl Fn([&[u8]; 3], usize) -> u8) -> Luma {
    let width = picture.width();
    let mut changed = picture.clone();
    let rows: Vec<&[u8]> = picture.rows().collect();
    for (three, to) in rows
        .windows(3)
        .zip(changed.pixels_mut().chunks_exact_mut(width).skip(1))
    {
        let [above, here, below] = *three else {
            continue;
        };
        for (x, pixel) in to.iter_mut().enumerate().take(width - 1).skip(1) {
            *pixel = change([above, here, below], x);
        }
    }
    changed
}

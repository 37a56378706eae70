//! One way to read a picture.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::picture::Luma;

use super::binary::black;
use super::detect::{self, Found, MAX_FINDERS, Seen};
use super::enhance;

/// A way to read a picture: what is done to it, and which library looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Plain,
    Half,
    Blur,
    Stretch,
    Unsharp,
    Inverted,
    InvertedHalf,
    /// The other library.
    Second,
}

impl Attempt {
    pub(super) const ALL: [Attempt; 8] = [
        Attempt::Plain,
        Attempt::Half,
        Attempt::Blur,
        Attempt::InvertedHalf,
        Attempt::Inverted,
        Attempt::Unsharp,
        Attempt::Stretch,
        Attempt::Second,
    ];

    /// Reads in this way. A library that panics has found nothing.
    pub(super) fn run(self, picture: &Luma, out_of_time: &dyn Fn() -> bool) -> Seen {
        catch_unwind(AssertUnwindSafe(|| self.search(picture, out_of_time))).unwrap_or_default()
    }

    fn search(self, picture: &Luma, out_of_time: &dyn Fn() -> bool) -> Seen {
        let search = |picture: &Luma| match black(picture) {
            Some(black) => detect::search(&black, out_of_time),
            None => Seen::default(),
        };
        match self {
            Attempt::Plain => search(picture),
            Attempt::Half => enhance::half(picture)
                .map(|half| doubled(search(&half)))
                .unwrap_or_default(),
            Attempt::InvertedHalf => enhance::half(picture)
                .map(|half| doubled(search(&enhance::inverted(&half))))
                .unwrap_or_default(),
            Attempt::Blur => search(&enhance::blur(picture)),
            Attempt::Stretch => search(&enhance::stretch(picture)),
            Attempt::Unsharp => search(&enhance::unsharp(picture)),
            Attempt::Inverted => search(&enhance::inverted(picture)),
            Attempt::Second => second(picture),
        }
    }
}

fn doubled(mut seen: Seen) -> Seen {
    for found in &mut seen.found {
        found.corners = found.corners.map(|(x, y)| (x * 2.0, y * 2.0));
    }
    seen
}

fn second(picture: &Luma) -> Seen {
    let width = picture.width();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width, picture.height(), |x, y| {
            picture.at(x, y)
        });
    let mut seen = Seen::default();
    for grid in prepared.detect_grids().into_iter().take(MAX_FINDERS) {
        let corners = grid.bounds.map(|point| (point.x as f32, point.y as f32));
        if let Some(content) = detect::decode(&grid.grid) {
            seen.found.push(Found { content, corners });
        }
    }
    seen
}

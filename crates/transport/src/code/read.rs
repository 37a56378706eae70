//! Pictures to contents.

use crate::picture::Luma;

use super::attempt::Attempt;
use super::detect::{Found, MAX_FINDERS};
use super::enhance::crop;

/// Reads the codes of pictures that follow each other.
///
/// The pictures of one scan look alike: it begins with what succeeded last, and, while there is one
/// code in the picture, where that was. Every eighth picture is looked at as a whole.
#[derive(Clone, Debug)]
pub struct Reader {
    order: Vec<Attempt>,
    last: Option<Place>,
    pictures: usize,
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Reader {
            order: Attempt::ALL.to_vec(),
            last: None,
            pictures: 0,
        }
    }
}

impl Reader {
    /// The contents of the codes in a picture, as bytes: none of them is text before somebody says
    /// so.
    ///
    /// `out_of_time` is asked between pieces of work; once it says true, what was found until then
    /// is returned. One piece can take long on a picture made for that: the caller runs this in a
    /// process that can be killed.
    pub fn read(&mut self, picture: &Luma, out_of_time: &dyn Fn() -> bool) -> Vec<Vec<u8>> {
        self.pictures = self.pictures.wrapping_add(1);
        if !self.pictures.is_multiple_of(8)
            && let Some(contents) = self.read_at_last_place(picture, out_of_time)
        {
            return contents;
        }
        let mut most_finders = 0;
        for at in 0..self.order.len() {
            let Some(attempt) = self.order.get(at).copied() else {
                break;
            };
            if out_of_time() {
                break;
            }
            if attempt == Attempt::Second && most_finders > MAX_FINDERS {
                // What the first library refuses for the number of its finder patterns would keep
                // the second busy.
                continue;
            }
            let seen = attempt.run(picture, out_of_time);
            most_finders = most_finders.max(seen.finders);
            if !seen.found.is_empty() {
                self.order[..=at].rotate_right(1);
                self.last = match seen.found.as_slice() {
                    [one] => Place::around(one, picture),
                    _ => None,
                };
                return contents(seen.found);
            }
        }
        self.last = None;
        Vec::new()
    }

    /// Tries the way that succeeded last where it did.
    fn read_at_last_place(
        &mut self,
        picture: &Luma,
        out_of_time: &dyn Fn() -> bool,
    ) -> Option<Vec<Vec<u8>>> {
        let place = self.last?;
        let part = crop(picture, place.left, place.top, place.width, place.height)?;
        let seen = self.order.first()?.run(&part, out_of_time);
        let [one] = seen.found.as_slice() else {
            return None;
        };
        self.last = Place::around(&one.moved(place.left as f32, place.top as f32), picture);
        Some(contents(seen.found))
    }
}

impl Place {
    /// Around a code, with a sixth of its size to spare on every side: the quiet zone, and a hand
    /// that moves. Nothing if that would be most of the picture, and save little.
    fn around(found: &Found, picture: &Luma) -> Option<Place> {
        let [xs, ys] = [found.corners.map(|(x, _)| x), found.corners.map(|(_, y)| y)];
        let (left, width) = span(xs, picture.width());
        let (top, height) = span(ys, picture.height());
        let place = Place {
            left,
            top,
            width,
            height,
        };
        (width > 0 && height > 0 && width * height * 3 < picture.pixels().len() * 2)
            .then_some(place)
    }
}

/// Start and length of what these coordinates span, with a sixth on both sides, within `limit`.
fn span(coordinates: [f32; 4], limit: usize) -> (usize, usize) {
    let low = coordinates.iter().copied().fold(f32::INFINITY, f32::min);
    let high = coordinates
        .iter()
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    let spare = (high - low) / 6.0 + 8.0;
    // Casts of floats saturate, and take what is no number for zero.
    let (start, end) = ((low - spare) as usize, ((high + spare) as usize).min(limit));
    (start, end.saturating_sub(start))
}

fn contents(found: Vec<Found>) -> Vec<Vec<u8>> {
    let mut contents: Vec<_> = found.into_iter().map(|found| found.content).collect();
    contents.sort();
    contents.dedup();
    contents
}

/// As [`Reader::read`], for one picture.
pub fn read_codes(picture: &Luma, out_of_time: &dyn Fn() -> bool) -> Vec<Vec<u8>> {
    Reader::default().read(picture, out_of_time)
}

#[cfg(test)]
mod tests {
    use super::{Reader, read_codes};
    use crate::code::{Correction, Drawing};
    use crate::picture::Luma;
    use crate::render::luma;

    fn drawn(content: &[u8], scale: usize) -> Luma {
        luma(&Drawing::default().draw(content).expect("a code"), scale).expect("a picture")
    }

    /// `code` at a place of a larger light picture.
    fn placed(codes: &[(&Luma, usize, usize)], width: usize, height: usize) -> Luma {
        let mut picture = Luma::plain(width, height, 230).expect("a picture");
        for (code, left, top) in codes {
            for (row, from) in picture
                .pixels_mut()
                .chunks_exact_mut(width)
                .skip(*top)
                .zip(code.rows())
            {
                row[*left..*left + from.len()].copy_from_slice(from);
            }
        }
        picture
    }

    #[test]
    fn every_kind_of_content_comes_back_byte_for_byte() {
        let every_byte: Vec<u8> = (0..=255).collect();
        let cases: [&[u8]; 9] = [
            b"UR:CRYPTO-PSBT/1-3/LPADAXCFAXIACYVWHDFHNDHKAD",
            b"0123456789",
            b"0",
            b"lower case: no alphanumeric",
            &every_byte,
            &[0],
            &[0xff, 0xfe, 0x80, 0x00, 0x0d, 0x0a],
            "Grüße, 例え".as_bytes(),
            b"%%100% $*+-./: %",
        ];
        for content in cases {
            for correction in [Correction::Low, Correction::High] {
                let matrix = Drawing {
                    correction,
                    ..Drawing::default()
                }
                .draw(content)
                .expect("a code");
                let picture = luma(&matrix, 4).expect("a picture");
                assert_eq!(read_codes(&picture, &|| false), [content]);
            }
        }
    }

    #[test]
    fn every_code_of_a_picture_is_read() {
        let codes = [
            drawn(b"THE FIRST", 4),
            drawn(b"the second", 4),
            drawn(b"THE THIRD 3", 4),
        ];
        let picture = placed(
            &[
                (&codes[0], 30, 40),
                (&codes[1], 330, 60),
                (&codes[2], 600, 230),
            ],
            800,
            500,
        );
        let expected: [&[u8]; 3] = [b"THE FIRST", b"THE THIRD 3", b"the second"];
        assert_eq!(read_codes(&picture, &|| false), expected);
    }

    #[test]
    fn a_reader_follows_a_code_that_moves_and_jumps() {
        let mut reader = Reader::default();
        for (step, (left, top)) in [
            (30, 40),
            (45, 50),
            (60, 55),
            (500, 280),
            (505, 285),
            (40, 250),
        ]
        .into_iter()
        .enumerate()
        {
            let content = format!("FRAME {step}");
            let code = drawn(content.as_bytes(), 5);
            let read = reader.read(&placed(&[(&code, left, top)], 800, 500), &|| false);
            assert_eq!(read, [content.as_bytes()], "step {step}");
        }
    }

    #[test]
    fn a_second_code_is_seen_before_long() {
        let mut reader = Reader::default();
        let (first, second) = (drawn(b"ONE", 4), drawn(b"TWO", 4));
        assert_eq!(
            reader
                .read(&placed(&[(&first, 20, 20)], 900, 500), &|| false)
                .len(),
            1
        );
        let both = placed(&[(&first, 20, 20), (&second, 600, 300)], 900, 500);
        assert!((0..8).any(|_| reader.read(&both, &|| false).len() == 2));
    }

    #[test]
    fn without_time_nothing_is_done() {
        assert!(read_codes(&drawn(b"COFFERDAM", 4), &|| true).is_empty());
    }

    #[test]
    fn small_pictures_hold_nothing() {
        for (width, height) in [(1, 1), (2, 2), (3, 1), (1, 500), (7, 7), (40, 40), (41, 39)] {
            for shade in [0, 255] {
                assert!(
                    read_codes(
                        &Luma::plain(width, height, shade).expect("a picture"),
                        &|| false
                    )
                    .is_empty()
                );
            }
        }
    }
}

//! Pictures to contents.

use crate::picture::Luma;

use super::attempt::Attempt;

/// Reads the codes of pictures that follow each other. It remembers which way to read succeeded, and begins with it:
/// the pictures of one scan look alike.
#[derive(Clone, Debug)]
pub struct Reader {
    order: Vec<Attempt>,
}

impl Default for Reader {
    fn default() -> Self {
        Reader { order: Attempt::ALL.to_vec() }
    }
}

impl Reader {
    /// The contents of all codes in a picture, as bytes: none of them is text before somebody says so.
    ///
    /// `out_of_time` is asked between pieces of work; once it says true, what was found until then is returned. One piece
    /// can take long on a picture made for that: the caller runs this in a process that can be killed.
    pub fn read(&mut self, picture: &Luma, out_of_time: &dyn Fn() -> bool) -> Vec<Vec<u8>> {
        let mut finders = 0;
        for at in 0..self.order.len() {
            let attempt = self.order[at];
            if out_of_time() {
                break;
            }
            if attempt == Attempt::Second && finders > super::detect::MAX_FINDERS {
                continue;
            }
            let seen = attempt.run(picture, out_of_time);
            finders = finders.max(seen.finders);
            if !seen.found.is_empty() {
                self.order[..=at].rotate_right(1);
                let mut contents: Vec<_> = seen.found.into_iter().map(|found| found.content).collect();
                contents.sort();
                contents.dedup();
                return contents;
            }
        }
        Vec::new()
    }
}

/// As [`Reader::read`], for one picture.
pub fn read_codes(picture: &Luma, out_of_time: &dyn Fn() -> bool) -> Vec<Vec<u8>> {
    Reader::default().read(picture, out_of_time)
}

//! Solving parts for fragments: Gaussian elimination over GF(2), kept in reduced row echelon form
//! after each part.
//!
//! A part is an equation: the exclusive or of some fragments equals its data. As soon as K of them
//! are independent all fragments are known; peeling decoders wait for parts that leave one fragment
//! unknown, and need more.

/// What an equation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It follows from the others.
    Known,
    /// It is independent of the others.
    Nearer,
    /// It contradicts the others.
    Contradiction,
}

/// The equations of one message. Memory grows with each independent one, by `count / 8` bytes and
/// one fragment.
#[derive(Debug)]
pub(super) struct Elimination {
    /// By pivot: no row has a bit at another row's pivot.
    rows: Vec<Option<Row>>,
    /// The pivots of the rows there are, as bits.
    pivots: Vec<u64>,
    rank: usize,
}

#[derive(Debug)]
struct Row {
    /// Which fragments are mixed, as bits.
    mixed: Vec<u64>,
    data: Vec<u8>,
}

impl Elimination {
    /// Starts with no equation for `count` fragments.
    pub(super) fn new(count: usize) -> Elimination {
        Elimination {
            rows: (0..count).map(|_| None).collect(),
            pivots: vec![0; count.div_ceil(64)],
            rank: 0,
        }
    }

    /// Returns how many equations are independent.
    pub(super) fn rank(&self) -> usize {
        self.rank
    }

    /// Returns whether every fragment is known.
    pub(super) fn is_solved(&self) -> bool {
        self.rank == self.rows.len()
    }

    /// Takes an equation. Indices must be below the count, and all data of one length.
    ///
    /// At most `count` rows are added to it, and it to at most `count` rows.
    pub(super) fn insert(&mut self, fragments: &[u16], data: &[u8]) -> Outcome {
        let mut new = Row {
            mixed: vec![0; self.pivots.len()],
            data: data.to_vec(),
        };
        for &fragment in fragments {
            let (word, bit) = place(usize::from(fragment));
            new.mixed[word] |= bit;
        }
        // A row has no bit at another's pivot, so adding rows brings up no further pivots.
        let known: Vec<u64> = new
            .mixed
            .iter()
            .zip(&self.pivots)
            .map(|(a, b)| a & b)
            .collect();
        for pivot in bits(&known) {
            if let Some(row) = &self.rows[pivot] {
                new.add(row);
            }
        }
        let Some(pivot) = bits(&new.mixed).next() else {
            return if new.data.iter().all(|&byte| byte == 0) {
                Outcome::Known
            } else {
                Outcome::Contradiction
            };
        };
        let (word, bit) = place(pivot);
        for row in self.rows.iter_mut().flatten() {
            if row.mixed[word] & bit != 0 {
                row.add(&new);
            }
        }
        self.pivots[word] |= bit;
        self.rows[pivot] = Some(new);
        self.rank += 1;
        Outcome::Nearer
    }

    /// Joins the fragments; those that are not known are left out.
    pub(super) fn join(self) -> Vec<u8> {
        let fragment = self
            .rows
            .iter()
            .flatten()
            .next()
            .map_or(0, |row| row.data.len());
        let mut joined = Vec::with_capacity(self.rank * fragment);
        for row in self.rows.into_iter().flatten() {
            joined.extend_from_slice(&row.data);
        }
        joined
    }
}

impl Row {
    fn add(&mut self, other: &Row) {
        for (a, b) in self.mixed.iter_mut().zip(&other.mixed) {
            *a ^= b;
        }
        for (a, b) in self.data.iter_mut().zip(&other.data) {
            *a ^= b;
        }
    }
}

fn place(index: usize) -> (usize, u64) {
    (index / 64, 1 << (index % 64))
}

/// Returns the indices of the bits that are set, in order.
fn bits(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(index, &word)| {
        std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)))
            .take_while(|&rest| rest != 0)
            .map(move |rest| index * 64 + rest.trailing_zeros() as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_peeling_cannot_solve_is_solved() {
        // No equation has one unknown: a+b, b+c, a+b+c.
        let mut elimination = Elimination::new(3);
        let [a, b, c] = [[1, 10], [2, 20], [4, 40]];
        let mix = |parts: &[[u8; 2]]| parts.iter().fold([0, 0], |[x, y], [p, q]| [x ^ p, y ^ q]);
        assert_eq!(elimination.insert(&[0, 1], &mix(&[a, b])), Outcome::Nearer);
        assert_eq!(elimination.insert(&[1, 2], &mix(&[b, c])), Outcome::Nearer);
        assert_eq!(elimination.insert(&[0, 2], &mix(&[a, c])), Outcome::Known);
        assert_eq!(elimination.insert(&[2, 0], &[9, 9]), Outcome::Contradiction);
        assert!(!elimination.is_solved());
        assert_eq!(
            elimination.insert(&[2, 1, 0], &mix(&[a, b, c])),
            Outcome::Nearer
        );
        assert!(elimination.is_solved());
        assert_eq!(elimination.join(), [1, 10, 2, 20, 4, 40]);
    }

    #[test]
    fn bits_are_listed_in_order() {
        let words = [1 | 1 << 63, 0, 1 << 5];
        assert_eq!(bits(&words).collect::<Vec<_>>(), [0, 63, 133]);
        assert_eq!(bits(&[]).next(), None);
    }
}

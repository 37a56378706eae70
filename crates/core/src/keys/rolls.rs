//! Dice and coins, thrown by the operator.

use std::fmt;

use zeroize::Zeroizing;

/// The most rolls that are read.
const MAX_ROLLS: usize = 10_000;

/// What was thrown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollKind {
    /// Six-sided dice, written `1` to `6`.
    Dice,
    /// Coins, written `H` and `T`.
    Coins,
}

/// Why rolls are refused. No message repeats a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollsError {
    /// There is no roll.
    #[error("there are no rolls; write dice as 1 to 6, or coins as H and T")]
    Empty,
    /// A character is no roll.
    #[error(
        "character {position} is no roll; write dice as 1 to 6, or coins as H and T (not 0 and 1)"
    )]
    NotARoll {
        /// The position in characters, from 1.
        position: usize,
    },
    /// Dice and coins are mixed.
    #[error("character {position} mixes dice and coins; write only one kind")]
    Mixed {
        /// The position in characters, from 1.
        position: usize,
    },
    /// There are too many rolls.
    #[error("there are more than {MAX_ROLLS} rolls; use fewer, 100 dice are plenty")]
    TooMany,
}

/// What rolls look like that no fair dice or coins would give, but for one time in a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bias {
    /// Some faces come too often.
    Faces,
    /// Each roll depends on the one before, as in `123456123456`.
    Sequence,
}

/// Rolls as they are hashed: `1` to `6`, or `H` and `T`, without spaces.
///
/// Coins are not written 0 and 1, because a 1 is a roll of a die too.
pub struct Rolls {
    text: Zeroizing<String>,
    kind: RollKind,
}

impl Rolls {
    /// Reads rolls; white space is left out, and `h` and `t` become `H` and `T`.
    pub fn parse(text: &str) -> Result<Rolls, RollsError> {
        // All the room at once, so that growing leaves no copies behind.
        let mut rolls = Zeroizing::new(String::with_capacity(text.len()));
        let mut kind = None;
        for (character, position) in text.chars().zip(1..) {
            let (roll, roll_kind) = match character {
                '1'..='6' => (character, RollKind::Dice),
                'H' | 'h' => ('H', RollKind::Coins),
                'T' | 't' => ('T', RollKind::Coins),
                ' ' | '\t' | '\r' | '\n' => continue,
                _ => return Err(RollsError::NotARoll { position }),
            };
            if *kind.get_or_insert(roll_kind) != roll_kind {
                return Err(RollsError::Mixed { position });
            }
            if rolls.len() == MAX_ROLLS {
                return Err(RollsError::TooMany);
            }
            rolls.push(roll);
        }
        kind.map(|kind| Rolls { text: rolls, kind })
            .ok_or(RollsError::Empty)
    }

    /// Returns the ASCII text that is hashed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns what was thrown.
    pub fn kind(&self) -> RollKind {
        self.kind
    }

    /// Returns the number of rolls.
    pub fn count(&self) -> usize {
        self.text.len()
    }

    /// Returns how many bits of entropy fair rolls of this number have, rounded down.
    pub fn bits(&self) -> usize {
        match self.kind {
            // log2(6) = 2.58496...
            RollKind::Dice => self.count() * 258_496 / 100_000,
            RollKind::Coins => self.count(),
        }
    }

    /// Returns what is suspicious about the rolls. A warning only: mixing cannot lose entropy.
    ///
    /// A chi-squared test of the faces, and one of the steps from each roll to the next (modulo the
    /// number of faces), at the level of one in a thousand each. Fewer than five expected of a face
    /// are too few to say anything.
    pub fn bias(&self) -> Option<Bias> {
        let faces: Zeroizing<Vec<usize>> = Zeroizing::new(self.text.bytes().map(face).collect());
        let sides = self.sides();
        if self.is_uneven(faces.iter().copied()) {
            return Some(Bias::Faces);
        }
        let steps = faces.windows(2).map(|pair| match pair {
            [before, after] => (after + sides - before) % sides,
            _ => 0,
        });
        self.is_uneven(steps).then_some(Bias::Sequence)
    }

    fn sides(&self) -> usize {
        match self.kind {
            RollKind::Dice => 6,
            RollKind::Coins => 2,
        }
    }

    /// Returns whether values below the number of sides are spread less evenly than chance does but
    /// one time in 1000.
    fn is_uneven(&self, values: impl Iterator<Item = usize>) -> bool {
        let sides = self.sides();
        let mut counts = [0_usize; 6];
        values.for_each(|value| counts[value] += 1);
        let total: usize = counts.iter().sum();
        if total < 5 * sides {
            return false;
        }
        // The 99.9 % quantiles of chi squared with sides - 1 degrees of freedom, in thousandths.
        let quantile = match self.kind {
            RollKind::Dice => 20_515,
            RollKind::Coins => 10_828,
        };
        // sum((count - total / sides)^2 / (total / sides)) = (sides * sum(count^2) - total^2) /
        // total
        let squares: usize = counts.iter().map(|count| count * count).sum();
        (sides * squares - total * total) * 1000 > quantile * total
    }
}

/// Returns a roll's face, from 0.
fn face(roll: u8) -> usize {
    match roll {
        b'H' => 0,
        b'T' => 1,
        die => usize::from(die - b'1'),
    }
}

impl fmt::Debug for Rolls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rolls(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, RollsError> {
        Rolls::parse(text).map(|rolls| rolls.as_str().to_owned())
    }

    fn bias(text: &str) -> Option<Bias> {
        Rolls::parse(text).unwrap().bias()
    }

    #[test]
    fn rolls_are_read_without_spaces() {
        assert_eq!(parse("1 2\n3\t4\r\n56"), Ok("123456".into()));
        assert_eq!(parse("HthT\n"), Ok("HTHT".into()));
        assert_eq!(
            Rolls::parse("66")
                .map(|rolls| (rolls.kind(), rolls.count()))
                .ok(),
            Some((RollKind::Dice, 2))
        );
    }

    #[test]
    fn what_is_no_roll_is_refused_by_position() {
        assert_eq!(parse(""), Err(RollsError::Empty));
        assert_eq!(parse(" \n"), Err(RollsError::Empty));
        for text in [
            "127",
            "120",
            "12x",
            "12,",
            "12\u{664}",
            "HT0",
            "ht\0",
            "12\u{a0}",
        ] {
            assert_eq!(
                parse(text),
                Err(RollsError::NotARoll { position: 3 }),
                "{text:?}"
            );
        }
        assert_eq!(parse("12H"), Err(RollsError::Mixed { position: 3 }));
        assert_eq!(parse("TT1"), Err(RollsError::Mixed { position: 3 }));
        assert_eq!(
            parse(&"1".repeat(MAX_ROLLS)).map(|text| text.len()),
            Ok(MAX_ROLLS)
        );
        assert_eq!(parse(&"1".repeat(MAX_ROLLS + 1)), Err(RollsError::TooMany));
    }

    #[test]
    fn bits_are_counted_down() {
        for (text, bits) in [("1", 2), ("11", 5), ("HTH", 3)] {
            assert_eq!(Rolls::parse(text).unwrap().bits(), bits);
        }
        assert_eq!(Rolls::parse(&"1".repeat(50)).unwrap().bits(), 129);
        assert_eq!(Rolls::parse(&"1".repeat(99)).unwrap().bits(), 255);
        assert_eq!(Rolls::parse(&"1".repeat(100)).unwrap().bits(), 258);
    }

    #[test]
    fn fair_rolls_raise_no_suspicion() {
        // Digits of pi below 7 and not 0, and its binary digits.
        assert_eq!(
            bias("31415265355323462643332521644135166253423144615233234222361551344612421351"),
            None
        );
        assert_eq!(
            bias("HTTHTTHTTTTHHHHHHTHHTHTHTHTTTHTTTHTTTTHTHHTHTTTHHTTTT"),
            None
        );
        // Too few to say anything.
        assert_eq!(bias("111111"), None);
        assert_eq!(bias("HHHHH"), None);
    }

    #[test]
    fn loaded_dice_and_patterns_raise_suspicion() {
        assert_eq!(bias(&"6".repeat(50)), Some(Bias::Faces));
        assert_eq!(bias(&"66616662".repeat(8)), Some(Bias::Faces));
        assert_eq!(bias(&"H".repeat(30)), Some(Bias::Faces));
        assert_eq!(bias(&"123456".repeat(9)), Some(Bias::Sequence));
        assert_eq!(bias(&"HT".repeat(20)), Some(Bias::Sequence));
    }
}

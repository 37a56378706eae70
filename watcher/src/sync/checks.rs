//! The rules that a chain source is held to.

/// A rule that a chain source is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Spends of our coins in the memory pool are signed.
    PoolSpends,
    /// Spends of our coins in blocks are signed.
    BlockSpends,
    /// A block's transactions are those of its header, each once.
    Transactions,
    /// A block's witnesses are those that it commits to, where it spends a coin of ours.
    Witnesses,
    /// Amounts come to sums that can exist.
    Amounts,
    /// The answers are no more than an honest source's.
    Bounds,
    /// The chain begins with the network's first block.
    Genesis,
    /// The chain has the block that the network's chain is known to have.
    Checkpoint,
    /// Headers have the work that they claim.
    ProofOfWork,
    /// Headers claim the work that their place demands.
    Difficulty,
    /// Headers' times are after those before them, and not ahead of the clock.
    Times,
    /// A chain that takes another's place has more work.
    MoreWork,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 12] = [
        Rule::PoolSpends,
        Rule::BlockSpends,
        Rule::Transactions,
        Rule::Witnesses,
        Rule::Amounts,
        Rule::Bounds,
        Rule::Genesis,
        Rule::Checkpoint,
        Rule::ProofOfWork,
        Rule::Difficulty,
        Rule::Times,
        Rule::MoreWork,
    ];
}

/// Which rules a chain source is held to.
///
/// All of them: no argument and no setting of the program changes that. A test that shows what a
/// rule is for leaves it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    left_out: u32,
}

impl Checks {
    /// Returns all rules but some.
    pub fn without(rules: &[Rule]) -> Self {
        let left_out = rules.iter().fold(0, |bits, rule| bits | 1 << *rule as u32);
        Checks { left_out }
    }

    /// Returns whether a rule holds.
    pub fn has(self, rule: Rule) -> bool {
        self.left_out & 1 << rule as u32 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Checks, Rule};

    #[test]
    fn every_rule_holds_unless_it_is_left_out() {
        for rule in Rule::ALL {
            assert!(Checks::default().has(rule), "{rule:?}");
            for other in Rule::ALL {
                assert_eq!(Checks::without(&[rule]).has(other), rule != other);
            }
        }
    }
}

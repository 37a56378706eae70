//! Deriving the scripts of many indices.

use std::ops::Range;

use bitcoin::ScriptBuf;
use cofferdam_core::wallet::{Branch, DeriveError, Wallet};

/// A script takes some 40 microseconds, as a thread does.
const FEWEST_FOR_A_THREAD: usize = 32;

/// Derives the scripts of a range of indices, on all processors when they are many.
pub(crate) fn derive_scripts(
    wallet: &Wallet,
    branch: Branch,
    range: Range<u32>,
) -> Result<Vec<ScriptBuf>, DeriveError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u32;
    let size = range
        .len()
        .div_ceil(threads as usize)
        .max(FEWEST_FOR_A_THREAD) as u32;
    let parts: Vec<Range<u32>> = (range.start..range.end)
        .step_by(size as usize)
        .map(|start| start..range.end.min(start.saturating_add(size)))
        .collect();
    let derive = |part: Range<u32>| wallet.scripts(branch, part);
    match parts.as_slice() {
        [] => Ok(Vec::new()),
        [one] => derive(one.clone()),
        [first, others @ ..] => std::thread::scope(|scope| {
            let others: Vec<_> = others
                .iter()
                .map(|part| scope.spawn(|| derive(part.clone())))
                .collect();
            let mut all = derive(first.clone())?;
            for other in others {
                let part = other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                all.extend(part?);
            }
            Ok(all)
        }),
    }
}

/// Returns the first index that is not watched when `next` is the first one that is free.
pub(crate) fn horizon(next: u32, gap: u32) -> u32 {
    // Indices end at 2^31 (BIP32).
    next.saturating_add(gap).min(1 << 31)
}
#[cfg(test)]
mod tests {
    use cofferdam_core::Network;

    use super::*;

    #[test]
    fn derived_in_parts_are_the_scripts_in_their_order() {
        let descriptor = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";
        let wallet =
            Wallet::from_descriptor(descriptor, "main".parse().unwrap(), Network::Regtest, None)
                .unwrap();
        for range in [0..0, 3..4, 7..39, 7..40, 5..206] {
            let whole = wallet.scripts(Branch::Change, range.clone()).unwrap();
            assert_eq!(
                derive_scripts(&wallet, Branch::Change, range).unwrap(),
                whole
            );
        }
        derive_scripts(&wallet, Branch::Change, (1 << 31) - 70..(1 << 31) + 1).unwrap_err();
    }
}

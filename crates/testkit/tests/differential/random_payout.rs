//! Random payouts of random wallets.

use bitcoin::ScriptBuf;
use bitcoin::hashes::Hash as _;
use bitcoin::{PubkeyHash, ScriptHash, WPubkeyHash, WScriptHash};
use cofferdam_core::wallet::Branch;
use cofferdam_testkit::frames::Random;
use cofferdam_testkit::hostile::fixture::{theirs, vault_wallets};
use cofferdam_testkit::hostile::payout::script;
use cofferdam_testkit::hostile::{Coin, Payout};

use crate::core::INDICES;

/// Returns a payout whose fee is not negative: any wallet, up to six coins, up to nine outputs of
/// every kind.
pub(crate) fn payout(random: &mut Random) -> Payout {
    let wallets = vault_wallets();
    let wallet = &wallets[below(random, wallets.len() as u64) as usize];
    let mut payout = Payout::of(wallet);
    payout.coins.clear();
    payout.outputs.clear();
    payout.version = if below(random, 4) == 0 { 1 } else { 2 };
    payout.lock_time = match below(random, 3) {
        0 => 0,
        1 => below(random, 900_000) as u32,
        _ => 1_600_000_000 + below(random, 100_000_000) as u32,
    };
    let mut left = 0;
    for number in 0..=below(random, 6) {
        let sat = 1 + random.bits()
            % [1_000, 1_000_000, 100_000_000, 100_000_000_000][below(random, 4) as usize];
        left += sat;
        let salt = number as u32 + (below(random, 100_000) as u32) * 10;
        let mut coin = Coin::new(wallet, branch(random), index(random), sat, salt);
        coin.sequence = [u32::MAX, u32::MAX - 1, u32::MAX - 2, 144, 0][below(random, 5) as usize];
        payout.coins.push(coin);
    }
    for _ in 0..=below(random, 9) {
        let sat = below(random, left + 1) / 2;
        left -= sat;
        let hash: [u8; 32] = std::array::from_fn(|_| random.bits() as u8);
        let short: [u8; 20] = std::array::from_fn(|at| hash[at]);
        match below(random, 10) {
            0..3 => payout.pay_own(wallet, Branch::Change, index(random), sat),
            3 => payout.pay_own(wallet, Branch::Receive, index(random), sat),
            4 => {
                let other = &wallets[below(random, wallets.len() as u64) as usize];
                payout.pay_own(other, branch(random), index(random), sat);
            }
            5 => payout.pay(
                ScriptBuf::new_p2pkh(&PubkeyHash::from_byte_array(short)),
                sat,
            ),
            6 => payout.pay(
                ScriptBuf::new_p2sh(&ScriptHash::from_byte_array(short)),
                sat,
            ),
            7 => payout.pay(
                ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(short)),
                sat,
            ),
            8 => payout.pay(
                ScriptBuf::new_p2wsh(&WScriptHash::from_byte_array(hash)),
                sat,
            ),
            _ if below(random, 2) == 0 => {
                let their = theirs(wallet.single().unwrap().script_type());
                payout.pay(script(their, branch(random), index(random)), sat);
            }
            _ => {
                payout.pay(ScriptBuf::new_op_return(hash), 0);
                left += sat;
            }
        }
    }
    payout
}

fn below(random: &mut Random, bound: u64) -> u64 {
    // The high bits are the better ones.
    (random.bits() >> 8) % bound
}

fn branch(random: &mut Random) -> Branch {
    if below(random, 2) == 0 {
        Branch::Receive
    } else {
        Branch::Change
    }
}

fn index(random: &mut Random) -> u32 {
    below(random, u64::from(INDICES)) as u32
}

//! Drawn payout lists in Cofferdam's CSV.

use std::fmt::Write as _;
use std::ops::Range;

use bitcoin::hashes::Hash as _;
use bitcoin::{Address, Network, ScriptBuf, WPubkeyHash};

use crate::treasury::chance::Chance;

/// Returns a list of `count` payments of 1,000 to 100,000 satoshis, each to an address of its own.
/// Another `seed` makes other ids and addresses.
///
/// # Panics
/// Never: the scripts are witness programs.
pub fn csv(seed: u64, count: u32) -> String {
    csv_between(seed, count, 1_000..100_000)
}

/// As [`csv`], of payments of these satoshis.
///
/// # Panics
/// Never: the scripts are witness programs.
pub fn csv_between(seed: u64, count: u32, amounts: Range<u64>) -> String {
    let mut chance = Chance::new(seed ^ 0xc5f);
    let mut text = String::from("payout_id,address,amount,unit,name,reference\n");
    for number in 0..count {
        let bytes = chance.bytes();
        let mut hash = [0; 20];
        hash.copy_from_slice(&bytes[..20]);
        let script = ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash));
        let address = Address::from_script(&script, Network::Regtest).expect("a witness program");
        let satoshis = amounts.start + chance.below(amounts.end - amounts.start);
        let _ = writeln!(
            text,
            "r{seed}-{number},{address},{satoshis},sat,Payee {number},batch {seed}"
        );
    }
    text
}

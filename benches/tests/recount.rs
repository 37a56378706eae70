//! The ledger of a drawn treasury and a plain count of its history agree: balance, coins, spenders
//! and history.

use std::collections::BTreeMap;

use bitcoin::{OutPoint, Txid};
use cofferdam_benches::treasury::recount::{Count, of_ledger};
use cofferdam_benches::treasury::{Spec, Treasury, ledger};
use cofferdam_core::ScriptType;

#[tokio::test]
async fn the_ledger_of_a_treasury_agrees_with_a_plain_count() {
    for (seed, script_type) in [(1, ScriptType::Segwit), (2, ScriptType::Taproot)] {
        let spec = Spec {
            seed,
            script_type,
            scripts: 2_000,
            coins: 1_500,
            transactions: 10_001,
            each_block: 40,
        };
        let treasury = Treasury::draw(spec).unwrap();
        let folder = tempfile::TempDir::new().unwrap();
        ledger::write(&treasury, folder.path()).await.unwrap();
        let counted = Count::of(&treasury);
        assert_eq!(counted.coins.len(), 1_501, "T and C are not both even");
        assert_eq!(counted.history.len(), 10_001);
        let found = of_ledger(&folder.path().join("ledger.sqlite"))
            .await
            .unwrap();
        assert_eq!(found.balance.confirmed, counted.balance());
        assert_eq!(found.balance.spendable, counted.balance());
        assert!(found.count == counted, "coins, spenders and history");
    }
}

#[test]
fn a_count_notices_a_coin_that_is_spent() {
    let spec = Spec {
        seed: 3,
        script_type: ScriptType::Segwit,
        scripts: 20,
        coins: 10,
        transactions: 100,
        each_block: 10,
    };
    let treasury = Treasury::draw(spec).unwrap();
    let whole = Count::of(&treasury);
    let mut shorter = treasury.clone();
    shorter.history.pop();
    let before = Count::of(&shorter);
    let gone: BTreeMap<OutPoint, (u64, u32)> = before
        .coins
        .iter()
        .filter(|(outpoint, _)| !whole.coins.contains_key(outpoint))
        .map(|(outpoint, coin)| (*outpoint, *coin))
        .collect();
    let last: Txid = treasury.history[99].1.compute_txid();
    assert!(gone.keys().all(|outpoint| whole.spent[outpoint].0 == last));
    assert_eq!(whole.history.len(), before.history.len() + 1);
}

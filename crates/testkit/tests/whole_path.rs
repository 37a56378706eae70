//! The main job on a real bitcoind, through both binaries and files alone: fund, sync, plan, sign,
//! broadcast, mine, reorganise, confirm; for each script type and each PSBT version.

mod treasury;

use cofferdam_testkit::bitcoind::Bitcoind;
use serde_json::json;
use treasury::{Treasury, btc_to_sat, outputs, psbt_version_of};

/// What a treasury owes: two payees by address kind, one amount in each unit.
const PAYOUTS: &str = "payout_id,address,amount,unit,name,reference\n\
    pay-1,bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080,0.5,btc,Ada,first\n\
    pay-2,mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn,125000000,sat,Bram,second\n\
    pay-3,bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6,7000000000,sat,Chidi,third\n";
const PAYOUTS_SAT: u64 = 50_000_000 + 125_000_000 + 7_000_000_000;
const FUNDED_SAT: u64 = 3 * 5_000_000_000;

fn whole_path(script: &str, psbt_version: &str) {
    let treasury = Treasury::new(script);
    treasury.wallet_by_file();
    treasury.fund(3);
    assert_eq!(treasury.balance()["confirmed"], FUNDED_SAT);
    let list = treasury.path("payouts.csv");
    std::fs::write(&list, PAYOUTS).unwrap();

    let created = treasury.watcher(&[
        "payout",
        "create",
        &list,
        "--wallet",
        "main",
        "--fee-rate",
        "2.5",
    ]);
    let id = created["id"].as_str().expect("an id").to_owned();
    let locked = treasury.balance();
    assert!(
        locked["locked"].as_u64().unwrap() >= PAYOUTS_SAT,
        "{locked}"
    );
    assert_eq!(
        locked["confirmed"], FUNDED_SAT,
        "what is locked is still ours"
    );

    let unsigned = treasury.path("unsigned.psbt");
    treasury.watcher(&[
        "payout",
        "export",
        &id,
        "--out",
        &unsigned,
        "--psbt-version",
        psbt_version,
    ]);
    let exported = std::fs::read(&unsigned).unwrap();
    assert_eq!(psbt_version_of(&exported), psbt_version);
    assert_eq!(
        treasury.watcher(&["payout", "show", &id])["state"],
        "exported"
    );

    let inspected = treasury.signer.run(&["inspect", &unsigned]).unwrap();
    assert_eq!(inspected.code, 0, "{}", inspected.stdout);
    let signed = treasury.path("signed.psbt");
    treasury.signer(&["sign", &unsigned, "--out", &signed, "--yes"]);
    assert_eq!(
        psbt_version_of(&std::fs::read(&signed).unwrap()),
        psbt_version
    );

    treasury.watcher(&["payout", "import", &id, &signed]);
    assert_eq!(
        treasury.watcher(&["payout", "show", &id])["state"],
        "signed"
    );
    treasury.watcher(&["payout", "broadcast", &id]);
    treasury.watcher(&["payout", "broadcast", &id]);
    let shown = treasury.watcher(&["payout", "show", &id]);
    assert_eq!(shown["state"], "broadcast");
    let txid = shown["transactions"][0]["txid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        treasury.node.rpc("getrawmempool", json!([])).unwrap(),
        json!([txid])
    );

    treasury.node.mine(1).unwrap();
    treasury.sync();
    assert_eq!(
        treasury.watcher(&["payout", "show", &id])["state"],
        "confirmed"
    );

    treasury.node.reorganise(3).unwrap();
    treasury.sync();
    assert_eq!(
        treasury.watcher(&["payout", "show", &id])["state"],
        "broadcast",
        "a reorganisation moves back"
    );
    // The lock time may have thrown it out of the memory pool meanwhile: it is sent again, the same
    // bytes.
    treasury.watcher(&["payout", "broadcast", &id]);
    assert_eq!(
        treasury.node.rpc("getrawmempool", json!([])).unwrap(),
        json!([txid])
    );
    treasury.sync();
    let unconfirmed = treasury.balance();
    let fee = fee_sat(&treasury.node, &txid);
    assert_eq!(
        unconfirmed["confirmed"].as_u64().unwrap() + unconfirmed["pending"].as_u64().unwrap(),
        FUNDED_SAT - PAYOUTS_SAT - fee
    );

    let hashes = treasury.node.mine(1).unwrap();
    treasury.sync();
    let shown = treasury.watcher(&["payout", "show", &id]);
    assert_eq!(shown["state"], "confirmed");
    assert_eq!(shown["payments"].as_array().unwrap().len(), 3);

    let paid = outputs(&treasury.node, &txid);
    assert_eq!(
        paid["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"],
        50_000_000
    );
    assert_eq!(paid["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"], 125_000_000);
    assert_eq!(
        paid["bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6"],
        7_000_000_000
    );
    let block = treasury
        .node
        .rpc("getblock", json!([hashes[0], 1]))
        .unwrap();
    assert_eq!(block["tx"][1], txid.as_str());

    let fee = FUNDED_SAT - PAYOUTS_SAT - treasury.balance()["confirmed"].as_u64().unwrap();
    let size = treasury
        .node
        .rpc("getrawtransaction", json!([txid, 1]))
        .unwrap()["vsize"]
        .as_u64()
        .unwrap();
    let asked = (size * 2_500).div_ceil(1_000);
    assert!(
        (asked..=asked + asked / 20).contains(&fee),
        "fee {fee} for {size} vB at 2.5 sat/vB"
    );
    assert_eq!(
        treasury.balance()["confirmed"].as_u64().unwrap(),
        treasury.node_balance_sat()
    );
}

fn fee_sat(node: &Bitcoind, txid: &str) -> u64 {
    let entry = node.rpc("getmempoolentry", json!([txid])).unwrap();
    btc_to_sat(&entry["fees"]["base"])
}

macro_rules! whole_path_tests {
    ($($name:ident: $script:literal, $version:literal;)*) => {
        $(#[test] fn $name() { whole_path($script, $version); })*
    };
}

whole_path_tests! {
    pkh_by_psbt_v0: "legacy", "0";
    pkh_by_psbt_v2: "legacy", "2";
    sh_wpkh_by_psbt_v0: "nested", "0";
    sh_wpkh_by_psbt_v2: "nested", "2";
    wpkh_by_psbt_v0: "segwit", "0";
    wpkh_by_psbt_v2: "segwit", "2";
    tr_by_psbt_v0: "taproot", "0";
    tr_by_psbt_v2: "taproot", "2";
}

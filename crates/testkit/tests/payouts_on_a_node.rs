//! Payouts on a real node: its policy is the judge of fees, replacements and conflicts.

mod desk;

use bitcoin::psbt::Psbt;
use desk::Desk;
use serde_json::{Value, json};

#[test]
fn the_node_takes_the_transaction_that_cancels_a_broadcast_one() {
    for case in ["p2pkh", "p2wpkh", "p2tr"] {
        let desk = Desk::on_a_node(case, 2);
        let id = desk.create("a", 200, &[]);
        desk.signed(&id);
        desk.ok(&["payout", "broadcast", &id]);
        let cancelling = desk.ok(&["payout", "cancel", &id]);
        let cancel = cancelling["cancelled_by"].as_str().unwrap();
        desk.signed(cancel);
        let sent = desk.ok(&["payout", "broadcast", cancel]);
        assert_eq!(
            desk.mempool(),
            json!([sent["transactions"][0]["txid"]]),
            "{case}: the original is still there"
        );
        desk.mine(1);
        assert_eq!(desk.state(&id), "cancelling");
        assert_eq!(desk.state(cancel), "confirmed");
        desk.mine(5);
        assert_eq!(desk.state(&id), "cancelled");
        let fee = sent["totals"]["fee_sat"].as_u64().unwrap();
        assert_eq!(desk.balance("confirmed"), 10_000_000_000 - fee);
    }
}

#[test]
fn the_node_takes_a_list_over_several_transactions_at_the_rate_asked_for() {
    for case in ["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"] {
        let desk = Desk::on_a_node(case, 6);
        let id = desk.create("a", 100, &["--max-weight", "8000"]);
        let exported = desk.ok(&["payout", "export", &id, "--out", &desk.text("out")]);
        let mut import = vec!["payout".to_owned(), "import".to_owned(), id.clone()];
        for file in exported["files"].as_array().unwrap() {
            let file = file.as_str().unwrap();
            let mut psbt = Psbt::deserialize(&std::fs::read(file).unwrap()).unwrap();
            desk.sign(&mut psbt);
            std::fs::write(file, psbt.serialize()).unwrap();
            import.push(file.to_owned());
        }
        desk.ok(&import.iter().map(String::as_str).collect::<Vec<_>>());
        let sent = desk.ok(&["payout", "broadcast", &id]);
        let node = desk.node.as_ref().unwrap();
        let tip = node.height().unwrap();
        for transaction in sent["transactions"].as_array().unwrap() {
            let found = node
                .rpc("getrawtransaction", json!([transaction["txid"], 1]))
                .unwrap();
            let (fee, vsize) = (
                transaction["fee_sat"].as_u64().unwrap(),
                found["vsize"].as_u64().unwrap(),
            );
            let weight = transaction["weight"].as_u64().unwrap();
            assert!(
                found["weight"].as_u64().unwrap() <= weight + 4,
                "{case}: heavier than planned"
            );
            // The test's signatures have no low R: one byte more for some inputs.
            assert!(
                fee * 1000 >= (vsize - 1) * 2_000,
                "{case}: {fee} sat for {vsize} vB"
            );
            assert!(
                fee <= vsize * 2 + vsize / 10,
                "{case}: {fee} sat for {vsize} vB"
            );
            assert!((tip.saturating_sub(100)..=tip).contains(&found["locktime"].as_u64().unwrap()));
            let inputs = found["vin"].as_array().unwrap();
            assert!(
                inputs
                    .iter()
                    .all(|input: &Value| input["sequence"] == 0xffff_fffd_u32)
            );
        }
        desk.mine(1);
        assert_eq!(desk.state(&id), "confirmed");
        desk.reorganise(1);
        assert_eq!(desk.state(&id), "broadcast");
        desk.mine(6);
        assert_eq!(desk.state(&id), "confirmed");
        assert_eq!(desk.show(&id)["final"], true);
        assert_eq!(desk.balance("locked"), 0);
    }
}

#[test]
fn a_coin_that_was_spent_elsewhere_is_13_before_the_sync_and_a_conflict_after() {
    let desk = Desk::on_a_node("p2wpkh", 1);
    let id = desk.create("a", 3, &[]);
    let mut psbt = desk.export(&id, "a.psbt");
    let mut stolen = psbt.clone();
    stolen.unsigned_tx.output.truncate(1);
    stolen.outputs.truncate(1);
    stolen.unsigned_tx.output[0].value = bitcoin::Amount::from_sat(4_999_990_000);
    desk.sign(&mut stolen);
    let coin = stolen.inputs[0].witness_utxo.clone().unwrap();
    let parsed =
        cofferdam_core::psbt::Parsed::parse(&stolen.serialize(), &Default::default()).unwrap();
    let stolen = cofferdam_core::psbt::finalize(&parsed, &[coin]).unwrap();
    let node = desk.node.as_ref().unwrap();
    node.rpc(
        "sendrawtransaction",
        json!([bitcoin::consensus::encode::serialize_hex(&stolen)]),
    )
    .unwrap();
    node.mine(1).unwrap();

    desk.sign(&mut psbt);
    desk.import(&id, &psbt).json().unwrap();
    assert_eq!(
        desk.fails(&["payout", "broadcast", &id], 13)["code"],
        "transaction-rejected"
    );
    desk.sync();
    let shown = desk.show(&id);
    assert_eq!(shown["state"], "conflicted");
    assert_eq!(
        shown["transactions"][0]["conflict"],
        stolen.compute_txid().to_string()
    );
    assert!(
        shown["payments"]
            .as_array()
            .unwrap()
            .iter()
            .all(|payment| payment["state"] == "conflicted")
    );
    // Its other coins are free once the conflict is final.
    desk.mine(6);
    assert_eq!(desk.balance("locked"), 0);
}

#[test]
fn a_cancelling_that_is_too_slow_is_outbid_by_another() {
    let desk = Desk::on_a_node("p2wpkh", 2);
    let id = desk.create("a", 20, &[]);
    desk.signed(&id);
    desk.ok(&["payout", "broadcast", &id]);
    let cancel = |arguments: &[&str]| {
        let arguments = [&["payout", "cancel", &id][..], arguments].concat();
        desk.ok(&arguments)["cancelled_by"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let slow = cancel(&[]);
    desk.signed(&slow);
    desk.ok(&["payout", "broadcast", &slow]);
    assert_eq!(cancel(&[]), slow);
    assert_eq!(cancel(&["--fee-rate", "2"]), slow);
    let fast = cancel(&["--fee-rate", "50"]);
    assert_ne!(fast, slow);
    desk.signed(&fast);
    let sent = desk.ok(&["payout", "broadcast", &fast]);
    assert_eq!(desk.mempool(), json!([sent["transactions"][0]["txid"]]));
    desk.mine(1);
    let states = [&id, &slow, &fast].map(|list| desk.state(list));
    assert_eq!(states, ["cancelling", "replaced", "confirmed"]);
    desk.mine(6);
    assert_eq!(desk.state(&id), "cancelled");
    assert_eq!(desk.balance("locked"), 0);
}

#[test]
fn a_cancelling_list_that_was_dropped_is_planned_again() {
    let desk = Desk::on_a_node("p2wpkh", 1);
    let id = desk.create("a", 1, &[]);
    desk.export(&id, "a.psbt");
    let first = desk.ok(&["payout", "cancel", &id])["cancelled_by"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(desk.ok(&["payout", "cancel", &first])["state"], "cancelled");
    assert_eq!(desk.state(&id), "cancelling");
    let second = desk.ok(&["payout", "cancel", &id])["cancelled_by"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(second, first);
    desk.export(&second, "second.psbt");
    assert_eq!(
        desk.fails(&["payout", "cancel", &second], 12)["code"],
        "wrong-state"
    );
}

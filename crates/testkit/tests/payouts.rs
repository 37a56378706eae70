//! Payouts from list to confirmation on the rehearsal chain, and what comes back from the gap when
//! somebody lies.

mod desk;

use std::path::{Path, PathBuf};

use bitcoin::hashes::Hash;
use bitcoin::psbt::Psbt;
use bitcoin::secp256k1::Secp256k1;
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::{Amount, OutPoint};
use cofferdam_testkit::Watcher;
use desk::{Desk, RECIPIENTS};
use serde_json::Value;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn a_payout_goes_all_the_way(case: &str) {
    let desk = Desk::funded(case, 5);
    let id = desk.create("a", 3, &[]);
    let planned = desk.show(&id);
    assert_eq!(planned["state"], "planned");
    assert_eq!(
        desk.balance("locked"),
        planned["totals"]["inputs_sat"].as_u64().unwrap()
    );
    desk.signed(&id);
    let signed = desk.show(&id);
    assert_eq!(signed["state"], "signed");
    let sent = desk.ok(&["payout", "broadcast", &id]);
    assert_eq!(sent["state"], "broadcast");
    assert_eq!(sent, desk.show(&id));
    assert_eq!(
        desk.ok(&["payout", "broadcast", &id])["transactions"],
        sent["transactions"],
        "a retry differs"
    );
    assert_eq!(
        sent["transactions"][0]["txid"],
        signed["transactions"][0]["txid"]
    );

    desk.mine(1);
    assert_eq!(desk.state(&id), "confirmed");
    desk.reorganise(1);
    assert_eq!(desk.state(&id), "broadcast", "a reorganisation moves back");
    desk.mine(1);
    let confirmed = desk.show(&id);
    assert_eq!(confirmed["transactions"][0]["confirmations"], 1);
    assert_eq!(confirmed["final"], false);
    assert!(
        confirmed["payments"]
            .as_array()
            .unwrap()
            .iter()
            .all(|payment| payment["state"] == "confirmed")
    );
    desk.mine(5);
    assert_eq!(desk.state(&id), "confirmed");
    assert_eq!(desk.show(&id)["final"], true);
    let totals = &confirmed["totals"];
    let spent = totals["total_sat"].as_u64().unwrap() + totals["fee_sat"].as_u64().unwrap();
    assert_eq!(desk.balance("confirmed"), 5_000_000 - spent);
    assert_eq!(desk.balance("locked"), 0);
    desk.ok(&["payout", "broadcast", &id]);
}

#[test]
fn a_legacy_payout_goes_all_the_way() {
    a_payout_goes_all_the_way("p2pkh");
}

#[test]
fn a_nested_payout_goes_all_the_way() {
    a_payout_goes_all_the_way("p2sh-p2wpkh");
}

#[test]
fn a_segwit_payout_goes_all_the_way() {
    a_payout_goes_all_the_way("p2wpkh");
}

#[test]
fn a_taproot_payout_goes_all_the_way() {
    a_payout_goes_all_the_way("p2tr");
}

#[test]
fn what_lies_on_its_way_back_is_refused() {
    let desk = Desk::funded("p2wpkh", 4);
    let (id, other) = (
        desk.create("a", 12, &[]),
        desk.create("b", 1, &["--accept", "payment-open"]),
    );
    let unsigned = desk.export(&id, "a.psbt");
    let foreign = desk.export(&other, "b.psbt");
    assert!(
        unsigned.inputs.len() > 1,
        "the hostile cases below need two inputs"
    );
    let mut good = unsigned.clone();
    desk.sign(&mut good);

    assert_eq!(desk.refused(&id, &unsigned), "unsigned");
    let mut one_missing = good.clone();
    one_missing.inputs[1].partial_sigs.clear();
    assert_eq!(desk.refused(&id, &one_missing), "unsigned");

    let mut swapped = foreign.clone();
    desk.sign(&mut swapped);
    assert_eq!(desk.refused(&id, &swapped), "foreign-transaction");

    let mut redirected = unsigned.clone();
    redirected.unsigned_tx.output[0].script_pubkey =
        bitcoin::ScriptBuf::new_p2wpkh(&bitcoin::WPubkeyHash::from_byte_array([0x66; 20]));
    desk.sign(&mut redirected);
    assert_eq!(desk.refused(&id, &redirected), "other-outputs");

    let mut shaved = unsigned.clone();
    shaved.unsigned_tx.output[0].value -= Amount::from_sat(1);
    desk.sign(&mut shaved);
    assert_eq!(desk.refused(&id, &shaved), "other-outputs");

    for change in [
        |psbt: &mut Psbt| psbt.unsigned_tx.lock_time = bitcoin::absolute::LockTime::ZERO,
        |psbt: &mut Psbt| psbt.unsigned_tx.input[0].sequence = bitcoin::Sequence::MAX,
        |psbt: &mut Psbt| psbt.unsigned_tx.version = bitcoin::transaction::Version::ONE,
    ] {
        let mut changed = unsigned.clone();
        change(&mut changed);
        desk.sign(&mut changed);
        assert_eq!(desk.refused(&id, &changed), "other-terms");
    }

    // Signatures of another transaction under this one.
    let mut transplanted = unsigned.clone();
    for (input, from) in transplanted.inputs.iter_mut().zip(&shaved.inputs) {
        input.partial_sigs = from.partial_sigs.clone();
    }
    assert_eq!(desk.refused(&id, &transplanted), "bad-signature");

    let mut crossed = good.clone();
    let (first, second) = (
        crossed.inputs[0].partial_sigs.clone(),
        crossed.inputs[1].partial_sigs.clone(),
    );
    (
        crossed.inputs[0].partial_sigs,
        crossed.inputs[1].partial_sigs,
    ) = (second, first);
    assert_eq!(desk.refused(&id, &crossed), "bad-signature");

    assert_eq!(
        desk.refused(&id, &with_sighash(&desk, &unsigned, EcdsaSighashType::None)),
        "bad-signature"
    );
    assert_eq!(
        desk.refused(
            &id,
            &with_sighash(&desk, &unsigned, EcdsaSighashType::Single)
        ),
        "bad-signature"
    );

    // A PSBT may claim what it likes about its coins: signatures over the claim do not verify
    // against the ledger.
    let mut lied = unsigned.clone();
    for input in &mut lied.inputs {
        input.non_witness_utxo = None;
        input.witness_utxo.as_mut().unwrap().value += Amount::from_sat(5_000_000);
    }
    desk.sign(&mut lied);
    assert_eq!(desk.refused(&id, &lied), "bad-signature");

    desk.write("good.psbt", &good.serialize());
    desk.write("bad.psbt", &one_missing.serialize());
    let error = desk.fails(
        &[
            "payout",
            "import",
            &id,
            &desk.text("good.psbt"),
            &desk.text("bad.psbt"),
        ],
        3,
    );
    assert_eq!(error["findings"].as_array().unwrap().len(), 1);
    assert_eq!(desk.state(&id), "exported", "half of an import was stored");

    let bytes = good.serialize();
    for damaged in [
        &bytes[..bytes.len() - 1],
        &[&bytes[..], &[0]].concat(),
        b"",
        b"psbt",
    ] {
        desk.write("damaged.psbt", damaged);
        let error = desk.fails(&["payout", "import", &id, &desk.text("damaged.psbt")], 6);
        assert_eq!(error["code"], "not-a-psbt");
    }
    desk.fails(&["payout", "import", &id, &desk.text("missing.psbt")], 6);

    desk.import(&id, &good).json().unwrap();
    desk.import(&id, &good).json().unwrap();
    assert_eq!(desk.state(&id), "signed");
}

/// Signs every input with another sighash type, correctly.
fn with_sighash(desk: &Desk, unsigned: &Psbt, sighash: EcdsaSighashType) -> Psbt {
    let secp = Secp256k1::new();
    let mut psbt = unsigned.clone();
    let transaction = psbt.unsigned_tx.clone();
    let mut cache = SighashCache::new(&transaction);
    for (index, input) in psbt.inputs.iter_mut().enumerate() {
        let (key, (_, path)) = input.bip32_derivation.iter().next().unwrap();
        let private = desk.master.derive_priv(&secp, path).unwrap().to_priv();
        assert_eq!(private.public_key(&secp).inner, *key);
        let coin = input.witness_utxo.as_ref().unwrap();
        let hash = cache
            .p2wpkh_signature_hash(index, &coin.script_pubkey, coin.value, sighash)
            .unwrap();
        let message = bitcoin::secp256k1::Message::from_digest(hash.to_byte_array());
        let signature = bitcoin::ecdsa::Signature {
            signature: secp.sign_ecdsa(&message, &private.inner),
            sighash_type: sighash,
        };
        input
            .partial_sigs
            .insert(private.public_key(&secp), signature);
    }
    psbt
}

#[test]
fn other_signatures_of_the_same_transaction_are_not_taken_after_the_first() {
    let desk = Desk::funded("p2pkh", 1);
    let id = desk.create("a", 1, &[]);
    let mut first = desk.export(&id, "a.psbt");
    let secp = Secp256k1::new();
    let mut second = first.clone();
    desk.sign(&mut first);
    desk.import(&id, &first).json().unwrap();
    let txid = desk.show(&id)["transactions"][0]["txid"].clone();

    let (path, script) = {
        let input = &second.inputs[0];
        let previous = input.non_witness_utxo.as_ref().unwrap();
        let spent = second.unsigned_tx.input[0].previous_output;
        let script = previous.output[spent.vout as usize].script_pubkey.clone();
        (
            input.bip32_derivation.values().next().unwrap().1.clone(),
            script,
        )
    };
    let private = desk.master.derive_priv(&secp, &path).unwrap().to_priv();
    let hash = SighashCache::new(&second.unsigned_tx)
        .legacy_signature_hash(0, &script, 1)
        .unwrap();
    let message = bitcoin::secp256k1::Message::from_digest(hash.to_byte_array());
    let signature = bitcoin::ecdsa::Signature {
        signature: secp.sign_ecdsa_with_noncedata(&message, &private.inner, &[7; 32]),
        sighash_type: EcdsaSighashType::All,
    };
    second.inputs[0]
        .partial_sigs
        .insert(private.public_key(&secp), signature);
    let error = desk.import(&id, &second).error(3).unwrap();
    assert_eq!(error["findings"][0]["code"], "other-signatures");
    assert_eq!(desk.show(&id)["transactions"][0]["txid"], txid);
}

/// Spends the coins of `desk` otherwise: in a copy of its ledger, whose chain then becomes the
/// desk's.
fn spend_elsewhere(desk: &Desk, before: &Path) {
    let elsewhere = tempfile::tempdir().unwrap();
    copy(before, &elsewhere.path().join("data"));
    let thief = Desk {
        folder: elsewhere,
        master: desk.master,
        node: None,
    };
    let id = thief.create("elsewhere", 38, &[]);
    thief.signed(&id);
    thief.ok(&["payout", "broadcast", &id]);
    thief.mine(1);
    for file in [
        "rehearsal.sqlite",
        "rehearsal.sqlite-wal",
        "rehearsal.sqlite-shm",
    ] {
        let _ = std::fs::remove_file(desk.path("data").join(file));
        let _ = std::fs::copy(thief.path("data").join(file), desk.path("data").join(file));
    }
}

/// A list that was paid, or may yet be, cannot be created again.
fn cannot_be_created_again(desk: &Desk, name: &str) {
    let list = desk.text(&format!("{name}.csv"));
    let again = [
        "payout",
        "create",
        &list,
        "--wallet",
        "main",
        "--fee-rate",
        "2",
        "--again",
    ];
    assert_eq!(desk.fails(&again, 12)["code"], "payout-id-known");
}

#[test]
fn a_transaction_whose_coin_is_gone_is_rejected_and_then_conflicted() {
    let desk = Desk::funded("p2wpkh", 4);
    copy(&desk.path("data"), &desk.path("before"));
    let id = desk.create("a", 3, &[]);
    desk.signed(&id);
    spend_elsewhere(&desk, &desk.path("before"));
    let error = desk.fails(&["payout", "broadcast", &id], 13);
    assert_eq!(error["code"], "transaction-rejected");
    assert_eq!(desk.state(&id), "signed");
    desk.sync();
    let shown = desk.show(&id);
    assert_eq!(shown["state"], "conflicted");
    assert!(shown["transactions"][0]["conflict"].is_string());
    assert_eq!(
        desk.fails(&["payout", "broadcast", &id], 12)["code"],
        "wrong-state"
    );
    cannot_be_created_again(&desk, "a");
    desk.reorganise(1);
    assert_ne!(desk.state(&id), "conflicted", "a reorganisation moves back");
}

#[test]
fn a_payout_that_another_program_sent_is_recognised() {
    for case in ["p2wpkh", "p2sh-p2wpkh"] {
        let desk = Desk::funded(case, 2);
        let id = desk.create("a", 1, &[]);
        let mut psbt = desk.export(&id, "a.psbt");
        // Another ledger of the same wallet takes the signatures and sends them.
        let elsewhere = tempfile::tempdir().unwrap();
        copy(&desk.path("data"), &elsewhere.path().join("data"));
        let other = Desk {
            folder: elsewhere,
            master: desk.master,
            node: None,
        };
        desk.sign(&mut psbt);
        other.import(&id, &psbt).json().unwrap();
        other.ok(&["payout", "broadcast", &id]);
        other.mine(1);
        for file in [
            "rehearsal.sqlite",
            "rehearsal.sqlite-wal",
            "rehearsal.sqlite-shm",
        ] {
            let _ = std::fs::remove_file(desk.path("data").join(file));
            let _ = std::fs::copy(other.path("data").join(file), desk.path("data").join(file));
        }
        desk.sync();
        let (here, there) = (desk.show(&id), other.show(&id));
        assert_eq!(here["state"], "confirmed", "{case}");
        assert_eq!(
            here["transactions"][0]["txid"],
            there["transactions"][0]["txid"]
        );
    }
}

#[test]
fn an_exported_payout_is_cancelled_by_a_confirmed_transaction_alone() {
    let desk = Desk::funded("p2wpkh", 4);
    let id = desk.create("a", 12, &[]);
    let mut psbt = desk.export(&id, "a.psbt");
    let cancelling = desk.ok(&["payout", "cancel", &id]);
    assert_eq!(cancelling["state"], "cancelling");
    let cancel = cancelling["cancelled_by"].as_str().unwrap().to_owned();
    let again = desk.ok(&["payout", "cancel", &id]);
    assert_eq!(
        again["cancelled_by"],
        cancel.as_str(),
        "cancelling twice plans twice"
    );
    assert!(desk.balance("locked") > 0);
    desk.sign(&mut psbt);
    let error = desk.import(&id, &psbt).error(3).unwrap();
    assert_eq!(error["findings"][0]["code"], "wrong-state");
    assert_eq!(
        desk.fails(&["payout", "broadcast", &id], 12)["code"],
        "wrong-state"
    );
    assert_eq!(
        desk.fails(&["payout", "export", &id, "--out", &desk.text("x")], 12)["code"],
        "wrong-state"
    );

    let anchor = cancelling["transactions"][0]["anchor"].clone();
    let shown = desk.show(&cancel);
    assert_eq!(shown["kind"], "cancel");
    assert_eq!(shown["transactions"][0]["inputs"][0]["outpoint"], anchor);
    desk.signed(&cancel);
    desk.ok(&["payout", "broadcast", &cancel]);
    assert_eq!(desk.state(&id), "cancelling");
    for _ in 0..5 {
        desk.mine(1);
        assert_eq!(
            desk.state(&id),
            "cancelling",
            "a reorganisation could undo it"
        );
    }
    desk.mine(1);
    assert_eq!(desk.state(&id), "cancelled");
    assert_eq!(desk.state(&cancel), "confirmed");
    let spent = shown["totals"]["fee_sat"].as_u64().unwrap();
    assert_eq!(desk.balance("confirmed"), 4_000_000 - spent);
    cannot_be_created_again(&desk, "a");
    desk.reorganise(6);
    assert_eq!(desk.state(&id), "cancelling", "a reorganisation moves back");
    let others = cancelling["transactions"][0]["inputs"]
        .as_array()
        .unwrap()
        .len() as u64
        - 1;
    assert!(others > 0);
    assert_eq!(
        desk.balance("locked"),
        others * 1_000_000,
        "coins of a transaction that may confirm are free"
    );
    desk.mine(6);
    assert_eq!(desk.state(&id), "cancelled");
    assert_eq!(desk.balance("locked"), 0);
}

#[test]
fn a_broadcast_payout_is_replaced_when_it_is_cancelled() {
    let desk = Desk::funded("p2tr", 4);
    let id = desk.create("a", 12, &[]);
    desk.signed(&id);
    desk.ok(&["payout", "broadcast", &id]);
    let cancelling = desk.ok(&["payout", "cancel", &id]);
    let cancel = cancelling["cancelled_by"].as_str().unwrap();
    let fee = |shown: &Value| shown["totals"]["fee_sat"].as_u64().unwrap();
    assert!(
        fee(&desk.show(cancel)) > fee(&cancelling),
        "nodes would keep the original"
    );
    desk.signed(cancel);
    desk.ok(&["payout", "broadcast", cancel]);
    desk.mine(1);
    assert_eq!(desk.state(&id), "cancelling");
    assert_eq!(desk.state(cancel), "confirmed");
    desk.mine(5);
    assert_eq!(desk.state(&id), "cancelled");
    assert_eq!(
        desk.balance("confirmed"),
        4_000_000 - fee(&desk.show(cancel))
    );
}

#[test]
fn the_original_may_still_win_against_its_cancelling() {
    let desk = Desk::funded("p2wpkh", 4);
    let id = desk.create("a", 3, &[]);
    desk.signed(&id);
    desk.ok(&["payout", "broadcast", &id]);
    let cancelling = desk.ok(&["payout", "cancel", &id]);
    let cancel = cancelling["cancelled_by"].as_str().unwrap();
    desk.mine(1);
    assert_eq!(desk.state(&id), "confirmed");
    assert_eq!(desk.state(cancel), "replaced");
    assert_eq!(
        desk.fails(&["payout", "cancel", &id], 12)["code"],
        "wrong-state"
    );
    desk.mine(5);
    assert_eq!(desk.balance("locked"), 0);
}

#[test]
fn a_list_over_several_transactions_crosses_as_a_folder() {
    let desk = Desk::funded("p2wpkh", 20);
    let id = desk.create("a", 60, &["--max-weight", "4000"]);
    let planned = desk.show(&id);
    let count = planned["transactions"].as_array().unwrap().len();
    assert!(count > 1, "{count}");
    let exported = desk.ok(&[
        "payout",
        "export",
        &id,
        "--out",
        &desk.text("out"),
        "--psbt-version",
        "0",
    ]);
    let files: Vec<PathBuf> = exported["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file.as_str().unwrap().into())
        .collect();
    assert_eq!(files.len(), count);
    let mut coins: Vec<OutPoint> = Vec::new();
    std::fs::create_dir(desk.path("signed")).unwrap();
    for (number, file) in files.iter().enumerate() {
        let mut psbt = Psbt::deserialize(&std::fs::read(file).unwrap()).unwrap();
        coins.extend(
            psbt.unsigned_tx
                .input
                .iter()
                .map(|input| input.previous_output),
        );
        desk.sign(&mut psbt);
        let name = desk.path("signed").join(format!("{number}.psbt"));
        // Coordinators write base64 and hexadecimal too.
        match number % 2 {
            0 => std::fs::write(name, psbt.serialize()).unwrap(),
            _ => std::fs::write(name, psbt.to_string()).unwrap(),
        }
    }
    let distinct: std::collections::HashSet<_> = coins.iter().collect();
    assert_eq!(distinct.len(), coins.len(), "transactions share coins");
    let first = desk.path("signed").join("0.psbt").display().to_string();
    assert_eq!(
        desk.ok(&["payout", "import", &id, &first])["state"],
        "exported"
    );
    assert_eq!(
        desk.fails(&["payout", "broadcast", &id], 12)["code"],
        "wrong-state"
    );
    assert_eq!(
        desk.ok(&["payout", "import", &id, &desk.text("signed")])["state"],
        "signed"
    );
    desk.ok(&["payout", "broadcast", &id]);
    desk.mine(1);
    assert_eq!(desk.state(&id), "confirmed");
    let spent = planned["totals"]["total_sat"].as_u64().unwrap()
        + planned["totals"]["fee_sat"].as_u64().unwrap();
    assert_eq!(desk.balance("confirmed"), 20_000_000 - spent);
}

#[test]
fn split_coins_make_a_list_possible_that_lacked_them() {
    let desk = Desk::funded("p2wpkh", 1);
    let mut list = String::from("payout_id,address,amount,unit\n");
    for number in 0..60 {
        list.push_str(&format!(
            "s-{number},{},10000,sat\n",
            RECIPIENTS[number % 3]
        ));
    }
    desk.write("list.csv", list.as_bytes());
    let file = desk.text("list.csv");
    let create = [
        "payout",
        "create",
        &file,
        "--wallet",
        "main",
        "--fee-rate",
        "1",
        "--max-weight",
        "4000",
    ];
    let error = desk.fails(&create, 11);
    assert_eq!(error["code"], "too-few-coins");
    let needed = error["findings"][0]["expected"]
        .as_u64()
        .unwrap()
        .to_string();
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("payout split-coins"),
        "{error}"
    );
    let split = desk.ok(&[
        "payout",
        "split-coins",
        "--wallet",
        "main",
        "--into",
        &needed,
        "--fee-rate",
        "1",
    ]);
    assert_eq!(split["kind"], "split");
    let id = split["id"].as_str().unwrap();
    desk.signed(id);
    desk.ok(&["payout", "broadcast", id]);
    desk.mine(1);
    assert_eq!(desk.state(id), "confirmed");
    let coins = desk.ok(&["coins", "--wallet", "main"]);
    assert!(coins["coins"].as_array().unwrap().len() as u64 >= needed.parse().unwrap());
    desk.ok(&create);
}

#[test]
fn an_import_or_a_broadcast_that_is_killed_leaves_all_or_nothing() {
    let desk = Desk::funded("p2wpkh", 20);
    let id = desk.create("a", 60, &["--max-weight", "4000"]);
    let files = desk.ok(&["payout", "export", &id, "--out", &desk.text("out")])["files"].clone();
    std::fs::create_dir(desk.path("signed")).unwrap();
    for (number, file) in files.as_array().unwrap().iter().enumerate() {
        let mut psbt = Psbt::deserialize(&std::fs::read(file.as_str().unwrap()).unwrap()).unwrap();
        desk.sign(&mut psbt);
        std::fs::write(
            desk.path("signed").join(format!("{number}.psbt")),
            psbt.serialize(),
        )
        .unwrap();
    }
    let states = |shown: &Value| -> Vec<String> {
        let transactions = shown["transactions"].as_array().unwrap();
        transactions
            .iter()
            .map(|transaction| transaction["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let signed = desk.text("signed");
    kill_until(&desk, &["payout", "import", &id, &signed], || {
        let states = states(&desk.show(&id));
        assert!(
            states.windows(2).all(|pair| pair[0] == pair[1]),
            "half of an import: {states:?}"
        );
        states[0] == "signed"
    });
    let txids = |shown: &Value| -> Vec<Value> {
        let transactions = shown["transactions"].as_array().unwrap();
        transactions
            .iter()
            .map(|transaction| transaction["txid"].clone())
            .collect()
    };
    let before = txids(&desk.show(&id));
    kill_until(&desk, &["payout", "broadcast", &id], || {
        let states = states(&desk.show(&id));
        assert!(
            states
                .iter()
                .all(|state| state == "signed" || state == "broadcast"),
            "{states:?}"
        );
        states.iter().all(|state| state == "broadcast")
    });
    desk.ok(&["payout", "broadcast", &id]);
    desk.mine(1);
    let after = desk.show(&id);
    assert_eq!(after["state"], "confirmed");
    assert_eq!(txids(&after), before, "a retry sent other transactions");
}

/// Kills a command ever later, from at once to when it came to its end.
fn kill_until(desk: &Desk, arguments: &[&str], is_done: impl Fn() -> bool) {
    let mut kills = 0;
    for wait in (0u64..).map(|step| step * step) {
        let mut child = Watcher::new(&desk.path("data"))
            .command(arguments)
            .unwrap()
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().unwrap();
        kills += 1;
        if is_done() {
            break;
        }
        assert!(wait < 120_000, "{arguments:?} never ends");
    }
    assert!(kills > 1, "no kill came early enough to prove anything");
}

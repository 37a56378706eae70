//! What the payout commands print with `--json`: a contract for scripts.

mod desk;

use desk::{Desk, P2TR, P2WPKH, steady, steady_text};

fn desk_with_list() -> (Desk, String) {
    let desk = Desk::funded(1);
    let list = desk.write(
        "payouts.csv",
        &format!(
            "payout_id,address,amount,unit,name,reference\n\
             inv-1,{P2WPKH},0.001,btc,Ada,=HYPERLINK(A1)\n\
             inv-2,{P2TR},25000,sat,,\n"
        ),
    );
    (desk, list)
}

#[test]
fn plan_prints_the_plan_and_stores_nothing() {
    let (desk, list) = desk_with_list();
    let plan = || {
        desk.ok(&[
            "payout",
            "plan",
            &list,
            "--wallet",
            "main",
            "--fee-rate",
            "2.5",
            "--seed",
            "7",
        ])
    };
    let planned = plan();
    insta::assert_json_snapshot!(steady(&planned, &desk));
    assert_eq!(plan(), planned, "the same seed gave another plan");
    assert_eq!(
        desk.ok(&["payout", "list"])["payouts"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(desk.balance("locked"), 0);
}

#[test]
fn create_list_and_show_print_what_is_stored() {
    let (desk, list) = desk_with_list();
    let created = desk.create(&list);
    insta::assert_json_snapshot!("create", steady(&created, &desk));
    insta::assert_json_snapshot!(
        "list",
        steady(&desk.ok(&["payout", "list", "--wallet", "main"]), &desk)
    );
    let id = created["id"].as_str().unwrap();
    assert_eq!(desk.ok(&["payout", "show", id]), created);
    let table = desk.run(&["payout", "show", id, "--csv"]).stdout;
    insta::assert_snapshot!(
        "table",
        steady_text(&String::from_utf8(table).unwrap(), &desk)
    );
}

#[test]
fn export_prints_its_files() {
    let (desk, list) = desk_with_list();
    let id = desk.create(&list)["id"].as_str().unwrap().to_owned();
    let exported = desk.ok(&[
        "payout",
        "export",
        &id,
        "--out",
        &desk.text("unsigned.psbt"),
    ]);
    insta::assert_json_snapshot!(steady(&exported, &desk));
}

#[test]
fn qr_prints_what_is_shown() {
    let (desk, list) = desk_with_list();
    let id = desk.create(&list)["id"].as_str().unwrap().to_owned();
    let shown = desk.ok(&["payout", "qr", &id, "--out", &desk.text("bundle.gif")]);
    insta::assert_json_snapshot!("qr", steady(&shown, &desk));
    let to = [
        "payout",
        "qr",
        &id,
        "--to",
        "sparrow",
        "--out",
        &desk.text("ur/"),
    ];
    insta::assert_json_snapshot!("qr_ur", steady(&desk.ok(&to), &desk));
    let again = desk.ok(&["payout", "qr", &id, "--out", &desk.text("bundle.gif")]);
    assert_eq!(again, shown, "the same list gave other codes");
}

#[test]
fn cancel_prints_the_list() {
    let (desk, list) = desk_with_list();
    let id = desk.create(&list)["id"].as_str().unwrap().to_owned();
    desk.ok(&[
        "payout",
        "export",
        &id,
        "--out",
        &desk.text("unsigned.psbt"),
    ]);
    let cancelling = desk.ok(&["payout", "cancel", &id]);
    insta::assert_json_snapshot!("cancel", steady(&cancelling, &desk));
    let cancel = cancelling["cancelled_by"].as_str().unwrap();
    insta::assert_json_snapshot!(
        "cancelling_list",
        steady(&desk.ok(&["payout", "show", cancel]), &desk)
    );
}

#[test]
fn split_coins_prints_a_list() {
    let desk = Desk::funded(1);
    let arguments = [
        "payout",
        "split-coins",
        "--wallet",
        "main",
        "--into",
        "3",
        "--fee-rate",
        "1",
        "--seed",
        "7",
    ];
    let split = desk.ok(&arguments);
    insta::assert_json_snapshot!(steady(&split, &desk));
}

#[test]
fn errors_are_documents() {
    let desk = Desk::funded(1);
    let bad = desk.write(
        "bad.csv",
        &format!("payout_id,address,amount,unit\na,{P2WPKH},1e3,sat\na,{P2WPKH},5,EUR\nb,bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4,-5,sat\n"),
    );
    let create = |file: &str, code| {
        let arguments = [
            "payout",
            "create",
            file,
            "--wallet",
            "main",
            "--fee-rate",
            "2",
        ];
        steady(&desk.fails(&arguments, code), &desk)
    };
    insta::assert_json_snapshot!("error_list", create(&bad, 6));
    insta::assert_json_snapshot!("error_dust", create(&desk.list("dust", 3, 300), 6));
    insta::assert_json_snapshot!("error_funds", create(&desk.list("much", 3, 400_000), 11));
    let list = desk.list("good", 3, 10_000);
    desk.create(&list);
    insta::assert_json_snapshot!("error_same_file", create(&list, 12));
    let longer = desk.list("good", 4, 10_000);
    insta::assert_json_snapshot!("error_known_ids", create(&longer, 12));
}

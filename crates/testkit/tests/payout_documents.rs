//! What the payout commands print with `--json` once there are signatures: a contract for scripts.

mod desk;

use cofferdam_transport::code::Drawing;
use cofferdam_transport::render::png;
use desk::Desk;
use serde_json::Value;

/// Takes the snapshot of a list, without what differs from run to run.
fn snapshot(name: &str, list: &Value) {
    insta::assert_json_snapshot!(name, list, {
        ".id" => "[id]",
        ".created" => "[time]",
        ".transactions[].txid" => "[txid]",
        ".transactions[].anchor" => "[outpoint]",
        ".transactions[].inputs[].outpoint" => "[outpoint]",
        ".payments[].txid" => "[txid]",
    });
}

#[test]
fn import_and_broadcast_print_the_list() {
    let desk = Desk::funded("p2wpkh", 1);
    let id = desk.create("a", 2, &["--seed", "7"]);
    let mut psbt = desk.export(&id, "a.psbt");
    desk.sign(&mut psbt);
    let imported = desk.import(&id, &psbt).json().unwrap();
    snapshot("import", &imported);
    assert_eq!(desk.show(&id), imported);
    let sent = desk.ok(&["payout", "broadcast", &id]);
    snapshot("broadcast", &sent);
    assert_eq!(desk.show(&id), sent);
    desk.mine(6);
    snapshot("show-final", &desk.show(&id));
}

/// The same document as that of an import from a file; and refused for the same reasons.
#[test]
fn scan_prints_the_list() {
    let desk = Desk::funded("p2wpkh", 1);
    let id = desk.create("a", 2, &["--seed", "7"]);
    let mut psbt = desk.export(&id, "a.psbt");
    let show = |psbt: &bitcoin::psbt::Psbt| {
        let code = Drawing::default().draw(&psbt.serialize()).unwrap();
        desk.write("code.png", &png(&code, 4).unwrap());
    };
    show(&psbt);
    let refused = desk.fails(&["scan", &desk.text("code.png")], 3);
    assert_eq!(refused["code"], "signed-refused");
    assert_eq!(refused["findings"][0]["code"], "unsigned");
    assert_eq!(desk.state(&id), "exported");
    desk.sign(&mut psbt);
    show(&psbt);
    snapshot("import", &desk.ok(&["scan", &desk.text("code.png")]));
}

#[test]
fn what_was_refused_is_a_document() {
    let desk = Desk::funded("p2wpkh", 1);
    let id = desk.create("a", 2, &["--seed", "7"]);
    let unsigned = desk.export(&id, "a.psbt");
    let refused = desk.import(&id, &unsigned).error(3).unwrap();
    let folder = desk.folder.path().display().to_string();
    let text = refused.to_string().replace(&folder, "[folder]");
    insta::assert_json_snapshot!("refused", serde_json::from_str::<Value>(&text).unwrap());
}

//! What codes before the camera, and mistakes of those who show them, cannot do.

mod desk;

use std::fs;

use cofferdam_transport::code::Drawing;
use cofferdam_transport::render;
use desk::{Desk, descriptor};

fn picture(desk: &Desk, name: &str, content: &str) {
    let path = desk.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let code = Drawing::default().draw(content.as_bytes()).unwrap();
    fs::write(path, render::png(&code, 8).unwrap()).unwrap();
}

/// Once exported, a list can no longer be cancelled at once.
#[test]
fn a_list_that_could_not_be_shown_was_not_handed_over() {
    let desk = Desk::funded(1);
    let list = desk.create(&desk.list("a", 1, 10_000));
    let id = list["id"].as_str().unwrap();
    let (text, gif) = (desk.text("codes.txt"), desk.text("codes.gif"));
    for wrong in [
        &["--out", &text][..],
        &["--out", &gif, "--transaction", "2"],
        &[
            "--out",
            &gif,
            "--code",
            "base43",
            "--to",
            "sparrow",
            "--qr-version",
            "1",
        ],
    ] {
        desk.fails(&[&["payout", "qr", id], wrong].concat(), 2);
        assert_eq!(
            desk.ok(&["payout", "show", id])["state"],
            "planned",
            "{wrong:?}"
        );
    }
    desk.ok(&["payout", "qr", id, "--out", &gif]);
    assert_eq!(desk.ok(&["payout", "show", id])["state"], "exported");
}

#[test]
fn a_link_on_the_wall_is_passed_over() {
    let desk = Desk::new();
    picture(&desk, "film/1.png", "https://example.org/menu");
    picture(&desk, "film/2.png", &descriptor("p2tr"));
    let film = desk.text("film");
    let imported = desk.ok(&["scan", &film, "--name", "cold", "--network", "regtest"]);
    assert_eq!(imported["name"], "cold");
}

#[test]
fn whoever_waits_for_signatures_gets_no_wallet() {
    let desk = Desk::funded(1);
    let list = desk.create(&desk.list("a", 1, 10_000));
    let id = list["id"].as_str().unwrap();
    picture(&desk, "wallet.png", &descriptor("p2tr"));
    let wallet = desk.text("wallet.png");
    assert_eq!(
        desk.fails(&["scan", &wallet, "--list", id], 6)["code"],
        "foreign-code"
    );
    desk.fails(&["scan", &wallet, "--list", id, "--name", "main-2"], 2);
    assert_eq!(
        desk.ok(&["wallet", "list"])["wallets"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

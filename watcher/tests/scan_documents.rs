//! What `scan` prints with `--json`, and how it fails.

mod desk;

use cofferdam_transport::code::Drawing;
use cofferdam_transport::render::png;
use desk::{Desk, descriptor, steady};

/// Draws codes as numbered pictures in a folder, and returns its path.
fn pictures(desk: &Desk, folder: &str, contents: &[&[u8]]) -> String {
    std::fs::create_dir_all(desk.path(folder)).unwrap();
    for (number, content) in contents.iter().enumerate() {
        let code = Drawing::default().draw(content).unwrap();
        std::fs::write(
            desk.path(folder).join(format!("{number}.png")),
            png(&code, 5).unwrap(),
        )
        .unwrap();
    }
    desk.text(folder)
}

#[test]
fn a_wallet_is_printed_as_by_its_import() {
    let desk = Desk::new();
    let wallet = descriptor("p2tr");
    let codes = pictures(&desk, "wallet", &[wallet.as_bytes()]);
    let scanned = desk.ok(&["scan", &codes, "--name", "tap", "--network", "regtest"]);
    insta::assert_json_snapshot!("scan_wallet", steady(&scanned, &desk));
    let file = desk.write("tap.txt", &wallet);
    let again = desk.ok(&[
        "wallet",
        "import",
        &file,
        "--name",
        "tap",
        "--network",
        "regtest",
    ]);
    assert_eq!(again["id"], scanned["id"]);
}

#[test]
fn scans_that_bring_nothing_say_why() {
    let desk = Desk::new();
    let blank = [
        &b"YUV4MPEG2 W64 H64 F1:1 Cmono\nFRAME\n"[..],
        &[200; 64 * 64],
    ]
    .concat();
    std::fs::write(desk.path("blank.y4m"), blank).unwrap();
    let seed = b"073318950739065415961602009907670428187212261116";
    let cases = [
        (
            "scan_incomplete",
            pictures(&desk, "part", &[b"p1of3 cHNidP8BAHEC"]),
        ),
        ("scan_no_code", desk.text("blank.y4m")),
        (
            "scan_foreign",
            pictures(&desk, "link", &[b"https://example.org/menu"]),
        ),
        ("scan_seed", pictures(&desk, "seed", &[seed])),
        ("scan_no_picture", desk.write("notes.txt", "no picture")),
        ("scan_missing", desk.text("missing.gif")),
    ];
    for (name, source) in cases {
        let error = desk.fails(&["scan", &source], 6);
        insta::assert_json_snapshot!(name, steady(&error, &desk));
    }
    let none = desk.fails(&["scan"], 2);
    assert_eq!(none["code"], "usage");
}

//! Text that would write on the operator's screen.

use bitcoin::ScriptBuf;
use bitcoin::script::PushBytesBuf;
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::RawKey;

use super::payout::Payout;
use super::{Case, Step};

const SCREEN: &str =
    "writes on the operator's screen: hides a line, reverses an address, forges a yes";
const SOURCE: &str = "CVE-2021-42574 (bidirectional text); escape sequences of terminals";

pub(super) fn cases() -> Vec<Case> {
    let data = |name: &str, title: &str, text: &str, shown: &str| {
        let bytes = PushBytesBuf::try_from(text.as_bytes().to_vec()).expect("short");
        let hostile = Payout::new(ScriptType::Segwit).with(|payout| {
            payout.outputs[1].sat = 49_900_000;
            payout.pay(ScriptBuf::new_op_return(bytes), 0);
        });
        let mut case = Case::new(name, title, SOURCE, SCREEN)
            .caught_by("screen")
            .noted(hostile.psbt(), &["output 2 data-output"]);
        case.steps[0] = case.steps[0].clone().showing(&[shown]);
        case
    };
    let label = |name: &str, title: &str, text: &[u8]| {
        let hostile = Payout::new(ScriptType::Segwit).edited(|raw| {
            let key = [&[5][..], b"label", &[0]].concat();
            raw.global.set(
                RawKey::with_data(0xfc, [key.as_slice(), text].concat()),
                text.to_vec(),
            );
            raw.outputs[0].set(RawKey::with_data(0xfc, key), text.to_vec());
        });
        let mut case = Case::new(name, title, SOURCE, SCREEN)
            .caught_by("screen")
            .noted(
                hostile,
                &["transaction unknown-fields", "output 0 unknown-fields"],
            );
        case.steps[0] = case.steps[0].clone().showing(&["fc056c6162656c"]);
        case
    };
    vec![
        data(
            "data-with-escape-sequence",
            "A data output holds an escape sequence that would clear the screen",
            "\u{1b}[2J\u{1b}[1;1Hall is well",
            "\\u{1b}",
        ),
        data(
            "data-with-reversed-text",
            "A data output holds a right-to-left override",
            "pay \u{202e}ecila",
            "\\u{202e}",
        ),
        data(
            "data-with-zero-width",
            "A data output holds zero-width characters",
            "pay\u{200b}\u{feff}ee",
            "\\u{200b}",
        ),
        data(
            "data-with-line-breaks",
            "A data output holds line breaks and a forged line of the review",
            "x\r\n  change          0.49990000 BTC",
            "\\u{d}",
        ),
        label(
            "label-with-escape-sequence",
            "Proprietary labels hold an escape sequence",
            b"\x1b[8m\x1b]0;title\x07",
        ),
        label(
            "label-with-reversed-text",
            "Proprietary labels hold a right-to-left override",
            "\u{202e}\u{2066}label".as_bytes(),
        ),
        file_name(
            "file-name-with-escape-sequence",
            "\u{1b}[2Jpay.psbt",
            "\\u{1b}[2Jpay.psbt",
        ),
        file_name(
            "file-name-with-reversed-text",
            "pay\u{202e}tbsp.psbt",
            "\\u{202e}",
        ),
    ]
}

fn file_name(name: &str, file: &str, shown: &str) -> Case {
    Case::new(
        name,
        "The file's name holds characters that would write on the screen",
        SOURCE,
        SCREEN,
    )
    .caught_by("screen")
    .psbt("payout.psbt", Payout::new(ScriptType::Segwit).psbt())
    .step(
        Step::inspect(&["payout.psbt"], 0, &[])
            .named(file)
            .showing(&[shown]),
    )
}

use super::*;

const P2WPKH: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const P2TR: &str = "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6";
const P2PKH: &str = "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn";
const HEADER: &str = "payout_id,address,amount,unit,name,reference";

fn own(text: &str) -> Result<PayoutList, ImportError> {
    import(text.as_bytes(), &Format::Cofferdam, Network::Regtest)
}

/// The codes of all problems, each with its place.
fn codes(result: Result<PayoutList, ImportError>) -> Vec<(String, &'static str)> {
    let problems = result
        .expect_err("a list with problems was accepted")
        .problems;
    problems
        .iter()
        .map(|problem| (problem.place.to_string(), problem.cause.code()))
        .collect()
}

fn only(result: Result<PayoutList, ImportError>) -> &'static str {
    let found = codes(result);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].1
}

#[test]
fn a_plain_list_is_read_with_its_control_totals() {
    let text = format!("{HEADER}\na-1,{P2WPKH},150000,sat,Ada,invoice 7\nb-2,{P2TR},0.5,btc,,\n");
    let list = own(&text).unwrap();
    assert_eq!(list.payments().len(), 2);
    assert_eq!(list.payments()[0].name.as_deref(), Some("Ada"));
    assert_eq!(list.payments()[1].amount, Amount::from_sat(50_000_000));
    assert_eq!(list.payments()[1].reference, None);
    assert_eq!(list.totals().count, 2);
    assert_eq!(list.totals().sum, Amount::from_sat(50_150_000));
    assert_eq!(
        list.totals().file_sha256,
        <[u8; 32]>::from(Sha256::digest(text.as_bytes()))
    );
}

#[test]
fn columns_go_by_name_and_a_mark_crlf_and_quotes_are_accepted() {
    let text = format!(
        "\u{feff}unit,amount,address,payout_id,name\r\nsat,1000,{P2PKH},x,\"Doe, \"\"J\"\"\"\r\n\r\n"
    );
    let list = own(&text).unwrap();
    assert_eq!(list.payments()[0].name.as_deref(), Some("Doe, \"J\""));
    assert_eq!(list.payments()[0].payout_id.as_ref().unwrap().as_str(), "x");
}

#[test]
fn each_way_to_write_an_amount_wrongly_has_its_own_code() {
    let cases = [
        ("", "sat", "amount-empty"),
        ("0", "sat", "amount-zero"),
        ("0.00000000", "btc", "amount-zero"),
        ("-5", "sat", "amount-negative"),
        ("\u{2212}5", "sat", "amount-negative"),
        ("(5)", "sat", "amount-negative"),
        ("+5", "sat", "amount-plus-sign"),
        ("1e8", "sat", "amount-exponent"),
        ("1.5E-3", "btc", "amount-exponent"),
        ("NaN", "btc", "amount-not-a-number"),
        ("-inf", "btc", "amount-not-a-number"),
        ("#REF!", "sat", "amount-not-a-number"),
        ("1'000", "sat", "amount-thousands-separator"),
        ("1 000", "sat", "amount-thousands-separator"),
        ("1\u{a0}000", "sat", "amount-thousands-separator"),
        ("1_000", "sat", "amount-thousands-separator"),
        ("1.000.000", "sat", "amount-thousands-separator"),
        ("\"1,000\"", "sat", "amount-thousands-separator"),
        ("\"1,000,000.5\"", "btc", "amount-thousands-separator"),
        ("\"0,5\"", "btc", "amount-decimal-comma"),
        ("\"0,125\"", "btc", "amount-decimal-comma"),
        ("\"1.000,50\"", "btc", "amount-decimal-comma"),
        ("1.5", "sat", "amount-fractional-satoshi"),
        ("0.000000001", "btc", "amount-fractional-satoshi"),
        ("21000000.00000001", "btc", "amount-too-large"),
        ("2100000000000001", "sat", "amount-too-large"),
        ("99999999999999999999999999", "sat", "amount-too-large"),
        ("!", "sat", "amount-spend-max"),
        ("0.5 BTC", "btc", "amount-carries-unit"),
        ("$5", "btc", "amount-carries-unit"),
        ("0x10", "sat", "amount-malformed"),
        (".5", "btc", "amount-malformed"),
        ("5.", "btc", "amount-malformed"),
        ("007", "sat", "amount-malformed"),
        ("\u{661}\u{662}", "sat", "amount-malformed"),
        (" 5", "sat", "spaces-around-value"),
    ];
    for (amount, unit, code) in cases {
        let found = only(own(&format!("{HEADER}\na,{P2WPKH},{amount},{unit},,\n")));
        assert_eq!(found, code, "{amount} {unit}");
    }
}

#[test]
fn amounts_are_exact_at_the_edges() {
    for (text, unit, satoshi) in [
        ("1", Unit::Sat, 1),
        ("0.00000001", Unit::Btc, 1),
        ("0.1", Unit::Btc, 10_000_000),
        ("0.29", Unit::Btc, 29_000_000),
        ("21000000", Unit::Btc, 2_100_000_000_000_000),
        ("2100000000000000", Unit::Sat, 2_100_000_000_000_000),
    ] {
        assert_eq!(
            amount::parse(text, unit),
            Ok(Amount::from_sat(satoshi)),
            "{text}"
        );
    }
}

#[test]
fn each_kind_of_wrong_address_has_its_own_code() {
    let cases = [
        ("", "address-empty"),
        (
            "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt081",
            "address-checksum",
        ),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfm", "address-checksum"),
        (
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "address-other-network",
        ),
        (
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
            "address-other-network",
        ),
        (
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "address-other-network",
        ),
        (
            "bcrt1qW508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
            "address-mixed-case",
        ),
        (
            "bitcoin:bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
            "address-uri",
        ),
        ("lnbcrt1500n1pj", "address-other-kind"),
        (
            "sp1qqgste7k9hx0qftg6qmwlkqtwuy6cycyavzmzj85c6qdfhjdpdjtdgqjuexzk6",
            "address-other-kind",
        ),
        ("ada@example.org", "address-other-kind"),
        ("hello", "address-malformed"),
        (
            " bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
            "spaces-around-value",
        ),
    ];
    for (address, code) in cases {
        let found = only(own(&format!("{HEADER}\na,{address},1000,sat,,\n")));
        assert_eq!(found, code, "{address}");
    }
}

#[test]
fn addresses_that_would_burn_the_money_are_refused() {
    use bitcoin::{KnownHrp, WitnessProgram, WitnessVersion};
    let program = |version, bytes: &[u8]| {
        let program = WitnessProgram::new(version, bytes).unwrap();
        Address::from_witness_program(program, KnownHrp::Regtest).to_string()
    };
    // No point of the curve has the field's largest values as its x coordinate.
    let off_curve = program(WitnessVersion::V1, &[0xff; 32]);
    assert_eq!(
        address::parse(&off_curve, Network::Regtest)
            .unwrap_err()
            .code(),
        "address-not-on-curve"
    );
    for future in [
        program(WitnessVersion::V2, &[7; 32]),
        program(WitnessVersion::V16, &[7; 2]),
        program(WitnessVersion::V1, &[0x4e, 0x73]),
    ] {
        assert_eq!(
            address::parse(&future, Network::Regtest)
                .unwrap_err()
                .code(),
            "address-future-witness"
        );
    }
}

#[test]
fn units_are_explicit_and_exact() {
    for unit in ["mBTC", "BTC", "satoshi", "usd", "bitcoin"] {
        assert_eq!(
            only(own(&format!("{HEADER}\na,{P2WPKH},1,{unit},,\n"))),
            "unknown-unit",
            "{unit}"
        );
    }
    assert_eq!(
        only(own(&format!("{HEADER}\na,{P2WPKH},1,,,\n"))),
        "empty-cell"
    );
}

#[test]
fn every_problem_is_listed_with_its_line() {
    let text = format!(
        "{HEADER}\r\na,{P2WPKH},1000,sat,,\r\na,nonsense,1e3,sat,\"two\r\nlines\",\r\n,{P2WPKH},1000,EUR,,\r\n,,,,,\r\nx,{P2WPKH},5,sat\r\n"
    );
    let expected = [
        ("line 3", "duplicate-payout-id"),
        ("line 3", "address-malformed"),
        ("line 3", "amount-exponent"),
        ("line 3", "control-character"),
        ("line 5", "empty-cell"),
        ("line 5", "unknown-unit"),
        ("line 6", "empty-row"),
        ("line 7", "cell-count"),
    ];
    let found = codes(own(&text));
    let found: Vec<_> = found
        .iter()
        .map(|(place, code)| (place.as_str(), *code))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_list_of_problems_is_bounded_but_counted() {
    let mut text = format!("{HEADER}\n");
    for row in 0..1000 {
        text.push_str(&format!("id-{row},{P2WPKH},-1,sat,,\n"));
    }
    let error = own(&text).unwrap_err();
    assert_eq!((error.problems.len(), error.total), (MAX_LISTED, 1000));
    assert!(error.to_string().ends_with("and 900 more"));
}

#[test]
fn headers_are_required_and_known() {
    assert_eq!(only(own("")), "no-header");
    assert_eq!(only(own(&format!("a,{P2WPKH},1000,sat,,\n"))), "no-header");
    assert_eq!(only(own(&format!("{HEADER}\n"))), "no-payments");
    assert_eq!(only(own("payout_id,address,amount\n")), "missing-column");
    assert_eq!(
        only(own("payout_id,address,amount,unit,memo\n")),
        "unknown-column"
    );
    assert_eq!(
        only(own("payout_id,address,amount,unit,unit\n")),
        "duplicate-column"
    );
    let shouted = codes(own("PAYOUT_ID,address,amount,unit\n"));
    assert_eq!(
        shouted.iter().map(|found| found.1).collect::<Vec<_>>(),
        ["unknown-column", "missing-column"]
    );
}

#[test]
fn other_encodings_and_dialects_are_refused() {
    let plain = format!("{HEADER}\na,{P2WPKH},1000,sat,,\n");
    let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe][..], &wide].concat();
    let big: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [wide, marked, big] {
        assert_eq!(
            only(import(&bytes, &Format::Cofferdam, Network::Regtest)),
            "utf16"
        );
    }
    let latin1 = [
        plain.as_bytes(),
        b"b,",
        P2WPKH.as_bytes(),
        b",5000,sat,Andr\xe9,\n",
    ]
    .concat();
    let found = codes(import(&latin1, &Format::Cofferdam, Network::Regtest));
    assert_eq!(found, [("line 3".to_owned(), "not-utf8")]);
    assert_eq!(only(own(&plain.replace("1000", "10\x000"))), "nul-byte");
    assert_eq!(only(own(&plain.replace(',', ";"))), "wrong-separator");
    assert_eq!(only(own(&plain.replace(',', "\t"))), "wrong-separator");
    assert_eq!(
        only(own(&plain.replace('\n', "\r"))),
        "bare-carriage-return"
    );
}

#[test]
fn broken_quoting_never_swallows_rows() {
    let tail = format!("b,{P2WPKH},1000,sat,,\nc,{P2WPKH},1000,sat,,\n");
    let unclosed = codes(own(&format!(
        "{HEADER}\na,{P2WPKH},1000,sat,\"Ada,\n{tail}"
    )));
    assert_eq!(unclosed, [("line 2".to_owned(), "unclosed-quote")]);
    assert_eq!(
        only(own(&format!(
            "{HEADER}\na,{P2WPKH},1000,sat,A\"d\"a,\n{tail}"
        ))),
        "stray-quote"
    );
    assert_eq!(
        only(own(&format!(
            "{HEADER}\na,{P2WPKH},1000,sat,\"A\"da,\n{tail}"
        ))),
        "stray-quote"
    );
}

#[test]
fn text_that_hides_its_order_is_refused() {
    for hidden in ["pay\u{202e}cod", "a\u{200b}b", "a\u{2066}b", "tab\tbed"] {
        let found = only(own(&format!("{HEADER}\na,{P2WPKH},1000,sat,{hidden},\n")));
        assert_eq!(found, "control-character", "{hidden:?}");
    }
    for id in ["caf\u{e9}", "\u{430}1"] {
        assert_eq!(
            only(own(&format!("{HEADER}\n{id},{P2WPKH},1000,sat,,\n"))),
            "payout-id-character"
        );
    }
    assert_eq!(
        only(own(&format!(
            "{HEADER}\n{},{P2WPKH},1000,sat,,\n",
            "x".repeat(129)
        ))),
        "cell-too-long"
    );
}

#[test]
fn a_sum_above_all_bitcoin_is_refused() {
    let text = format!("{HEADER}\na,{P2WPKH},20000000,btc,,\nb,{P2WPKH},20000000,btc,,\n");
    assert_eq!(only(own(&text)), "sum-too-large");
}

fn electrum(text: &str, ids: Ids) -> Result<PayoutList, ImportError> {
    import(
        text.as_bytes(),
        &Format::Electrum(Unit::Btc, ids),
        Network::Regtest,
    )
}

#[test]
fn electrum_lines_are_read_and_its_specials_refused() {
    let text = format!("{P2WPKH}, 0.5\n\nAda <{P2TR}>,0.25\r\n");
    let list = electrum(&text, Ids::Prefix("run-7-".into())).unwrap();
    assert_eq!(list.totals().sum, Amount::from_sat(75_000_000));
    assert_eq!(list.payments()[1].name.as_deref(), Some("Ada"));
    assert_eq!(
        list.payments()[1].payout_id.as_ref().unwrap().as_str(),
        "run-7-2"
    );
    assert_eq!(
        electrum(&text, Ids::None).unwrap().payments()[0].payout_id,
        None
    );
    assert_eq!(
        only(electrum(&format!("{P2WPKH}, !\n"), Ids::None)),
        "amount-spend-max"
    );
    assert_eq!(
        only(electrum(&format!("{P2WPKH}, 2!\n"), Ids::None)),
        "amount-spend-max"
    );
    assert_eq!(
        only(electrum("script(OP_RETURN 00), 0\n", Ids::None)),
        "raw-script"
    );
    assert_eq!(
        only(electrum(&format!("{P2WPKH}\n"), Ids::None)),
        "not-a-pair"
    );
    assert_eq!(
        only(electrum(&format!("{P2WPKH}, 0,5\n"), Ids::None)),
        "amount-decimal-comma"
    );
    assert_eq!(
        only(electrum(
            &format!("{P2WPKH}, 1\n"),
            Ids::Column("id".into())
        )),
        "missing-column"
    );
}

fn sparrow(text: &str, ids: Ids) -> Result<PayoutList, ImportError> {
    import(
        text.as_bytes(),
        &Format::Sparrow(Unit::Sat, ids),
        Network::Regtest,
    )
}

#[test]
fn sparrow_rows_are_read_with_and_without_a_header() {
    let rows = format!("{P2WPKH},5000,Ada,r1\n{P2TR},6000,,r2\n");
    let with_header = format!("Address,Amount,Label,Ref\n{rows}");
    assert_eq!(sparrow(&rows, Ids::None).unwrap().totals().count, 2);
    let list = sparrow(&with_header, Ids::Column("Ref".into())).unwrap();
    assert_eq!(
        list.payments()[1].payout_id.as_ref().unwrap().as_str(),
        "r2"
    );
    assert_eq!(list.payments()[0].name.as_deref(), Some("Ada"));
    assert_eq!(
        only(sparrow(&rows, Ids::Column("Ref".into()))),
        "missing-column"
    );
    assert_eq!(
        only(sparrow(&with_header, Ids::Column("Id".into()))),
        "missing-column"
    );
    assert_eq!(
        only(sparrow(&format!("{P2WPKH},\"5,000\",\n"), Ids::None)),
        "amount-thousands-separator"
    );
    // Sparrow would drop these rows without a word; the first one is no header either.
    for (amount, code) in [
        ("NaN", "amount-not-a-number"),
        ("max", "amount-spend-max"),
        ("lots", "amount-malformed"),
    ] {
        assert_eq!(
            only(sparrow(&format!("{P2WPKH},{amount},\n{rows}"), Ids::None)),
            code
        );
    }
    assert_eq!(
        only(sparrow(&format!("{rows}{P2WPKH},lots,\n"), Ids::None)),
        "amount-malformed"
    );
}

fn core(text: &str, unit: Unit) -> Result<PayoutList, ImportError> {
    import(
        text.as_bytes(),
        &Format::CoreOutputs(unit, Ids::None),
        Network::Regtest,
    )
}

#[test]
fn core_outputs_are_read_digit_by_digit() {
    let array = format!("[{{\"{P2WPKH}\": 20999999.99999999}}]");
    assert_eq!(
        core(&array, Unit::Btc).unwrap().totals().sum,
        Amount::from_sat(2_099_999_999_999_999)
    );
    let object = format!("{{\"{P2WPKH}\": \"0.1\", \"{P2TR}\": 0.2}}");
    assert_eq!(core(&object, Unit::Btc).unwrap().totals().count, 2);
    assert_eq!(
        only(core(&format!("[{{\"{P2WPKH}\": 1e-3}}]"), Unit::Btc)),
        "amount-exponent"
    );
    assert_eq!(
        only(core(&format!("[{{\"{P2WPKH}\": 0.5}}]"), Unit::Sat)),
        "amount-fractional-satoshi"
    );
    assert_eq!(
        only(core(&format!("[{{\"{P2WPKH}\": true}}]"), Unit::Sat)),
        "amount-type"
    );
    assert_eq!(only(core("[{\"data\": \"00\"}]", Unit::Sat)), "data-output");
    assert_eq!(
        only(core(
            &format!("[{{\"{P2WPKH}\": 1, \"{P2TR}\": 2}}]"),
            Unit::Sat
        )),
        "not-an-output"
    );
    assert_eq!(only(core("[]", Unit::Sat)), "no-payments");
    assert_eq!(only(core("[1]", Unit::Sat)), "not-json-outputs");
    assert_eq!(
        only(core(&"[".repeat(100_000), Unit::Sat)),
        "not-json-outputs"
    );
}

#[test]
fn no_input_makes_the_importers_panic() {
    use proptest::prelude::*;
    let formats = [
        Format::Cofferdam,
        Format::Electrum(Unit::Sat, Ids::Prefix("p".into())),
        Format::Sparrow(Unit::Sat, Ids::Column("id".into())),
        Format::CoreOutputs(Unit::Btc, Ids::None),
    ];
    proptest!(|(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,200}")| {
        for format in &formats {
            let _ = import(&bytes, format, Network::Regtest);
            let _ = import(text.as_bytes(), format, Network::Regtest);
            let _ = import(format!("{HEADER}\n{text}").as_bytes(), format, Network::Regtest);
        }
    });
}

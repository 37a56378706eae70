//! The review of PSBTs that Bitcoin Core made (`fixtures/core-signing`).

use cofferdam_core::Network;
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::review::{
    FeeLimits, KnownWallet, OutputClass, ReviewContext, Reviewed, review,
};
use cofferdam_core::wallet::Wallet;
use serde_json::Value;

const FIXTURE: &str = include_str!("../../../fixtures/core-signing/regtest.json");

fn cases() -> Vec<Value> {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    fixture["cases"].as_array().unwrap().clone()
}

fn wallets() -> Vec<(Wallet, Value)> {
    let own = |case: Value| {
        let name = case["name"].as_str().unwrap().parse().unwrap();
        let wallet = Wallet::from_descriptor(
            case["descriptor"].as_str().unwrap(),
            name,
            Network::Regtest,
            None,
        );
        wallet.ok().map(|wallet| (wallet, case))
    };
    let wallets: Vec<_> = cases().into_iter().filter_map(own).collect();
    assert_eq!(wallets.len(), 4);
    wallets
}

fn reviewed(case: &Value, version: &str, wallets: &[Wallet]) -> Reviewed {
    let psbt = case["unsigned"][version].as_str().unwrap();
    let parsed = Parsed::parse(psbt.as_bytes(), &Limits::DEFAULT).unwrap();
    let known: Vec<KnownWallet<'_>> = wallets
        .iter()
        .map(|wallet| KnownWallet {
            wallet,
            highest_change_seen: None,
            highest_receive_seen: None,
        })
        .collect();
    review(parsed, &ReviewContext::new(&known, FeeLimits::DEFAULT))
}

fn codes(reviewed: &Reviewed) -> Vec<&str> {
    reviewed
        .findings()
        .iter()
        .map(|finding| finding.code())
        .collect()
}

#[test]
fn single_signature_cases_are_clean_and_theirs() {
    let pairs = wallets();
    let all: Vec<Wallet> = pairs.iter().map(|(wallet, _)| wallet.clone()).collect();
    for (wallet, case) in &pairs {
        let (v0, v2) = (
            reviewed(case, "psbt_v0", &all),
            reviewed(case, "psbt_v2", &all),
        );
        for reviewed in [&v0, &v2] {
            assert_eq!(codes(reviewed), Vec::<&str>::new(), "{}", wallet.name());
            assert_eq!(reviewed.spends().len(), 3);
            let report = reviewed.report();
            assert_eq!(report.wallet.as_ref().unwrap().id, wallet.id());
            let change = report
                .outputs
                .iter()
                .filter(|output| output.class == OutputClass::Change)
                .count();
            assert_eq!(change, 1, "{}", wallet.name());
        }
        assert_eq!(v0.spends(), v2.spends());
        // What Bitcoin Core signed has at most the size that the fee rate was computed from.
        let signed = case["signed_transaction"].as_str().unwrap();
        let signed: bitcoin::Transaction =
            bitcoin::consensus::encode::deserialize_hex(signed).unwrap();
        let (estimate, vsize) = (v0.report().fee.unwrap().vsize, signed.vsize() as u64);
        assert!(
            (vsize..=vsize + 3).contains(&estimate),
            "{}: {estimate} for {vsize}",
            wallet.name()
        );
    }
}

#[test]
fn other_wallets_psbts_are_refused() {
    let pairs = wallets();
    for (wallet, _) in &pairs {
        for case in cases()
            .iter()
            .filter(|case| case["name"] != wallet.name().as_str())
        {
            for version in ["psbt_v0", "psbt_v2"] {
                let reviewed = reviewed(case, version, std::slice::from_ref(wallet));
                assert!(
                    codes(&reviewed).contains(&"foreign-wallet"),
                    "{}",
                    case["name"]
                );
                assert!(reviewed.spends().is_empty());
            }
        }
    }
}

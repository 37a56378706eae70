//! Fees that nobody meant.

use bitcoin::ScriptBuf;
use cofferdam_core::ScriptType;
use cofferdam_core::wallet::Branch;

use super::Case;
use super::fixture::ours;
use super::payout::Payout;

const BRIBE: &str = "pays a miner who works with the attacker, or does plain damage";

pub(super) fn cases() -> Vec<Case> {
    let own = |payout: &mut Payout, sat: u64| {
        payout.outputs.clear();
        payout.pay_own(ours(ScriptType::Segwit), Branch::Change, 7, sat);
    };
    let payout = |change: &dyn Fn(&mut Payout)| Payout::new(ScriptType::Segwit).with(change).psbt();
    let with_data = |change_sat: u64| {
        payout(&|payout| {
            let mut script = vec![0x6a, 0x4d, 0x10, 0x27];
            script.resize(script.len() + 10_000, 0x20);
            payout.pay(ScriptBuf::from_bytes(script), 0);
            payout.outputs[1].sat = change_sat;
        })
    };
    vec![
        Case::new(
            "fee-of-data",
            "10 kB of data are nearly all of a transaction and of its fee",
            "a run of ten files with 10 kB of data each, which burnt 0.999 BTC with notes only",
            BRIBE,
        )
        .caught_by("data_outputs_large")
        .also(&["data_output"])
        .warned(
            with_data(49_500_000),
            &["transaction data-outputs-large", "output 2 data-output"],
        ),
        Case::new(
            "fee-hidden-by-data",
            "10 kB of data make 967 sat/vB of a rate of 39,000",
            "as above",
            BRIBE,
        )
        .caught_by("fee_rate")
        .also(&["data_outputs_large", "data_output", "fee_share"])
        .refused(
            with_data(40_100_000),
            &[
                "transaction fee-rate-too-high",
                "transaction fee-share-high",
                "transaction data-outputs-large",
                "output 2 data-output",
            ],
        ),
        Case::new(
            "all-change-fee",
            "Nothing leaves the wallet but the fee: no share of payments limits it",
            "the issue: a fee limit by per cent of what is paid must hold where nothing is paid",
            BRIBE,
        )
        .caught_by("fee_share")
        .warned(
            payout(&|payout| own(payout, 99_980_000)),
            &["transaction fee-share-high"],
        ),
        Case::new(
            "all-change-fee-beyond",
            "Nothing leaves the wallet but a fee of 0.6 BTC",
            "as above, above the bound",
            BRIBE,
        )
        .caught_by("fee_amount")
        .also(&["fee_rate", "fee_share"])
        .refused(
            payout(&|payout| own(payout, 40_000_000)),
            &[
                "transaction fee-too-high",
                "transaction fee-rate-too-high",
                "transaction fee-share-high",
            ],
        ),
        Case::new(
            "self-transfer-fee",
            "The coins go to a receive address of ours, and the fee is above 10,000 satoshi",
            "a consolidation that pays too much",
            BRIBE,
        )
        .caught_by("fee_share")
        .warned(
            payout(&|payout| {
                payout.outputs.clear();
                payout.pay_own(ours(ScriptType::Segwit), Branch::Receive, 7, 99_900_000);
            }),
            &["transaction fee-share-high"],
        ),
        Case::new(
            "fee-one-satoshi-too-high",
            "A fee of 0.1 BTC and one satoshi",
            "the design: refused above 0.1 BTC",
            BRIBE,
        )
        .caught_by("fee_amount")
        .also(&["fee_rate", "fee_share"])
        .refused(
            payout(&|payout| payout.outputs[1].sat = 39_999_999),
            &[
                "transaction fee-too-high",
                "transaction fee-rate-too-high",
                "transaction fee-share-high",
            ],
        ),
        Case::new(
            "fee-rate-too-high",
            "1,100 sat/vB, far below the absolute bound",
            "the design: refused above 1,000 sat/vB",
            BRIBE,
        )
        .caught_by("fee_rate")
        .refused(
            payout(&|payout| payout.outputs[1].sat = 49_770_000),
            &["transaction fee-rate-too-high"],
        ),
        Case::new(
            "fee-share-high",
            "A payment of 100,000 satoshi with a fee of 20,000",
            "the design: warns above a tenth of what is paid",
            BRIBE,
        )
        .caught_by("fee_share")
        .warned(
            payout(&|payout| {
                payout.outputs[0].sat = 100_000;
                payout.outputs[1].sat = 99_880_000;
            }),
            &["transaction fee-share-high"],
        ),
        Case::new(
            "fee-of-nothing",
            "A transaction without a fee, which no node relays",
            "Bitcoin Core's least relay fee",
            "keeps a payout from confirming, and has it signed again with other coins",
        )
        .caught_by("fee_relay")
        .warned(
            payout(&|payout| payout.outputs[1].sat = 50_000_000),
            &["transaction fee-below-relay"],
        ),
    ]
}

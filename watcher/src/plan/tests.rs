use std::collections::HashSet;

use bitcoin::hashes::Hash;
use bitcoin::{Txid, WPubkeyHash};
use proptest::prelude::*;

use super::*;
use cofferdam_core::ScriptType;

fn coin(number: u32, satoshi: u64) -> Coin {
    let mut txid = [0u8; 32];
    txid[..4].copy_from_slice(&number.to_be_bytes());
    Coin {
        outpoint: OutPoint {
            txid: Txid::from_byte_array(txid),
            vout: number % 7,
        },
        amount: Amount::from_sat(satoshi),
    }
}

fn coins(amounts: &[u64]) -> Vec<Coin> {
    amounts
        .iter()
        .enumerate()
        .map(|(number, satoshi)| coin(number as u32, *satoshi))
        .collect()
}

fn payee(satoshi: u64) -> Payee {
    Payee {
        script_pubkey: ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(&satoshi.to_be_bytes())),
        amount: Amount::from_sat(satoshi),
    }
}

fn payees(amounts: &[u64]) -> Vec<Payee> {
    amounts.iter().copied().map(payee).collect()
}

fn terms(sat_per_kvb: u64) -> Terms {
    Terms {
        kind: WalletKind::Single(ScriptType::Segwit),
        fee_rate: FeeRate::from_sat_per_kvb(sat_per_kvb),
        max_weight: DEFAULT_MAX_WEIGHT,
        tip: Some(1_000),
    }
}

fn seed(number: u64) -> Seed {
    Seed::from_bytes(number.to_be_bytes())
}

/// What every plan has to keep, whatever went in.
fn check(plan: &[PlannedTransaction], coins: &[Coin], payees: &[Payee], terms: &Terms) {
    let shape = Shape::new(terms.kind, terms.fee_rate);
    let known: HashSet<OutPoint> = coins.iter().map(|coin| coin.outpoint).collect();
    let (mut spent, mut paid) = (HashSet::new(), Vec::new());
    for transaction in plan {
        for coin in &transaction.coins {
            assert!(known.contains(&coin.outpoint), "a coin from nowhere");
            assert!(spent.insert(coin.outpoint), "a coin is spent twice");
        }
        assert!(
            transaction
                .coins
                .iter()
                .any(|coin| coin.outpoint == transaction.anchor)
        );
        let payments = transaction.payments();
        let held: Amount = transaction.coins.iter().map(|coin| coin.amount).sum();
        let sent: Amount = payments.iter().map(|index| payees[*index].amount).sum();
        assert_eq!(
            held,
            sent + transaction.change.unwrap_or_default() + transaction.fee,
            "sums"
        );
        let has_change = transaction.outputs.contains(&Output::Change);
        assert_eq!(has_change, transaction.change.is_some());
        assert!(transaction.weight <= terms.max_weight, "too heavy");
        let weight = payments.iter().map(|index| payees[*index].weight()).sum();
        let expected = shape.weight(
            transaction.coins.len(),
            transaction.outputs.len(),
            weight,
            has_change,
        );
        assert_eq!(transaction.weight, expected);
        let least = terms.fee_rate.fee(transaction.weight);
        assert!(transaction.fee >= least, "below the rate");
        match transaction.change {
            Some(change) => {
                assert_eq!(transaction.fee, least);
                assert!(change >= terms.kind.dust_limit());
            }
            None => assert!(transaction.fee <= least + shape.tolerance, "overpaid"),
        }
        paid.extend(payments);
    }
    paid.sort_unstable();
    assert_eq!(
        paid,
        (0..payees.len()).collect::<Vec<_>>(),
        "each payment once"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn plans_conserve_money_and_keep_their_bounds(
        amounts in proptest::collection::vec(300u64..5_000_000, 1..60),
        held in proptest::collection::vec(100u64..20_000_000, 0..80),
        rate in 100u64..100_000,
        kind in 0usize..4,
        max_weight in 4_000u64..20_000,
        number: u64,
    ) {
        let terms = Terms {
            kind: WalletKind::Single(ScriptType::ALL[kind]),
            max_weight: Weight::from_wu(max_weight),
            ..terms(rate)
        };
        let (coins, payees) = (coins(&held), payees(&amounts));
        let planned = plan(&coins, &payees, &terms, &seed(number));
        prop_assert_eq!(&planned, &plan(&coins, &payees, &terms, &seed(number)));
        let mut turned = coins.clone();
        turned.reverse();
        prop_assert_eq!(&planned, &plan(&turned, &payees, &terms, &seed(number)), "the ledger's order matters");
        match planned {
            Ok(planned) => check(&planned, &coins, &payees, &terms),
            Err(PlanError::Shortfall { needed, spendable, shortfall }) => {
                prop_assert_eq!(needed, spendable + shortfall);
            }
            Err(PlanError::TooFewCoins { .. } | PlanError::CoinsTooSmall { .. }) => {}
            Err(PlanError::Dust(_)) => prop_assert!(amounts.iter().any(|amount| *amount < 294)),
            Err(error @ (PlanError::ImpossiblePayments | PlanError::ImpossibleCoins { .. })) => {
                prop_assert!(false, "{}", error);
            }
        }
    }

    #[test]
    fn with_plenty_of_coins_a_plan_is_found(
        amounts in proptest::collection::vec(1_000u64..100_000, 1..50),
        rate in 1_000u64..20_000,
        number: u64,
    ) {
        let (coins, payees) = (coins(&vec![1_000_000; 60]), payees(&amounts));
        let planned = plan(&coins, &payees, &terms(rate), &seed(number)).unwrap();
        check(&planned, &coins, &payees, &terms(rate));
    }

    #[test]
    fn fee_shares_add_up(fee in 0u64..1_000_000, weights in proptest::collection::vec(100u64..200, 1..50)) {
        let weights: Vec<Weight> = weights.into_iter().map(Weight::from_wu).collect();
        let shares = share_fee(Amount::from_sat(fee), &weights);
        prop_assert_eq!(shares.into_iter().sum::<Amount>(), Amount::from_sat(fee));
    }
}

#[test]
fn a_match_without_change_is_found() {
    // 40,000 + 25,000 pay 64,000 and the fee of two inputs and one output (179 vB) at 5 sat/vB.
    let coins = coins(&[500_000, 40_000, 25_000, 90_000, 7_000]);
    let payees = payees(&[64_050]);
    let planned = plan(&coins, &payees, &terms(5_000), &seed(1)).unwrap();
    check(&planned, &coins, &payees, &terms(5_000));
    assert_eq!(planned[0].change, None);
    let mut used: Vec<u64> = planned[0]
        .coins
        .iter()
        .map(|coin| coin.amount.to_sat())
        .collect();
    used.sort_unstable();
    assert_eq!(used, [25_000, 40_000]);
}

#[test]
fn change_is_made_only_when_it_is_worth_it() {
    for script_type in ScriptType::ALL {
        let terms = Terms {
            kind: WalletKind::Single(script_type),
            ..terms(3_000)
        };
        let shape = Shape::new(WalletKind::Single(script_type), terms.fee_rate);
        assert!(shape.least_change >= script_type.dust_limit());
        let payees = payees(&[100_000]);
        let full_fee = shape.fee(1, 1, payees[0].weight(), true);
        let held = payees[0].amount + full_fee + shape.least_change;
        let change = |held: Amount| {
            let coins = coins(&[held.to_sat()]);
            let planned = plan(&coins, &payees, &terms, &seed(1)).unwrap();
            check(&planned, &coins, &payees, &terms);
            planned[0].change
        };
        assert_eq!(change(held), Some(shape.least_change), "{script_type}");
        assert_eq!(change(held - Amount::from_sat(1)), None, "{script_type}");
    }
}

#[test]
fn fees_decide_between_sparing_and_gathering() {
    let coins = coins(&[10_000; 100]);
    let inputs = |rate| {
        plan(&coins, &payees(&[50_000]), &terms(rate), &seed(3)).unwrap()[0]
            .coins
            .len()
    };
    assert!(
        inputs(50_000) < inputs(1_000),
        "{} and {}",
        inputs(50_000),
        inputs(1_000)
    );
}

#[test]
fn the_seed_alone_decides_the_order() {
    let coins = coins(&[1_000_000, 2_000_000, 3_000_000]);
    let payees = payees(&[10_000, 20_000, 30_000, 40_000, 50_000]);
    let planned = |number| plan(&coins, &payees, &terms(5_000), &seed(number)).unwrap();
    assert_eq!(planned(1), planned(1));
    let orders: HashSet<String> = (0..20)
        .map(|number| format!("{:?}", planned(number)[0].outputs))
        .collect();
    assert!(orders.len() > 10, "{} orders", orders.len());
    let first_is_change = (0..60)
        .filter(|number| planned(*number)[0].outputs[0] == Output::Change)
        .count();
    assert!((3..25).contains(&first_is_change), "{first_is_change}");
}

#[test]
fn lock_times_follow_the_tip_and_sometimes_lag() {
    let coins = coins(&[1_000_000]);
    let heights: Vec<u32> = (0..300)
        .map(|number| {
            plan(&coins, &payees(&[10_000]), &terms(5_000), &seed(number)).unwrap()[0].lock_time
        })
        .map(|lock_time| lock_time.to_consensus_u32())
        .collect();
    let at_tip = heights.iter().filter(|height| **height == 1_000).count();
    assert!((240..295).contains(&at_tip), "{at_tip}");
    assert!(heights.iter().all(|height| (901..=1_000).contains(height)));
    let stale = Terms {
        tip: None,
        ..terms(5_000)
    };
    assert_eq!(
        plan(&coins, &payees(&[10_000]), &stale, &seed(1)).unwrap()[0].lock_time,
        LockTime::ZERO
    );
}

#[test]
fn dust_is_named() {
    let result = plan(
        &coins(&[1_000_000]),
        &payees(&[1_000, 293, 294]),
        &terms(1_000),
        &seed(1),
    );
    let expected = DustPayment {
        payment: 1,
        amount: Amount::from_sat(293),
        limit: Amount::from_sat(294),
    };
    assert_eq!(result, Err(PlanError::Dust(vec![expected])));
}

#[test]
fn a_shortfall_is_exact() {
    // One input and one output: 110 vB (438 weight units) at 10 sat/vB.
    let payees = payees(&[100_000]);
    let result = plan(&coins(&[100_000]), &payees, &terms(10_000), &seed(1));
    let Err(PlanError::Shortfall { shortfall, .. }) = result else {
        panic!("{result:?}")
    };
    assert!(
        plan(
            &coins(&[100_000 + shortfall.to_sat()]),
            &payees,
            &terms(10_000),
            &seed(1)
        )
        .is_ok()
    );
    assert!(
        plan(
            &coins(&[100_000 + shortfall.to_sat() - 1]),
            &payees,
            &terms(10_000),
            &seed(1)
        )
        .is_err()
    );
    assert!(matches!(
        plan(&[], &payees, &terms(10_000), &seed(1)),
        Err(PlanError::Shortfall { .. })
    ));
    // Coins that cost more than they hold are worth nothing.
    let crumbs = coins(&[600; 1_000]);
    assert!(matches!(
        plan(&crumbs, &payees, &terms(10_000), &seed(1)),
        Err(PlanError::Shortfall { .. })
    ));
}

#[test]
fn a_list_over_several_transactions_needs_as_many_coins() {
    let terms = Terms {
        max_weight: Weight::from_wu(6_000),
        ..terms(2_000)
    };
    let payees = payees(&[10_000; 100]);
    let result = plan(&coins(&[50_000_000]), &payees, &terms, &seed(1));
    let Err(PlanError::TooFewCoins {
        needed,
        available: 1,
        each,
    }) = result
    else {
        panic!("{result:?}")
    };
    let split = coins(&vec![each.to_sat(); needed]);
    let planned = plan(&split, &payees, &terms, &seed(1)).unwrap();
    assert_eq!(planned.len(), needed);
    check(&planned, &split, &payees, &terms);
}

#[test]
fn sparing_manners_find_what_the_cheapest_uses_up() {
    // Each transaction can have one of the coins; taking both for the first leaves the second
    // without.
    let terms = Terms {
        max_weight: Weight::from_wu(10_000),
        ..terms(2_000)
    };
    let payees = payees(&[10_000; 120]);
    let coins = coins(&[630_000, 640_000]);
    let planned = plan(&coins, &payees, &terms, &seed(1)).unwrap();
    check(&planned, &coins, &payees, &terms);
    assert_eq!(planned.len(), 2);
}

#[test]
fn a_payment_that_no_transaction_can_hold_is_named() {
    let terms = Terms {
        max_weight: Weight::from_wu(4_000),
        ..terms(1_000)
    };
    let result = plan(
        &coins(&[10_000; 100]),
        &payees(&[500_000]),
        &terms,
        &seed(1),
    );
    assert!(
        matches!(result, Err(PlanError::CoinsTooSmall { payment: 0, .. })),
        "{result:?}"
    );
}

#[test]
fn weights_bound_what_a_transaction_serialises_to() {
    for (payments, change) in [(1, false), (251, true), (252, true), (253, false)] {
        let shape = Shape::new(
            WalletKind::Single(ScriptType::Segwit),
            FeeRate::from_sat_per_kvb(1_000),
        );
        let payee = payee(1_000);
        let count = payments + usize::from(change);
        let weight = shape.weight(
            1,
            count,
            Weight::from_wu(payee.weight().to_wu() * payments as u64),
            change,
        );
        let output = bitcoin::TxOut {
            value: payee.amount,
            script_pubkey: payee.script_pubkey,
        };
        let mut witness = bitcoin::Witness::new();
        witness.push([0; 71]);
        witness.push([0; 33]);
        let transaction = bitcoin::Transaction {
            version: bitcoin::transaction::Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![bitcoin::TxIn {
                witness,
                ..Default::default()
            }],
            output: vec![output; count],
        };
        assert_eq!(weight, transaction.weight());
    }
}

#[test]
fn a_list_of_2500_payouts_is_planned_over_100000_coins() {
    let amounts: Vec<u64> = (0..100_000)
        .map(|number| 5_000 + number * 7_919 % 1_000_000)
        .collect();
    let paid: Vec<u64> = (0..2_500)
        .map(|number| 1_000 + number * 104_729 % 500_000)
        .collect();
    let (coins, payees) = (coins(&amounts), payees(&paid));
    let planned = plan(&coins, &payees, &terms(5_000), &seed(9)).unwrap();
    check(&planned, &coins, &payees, &terms(5_000));
    // Some 600 coins and 2,500 outputs weigh 480,000 units.
    assert_eq!(planned.len(), 3);
}

#[test]
fn a_wallet_without_coins_holds_nothing() {
    let payees = payees(&[100_000]);
    let result = plan(&coins(&[]), &payees, &terms(10_000), &seed(1));
    let Err(PlanError::Shortfall {
        spendable,
        shortfall,
        ..
    }) = result
    else {
        panic!("{result:?}")
    };
    assert_eq!(spendable, Amount::ZERO);
    // A coin of what is missing is enough.
    assert!(
        plan(
            &coins(&[shortfall.to_sat()]),
            &payees,
            &terms(10_000),
            &seed(1)
        )
        .is_ok()
    );
}

/// A node that lies once may have left coins in the ledger that no chain can hold: nothing
/// overflows on them.
#[test]
fn sums_that_no_chain_can_hold_are_refused() {
    let all = Amount::MAX_MONEY.to_sat();
    for (held, paid) in [
        (vec![all; 9_000], vec![10_000]),
        (vec![all, 1], vec![10_000]),
        (vec![u64::MAX, u64::MAX], vec![10_000]),
    ] {
        let error = plan(&coins(&held), &payees(&paid), &terms(1_000), &seed(1)).unwrap_err();
        assert_eq!(error, PlanError::ImpossibleCoins { count: held.len() });
    }
    for paid in [vec![all; 9_000], vec![all, 1_000], vec![u64::MAX, u64::MAX]] {
        let error = plan(&coins(&[50_000]), &payees(&paid), &terms(1_000), &seed(1)).unwrap_err();
        assert_eq!(error, PlanError::ImpossiblePayments);
    }
    // All the money there is can be planned with, at the highest rate.
    let one = plan(
        &coins(&[all]),
        &payees(&[all / 2]),
        &terms(1_000_000),
        &seed(1),
    )
    .unwrap();
    assert_eq!(one.len(), 1);
    let error = plan(
        &coins(&[all - 1, 1]),
        &payees(&[all]),
        &terms(1_000_000),
        &seed(1),
    )
    .unwrap_err();
    assert!(matches!(error, PlanError::Shortfall { .. }), "{error}");
}

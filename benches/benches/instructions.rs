//! Instructions of the hot paths, counted by valgrind's callgrind: they repeat where times do not,
//! so more of them is a regression. `scripts/instructions` runs it; each path fails where it takes
//! more than its budget.
//!
//! A budget is what was counted, and a tenth more: compilers differ, and hash maps begin at random.
//! Where a path was made faster, lower its budget; where it must do more, raise it and say why in
//! the commit.

// The macros make items of their own.
#![allow(missing_docs, unreachable_pub)]

use std::hint::black_box;

use bitcoin::Block;
use bitcoin::secp256k1::Message;
use cofferdam_benches::treasury::{Spec, Treasury, blocks, ledger};
use cofferdam_benches::unsigned;
use cofferdam_core::keys::{AccountKey, Bip39Passphrase, Entropy, Language, MasterKey, Mnemonic};
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::review::{FeeLimits, KnownWallet, ReviewContext, review};
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_core::{Network, ScriptType};
use cofferdam_watcher::store::Store;
use cofferdam_watcher::sync::scan::scan;
use cofferdam_watcher::sync::watch::Watch;
use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};

fn budget(instructions: u64) -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]));
    config
}

fn treasury() -> Treasury {
    Treasury::draw(Spec {
        seed: 8,
        script_type: ScriptType::Segwit,
        scripts: 200,
        coins: 100,
        transactions: 400,
        each_block: 200,
    })
    .expect("a treasury")
}

/// A PSBT of 50 inputs and 200 outputs.
fn psbt() -> Vec<u8> {
    unsigned::psbt(&treasury(), 50, 200).expect("a PSBT")
}

fn parsed() -> (Wallet, Parsed) {
    let parsed = Parsed::parse(&psbt(), &Limits::DEFAULT).expect("a PSBT");
    (treasury().wallet, parsed)
}

fn account() -> AccountKey {
    let entropy = Entropy::from_bytes(&[7; 16]).expect("entropy");
    let seed = Mnemonic::from_entropy(&entropy, Language::English).seed(&Bip39Passphrase::none());
    MasterKey::from_seed(&seed, Network::Regtest)
        .and_then(|master| master.account(ScriptType::Segwit, 0))
        .expect("an account")
}

/// What a sync of the treasury watches, and a block of it.
fn watched() -> (Watch, u32, Block) {
    let treasury = treasury();
    let folder =
        std::env::temp_dir().join(format!("cofferdam-instructions-{}", std::process::id()));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let watch = runtime.block_on(async {
        ledger::write(&treasury, &folder).await.expect("a ledger");
        let store = Store::open(&folder.join("ledger.sqlite"))
            .await
            .expect("a ledger");
        let watch = Watch::load(&store).await.expect("scripts");
        store.close().await;
        watch
    });
    std::fs::remove_dir_all(&folder).expect("a folder");
    let (_, block) = blocks(&treasury).pop().expect("a block");
    // Above all that was searched.
    (watch, treasury.tip() + 1, block)
}

#[library_benchmark(config = budget(7_550_000))]
#[bench::of_50_inputs(psbt())]
fn parse_psbt(bytes: Vec<u8>) -> Parsed {
    black_box(Parsed::parse(&bytes, &Limits::DEFAULT)).expect("a PSBT")
}

#[library_benchmark(config = budget(25_000_000))]
#[bench::of_50_inputs(parsed())]
fn review_psbt((wallet, parsed): (Wallet, Parsed)) -> usize {
    let known = [KnownWallet {
        wallet: &wallet,
        highest_change_seen: None,
        highest_receive_seen: None,
    }];
    let reviewed = review(parsed, &ReviewContext::new(&known, FeeLimits::DEFAULT));
    assert_eq!(reviewed.spends().len(), 50);
    black_box(reviewed.findings().len())
}

#[library_benchmark(config = budget(37_100_000))]
#[bench::a_hundred(treasury())]
fn derive_scripts(treasury: Treasury) -> usize {
    let scripts = treasury.wallet.scripts(Branch::Receive, 1_000..1_100);
    black_box(scripts).expect("scripts").len()
}

#[library_benchmark(config = budget(23_400_000))]
#[bench::twenty(account())]
fn sign_ecdsa(account: AccountKey) {
    for index in 0..20 {
        let message = Message::from_digest([index + 1; 32]);
        black_box(account.sign_ecdsa(Branch::Receive, u32::from(index), &message))
            .expect("a signature");
    }
}

#[library_benchmark(config = budget(4_380_000))]
#[bench::of_200_transactions(watched())]
fn scan_block((mut watch, height, block): (Watch, u32, Block)) -> usize {
    let effects = scan(&mut watch, height, &block).expect("effects");
    assert!(effects.len() > 100, "the block is the treasury's");
    black_box(effects.len())
}

library_benchmark_group!(
    name = hot_paths,
    benchmarks = [
        parse_psbt,
        review_psbt,
        derive_scripts,
        sign_ecdsa,
        scan_block
    ]
);
main!(library_benchmark_groups = hot_paths);

//! Previous transactions are kept as long as a signer may need them, and no longer.

use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxOut, absolute, transaction};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, Wallet};
use cofferdam_watcher::store::scripts::ScriptOwner;
use cofferdam_watcher::store::{Store, coins, previous, wallets};

const SEGWIT: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";

fn made(number: u32) -> Transaction {
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::from_consensus(number),
        input: vec![bitcoin::TxIn::default()],
        output: vec![
            TxOut {
                value: Amount::from_sat(1_000),
                script_pubkey: ScriptBuf::new()
            };
            2
        ],
    }
}

#[tokio::test]
async fn a_previous_transaction_outlives_its_last_coin_by_288_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("ledger.sqlite"))
        .await
        .unwrap();
    let mut write = store.write().await.unwrap();
    let wallet =
        Wallet::from_descriptor(SEGWIT, "main".parse().unwrap(), Network::Regtest, None).unwrap();
    let record = wallets::insert(&mut write, &wallet, 10).await.unwrap();
    let owner = ScriptOwner {
        wallet_no: record.no,
        branch: Branch::Receive,
        index: 0,
    };

    // One whose both coins are spent, at 100 and 200; one of whose coins only one is.
    let (spent, half) = (made(1), made(2));
    let spender = made(3);
    let by = spender.compute_txid();
    previous::insert(&mut write, &spender).await.unwrap();
    for (transaction, spends) in [(&spent, &[100, 200][..]), (&half, &[100][..])] {
        previous::insert(&mut write, transaction).await.unwrap();
        let txid = transaction.compute_txid();
        for vout in 0..2 {
            let amount = Amount::from_sat(1_000);
            coins::insert(
                &mut write,
                OutPoint { txid, vout },
                owner,
                amount,
                50,
                false,
            )
            .await
            .unwrap();
        }
        for (vout, height) in (0..).zip(spends) {
            coins::spend(&mut write, OutPoint { txid, vout }, by, *height)
                .await
                .unwrap();
        }
    }
    for (tip, kept) in [
        (99, true),
        (388, true),
        (487, true),
        (488, false),
        (1_000, false),
    ] {
        previous::prune(&mut write, tip).await.unwrap();
        let found = previous::get(&mut write, spent.compute_txid())
            .await
            .unwrap();
        assert_eq!(found.is_some(), kept, "at {tip}");
        // What has no coin of ours stays until the first of those it spent is as deep.
        let found = previous::get(&mut write, by).await.unwrap();
        assert_eq!(found.is_some(), tip < 388, "the spender at {tip}");
        assert_eq!(
            previous::get(&mut write, half.compute_txid())
                .await
                .unwrap(),
            Some(half.clone())
        );
    }
}

#[tokio::test]
async fn a_damaged_previous_transaction_is_not_handed_to_a_signer() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("ledger.sqlite"))
        .await
        .unwrap();
    let mut write = store.write().await.unwrap();
    let transaction = made(1);
    previous::insert(&mut write, &transaction).await.unwrap();
    let sql = "UPDATE previous_transactions SET raw = X'00'";
    sqlx::query(sql).execute(&mut *write).await.unwrap();
    let error = previous::get(&mut write, transaction.compute_txid())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    let other = bitcoin::consensus::encode::serialize(&made(2));
    sqlx::query("UPDATE previous_transactions SET raw = $1")
        .bind(other)
        .execute(&mut *write)
        .await
        .unwrap();
    let error = previous::get(&mut write, transaction.compute_txid())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is another one"), "{error}");
}

//! What a block gave, the undoing of the block takes.

use bitcoin::{Block, ScriptBuf, TxOut};

use super::*;

/// A segwit ledger, a list in it that was exported, and the transaction as a block would have it.
async fn exported(folder: &tempfile::TempDir, coins: u32) -> (Store, String, Transaction) {
    let store = ledger(folder, coins).await;
    let created = create::create(&store, &order(&payments("a", 1, 10_000), 200_000))
        .await
        .unwrap();
    let id = created.list.id.unwrap();
    let mut write = store.write().await.unwrap();
    let list = show::find(&mut write, &id).await.unwrap();
    payouts::note_exported(&mut write, list.no).await.unwrap();
    let record = payouts::transactions(&mut write, list.no)
        .await
        .unwrap()
        .remove(0);
    write.commit().await.unwrap();
    (store, id, record.unsigned)
}

/// Has the ledger search a block with these transactions at a height, and blocks without any up to
/// another.
async fn mine(store: &Store, height: u32, transactions: Vec<Transaction>, tip: u32) {
    let block = Block {
        header: bitcoin::constants::genesis_block(bitcoin::Network::Regtest).header,
        txdata: transactions,
    };
    let mut watch = Watch::load(store).await.unwrap();
    let effects = scan::scan(&mut watch, height, &block).unwrap();
    let mut write = store.write().await.unwrap();
    effects.write(&mut write).await.unwrap();
    let spenders: Vec<_> = effects.spenders().collect();
    crate::payout::sighting::note(&mut write, &spenders)
        .await
        .unwrap();
    finish(&mut write, height, tip).await;
    write.commit().await.unwrap();
}

/// Adds empty blocks, and ends the sync.
async fn finish(write: &mut crate::store::Connection, from: u32, tip: u32) {
    let rows: Vec<(Tip, u32)> = (from..=tip)
        .map(|height| {
            let mut hash = [7; 32];
            hash[..4].copy_from_slice(&height.to_le_bytes());
            let hash = BlockHash::from_byte_array(hash);
            (Tip { height, hash }, 1_800_000_000 + height)
        })
        .collect();
    blocks::insert(write, &rows).await.unwrap();
    wallets::searched_below(write, tip + 1).await.unwrap();
    follow::follow(write).await.unwrap();
    facts::set(write, Fact::SyncedHeight, &tip.to_string())
        .await
        .unwrap();
}

async fn undo(store: &Store, height: Option<u32>) {
    let mut write = store.write().await.unwrap();
    blocks::undo_above(&mut write, height).await.unwrap();
    write.commit().await.unwrap();
}

/// Returns whether the ledger thinks that nothing can change the list's first transaction, and how
/// many coins are free.
async fn settled_and_free(store: &Store, id: &str) -> (bool, usize) {
    let mut view = store.read().await.unwrap();
    let list = show::find(&mut view, id).await.unwrap();
    let settled = payouts::headers(&mut view, list.no).await.unwrap()[0].settled;
    let free = coins::spendable(&mut view, list.wallet_no, 1)
        .await
        .unwrap();
    (settled, free.len())
}

#[tokio::test]
async fn a_payout_that_a_reorganisation_undoes_is_no_longer_settled() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id, sent) = exported(&folder, 1).await;
    assert_eq!(settled_and_free(&store, &id).await, (false, 0));
    mine(&store, 2, vec![sent], 102).await;
    let state = || async { show::show(&store, &id).await.unwrap().state };
    assert_eq!(state().await, TransactionState::Confirmed);
    // The change.
    assert_eq!(settled_and_free(&store, &id).await, (true, 1));

    // 102 blocks are undone, and others take their place.
    undo(&store, Some(0)).await;
    let second = order(&payments("b", 1, 900_000), 200_000);
    let error = create::create(&store, &second).await.unwrap_err();
    assert!(matches!(error, PayoutError::NotSynced { .. }), "{error}");
    let mut write = store.write().await.unwrap();
    finish(&mut write, 1, 103).await;
    write.commit().await.unwrap();
    assert_eq!(state().await, TransactionState::Exported);
    assert!(!settled_and_free(&store, &id).await.0);
}

/// The coins stay, only the spend is undone: they are the list's, not the next one's.
#[tokio::test]
async fn coins_of_an_undone_payout_are_reserved_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id, sent) = exported(&folder, 1).await;
    mine(&store, 2, vec![sent.clone()], 102).await;
    undo(&store, Some(1)).await;
    // A sync that is killed after it searched all blocks: nothing is planned before one comes to
    // its end.
    let mut write = store.write().await.unwrap();
    let forgotten = facts::get(&mut write, Fact::SyncedHeight).await.unwrap();
    assert_eq!(forgotten, None);
    finish(&mut write, 2, 110).await;
    write.commit().await.unwrap();
    assert_eq!(settled_and_free(&store, &id).await, (false, 0));
    let second = order(&payments("b", 1, 900_000), 200_000);
    let error = create::create(&store, &second).await.unwrap_err();
    assert!(matches!(error, PayoutError::Plan(_)), "{error}");
    // Mined again, it settles again.
    mine(&store, 111, vec![sent], 210).await;
    assert_eq!(settled_and_free(&store, &id).await, (true, 1));
}

/// A reorganisation above the block leaves it, but not as deep.
#[tokio::test]
async fn a_payout_that_is_no_longer_deep_is_open_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id, sent) = exported(&folder, 1).await;
    mine(&store, 2, vec![sent], 101).await;
    assert!(settled_and_free(&store, &id).await.0);
    undo(&store, Some(4)).await;
    assert!(!settled_and_free(&store, &id).await.0);
    let mut write = store.write().await.unwrap();
    finish(&mut write, 5, 110).await;
    write.commit().await.unwrap();
    assert!(settled_and_free(&store, &id).await.0);
}

/// So it is when the ledger forgets the chain to search it anew.
#[tokio::test]
async fn a_rescan_settles_nothing_before_it_has_searched() {
    let folder = tempfile::tempdir().unwrap();
    let (store, id, sent) = exported(&folder, 1).await;
    mine(&store, 2, vec![sent], 102).await;
    undo(&store, None).await;
    assert!(!settled_and_free(&store, &id).await.0);
}

/// A conflict with a transaction of ours settles too, and frees what it has not taken; undone, it
/// takes that back.
#[tokio::test]
async fn coins_that_a_settled_conflict_freed_are_reserved_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 2).await;
    let created = create::create(&store, &order(&payments("a", 1, 1_500_000), 200_000))
        .await
        .unwrap();
    let id = created.list.id.unwrap();
    let mut write = store.write().await.unwrap();
    let list = show::find(&mut write, &id).await.unwrap();
    payouts::note_exported(&mut write, list.no).await.unwrap();
    write.commit().await.unwrap();
    cancel::cancel(&store, &id, &cancel::CancelTerms::default())
        .await
        .unwrap();
    let cancelled = show::show(&store, &id).await.unwrap();
    let mut view = store.read().await.unwrap();
    let cancel = show::find(&mut view, cancelled.cancelled_by.as_deref().unwrap())
        .await
        .unwrap();
    let taker = payouts::transactions(&mut view, cancel.no)
        .await
        .unwrap()
        .remove(0)
        .unsigned;
    drop(view);
    mine(&store, 2, vec![taker], 102).await;
    // Its change, and the coin that it did not take.
    assert_eq!(settled_and_free(&store, &id).await, (true, 2));
    undo(&store, Some(1)).await;
    let mut write = store.write().await.unwrap();
    finish(&mut write, 2, 110).await;
    write.commit().await.unwrap();
    assert_eq!(settled_and_free(&store, &id).await, (false, 0));
    assert_eq!(
        show::show(&store, &id).await.unwrap().state,
        TransactionState::Cancelling
    );
}

/// Previous transactions are dropped for blocks that are undone later; from then on those of other
/// blocks are dropped.
#[tokio::test]
async fn the_height_of_what_was_dropped_goes_back_with_the_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let store = ledger(&folder, 1).await;
    let mut write = store.write().await.unwrap();
    facts::set(&mut write, Fact::PrunedHeight, "500")
        .await
        .unwrap();
    for (floor, left) in [(Some(600), "500"), (Some(400), "400"), (Some(450), "400")] {
        blocks::undo_above(&mut write, floor).await.unwrap();
        let pruned = facts::get(&mut write, Fact::PrunedHeight).await.unwrap();
        assert_eq!(pruned.as_deref(), Some(left));
    }
}

/// Paid by a transaction that nobody here planned: what was cancelled freely is neither free nor
/// cancelled.
#[tokio::test]
async fn a_payment_that_a_stranger_s_transaction_makes_is_paid() {
    for (share, state) in [
        (10_000, TransactionState::Confirmed),
        (10_001, TransactionState::Conflicted),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = ledger(&folder, 1).await;
        let list = payments("a", 1, 10_000);
        let created = create::create(&store, &order(&list, 200_000))
            .await
            .unwrap();
        let id = created.list.id.unwrap();
        let mut view = store.read().await.unwrap();
        let found = show::find(&mut view, &id).await.unwrap();
        let mut other = payouts::transactions(&mut view, found.no)
            .await
            .unwrap()
            .remove(0)
            .unsigned;
        drop(view);
        let payee = created.list.payments[0].output as usize;
        other.output[payee].value = Amount::from_sat(share);
        other.output.push(TxOut {
            value: Amount::from_sat(700),
            script_pubkey: ScriptBuf::from_bytes(vec![0x51]),
        });
        mine(&store, 2, vec![other.clone()], 3).await;
        let shown = show::show(&store, &id).await.unwrap();
        assert_eq!(shown.state, state);
        if state == TransactionState::Confirmed {
            assert_eq!(
                shown.transactions[0].txid,
                Some(other.compute_txid().to_string())
            );
            let again = Order {
                again: true,
                ..order(&list, 200_000)
            };
            let error = create::create(&store, &again).await.unwrap_err();
            assert!(matches!(error, PayoutError::KnownIds(_)), "{error}");
        }
    }
}

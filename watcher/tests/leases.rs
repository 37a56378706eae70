//! The leases' rules, on the ledger's own code: who gets one, who loses it, and what a loser can still write.

mod common;

use cofferdam_watcher::error::Coded;
use cofferdam_watcher::store::{Lease, LeaseName, Store, StoreError};
use common::sql;

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("ledger.sqlite")).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn a_lease_is_held_by_one_and_the_other_lease_is_free() {
    let (_folder, store) = store().await;
    let lease = Lease::take(&store, LeaseName::Sync).await.unwrap();
    let error = Lease::take(&store, LeaseName::Sync).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseHeld { .. }), "{error}");
    assert_eq!(error.exit() as u8, 9);
    Lease::take(&store, LeaseName::Broadcast).await.unwrap();
    lease.release(&store).await.unwrap();
    Lease::take(&store, LeaseName::Sync).await.unwrap();
}

#[tokio::test]
async fn another_machines_lease_is_respected_until_it_expires() {
    let (folder, store) = store().await;
    let path = folder.path().join("ledger.sqlite");
    let held = "INSERT INTO leases (name, holder, epoch, expires_at)
                VALUES ('sync', 'elsewhere/boot/ns/12/34/0', 5, 99999999999)";
    tokio::task::spawn_blocking({
        let path = path.clone();
        move || sql(&path, held)
    })
    .await
    .unwrap();
    let error = Lease::take(&store, LeaseName::Sync).await.unwrap_err();
    assert!(error.to_string().contains("process 12 on elsewhere"), "{error}");
    tokio::task::spawn_blocking(move || sql(&path, "UPDATE leases SET expires_at = 1"))
        .await
        .unwrap();
    Lease::take(&store, LeaseName::Sync).await.unwrap();
}

/// The one who was taken for dead cannot write any more: its transaction checks the lease.
#[tokio::test]
async fn who_lost_the_lease_cannot_write() {
    let (folder, store) = store().await;
    let path = folder.path().join("ledger.sqlite");
    let lost = Lease::take(&store, LeaseName::Sync).await.unwrap();
    store.write_under(&lost).await.unwrap().commit().await.unwrap();
    tokio::task::spawn_blocking(move || sql(&path, "UPDATE leases SET expires_at = 1"))
        .await
        .unwrap();
    let taken = Lease::take(&store, LeaseName::Sync).await.unwrap();
    let error = store.write_under(&lost).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    assert_eq!((error.exit() as u8, error.code()), (9, "lease-lost"));
    // Giving back what one does not have any more takes nothing from the holder.
    lost.release(&store).await.unwrap();
    store.write_under(&taken).await.unwrap().commit().await.unwrap();
}

/// Nobody took it meanwhile, so an expired lease still fences what it should.
#[tokio::test]
async fn an_expired_lease_that_nobody_took_can_be_renewed() {
    let (folder, store) = store().await;
    let path = folder.path().join("ledger.sqlite");
    let lease = Lease::take(&store, LeaseName::Sync).await.unwrap();
    tokio::task::spawn_blocking(move || sql(&path, "UPDATE leases SET expires_at = 1"))
        .await
        .unwrap();
    store.write_under(&lease).await.unwrap().commit().await.unwrap();
    Lease::take(&store, LeaseName::Sync).await.unwrap_err();
}

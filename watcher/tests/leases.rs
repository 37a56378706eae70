//! The leases' rules, on the ledger's own code: who gets one, who loses it, and what a loser can
//! still write.

mod common;

use cofferdam_watcher::error::Coded;
use cofferdam_watcher::store::{Lease, LeaseName, Store, StoreError};
use common::sql;

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("ledger.sqlite"))
        .await
        .unwrap();
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

const NAMES: [(LeaseName, &str); 2] = [
    (LeaseName::Sync, "sync"),
    (LeaseName::Broadcast, "broadcast"),
];

fn now() -> i64 {
    let passed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    passed.as_secs() as i64
}

async fn write(store: &Store, statement: String) {
    let mut write = store.write().await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(&mut *write)
        .await
        .unwrap();
    write.commit().await.unwrap();
}

async fn hold(store: &Store, name: &str, holder: &str, expires_at: i64) {
    let values = format!("('{name}', '{holder}', 5, {expires_at})");
    write(
        store,
        format!("INSERT OR REPLACE INTO leases (name, holder, epoch, expires_at) VALUES {values}"),
    )
    .await;
}

async fn expiry(store: &Store, name: &str) -> i64 {
    let mut view = store.read().await.unwrap();
    let sql = sqlx::query("SELECT expires_at FROM leases WHERE name = $1").bind(name.to_owned());
    sqlx::Row::get(&sql.fetch_one(&mut *view).await.unwrap(), 0)
}

#[tokio::test]
async fn another_machines_lease_is_respected_until_it_expires() {
    let (_folder, store) = store().await;
    for (lease, name) in NAMES {
        hold(&store, name, "elsewhere/boot/ns/12/34/0", now() + 50).await;
        let error = Lease::take(&store, lease).await.unwrap_err();
        assert!(
            error.to_string().contains("process 12 on elsewhere"),
            "{error}"
        );
        write(
            &store,
            format!("UPDATE leases SET expires_at = 1 WHERE name = '{name}'"),
        )
        .await;
        Lease::take(&store, lease).await.unwrap();
    }
}

/// Its clock was wrong, or ours was set back, or the folder is a copy: it keeps nobody out for
/// longer than a lease lives from the first look on.
#[tokio::test]
async fn a_lease_of_another_machine_that_would_never_end_is_cut() {
    let (_folder, store) = store().await;
    for (lease, name) in NAMES {
        for far in [now() + 3_600, 99_999_999_999, i64::MAX] {
            hold(&store, name, "elsewhere/boot/ns/12/34/0", far).await;
            let error = Lease::take(&store, lease).await.unwrap_err();
            assert_eq!((error.exit() as u8, error.code()), (9, "lease-held"));
            let cut = expiry(&store, name).await;
            assert!(cut <= now() + 60, "{cut}");
            // Looking again prolongs nothing.
            Lease::take(&store, lease).await.unwrap_err();
            assert_eq!(expiry(&store, name).await, cut);
        }
        // What passes by the clock is made to pass at once.
        write(
            &store,
            format!("UPDATE leases SET expires_at = expires_at - 61 WHERE name = '{name}'"),
        )
        .await;
        Lease::take(&store, lease).await.unwrap();
    }
}

/// Whoever renews it holds it, whatever its clock says.
#[tokio::test]
async fn a_living_holder_keeps_a_lease_that_was_cut() {
    let (_folder, store) = store().await;
    let lease = Lease::take(&store, LeaseName::Sync).await.unwrap();
    write(&store, "UPDATE leases SET expires_at = 99999999999".into()).await;
    Lease::take(&store, LeaseName::Sync).await.unwrap_err();
    store
        .write_under(&lease)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    Lease::take(&store, LeaseName::Sync).await.unwrap_err();
    lease.release(&store).await.unwrap();
    Lease::take(&store, LeaseName::Sync).await.unwrap();
}

/// This machine was started anew since: whoever held it is gone.
#[tokio::test]
async fn a_lease_from_before_the_last_start_is_taken_over_at_once() {
    let (_folder, store) = store().await;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let earlier = format!(
        "{}/11111111-2222-3333-4444-555555555555/ns/1/1/0",
        host.trim()
    );
    for (lease, name) in NAMES {
        hold(&store, name, &earlier, i64::MAX).await;
        let taken = Lease::take(&store, lease).await.unwrap();
        store
            .write_under(&taken)
            .await
            .unwrap()
            .commit()
            .await
            .unwrap();
    }
}

/// A number that no ledger of ours counts to.
#[tokio::test]
async fn the_last_epoch_is_no_end() {
    let (_folder, store) = store().await;
    hold(&store, "sync", "elsewhere/boot/ns/12/34/0", 0).await;
    write(&store, format!("UPDATE leases SET epoch = {}", i64::MAX)).await;
    let lease = Lease::take(&store, LeaseName::Sync).await.unwrap();
    store
        .write_under(&lease)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
}

/// The one who was taken for dead cannot write any more: its transaction checks the lease.
#[tokio::test]
async fn who_lost_the_lease_cannot_write() {
    let (folder, store) = store().await;
    let path = folder.path().join("ledger.sqlite");
    let lost = Lease::take(&store, LeaseName::Sync).await.unwrap();
    store
        .write_under(&lost)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    tokio::task::spawn_blocking(move || sql(&path, "UPDATE leases SET expires_at = 1"))
        .await
        .unwrap();
    let taken = Lease::take(&store, LeaseName::Sync).await.unwrap();
    let error = store.write_under(&lost).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    assert_eq!((error.exit() as u8, error.code()), (9, "lease-lost"));
    // Giving back what one does not have any more takes nothing from the holder.
    lost.release(&store).await.unwrap();
    store
        .write_under(&taken)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
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
    store
        .write_under(&lease)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    Lease::take(&store, LeaseName::Sync).await.unwrap_err();
}

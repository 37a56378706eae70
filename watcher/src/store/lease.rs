//! Named leases: at most one process syncs, at most one broadcasts.
//!
//! A lease is a row with holder, epoch and expiry. It is taken when it is free, expired, or when
//! its holder is a process of this machine that has died, also with the machine. No expiry is
//! believed that lies further ahead than a lease lives: whoever meets one cuts it. Taking it raises
//! the epoch, so that a holder who was taken for dead finds out at its next write: every write
//! under a lease checks the row in its own transaction.

use sqlx::Row;

use super::engine::now;
use super::{Connection, Store, StoreError};

/// How long a lease lives without being renewed. A work renews it with each write, and by
/// [`Lease::keep_alive`].
const LIFETIME_SECONDS: i64 = 60;

/// The works that exclude themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseName {
    /// Following the chain.
    Sync,
    /// Sending transactions.
    Broadcast,
}

impl LeaseName {
    fn name(self) -> &'static str {
        match self {
            LeaseName::Sync => "sync",
            LeaseName::Broadcast => "broadcast",
        }
    }
}

/// A lease that this process took.
#[derive(Clone, Debug)]
pub struct Lease {
    name: LeaseName,
    holder: String,
    epoch: i64,
}

impl Lease {
    /// Takes the lease, or says who holds it ([`StoreError::LeaseHeld`]).
    pub async fn take(store: &Store, name: LeaseName) -> Result<Self, StoreError> {
        let mut write = store.write().await?;
        let now = now(&mut write).await?;
        let row = find(&mut write, name).await?;
        if let Some(row) = &row
            && row.expires_at > now
            && !holder::is_dead(&row.holder)
        {
            shorten(&mut write, name, row, now).await?;
            write.commit().await?;
            return Err(StoreError::LeaseHeld {
                lease: name.name(),
                holder: holder::for_people(&row.holder),
            });
        }
        let lease = Lease {
            name,
            holder: holder::this_process(),
            epoch: row.map_or(0, |row| row.epoch).saturating_add(1),
        };
        let sql = "INSERT INTO leases (name, holder, epoch, expires_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (name) DO UPDATE SET holder = $2, epoch = $3, expires_at = $4";
        sqlx::query(sql)
            .bind(name.name())
            .bind(&lease.holder)
            .bind(lease.epoch)
            .bind(now + LIFETIME_SECONDS)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(lease)
    }

    /// Checks inside a write that the lease is still ours, and extends it.
    ///
    /// An expired lease that nobody took meanwhile is still ours.
    pub(super) async fn check_and_renew(&self, db: &mut Connection) -> Result<(), StoreError> {
        let sql =
            "UPDATE leases SET expires_at = $1 WHERE name = $2 AND holder = $3 AND epoch = $4";
        let renewed = sqlx::query(sql)
            .bind(now(db).await? + LIFETIME_SECONDS)
            .bind(self.name.name())
            .bind(&self.holder)
            .bind(self.epoch)
            .execute(&mut *db)
            .await?;
        if renewed.rows_affected() == 1 {
            return Ok(());
        }
        let holder = find(db, self.name)
            .await?
            .map_or("nobody".into(), |row| holder::for_people(&row.holder));
        Err(StoreError::LeaseLost {
            lease: self.name.name(),
            holder,
        })
    }

    /// Renews the lease for as long as the returned guard lives; for works that wait long between
    /// writes.
    pub fn keep_alive(&self, store: &Store) -> KeepAlive {
        let (lease, store) = (self.clone(), store.clone());
        KeepAlive(tokio::spawn(async move {
            loop {
                tokio::time::sleep(std::time::Duration::from_secs(LIFETIME_SECONDS as u64 / 4))
                    .await;
                // A failure shows at the work's next write, which checks the lease itself.
                if let Ok(write) = store.write_under(&lease).await {
                    let _ = write.commit().await;
                }
            }
        }))
    }

    /// Gives the lease back.
    pub async fn release(self, store: &Store) -> Result<(), StoreError> {
        let mut write = store.write().await?;
        sqlx::query(
            "UPDATE leases SET expires_at = 0 WHERE name = $1 AND holder = $2 AND epoch = $3",
        )
        .bind(self.name.name())
        .bind(&self.holder)
        .bind(self.epoch)
        .execute(&mut *write)
        .await?;
        write.commit().await
    }
}

/// Stops renewing on drop.
#[derive(Debug)]
pub struct KeepAlive(tokio::task::JoinHandle<()>);

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct LeaseRow {
    holder: String,
    epoch: i64,
    expires_at: i64,
}

async fn find(db: &mut Connection, name: LeaseName) -> Result<Option<LeaseRow>, StoreError> {
    let row = sqlx::query("SELECT holder, epoch, expires_at FROM leases WHERE name = $1")
        .bind(name.name())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(LeaseRow {
            holder: row.try_get("holder")?,
            epoch: row.try_get("epoch")?,
            expires_at: row.try_get("expires_at")?,
        })
    })
    .transpose()
}

/// Cuts a lease that ends later than any can, to a minute from now: its clock was wrong, or ours
/// was set back. A holder that lives renews it four times in that minute, whatever its clock says,
/// and one that is gone keeps nobody out for longer.
async fn shorten(
    db: &mut Connection,
    name: LeaseName,
    row: &LeaseRow,
    now: i64,
) -> Result<(), StoreError> {
    let latest = now + LIFETIME_SECONDS;
    if row.expires_at <= latest {
        return Ok(());
    }
    let sql = "UPDATE leases SET expires_at = $1 WHERE name = $2 AND holder = $3 AND epoch = $4";
    sqlx::query(sql)
        .bind(latest)
        .bind(name.name())
        .bind(&row.holder)
        .bind(row.epoch)
        .execute(db)
        .await?;
    Ok(())
}

/// A holder is `HOST/BOOT/PID-NAMESPACE/PID/START`: what names a process uniquely, on this machine
/// and among machines.
mod holder {
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Distinguishes leases that one process takes one after the other.
    static TAKEN: AtomicU64 = AtomicU64::new(0);

    pub(super) fn this_process() -> String {
        let pid = std::process::id();
        let start = start_time(pid).unwrap_or_default();
        format!(
            "{}/{pid}/{start}/{}",
            machine(),
            TAKEN.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Tells whether the holder was a process of this machine, seen from here, and has ended; or
    /// worked before this machine was started anew.
    pub(super) fn is_dead(holder: &str) -> bool {
        if is_of_an_earlier_boot(holder, &machine()) {
            return true;
        }
        let Some(process) = holder.strip_prefix(&format!("{}/", machine())) else {
            return false;
        };
        let mut parts = process.split('/');
        let (Some(pid), Some(start)) =
            (parts.next().and_then(|pid| pid.parse().ok()), parts.next())
        else {
            return false;
        };
        start_time(pid).is_none_or(|now| now != start)
    }

    /// Tells whether a holder's host is this one, and its boot another. Should another machine have
    /// the same name, its work ends at its next write, which finds the lease taken.
    fn is_of_an_earlier_boot(holder: &str, machine: &str) -> bool {
        let host_and_boot = |text: &str| {
            let mut parts = text.split('/').map(str::to_owned);
            let both = (parts.next()?, parts.next()?);
            (!both.0.is_empty() && !both.1.is_empty()).then_some(both)
        };
        match (host_and_boot(holder), host_and_boot(machine)) {
            (Some(theirs), Some(ours)) => theirs.0 == ours.0 && theirs.1 != ours.1,
            _ => false,
        }
    }

    pub(super) fn for_people(holder: &str) -> String {
        let parts: Vec<&str> = holder.split('/').collect();
        match parts.as_slice() {
            [host, _, _, pid, ..] => format!("process {pid} on {host}"),
            _ => holder.to_owned(),
        }
    }

    fn machine() -> String {
        let read = |path| {
            std::fs::read_to_string(path)
                .unwrap_or_default()
                .trim()
                .replace('/', "-")
        };
        let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let host = read("/proc/sys/kernel/hostname");
        format!(
            "{host}/{}/{}",
            read("/proc/sys/kernel/random/boot_id"),
            namespace.display()
        )
    }

    /// Returns the 22nd field of `/proc/PID/stat` (proc(5)), the time the process started at;
    /// `None` when it has ended, or is a zombie.
    fn start_time(pid: u32) -> Option<String> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        if fields.next()? == "Z" {
            return None;
        }
        fields.nth(18).map(str::to_owned)
    }

    #[cfg(test)]
    mod tests {
        use super::{for_people, is_dead, is_of_an_earlier_boot, this_process};

        #[test]
        fn the_living_are_not_dead() {
            let holder = this_process();
            assert!(!is_dead(&holder));
            assert!(
                for_people(&holder).starts_with(&format!("process {} on ", std::process::id()))
            );
        }

        #[test]
        fn a_reused_pid_is_dead() {
            let mut parts: Vec<String> = this_process().split('/').map(str::to_owned).collect();
            parts[4] = "1".into();
            assert!(is_dead(&parts.join("/")));
        }

        #[test]
        fn who_worked_before_the_last_start_is_dead() {
            let mut parts: Vec<String> = this_process().split('/').map(str::to_owned).collect();
            parts[1] = "11111111-2222-3333-4444-555555555555".into();
            assert!(is_dead(&parts.join("/")));
        }

        /// Where a machine does not tell its boot or its name, nothing follows from them.
        #[test]
        fn an_unknown_boot_proves_nothing() {
            let ours = "host/boot/ns";
            assert!(is_of_an_earlier_boot("host/other/ns/1/2/3", ours));
            for holder in [
                "host/boot/other/1/2/3",
                "host//ns/1/2/3",
                "/other/ns/1/2/3",
                "host",
                "",
                "else/other/ns/1/2/3",
            ] {
                assert!(!is_of_an_earlier_boot(holder, ours), "{holder}");
            }
            assert!(!is_of_an_earlier_boot("host/other/ns/1/2/3", "host//ns"));
        }

        #[test]
        fn another_machine_cannot_be_judged() {
            assert!(!is_dead("elsewhere/boot/ns/1/1/0"));
            assert!(!is_dead("rubbish"));
        }
    }
}

//! Counts of the sockets that a tenant has open, a row for each hour in which they were opened.

use confab_aws::{Condition, Table, number, text};
use confab_core::{Result, Timestamp, after};
use desk_domain::{SOCKET_TTL, SocketHour};
use serde::Deserialize;

use super::Tenant;

const USAGE: &str = "USE";

#[derive(Deserialize)]
struct SocketCount {
    sockets: i64,
}

fn hour_sk(hour: SocketHour) -> String {
    format!("SOCKETS#{hour}")
}

impl Tenant<'_> {
    /// Counts a socket that was opened.
    pub(crate) async fn count_opened_socket(&self, connected_at: Timestamp) -> Result<()> {
        self.change_open_sockets(connected_at, 1).await
    }

    /// Counts a socket that has closed.
    pub(crate) async fn count_closed_socket(&self, connected_at: Timestamp) -> Result<()> {
        self.change_open_sockets(connected_at, -1).await
    }

    async fn change_open_sockets(&self, connected_at: Timestamp, change: i64) -> Result<()> {
        // A row is deleted once all its sockets have ended: those of the hour's last minute live longest.
        let expires_at = after(connected_at, 2 * SOCKET_TTL);
        let values = Condition::none()
            .value(":change", number(change))
            .value(":expires", number(expires_at.as_second()));
        let key = self.key(USAGE, hour_sk(SocketHour::of(connected_at)));
        let count = "ADD sockets :change SET expires_at = :expires";
        self.table().update(key, count, values).await.map(drop)
    }

    /// Returns how many sockets are open, about.
    pub(crate) async fn count_open_sockets(&self, now: Timestamp) -> Result<u64> {
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :first AND :last")
            .value(":pk", text(self.pk(USAGE)))
            .value(":first", text(hour_sk(SocketHour::first_open(now))))
            .value(":last", text(hour_sk(SocketHour::of(now))));
        let mut open = 0_u64;
        for row in self.table().query(None, keys, usize::MAX).await? {
            let count: SocketCount = Table::from_row(row)?;
            open = open.saturating_add(u64::try_from(count.sockets).unwrap_or_default());
        }
        Ok(open)
    }
}

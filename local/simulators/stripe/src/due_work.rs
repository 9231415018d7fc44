//! Work that comes due by the clock: checkouts expire, and pending payments, refunds and balance
//! transactions end.

use crate::{pay, stripe::Stripe, tables, unit_of_work::UnitOfWork};

pub(crate) fn run(stripe: &Stripe) {
    let now = stripe.context.now();
    let mut store = stripe.context.store();
    let Ok(due) = tables::due(&store.db, now) else {
        return;
    };
    for id in due {
        // A failed transaction leaves the object due, so that the next run tries again.
        drop(store.write(|tx| pay::come_due(&mut UnitOfWork::new(tx, stripe), &id)));
    }
}

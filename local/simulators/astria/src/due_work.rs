//! Work that comes due by the clock: training ends, and prompts are done.

use crate::{astria::Astria, life, tables, unit_of_work::UnitOfWork};

/// Does all work that is due. A failed transaction leaves it due, so that the next run tries again.
pub(crate) fn run(astria: &Astria) {
    let now = astria.context.now();
    let mut store = astria.context.store();
    let Ok(tunes) = tables::due_tunes(&store.db, now) else {
        return;
    };
    for id in tunes {
        drop(store.write(|tx| life::end_training(&mut UnitOfWork::new(tx, astria), id)));
    }
    let Ok(prompts) = tables::due_prompts(&store.db, now) else {
        return;
    };
    for id in prompts {
        drop(store.write(|tx| life::end_prompt(&mut UnitOfWork::new(tx, astria), id)));
    }
}

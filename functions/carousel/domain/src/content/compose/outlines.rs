//! Which ideas an angle tells, in order. The packs of all languages have their ideas at the same places.

pub(super) const OUTLINES: usize = 24;
pub(super) const IDEAS: usize = 48;
/// Eight ideas each: to begin, to understand, to practise, to avoid, with others, to keep going.
pub(super) const SECTIONS: usize = 6;
pub(super) const IDEAS_OF_SECTION: usize = IDEAS / SECTIONS;
/// The section whose ideas are to be understood rather than done.
pub(super) const CONCEPTS: usize = 1;
pub(super) const CLOSINGS: usize = 8;
/// A carousel of fifteen slides has thirteen between the first and the last.
const MAX_IDEAS: usize = 13;

/// One row for each cover of a pack.
#[rustfmt::skip]
pub(super) const IDEAS_OF: [[usize; MAX_IDEAS]; OUTLINES] = [
    /* where to begin          */ [0, 1, 2, 3, 16, 4, 32, 5, 27, 7, 42, 47, 41],
    /* the essentials          */ [8, 10, 9, 13, 15, 12, 11, 14, 30, 32, 35, 44, 47],
    /* a gentle start          */ [1, 3, 17, 40, 21, 6, 29, 5, 39, 41, 25, 42, 45],
    /* a plan for the week     */ [0, 4, 16, 19, 22, 40, 43, 5, 6, 18, 29, 42, 47],
    /* common mistakes         */ [24, 2, 26, 30, 28, 25, 29, 31, 27, 11, 18, 44, 7],
    /* a short checklist       */ [0, 22, 3, 31, 30, 4, 32, 21, 11, 34, 43, 5, 47],
    /* how to keep going       */ [45, 28, 42, 1, 40, 41, 34, 29, 17, 43, 44, 38, 47],
    /* questions worth asking  */ [9, 0, 11, 30, 32, 12, 37, 13, 15, 31, 8, 43, 47],
    /* what really helps       */ [2, 16, 17, 38, 21, 5, 32, 36, 40, 24, 44, 12, 45],
    /* small steps             */ [1, 19, 17, 16, 41, 21, 4, 42, 29, 44, 6, 34, 47],
    /* a fresh look            */ [10, 13, 30, 46, 9, 33, 14, 25, 15, 12, 44, 40, 7],
    /* step by step            */ [0, 10, 2, 1, 4, 20, 23, 22, 42, 43, 44, 41, 47],
    /* better together         */ [34, 38, 33, 35, 32, 39, 36, 37, 27, 12, 4, 41, 45],
    /* less, but better        */ [2, 18, 27, 5, 26, 21, 46, 24, 40, 22, 1, 15, 45],
    /* explained simply        */ [8, 10, 12, 9, 13, 11, 35, 14, 15, 32, 20, 30, 47],
    /* when it gets hard       */ [28, 1, 40, 45, 32, 29, 25, 44, 36, 23, 41, 46, 38],
    /* a plan for a month      */ [0, 10, 4, 16, 43, 28, 34, 44, 42, 19, 40, 41, 47],
    /* ten minutes a day       */ [16, 17, 1, 18, 21, 6, 42, 23, 29, 20, 41, 19, 47],
    /* how to find time        */ [5, 27, 16, 17, 22, 18, 4, 6, 21, 26, 40, 43, 2],
    /* what to leave out       */ [26, 27, 25, 24, 2, 46, 18, 11, 31, 30, 5, 21, 45],
    /* lessons from practice   */ [20, 14, 12, 23, 29, 44, 37, 42, 35, 7, 17, 43, 28],
    /* how to talk about it    */ [8, 33, 12, 32, 37, 39, 11, 35, 36, 9, 34, 15, 13],
    /* starting again          */ [45, 46, 1, 3, 29, 25, 4, 34, 16, 44, 40, 41, 7],
    /* looking back and ahead  */ [42, 14, 41, 36, 44, 46, 9, 37, 35, 0, 43, 45, 47],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_tell_known_ideas_once() {
        for outline in IDEAS_OF {
            let mut ideas = outline.to_vec();
            ideas.sort_unstable();
            ideas.dedup();
            assert_eq!(ideas.len(), outline.len(), "{outline:?}");
            assert!(ideas.iter().all(|idea| *idea < IDEAS), "{outline:?}");
        }
    }
}

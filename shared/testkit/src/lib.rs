//! Fakes, a clock and the samples in events/.

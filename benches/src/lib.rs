//! What the benchmarks at the size of a treasury share.

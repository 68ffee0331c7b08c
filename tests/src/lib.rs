//! Whole-product tests, adapter contracts, template checks.

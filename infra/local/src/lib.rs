//! The product on one machine.

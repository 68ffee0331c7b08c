//! SOQL: text to tokens to a tree, the tree bound to the schema, and its execution.

pub(crate) mod bind;
pub(crate) mod dates;
pub(crate) mod error;
pub(crate) mod grammar;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod token;
pub(crate) mod tree;
pub(crate) mod view;
pub(crate) mod write;

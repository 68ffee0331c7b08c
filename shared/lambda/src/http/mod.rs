//! HTTP behind the API: an API Gateway event in, a typed request, an answer out.
//!
//! A function declares its calls as [`Routes`] and answers them as an [`Api`](crate::Api). It refuses with a
//! [`Refusal`], into which `?` also converts faults of the store and of Salesforce.

pub mod answer;
pub mod body;
pub mod cursor;
mod event;
pub mod idempotency;
pub mod if_match;
pub mod page;
pub mod problem_code;
pub mod query;
pub mod refusal;
pub mod request;
pub mod router;
pub mod strict;

pub use answer::{Answer, Encoding, respond};
pub use idempotency::{Idempotency, once};
pub use if_match::IfMatch;
pub use page::Page;
pub use problem_code::{Coded, ProblemCode};
pub use query::Query;
pub use refusal::Refusal;
pub use request::Request;
pub use router::{Access, Method, Route, Routes};
pub use strict::{StrictMap, StrictValue};

//! **Why?**: the conditions of one Opportunity.

use dealbridge_lambda::http::{Answer, Refusal, Route};

use crate::visit::Visit;

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {}

/// Their addresses.
pub(super) const ROUTES: &[Route<Screen>] = &[];

/// Answers with a screen.
pub(super) async fn show(screen: Screen, _: &Visit<'_>) -> Result<Answer, Refusal> {
    match screen {}
}

//! Changing the connected org, claim by claim.

use aws_sdk_dynamodb::types::ConditionCheck;
use dealbridge_core::{
    SalesforceId,
    change::Expected,
    claim::{Claim, ClaimState},
    finding::Finding,
    link::store::LinkStore,
    message::{Note, PushRequest, VERSION as MESSAGE_VERSION, WriteRequest},
    organization::{Action, OrgChange, Step, step},
    ports::PortError,
    problem::OpenProblem,
    record::{Act, AuditRow, RecordId},
    run::{RunId, RunStatus},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    item::{self, n},
    keys::{self, Attributes, PK, VERSION},
    log::Slice,
    settings::{Idle, SettingsVersion},
    store::Store,
    transaction::{self, Committed},
};

/// Attempts at a claim that others change at the same time.
const MAX_ATTEMPTS: usize = 6;

/// The latest change of the connected org.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgChangeState {
    /// The orgs, and the treatment of the links.
    #[serde(flatten)]
    pub change: OrgChange,
    /// The user who first asked for it.
    pub by: String,
    /// The time at which it began.
    pub began_at: Timestamp,
    /// The time at which it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The place in the list of claims up to which all are settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_to: Option<String>,
    /// The version of this item: it grows with the beginning and the end of each change.
    pub version: u64,
}

/// The result of asking for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is under way, by this call or one before.
    Yes(OrgChangeState),
    /// Another change is under way.
    Other(OrgChange),
    /// A run is active.
    RunActive(RunId),
}

/// The result of settling a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimSettled {
    /// It is moved or cleared, by this call or an earlier one.
    Yes,
    /// Two records claim the same Salesforce record.
    Conflict {
        /// The Salesforce record.
        salesforce: SalesforceId,
        /// The record of the former org's claim.
        from: RecordId,
        /// The record of the new org's claim.
        to: RecordId,
    },
}

impl Store {
    /// Returns the latest change of the connected org, ended or not.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn org_change(&self) -> Result<Option<OrgChangeState>, PortError> {
        self.get(&self.tables.log, keys::org_change())
            .await?
            .map(|item| item::decode(item, "the change of the org"))
            .transpose()
    }

    /// Begins a change, or continues the same one. It is refused while a run is active, even one that begins during the
    /// call.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn begin_org_change(&self, change: OrgChange, by: &str) -> Result<Begun, PortError> {
        for _ in 0..MAX_ATTEMPTS {
            let latest = self.org_change().await?;
            match &latest {
                Some(state) if state.ended_at.is_none() && state.change == change => {
                    return Ok(Begun::Yes(state.clone()));
                }
                Some(state) if state.ended_at.is_none() => return Ok(Begun::Other(state.change)),
                _ => {}
            }
            let idle = match self.idle().await? {
                Ok(idle) => idle,
                Err(run) => return Ok(Begun::RunActive(run)),
            };
            let seen = latest.map(|state| state.version);
            let state = OrgChangeState {
                change,
                by: by.to_owned(),
                began_at: self.clock.now(),
                ended_at: None,
                settled_to: None,
                version: seen.unwrap_or(0) + 1,
            };
            let actions = vec![
                transaction::put(
                    &self.tables.log,
                    item::encode(&state, keys::org_change())?,
                    Expected::of(seen),
                )?,
                self.still_idle(idle)?,
            ];
            let token = format!("org-change|{}", self.ids.next());
            if let Committed::Yes = self.transact(&token, actions).await? {
                return Ok(Begun::Yes(state));
            }
        }
        Err(busy("beginning the change of the org"))
    }

    /// Checks that no run is active; otherwise returns the active run.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn idle(&self) -> Result<Result<Idle, RunId>, PortError> {
        let latest = self.latest_run().await?;
        if latest > 0
            && let Some(leased) = self.leased(RunId::new(latest)).await?
        {
            let now = self.clock.now();
            let is_active = match leased.run.status(now) {
                RunStatus::Queued | RunStatus::Running => {
                    leased.run.listed_at.is_some() || leased.until > now
                }
                RunStatus::Succeeded | RunStatus::Failed => false,
            };
            if is_active {
                return Ok(Err(leased.run.id));
            }
        }
        Ok(Ok(Idle { latest }))
    }

    /// A condition that no run has begun since `idle` was read.
    pub(crate) fn still_idle(
        &self,
        idle: Idle,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, PortError> {
        let check = ConditionCheck::builder()
            .table_name(&self.tables.log)
            .set_key(Some(keys::lease()))
            .expression_attribute_names("#pk", PK);
        transaction::check(match idle.latest {
            0 => check.condition_expression("attribute_not_exists(#pk)"),
            latest => check
                .condition_expression("attribute_exists(#pk) AND #version = :seen")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":seen", n(latest)),
        })
    }

    /// Settles one claim of the former org. Idempotent.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or if the claim keeps changing.
    pub async fn settle_claim(
        &self,
        change: &OrgChange,
        id: SalesforceId,
        by: &str,
    ) -> Result<ClaimSettled, PortError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(claim) = self.claim(change.from, id).await? else {
                return Ok(ClaimSettled::Yes);
            };
            let there = self.claim(change.to, id).await?;
            let record = match change.action {
                Action::Clear if claim.state == ClaimState::Live => {
                    self.record(&claim.record).await?
                }
                _ => None,
            };
            match step(change.action, &claim, there.as_ref(), record.as_ref()) {
                Step::Nothing => return Ok(ClaimSettled::Yes),
                Step::Conflict { from, to } => {
                    return Ok(ClaimSettled::Conflict {
                        salesforce: id,
                        from,
                        to,
                    });
                }
                Step::Release {
                    released,
                    moved,
                    unlinked,
                } => {
                    let mut actions = vec![transaction::put(
                        &self.tables.links,
                        item::claim_item(&released, change.from)?,
                        Expected::Version(claim.version),
                    )?];
                    let log = &self.tables.log;
                    let pending = moved.as_ref().and_then(|(moved, _)| moved.pending.as_ref());
                    match pending {
                        Some(pending) => {
                            let request = PushRequest::Write(WriteRequest {
                                version: MESSAGE_VERSION,
                                org: change.to,
                                salesforce: id,
                                record: claim.record.clone(),
                                write: pending.id.clone(),
                            });
                            let note = item::encode(&request, keys::outbox(&request.note()))?;
                            actions.push(transaction::put_unconditional(log, note)?);
                        }
                        None if claim.pending.is_some() => {
                            actions.push(transaction::delete_unconditional(
                                log,
                                keys::outbox(&Note::Write(id)),
                            )?);
                        }
                        None => {}
                    }
                    if let Some((moved, expected)) = moved {
                        actions.push(transaction::put(
                            &self.tables.links,
                            item::claim_item(&moved, change.to)?,
                            expected,
                        )?);
                    }
                    if let Some((record, seen)) = unlinked {
                        actions.push(transaction::put(
                            &self.tables.records,
                            item::encode(&record, keys::record(&record.id))?,
                            Expected::Version(seen),
                        )?);
                    }
                    if claim.state == ClaimState::Live {
                        actions.push(transaction::put_unconditional(
                            log,
                            self.audit_of(change, &claim, by)?,
                        )?);
                    }
                    let token = format!("org-claim|{id}|{}", self.ids.next());
                    if let Committed::Yes = self.transact(&token, actions).await? {
                        return Ok(ClaimSettled::Yes);
                    }
                }
            }
        }
        Err(busy("settling a claim of the former org"))
    }

    fn audit_of(
        &self,
        change: &OrgChange,
        claim: &Claim,
        by: &str,
    ) -> Result<Attributes, PortError> {
        let (action, details) = match change.action {
            Action::Move => (
                "move-org",
                format!("from the org {} to the org {}", change.from, change.to),
            ),
            Action::Clear => (
                "unlink",
                format!("the links of the org {} were cleared", change.from),
            ),
        };
        let act = Act {
            at: self.clock.now(),
            by: by.to_owned(),
            action: action.to_owned(),
            salesforce: Some(claim.salesforce),
            details,
        };
        let earlier = Vec::new();
        let row = AuditRow { act, earlier };
        item::encode(&row, keys::audit(&claim.record, &self.ids.next()))
    }

    /// Moves one open problem to the new org, unless that has one of the same record; then it is forgotten. Idempotent.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn settle_problem(
        &self,
        change: &OrgChange,
        problem: &OpenProblem,
    ) -> Result<(), PortError> {
        let (log, id) = (&self.tables.log, problem.opportunity);
        let forget = transaction::delete_unconditional(log, keys::problem(change.from, id))?;
        let token = format!("org-problem|{id}|{}", self.ids.next());
        if change.action == Action::Move {
            let mut item = item::encode(problem, keys::problem(change.to, id))?;
            if problem.closed {
                item.insert(keys::EXPIRES_AT.to_owned(), item::expiry(self.clock.now()));
            }
            let moved = transaction::put(log, item, Expected::Absent)?;
            if let Committed::Yes = self.transact(&token, vec![forget.clone(), moved]).await? {
                return Ok(());
            }
        }
        self.transact(&format!("{token}|forget"), vec![forget])
            .await
            .map(|_| ())
    }

    /// Reads problems of an org from the first on, closed ones included.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or if a problem cannot be read.
    pub async fn problems_of(
        &self,
        org: SalesforceId,
        most: i32,
    ) -> Result<Slice<OpenProblem>, PortError> {
        self.problems_after(org, None, most).await
    }

    /// Stores the place up to which all claims are settled, so that the next call continues from there. A change that has
    /// ended meanwhile needs none.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn keep_place(&self, state: &OrgChangeState, place: &str) -> Result<(), PortError> {
        let reached = OrgChangeState {
            settled_to: Some(place.to_owned()),
            ..state.clone()
        };
        let kept = transaction::put(
            &self.tables.log,
            item::encode(&reached, keys::org_change())?,
            Expected::Version(state.version),
        )?;
        let token = format!("org-place|{}", self.ids.next());
        self.transact(&token, vec![kept]).await.map(|_| ())
    }

    /// Ends a change and makes the settings name the new org where they name the former one. The watermark is deleted
    /// then: it concerns the former org's records.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn end_org_change(
        &self,
        state: &OrgChangeState,
        said: &Finding,
    ) -> Result<(), PortError> {
        for _ in 0..MAX_ATTEMPTS {
            let ended = OrgChangeState {
                ended_at: Some(self.clock.now()),
                settled_to: None,
                version: state.version + 1,
                ..state.clone()
            };
            let (id, entry) = self.action_entry(said)?;
            let mut actions = vec![
                transaction::put(
                    &self.tables.log,
                    item::encode(&ended, keys::org_change())?,
                    Expected::Version(state.version),
                )?,
                entry,
            ];
            let before = self.current_settings().await?;
            let settings = before.as_ref().map(SettingsVersion::settings).transpose()?;
            if let Some(mut settings) = settings
                && settings.organization_id == state.change.from
            {
                settings.organization_id = state.change.to;
                actions.extend(self.settings_actions(before.as_ref(), &settings, &state.by)?);
                actions.push(transaction::delete_unconditional(
                    &self.tables.log,
                    keys::watermark(),
                )?);
            }
            if let Committed::Yes = self.transact(&format!("org-end|{id}"), actions).await? {
                return Ok(());
            }
            // Another call may have ended it, or the settings were replaced.
            if self
                .org_change()
                .await?
                .is_none_or(|now| now.version != state.version)
            {
                return Ok(());
            }
        }
        Err(busy("ending the change of the org"))
    }
}

fn busy(operation: &str) -> PortError {
    PortError {
        operation: operation.to_owned(),
        detail: "it kept changing".to_owned(),
    }
}

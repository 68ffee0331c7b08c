//! Replacing the connected org: the links of the former org are moved or cleared, as far as the time of one call
//! allows.

use dealbridge_core::{
    SalesforceId,
    code::Code,
    finding::Finding,
    organization::{Action, OrgChange},
    ports::PortError,
    run::RunId,
    salesforce::SalesforceError,
    settings::Settings,
};
use dealbridge_lambda::aws::{
    keys,
    organization::{Begun, ClaimSettled, OrgChangeState},
    settings::NamedOrg,
};
use dealbridge_lambda::{
    access::Caller,
    http::{Answer, ProblemCode, Refusal, Request},
    salesforce::SalesforceClient,
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::SettingsFunction;

/// Claims and problems in flight at once.
const CONCURRENT: usize = 16;
/// Claims that one request to the store evaluates, those of other orgs included.
const LOOKED_AT: i32 = 500;
/// Claims between two checks of the time.
const CHUNK: usize = 48;
/// Problems per request to the store, and between two checks of the time.
const SLICE: i32 = 48;
/// The time before the function's deadline from which nothing further is begun.
const DEADLINE_MARGIN: SignedDuration = SignedDuration::from_secs(6);
/// Requests to the store for counting the links of a former org; beyond them, the answer says "at least".
const COUNTING_REQUESTS: usize = 10;
/// Maximum number of conflicts in an answer.
const NAMED: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    from: SalesforceId,
    to: SalesforceId,
    action: Action,
    #[serde(default)]
    confirm: bool,
}

/// The progress of a change.
#[derive(Debug, Default)]
struct Progress {
    settled: usize,
    conflicts: Vec<ClaimSettled>,
    /// The place up to which this call has settled all.
    settled_to: Option<String>,
    is_complete: bool,
}

impl Progress {
    fn add(&mut self, settled: Vec<ClaimSettled>) {
        for outcome in settled {
            match outcome {
                ClaimSettled::Yes => self.settled += 1,
                conflict @ ClaimSettled::Conflict { .. } => self.conflicts.push(conflict),
            }
        }
    }

    /// Keeps a place, up to the first conflict: conflicts are checked again.
    fn reach(&mut self, place: Option<String>) {
        if self.conflicts.is_empty() && place.is_some() {
            self.settled_to = place;
        }
    }
}

impl SettingsFunction {
    /// Refuses another org while the former one has links, or while a run is active.
    pub(crate) async fn named_org(&self, settings: &Settings) -> Result<NamedOrg, Refusal> {
        let Some((_, before)) = self.store.settings().await? else {
            return Ok(NamedOrg::Same);
        };
        let (from, to) = (before.organization_id, settings.organization_id);
        if from == to {
            return Ok(NamedOrg::Same);
        }
        if let Some(state) = self.store.org_change().await?
            && state.ended_at.is_none()
        {
            return Err(under_way(&state.change));
        }
        let (mut count, mut after) = (0, None);
        for request in 1.. {
            let page = self.store.claims_after(from, after.as_deref(), None);
            let (claims, next) = page.await?;
            count += claims.len();
            after = next;
            // One is enough to refuse.
            if after.is_none() || (count > 0 && request >= COUNTING_REQUESTS) {
                break;
            }
        }
        if count > 0 {
            let at_least = if after.is_some() { "at least " } else { "" };
            let detail = format!(
                "The org {from} has {at_least}{count} links and suppressions. If it was refreshed or copied to the org {to}, so that its record ids are the same, move them: POST /settings/organization {{\"from\":\"{from}\",\"to\":\"{to}\",\"action\":\"move\",\"confirm\":true}}. To leave the records without links, use \"clear\". Either one names the org {to} in the settings.",
            );
            return Err(Refusal::new(ProblemCode::OrgHasLinks, detail)
                .with("from", &from)
                .with("to", &to)
                .with("links", &count)
                .with("complete", &after.is_none()));
        }
        match self.store.idle().await? {
            Ok(idle) => Ok(NamedOrg::Another(idle)),
            Err(run) => Err(run_active(run)),
        }
    }

    /// Moves or clears the links of the former org. Idempotent: each call continues where the one before stopped, and
    /// one after the end finds nothing to do.
    pub(crate) async fn change_org(
        &self,
        request: &Request,
        caller: &Caller,
        salesforce: &SalesforceClient,
        deadline: Option<Timestamp>,
    ) -> Result<Answer, Refusal> {
        let asked: Asked = request.json()?;
        let change = asked.change()?;
        self.is_possible(&change, salesforce).await?;
        let state = match self.store.begin_org_change(change, &caller.user).await? {
            Begun::Yes(state) => state,
            Begun::Other(other) => return Err(under_way(&other)),
            Begun::RunActive(run) => return Err(run_active(run)),
        };
        let progress = self.settle_claims(&state, caller, deadline).await?;
        if let Some(place) = progress
            .settled_to
            .as_ref()
            .filter(|_| !progress.is_complete)
        {
            self.store.keep_place(&state, place).await?;
        }
        if !progress.conflicts.is_empty() {
            return Err(conflict(&change, &progress));
        }
        let is_complete = progress.is_complete && self.settle_problems(&change, deadline).await?;
        if is_complete {
            self.store.end_org_change(&state, &said(&state)).await?;
        }
        let (status, message) = if is_complete {
            (
                200,
                format!(
                    "The settings name the org {}; the next run reads everything of it.",
                    change.to
                ),
            )
        } else {
            let message = "More is left than one call's time reaches: send the same request again until it answers complete.";
            (202, message.to_owned())
        };
        let body = json!({
            "from": change.from,
            "to": change.to,
            "action": change.action,
            "settled": progress.settled,
            "complete": is_complete,
            "message": message,
        });
        Answer::json(status, &body)
    }

    /// Refuses a change unless the new org is the connected one and the settings name one of the two.
    async fn is_possible(
        &self,
        change: &OrgChange,
        salesforce: &SalesforceClient,
    ) -> Result<(), Refusal> {
        let connected = salesforce.connected_org().await?.organization;
        if connected != change.to {
            return Err(SalesforceError::OrgChanged {
                settings: change.to,
                connected,
            }
            .into());
        }
        let named = self
            .store
            .settings()
            .await?
            .map(|(_, settings)| settings.organization_id);
        match named {
            Some(named) if named == change.from || named == change.to => Ok(()),
            named => {
                let named =
                    named.map_or_else(|| "no org".to_owned(), |named| format!("the org {named}"));
                let detail = format!(
                    "The settings name {named}, neither {} nor {}: say whose links are meant.",
                    change.from, change.to
                );
                Err(Refusal::new(ProblemCode::OrgNotNamed, detail))
            }
        }
    }

    /// Settles claims, from where the call before stopped, until only conflicts are left, or the time is up.
    async fn settle_claims(
        &self,
        state: &OrgChangeState,
        caller: &Caller,
        deadline: Option<Timestamp>,
    ) -> Result<Progress, PortError> {
        let change = &state.change;
        let mut progress = Progress::default();
        let mut place = state.settled_to.clone();
        loop {
            let page = self
                .store
                .claims_after(change.from, place.as_deref(), Some(LOOKED_AT));
            let (claims, next) = page.await?;
            for some in claims.chunks(CHUNK) {
                let ids: Vec<SalesforceId> = some.iter().map(|claim| claim.salesforce).collect();
                let settled = stream::iter(ids.clone())
                    .map(|id| self.store.settle_claim(change, id, &caller.user))
                    .buffer_unordered(CONCURRENT)
                    .try_collect()
                    .await?;
                progress.add(settled);
                if self.is_late(deadline) {
                    progress.reach(ids.last().map(|id| keys::claim_place(change.from, *id)));
                    return Ok(progress);
                }
            }
            progress.reach(next.clone());
            progress.is_complete = next.is_none();
            if progress.is_complete || self.is_late(deadline) {
                return Ok(progress);
            }
            place = next;
        }
    }

    /// Settles problems, and returns `true` if none is left.
    async fn settle_problems(
        &self,
        change: &OrgChange,
        deadline: Option<Timestamp>,
    ) -> Result<bool, PortError> {
        loop {
            let slice = self.store.problems_of(change.from, SLICE).await?;
            stream::iter(slice.items)
                .map(|problem| async move { self.store.settle_problem(change, &problem).await })
                .buffer_unordered(CONCURRENT)
                .try_collect::<()>()
                .await?;
            if !slice.more {
                return Ok(true);
            }
            if self.is_late(deadline) {
                return Ok(false);
            }
        }
    }

    fn is_late(&self, deadline: Option<Timestamp>) -> bool {
        deadline.is_some_and(|deadline| deadline.duration_since(self.clock.now()) < DEADLINE_MARGIN)
    }
}

impl Asked {
    fn change(&self) -> Result<OrgChange, Refusal> {
        let Self {
            from,
            to,
            action,
            confirm,
        } = *self;
        if !confirm {
            let detail = "This moves or clears every link of an org: add \"confirm\": true if that is meant.";
            return Err(Refusal::new(ProblemCode::NotConfirmed, detail));
        }
        for (name, id) in [("from", from), ("to", to)] {
            if id.key_prefix() != "00D" {
                let detail = format!(
                    "{name}: {id} is not the id of an organization, which begins with 00D."
                );
                return Err(Refusal::malformed(detail));
            }
        }
        if from == to {
            return Err(Refusal::malformed("from and to name the same org."));
        }
        Ok(OrgChange { from, to, action })
    }
}

fn said(state: &OrgChangeState) -> Finding {
    let OrgChange { from, to, action } = state.change;
    let done = match action {
        Action::Move => format!("moved the links of the org {from} to the org {to}"),
        Action::Clear => {
            format!("cleared the links of the org {from}, whose place the org {to} takes")
        }
    };
    Finding::new(Code::OrgReplaced).value(done).other(&state.by)
}

fn under_way(change: &OrgChange) -> Refusal {
    let word = match change.action {
        Action::Move => "moved",
        Action::Clear => "cleared",
    };
    let detail = format!(
        "The links of the org {} are being {word} for the org {}: finish that by POST /settings/organization first.",
        change.from, change.to
    );
    Refusal::new(ProblemCode::OrgChanging, detail)
}

fn run_active(run: RunId) -> Refusal {
    let detail = format!("{run} is active: wait until it has ended, then ask again.");
    Refusal::new(ProblemCode::RunActive, detail).with("run", &run)
}

fn conflict(change: &OrgChange, progress: &Progress) -> Refusal {
    let named: Vec<_> = progress
        .conflicts
        .iter()
        .take(NAMED)
        .filter_map(|outcome| match outcome {
            ClaimSettled::Yes => None,
            ClaimSettled::Conflict {
                salesforce,
                from,
                to,
            } => Some(json!({ "salesforceId": salesforce, "from": from, "to": to })),
        })
        .collect();
    let others = if progress.is_complete {
        "Every other link is settled."
    } else {
        "More is left than one call's time reaches."
    };
    let detail = format!(
        "{} Salesforce records are linked to one record by the org {} and to another by the org {}. {others} Unlink one of the two records of each, then send the same request again.",
        progress.conflicts.len(),
        change.from,
        change.to
    );
    Refusal::new(ProblemCode::OrgMoveConflict, detail)
        .with("conflicts", &named)
        .with("settled", &progress.settled)
}

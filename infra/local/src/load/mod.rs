//! Loading the portal's people from a folder into any deployment, by its API.
//!
//! Everything is checked before anything is written, against the folder and against what the deployment has. What is
//! there already costs nothing, so a load may be stopped and repeated.

mod client;
mod folder;
mod outcome;
mod plan;
mod table;
mod token;

use std::{collections::HashMap, io::IsTerminal, path::PathBuf};

use dealbridge_core::people::{
    member::{MemberId, MemberKind},
    store::Stored,
};
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};

pub use self::{
    client::ApiAddress,
    outcome::{Failed, Outcome, Tally},
    token::TokenSource,
};
use self::{
    client::{Client, Written},
    folder::LoadFolder,
    plan::{Plan, Task},
};
use crate::error::LocalError;

/// Calls in flight at once. Every change moves one version that all share, so more would only wait for each other.
const CONCURRENT: usize = 8;
/// Refusals after which a load gives up: what is wrong with so many is wrong with the rest.
const MAX_FAILED: usize = 50;

/// The folder to load, and the deployment to load it into.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The folder.
    pub folder: PathBuf,
    /// The API.
    pub api: ApiAddress,
    /// The token's source.
    pub token: TokenSource,
    /// The use of the plan.
    pub mode: Mode,
}

/// The use of a plan: shown, or carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is carried out.
    Write,
    /// It is only told.
    DryRun,
}

/// Loads a folder.
///
/// # Errors
/// Everything that is wrong with the folder, each with file and line; or why the API cannot be used. Nothing was written
/// then.
pub async fn load(options: &LoadOptions) -> Result<Outcome, LocalError> {
    let folder = LoadFolder::read(&options.folder)?;
    let client = Client::new(&options.api, options.token.clone())?;
    let stored = match stored(&client).await {
        Ok(stored) => stored,
        // What is wrong with the folder can be mended meanwhile.
        Err(error) if folder.wrong.is_empty() => return Err(error),
        Err(error) => {
            let lines = folder.wrong.iter().cloned();
            return Err(LocalError::all(lines.chain([error.to_string()])));
        }
    };
    let plan = Plan::of(&folder, &stored)?;
    if options.mode == Mode::DryRun {
        return Ok(Outcome::planned(&plan));
    }
    carry_out(&client, &plan).await
}

/// The people that the deployment has.
async fn stored(client: &Client) -> Result<HashMap<MemberId, Stored>, LocalError> {
    let mut all = HashMap::new();
    for kind in MemberKind::ALL {
        for stored in client.list(kind).await? {
            all.insert(stored.id.clone(), stored);
        }
    }
    Ok(all)
}

async fn carry_out(client: &Client, plan: &Plan) -> Result<Outcome, LocalError> {
    let mut outcome = Outcome::begun(plan);
    let bar = bar(plan.tasks.len());
    // What a User refers to is there before the User.
    for kinds in [
        &[MemberKind::Organization][..],
        &[MemberKind::Group],
        &[MemberKind::User, MemberKind::Contact],
    ] {
        let tasks = plan.tasks.iter();
        let tasks = tasks.filter(|task| kinds.contains(&task.id.kind()));
        let calls = tasks.map(|task| async move { (task, client.put(&task.member).await) });
        let mut written = stream::iter(calls).buffer_unordered(CONCURRENT);
        while let Some((task, written)) = written.next().await {
            bar.inc(1);
            settle(&mut outcome, task, written?);
            if outcome.failed.len() >= MAX_FAILED {
                bar.abandon();
                return Ok(outcome);
            }
        }
    }
    bar.finish();
    Ok(outcome)
}

fn settle(outcome: &mut Outcome, task: &Task, written: Written) {
    let tally = outcome.tally(task.id.kind());
    match written {
        Written::Created => tally.created += 1,
        Written::Replaced => tally.changed += 1,
        Written::Refused(reason) => outcome.failed.push(Failed {
            place: task.place.clone(),
            reason,
        }),
    }
}

/// The progress bar, on a terminal.
fn bar(length: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length as u64);
    if let Ok(style) = ProgressStyle::with_template("loading   [{bar:40}] {pos}/{len}  {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

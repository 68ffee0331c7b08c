//! Random histories: edits, runs, links by hand, duplicates, crashes and faults in any order, checked after every step.
//!
//! A seed determines a whole history: the Opportunities and the seconds that they share, the rows of a page, the messages of
//! a batch. A failure reports its seed and the steps that led to it; `HISTORY_SEED=7` plays that one alone.

mod by_hand;
mod harness;
mod model;
mod steps;

use dealbridge_core::run::RunStatus;
use dealbridge_tests::Ledger;
use rand::{Rng, SeedableRng, rngs::StdRng};

use self::{
    model::Model,
    steps::{Did, Stage},
};

/// Steps of one history.
const STEPS: usize = 40;
/// The environment variable that names the only seed to be played.
const SEED: &str = "HISTORY_SEED";

async fn play(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::start(&mut random).await;
    let mut before = Ledger::default();
    for step in 0..STEPS {
        let did = stage.step(&mut random).await;
        if did == Did::Outside {
            continue;
        }
        let ledger = stage.app.ledger().await;
        let mut broken = ledger.broken();
        if did == Did::Work {
            broken.extend(ledger.broken_since(&before));
        }
        assert!(
            broken.is_empty(),
            "seed {seed}, step {step}: {broken:#?}\nafter {:#?}",
            stage.told
        );
        before = ledger;
    }
    ends_well(seed, &mut stage).await;
}

/// Whatever happened before, two runs without faults make the portal match the org.
async fn ends_well(seed: u64, stage: &mut Stage) {
    stage.calm().await;
    let told = |what: &str, stage: &Stage| format!("seed {seed}, {what}, after {:#?}", stage.told);
    stage.app.full().await;
    stage.drain().await;
    let last = stage.app.full().await;
    let again = stage.app.hourly().await;

    let ledger = stage.app.ledger().await;
    assert_eq!(
        ledger.broken(),
        Vec::<String>::new(),
        "{}",
        told("end", stage)
    );
    for run in [&last, &again] {
        let status = stage.app.status(run.id).await;
        assert_eq!(status, RunStatus::Succeeded, "{}", told("end", stage));
    }
    let unsettled: Vec<String> = ledger
        .runs
        .values()
        .filter(|run| run.listed_at.is_some() && run.failed_at.is_none() && run.counts.left() != 0)
        .map(|run| format!("{}: {:?}", run.id, run.counts))
        .collect();
    assert_eq!(unsettled, Vec::<String>::new(), "{}", told("counts", stage));
    stage.look_at_the_org().await;
    let wrong = stage.model.differences(&ledger);
    assert!(wrong.is_empty(), "{}: {wrong:#?}", told("end", stage));
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person who repeats a history names its seed"
)]
async fn play_all(seeds: std::ops::Range<u64>) {
    let only: Option<u64> = std::env::var(SEED).ok().map(|seed| seed.parse().unwrap());
    let seeds = only.map_or(seeds, |seed| seed..seed + 1);
    for seed in seeds {
        play(seed).await;
    }
}

#[tokio::test]
async fn no_history_breaks_an_invariant_and_each_ends_as_the_org_says() {
    play_all(0..8).await;
}

#[tokio::test]
async fn no_other_history_does_either() {
    play_all(8..16).await;
}

/// `cargo test --workspace --test import -- --ignored histories`
#[tokio::test]
#[ignore = "many more histories: minutes"]
async fn none_of_many_histories_breaks_an_invariant() {
    play_all(1_000..1_400).await;
}

/// One of a list, at random.
fn one_of<T: Copy>(random: &mut StdRng, all: &[T]) -> T {
    all[random.random_range(0..all.len())]
}

/// Picks the number of one of the model's Opportunities.
fn pick(random: &mut StdRng, model: &Model) -> usize {
    random.random_range(1..=model.len())
}

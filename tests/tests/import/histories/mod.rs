//! Random histories: edits, runs, duplicates, crashes and faults in any order, checked after every step.
//!
//! A seed determines a whole history. A failure reports its seed and the steps that led to it.

mod model;
mod steps;

use dealbridge_core::run::RunStatus;
use dealbridge_tests::Ledger;
use rand::{Rng, SeedableRng, rngs::StdRng};

use self::{model::Model, steps::Stage};

/// Steps of one history.
const STEPS: usize = 40;

async fn play(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::start(&mut random).await;
    let mut before = Ledger::default();
    for step in 0..STEPS {
        if !stage.step(&mut random).await {
            continue;
        }
        let ledger = stage.world.ledger().await;
        let mut broken = ledger.broken();
        broken.extend(ledger.broken_since(&before));
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
    stage.world.full().await;
    stage.drain().await;
    let last = stage.world.full().await;
    let again = stage.world.hourly().await;

    let ledger = stage.world.ledger().await;
    assert_eq!(
        ledger.broken(),
        Vec::<String>::new(),
        "{}",
        told("end", stage)
    );
    for run in [&last, &again] {
        let status = stage.world.status(run.id).await;
        assert_eq!(status, RunStatus::Succeeded, "{}", told("end", stage));
        assert_eq!(run.counts.left(), 0, "{}", told("end", stage));
    }
    let wrong = stage.model.differences(&ledger);
    assert!(wrong.is_empty(), "{}: {wrong:#?}", told("end", stage));
}

async fn play_all(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        play(seed).await;
    }
}

#[tokio::test]
async fn no_history_breaks_an_invariant_and_each_ends_as_the_org_says() {
    play_all(0..12).await;
}

#[tokio::test]
async fn no_other_history_does_either() {
    play_all(12..24).await;
}

/// `cargo test -p dealbridge-tests --test import -- --ignored histories`
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

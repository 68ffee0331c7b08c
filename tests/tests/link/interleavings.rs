//! Links against imports, unlinks and replays, in random interleavings of their requests to DynamoDB: after each
//! request the invariants hold, and the answers are truthful. `DEALBRIDGE_INTERLEAVINGS` is the number of interleavings
//! per kind; a seed reproduces its interleaving.

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::{
    scene::{Of, Operation, Played, SCENES, Scene, SceneRunner},
    scheduler::Spoiling,
};

/// The number of interleavings of each kind.
fn interleavings() -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a test reads the environment"
    )]
    let asked = std::env::var("DEALBRIDGE_INTERLEAVINGS");
    asked.map_or(40, |asked| asked.parse().unwrap())
}

/// Assigns operations to the actors of a scene, preparing the scene as needed.
trait Direct: AsyncFn(&SceneRunner, &Scene, &mut StdRng) -> Vec<Vec<Operation>> {}
impl<F: AsyncFn(&SceneRunner, &Scene, &mut StdRng) -> Vec<Vec<Operation>>> Direct for F {}

/// Plays one scene, whose preparation and operations follow from its seed.
async fn play(runner: &SceneRunner, number: usize, direct: &impl Direct) -> Played {
    let mut seed = StdRng::seed_from_u64(number as u64);
    let scene = runner.scene(number % SCENES + 1).await;
    let parts = direct(runner, &scene, &mut seed).await;
    runner.play(&mut seed, &scene, parts).await
}

/// Plays many scenes, all of which must come out right, and not all in the same way.
async fn play_all(direct: impl Direct) {
    let mut outcomes = BTreeSet::new();
    let mut runner = SceneRunner::open().await;
    for number in 0..interleavings() {
        if number > 0 && number % SCENES == 0 {
            assert_eq!(runner.miscounted().await, Vec::<String>::new());
            runner = SceneRunner::open().await;
        }
        let played = play(&runner, number, &direct).await;
        let Played { wrong, story, .. } = &played;
        assert!(wrong.is_empty(), "seed {number}: {wrong:#?}\n{story}");
        outcomes.insert(played.outcome);
    }
    assert!(outcomes.len() >= 3, "{outcomes:?}");
    assert_eq!(runner.miscounted().await, Vec::<String>::new());
    let ledger = runner.harness.app.ledger().await;
    assert_eq!(ledger.broken(), Vec::<String>::new());
}

/// Removes the conditions from the writes to one table.
fn without_conditions(request: &mut Value, table: &str) {
    for item in request["TransactItems"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        let Some(put) = item["Put"].as_object_mut() else {
            continue;
        };
        if put["TableName"] == table {
            put.retain(|name, _| matches!(name.as_str(), "TableName" | "Item"));
        }
    }
}

/// The most interleavings in which a forgotten condition must show.
const MAX_PLAYS: usize = 6 * SCENES;

/// Asserts that a product that forgets a condition is found out within so many interleavings.
async fn assert_found_out(spoiling: Spoiling, direct: impl Direct) {
    let mut runner = SceneRunner::open().await;
    runner.scheduler.spoil(spoiling);
    for number in 0..MAX_PLAYS {
        if number > 0 && number % SCENES == 0 {
            runner = SceneRunner::open().await;
            runner.scheduler.spoil(spoiling);
        }
        if !play(&runner, number, &direct).await.wrong.is_empty() {
            return;
        }
    }
    unreachable!("{MAX_PLAYS} plays came out right without the condition");
}

fn import_operation(seed: &mut StdRng, runs: &[u32]) -> Operation {
    Operation::Import {
        run: *runs.choose(seed).unwrap(),
        fresh: seed.random_bool(0.5),
        of: Of::Opportunity,
    }
}

async fn against_imports(
    runner: &SceneRunner,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Operation>> {
    if seed.random_bool(0.3) {
        // Imported once, unlinked and allowed again.
        runner.import(scene, 1, Of::Opportunity).await;
        assert_eq!(
            runner
                .harness
                .unlink(&runner.imported(scene, 0))
                .await
                .status,
            200
        );
        assert_eq!(runner.harness.allow(scene.opportunity).await.status, 200);
    }
    let mut parts = vec![
        vec![import_operation(seed, &[2])],
        vec![runner.link_operation(seed, &scene.records[0], scene).await],
    ];
    parts.push(match seed.random_range(0..3) {
        0 => vec![import_operation(seed, &[2, 3])],
        1 => vec![runner.link_operation(seed, &scene.records[1], scene).await],
        _ => vec![],
    });
    parts
}

#[tokio::test]
async fn links_against_imports() {
    play_all(against_imports).await;
}

async fn against_unlinks(
    runner: &SceneRunner,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Operation>> {
    let held = if seed.random_bool(0.5) {
        assert_eq!(
            runner
                .harness
                .link(&scene.records[0], scene.opportunity, "salesforce")
                .await
                .status,
            201
        );
        scene.records[0].clone()
    } else {
        runner.import(scene, 1, Of::Opportunity).await;
        runner.imported(scene, 0)
    };
    let seen = runner.harness.record(&held).await.version;
    let version = seed.random_bool(0.4).then_some(seen);
    let unlink = |version| Operation::Unlink {
        record: held.clone(),
        version,
    };
    let again = Operation::Link {
        record: held.clone(),
        token: None,
    };
    let other = Operation::Link {
        record: scene.records[1].clone(),
        token: None,
    };
    let second = match seed.random_range(0..3) {
        0 => vec![unlink(None), again],
        1 => vec![other.clone(), other.clone()],
        _ => vec![unlink(Some(seen)), other.clone()],
    };
    let third = match seed.random_range(0..4) {
        0 => vec![import_operation(seed, &[1, 2])],
        1 => vec![other],
        2 => vec![Operation::Allow, import_operation(seed, &[2])],
        _ => vec![],
    };
    vec![vec![unlink(version)], second, third]
}

/// An unlink against another one and a link of the same two records: the first may have read the record before, and its
/// claim after that.
async fn unlink_against_a_link_again(
    runner: &SceneRunner,
    scene: &Scene,
    _: &mut StdRng,
) -> Vec<Vec<Operation>> {
    let record = &scene.records[0];
    let linked = runner
        .harness
        .link(record, scene.opportunity, "salesforce")
        .await;
    assert_eq!(linked.status, 201);
    let unlink = Operation::Unlink {
        record: record.clone(),
        version: None,
    };
    let again = Operation::Link {
        record: record.clone(),
        token: None,
    };
    vec![vec![unlink.clone()], vec![unlink, again]]
}

#[tokio::test]
async fn an_unlink_against_a_link_again() {
    play_all(unlink_against_a_link_again).await;
}

#[tokio::test]
async fn links_against_unlinks() {
    play_all(against_unlinks).await;
}

async fn against_replayed_imports(
    runner: &SceneRunner,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Operation>> {
    runner.import(scene, 1, Of::Opportunity).await;
    let former = runner.imported(scene, 0);
    assert_eq!(runner.harness.unlink(&former).await.status, 200);
    let record = if seed.random_bool(0.5) {
        former
    } else {
        scene.records[0].clone()
    };
    let mut second = vec![runner.link_operation(seed, &record, scene).await];
    if seed.random_bool(0.3) {
        second.push(Operation::Unlink {
            record,
            version: None,
        });
    }
    let third = match seed.random_range(0..3) {
        0 => vec![import_operation(seed, &[1, 2])],
        1 => vec![Operation::Allow],
        _ => vec![runner.link_operation(seed, &scene.records[1], scene).await],
    };
    vec![vec![import_operation(seed, &[1, 2])], second, third]
}

#[tokio::test]
async fn links_against_replayed_imports() {
    play_all(against_replayed_imports).await;
}

async fn against_conversions(
    runner: &SceneRunner,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Operation>> {
    let [deal, referral] = &scene.records;
    let linked = runner
        .harness
        .link(referral, scene.lead, "salesforce")
        .await;
    assert_eq!(linked.status, 201);
    if seed.random_bool(0.3) {
        // Its link was removed on purpose, and the record must not be imported again.
        runner.import(scene, 1, Of::Opportunity).await;
        let former = runner.imported(scene, 0);
        assert_eq!(runner.harness.unlink(&former).await.status, 200);
    }
    let convert = json!({ "lead": scene.lead, "opportunity": scene.opportunity });
    runner.harness.app.admin("convert", convert).await;
    let import = |run: u32, of: Of| Operation::Import {
        run,
        fresh: false,
        of,
    };
    let second = match seed.random_range(0..3) {
        0 => vec![import_operation(seed, &[2])],
        1 => vec![runner.link_operation(seed, deal, scene).await],
        _ => vec![import(2, Of::Both)],
    };
    let third = match seed.random_range(0..3) {
        0 => vec![import(3, Of::Lead)],
        1 => vec![runner.link_operation(seed, deal, scene).await],
        _ => vec![],
    };
    let of = *[Of::Lead, Of::Both].choose(seed).unwrap();
    vec![vec![import(2, of)], second, third]
}

#[tokio::test]
async fn links_against_conversions() {
    play_all(against_conversions).await;
}

async fn writes_against_the_rest(
    runner: &SceneRunner,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Operation>> {
    let harness = &runner.harness;
    let record = &scene.records[0];
    harness.edit(record, json!({ "name": "Ours" })).await;
    let linked = harness
        .link(record, scene.opportunity, "channeltivity")
        .await;
    assert_eq!(linked.body["status"], "pending");
    if seed.random_bool(0.5) {
        // A user's edit, which the push must not overwrite and a run imports.
        let edits = [json!({ "Name": "Theirs" }), json!({ "Amount": 7 })];
        harness
            .app
            .edit(scene.opportunity, edits.choose(seed).unwrap().clone())
            .await;
    }
    let push = runner.push_operation(scene).await;
    let unlink = Operation::Unlink {
        record: record.clone(),
        version: None,
    };
    let again = Operation::Link {
        record: record.clone(),
        token: None,
    };
    let second = match seed.random_range(0..3) {
        0 => vec![push.clone()],
        1 => vec![unlink.clone()],
        _ => vec![unlink, again, push.clone()],
    };
    let third = match seed.random_range(0..3) {
        0 => vec![import_operation(seed, &[2])],
        1 => vec![push.clone(), push.clone()],
        _ => vec![],
    };
    vec![vec![push], second, third]
}

#[tokio::test]
async fn writes_to_salesforce_against_links_unlinks_and_imports() {
    play_all(writes_against_the_rest).await;
}

#[tokio::test]
async fn the_judge_finds_out_a_claim_that_is_written_without_its_condition() {
    assert_found_out(
        |request| without_conditions(request, "Links"),
        against_imports,
    )
    .await;
}

#[tokio::test]
async fn the_judge_finds_out_a_record_that_is_written_without_its_condition() {
    assert_found_out(
        |request| without_conditions(request, "Records"),
        unlink_against_a_link_again,
    )
    .await;
}

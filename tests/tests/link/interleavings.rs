//! Links against imports, unlinks and replays, in random interleavings of their requests to DynamoDB: after each
//! request the invariants hold, and the answers are truthful. `DEALBRIDGE_INTERLEAVINGS` is the number of interleavings
//! per kind; a seed reproduces its interleaving.

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::{
    play::{Deed, Of, PLAYS, Played, Scene, Theatre},
    stage::Spoiling,
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
trait Direct: AsyncFn(&Theatre, &Scene, &mut StdRng) -> Vec<Vec<Deed>> {}
impl<F: AsyncFn(&Theatre, &Scene, &mut StdRng) -> Vec<Vec<Deed>>> Direct for F {}

/// Plays one scene, whose preparation and operations follow from its seed.
async fn play(theatre: &Theatre, number: usize, direct: &impl Direct) -> Played {
    let mut seed = StdRng::seed_from_u64(number as u64);
    let scene = theatre.scene(number % PLAYS + 1).await;
    let parts = direct(theatre, &scene, &mut seed).await;
    theatre.play(&mut seed, &scene, parts).await
}

/// Plays many scenes, all of which must come out right, and not all in the same way.
async fn play_all(direct: impl Direct) {
    let mut outcomes = BTreeSet::new();
    let mut theatre = Theatre::open().await;
    for number in 0..interleavings() {
        if number > 0 && number % PLAYS == 0 {
            assert_eq!(theatre.miscounted().await, Vec::<String>::new());
            theatre = Theatre::open().await;
        }
        let played = play(&theatre, number, &direct).await;
        let Played { wrong, story, .. } = &played;
        assert!(wrong.is_empty(), "seed {number}: {wrong:#?}\n{story}");
        outcomes.insert(played.outcome);
    }
    assert!(outcomes.len() >= 3, "{outcomes:?}");
    assert_eq!(theatre.miscounted().await, Vec::<String>::new());
    let ledger = theatre.desk.world.ledger().await;
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

/// Asserts that a product that forgets a condition is found out within so many scenes.
async fn assert_found_out(spoiling: Spoiling, direct: impl Direct) {
    let theatre = Theatre::open().await;
    theatre.stage.spoil(spoiling);
    for number in 0..PLAYS {
        if !play(&theatre, number, &direct).await.wrong.is_empty() {
            return;
        }
    }
    unreachable!("{PLAYS} plays came out right without the condition");
}

fn import_deed(seed: &mut StdRng, runs: &[u32]) -> Deed {
    Deed::Import {
        run: *runs.choose(seed).unwrap(),
        fresh: seed.random_bool(0.5),
        of: Of::Opportunity,
    }
}

async fn against_imports(theatre: &Theatre, scene: &Scene, seed: &mut StdRng) -> Vec<Vec<Deed>> {
    if seed.random_bool(0.3) {
        // Imported once, unlinked and allowed again.
        theatre.import(scene, 1, Of::Opportunity).await;
        assert_eq!(
            theatre
                .desk
                .unlink(&theatre.imported(scene, 0))
                .await
                .status,
            200
        );
        assert_eq!(theatre.desk.allow(scene.opportunity).await.status, 200);
    }
    let mut parts = vec![
        vec![import_deed(seed, &[2])],
        vec![theatre.link_deed(seed, &scene.records[0], scene).await],
    ];
    parts.push(match seed.random_range(0..3) {
        0 => vec![import_deed(seed, &[2, 3])],
        1 => vec![theatre.link_deed(seed, &scene.records[1], scene).await],
        _ => vec![],
    });
    parts
}

#[tokio::test]
async fn links_against_imports() {
    play_all(against_imports).await;
}

async fn against_unlinks(theatre: &Theatre, scene: &Scene, seed: &mut StdRng) -> Vec<Vec<Deed>> {
    let held = if seed.random_bool(0.5) {
        assert_eq!(
            theatre
                .desk
                .link(&scene.records[0], scene.opportunity, "salesforce")
                .await
                .status,
            201
        );
        scene.records[0].clone()
    } else {
        theatre.import(scene, 1, Of::Opportunity).await;
        theatre.imported(scene, 0)
    };
    let seen = theatre.desk.record(&held).await.version;
    let version = seed.random_bool(0.4).then_some(seen);
    let unlink = |version| Deed::Unlink {
        record: held.clone(),
        version,
    };
    let again = Deed::Link {
        record: held.clone(),
        token: None,
    };
    let other = Deed::Link {
        record: scene.records[1].clone(),
        token: None,
    };
    let second = match seed.random_range(0..3) {
        0 => vec![unlink(None), again],
        1 => vec![other.clone(), other.clone()],
        _ => vec![unlink(Some(seen)), other.clone()],
    };
    let third = match seed.random_range(0..4) {
        0 => vec![import_deed(seed, &[1, 2])],
        1 => vec![other],
        2 => vec![Deed::Allow, import_deed(seed, &[2])],
        _ => vec![],
    };
    vec![vec![unlink(version)], second, third]
}

#[tokio::test]
async fn links_against_unlinks() {
    play_all(against_unlinks).await;
}

async fn against_replayed_imports(
    theatre: &Theatre,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Deed>> {
    theatre.import(scene, 1, Of::Opportunity).await;
    let former = theatre.imported(scene, 0);
    assert_eq!(theatre.desk.unlink(&former).await.status, 200);
    let record = if seed.random_bool(0.5) {
        former
    } else {
        scene.records[0].clone()
    };
    let mut second = vec![theatre.link_deed(seed, &record, scene).await];
    if seed.random_bool(0.3) {
        second.push(Deed::Unlink {
            record,
            version: None,
        });
    }
    let third = match seed.random_range(0..3) {
        0 => vec![import_deed(seed, &[1, 2])],
        1 => vec![Deed::Allow],
        _ => vec![theatre.link_deed(seed, &scene.records[1], scene).await],
    };
    vec![vec![import_deed(seed, &[1, 2])], second, third]
}

#[tokio::test]
async fn links_against_replayed_imports() {
    play_all(against_replayed_imports).await;
}

async fn against_conversions(
    theatre: &Theatre,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Deed>> {
    let [deal, referral] = &scene.records;
    let linked = theatre.desk.link(referral, scene.lead, "salesforce").await;
    assert_eq!(linked.status, 201);
    if seed.random_bool(0.3) {
        // Its link was removed on purpose, and the record must not be imported again.
        theatre.import(scene, 1, Of::Opportunity).await;
        let former = theatre.imported(scene, 0);
        assert_eq!(theatre.desk.unlink(&former).await.status, 200);
    }
    let convert = json!({ "lead": scene.lead, "opportunity": scene.opportunity });
    theatre.desk.world.admin("convert", convert).await;
    let import = |run: u32, of: Of| Deed::Import {
        run,
        fresh: false,
        of,
    };
    let second = match seed.random_range(0..3) {
        0 => vec![import_deed(seed, &[2])],
        1 => vec![theatre.link_deed(seed, deal, scene).await],
        _ => vec![import(2, Of::Both)],
    };
    let third = match seed.random_range(0..3) {
        0 => vec![import(3, Of::Lead)],
        1 => vec![theatre.link_deed(seed, deal, scene).await],
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
    theatre: &Theatre,
    scene: &Scene,
    seed: &mut StdRng,
) -> Vec<Vec<Deed>> {
    let desk = &theatre.desk;
    let record = &scene.records[0];
    desk.edit(record, json!({ "name": "Ours" })).await;
    let linked = desk.link(record, scene.opportunity, "channeltivity").await;
    assert_eq!(linked.body["status"], "pending");
    if seed.random_bool(0.5) {
        // A user's edit, which the push must not overwrite and a run imports.
        let edits = [json!({ "Name": "Theirs" }), json!({ "Amount": 7 })];
        desk.world
            .edit(scene.opportunity, edits.choose(seed).unwrap().clone())
            .await;
    }
    let push = theatre.push_deed(scene).await;
    let unlink = Deed::Unlink {
        record: record.clone(),
        version: None,
    };
    let again = Deed::Link {
        record: record.clone(),
        token: None,
    };
    let second = match seed.random_range(0..3) {
        0 => vec![push.clone()],
        1 => vec![unlink.clone()],
        _ => vec![unlink, again, push.clone()],
    };
    let third = match seed.random_range(0..3) {
        0 => vec![import_deed(seed, &[2])],
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
        against_unlinks,
    )
    .await;
}

//! Random histories of everything that happens to a record on its way to Salesforce and after: submissions, edits on
//! either side, links and unlinks, deletions, conversions, merges, imports, Sync Now, lost answers, dead workers and
//! repeated messages, in random interleavings of the real use cases' calls to their ports. After each step the
//! invariants hold, and in the end no edit is without its effect, its entry or its reason. `DEALBRIDGE_HISTORIES` is the number
//! of histories; a seed reproduces its history.

mod acts;
mod by_hand;
mod items;
mod judge;
mod org;
mod salesforce;
mod set_up;
mod spoiling;
mod store;
mod users;
mod workers;
mod world;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
    thread,
};

use rand::Rng;

use self::{acts::Act, spoiling::Spoiling, world::Handle};
use crate::{code::Code, settings::Settings};

/// The acts of a history.
const ACTS: usize = 22;
/// The most acts that are under way at once.
const AT_ONCE: usize = 3;

fn histories() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where these tests read the environment"
    )]
    let asked = std::env::var("DEALBRIDGE_HISTORIES");
    asked.map_or(20_000, |asked| asked.parse().unwrap())
}

impl Handle {
    /// Takes an act to its next call. Returns `true` if it is over.
    fn step(&self, act: &mut Act) -> bool {
        let is_over = act
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready();
        let mut world = self.world();
        let world = &mut *world;
        world.judge.check(&world.items);
        is_over
    }

    fn is_wrong(&self) -> bool {
        !self.world().judge.wrong.is_empty()
    }

    /// Plays acts side by side; any may die between two calls.
    fn play(&self) {
        let mut under_way: Vec<Act> = Vec::new();
        let mut left = ACTS;
        while (left > 0 || !under_way.is_empty()) && !self.is_wrong() {
            let begins = left > 0
                && under_way.len() < AT_ONCE
                && (under_way.is_empty() || self.world().seed.random_bool(0.12));
            if begins {
                left -= 1;
                under_way.extend(self.begin());
                continue;
            }
            let at = self.world().below(under_way.len());
            let dies = self.world().chance(1);
            if dies {
                self.world().tell(|| "a process dies".to_owned());
            }
            if dies || self.step(&mut under_way[at]) {
                drop(under_way.swap_remove(at));
            }
        }
    }

    fn finish(&self, mut act: Act) {
        while !self.step(&mut act) {}
    }

    /// A run, and everything that is sent, until nothing waits.
    fn run_out(&self) {
        let handle = self.clone();
        self.finish(Box::pin(async move { handle.run().await }));
        for _ in 0..40 {
            let Some(messages) = self.world().receive() else {
                return;
            };
            let handle = self.clone();
            self.finish(Box::pin(async move { handle.deliver(messages).await }));
        }
        self.world()
            .judge
            .wrong
            .push("messages come without an end".to_owned());
    }

    /// Everything that is due happens, and nothing else.
    fn come_to_rest(&self) {
        {
            let mut world = self.world();
            world.tell(|| "it becomes calm".to_owned());
            world.is_calm = true;
        }
        for _ in 0..8 {
            {
                let mut world = self.world();
                world.resume();
                world.updated = 0;
                world.judge.is_moved = false;
            }
            self.run_out();
            if self.is_wrong() || !self.world().judge.is_moved {
                break;
            }
        }
        let mut world = self.world();
        let world = &mut *world;
        if world.judge.is_moved || world.updated > 0 {
            let wrong = "what was written comes back, or there is no end to it";
            world.judge.wrong.push(wrong.to_owned());
        }
        world.judge.check_end(&world.items, &world.org);
    }
}

/// Plays one history to its end.
fn play(
    seed: u64,
    settings: &[Arc<Settings>],
    spoiling: Option<Spoiling>,
    is_told: bool,
) -> Handle {
    let own = usize::try_from(seed).unwrap() % settings.len();
    let handle = Handle::new(seed, &settings[own], spoiling, is_told);
    handle.play();
    if !handle.is_wrong() {
        handle.come_to_rest();
    }
    handle
}

/// Plays histories, until one comes out wrong, on two threads. Says what was met, and the seed of the one that is wrong.
fn play_all(count: u64, spoiling: Option<Spoiling>) -> (BTreeMap<Code, usize>, Option<u64>) {
    let settings = set_up::all_settings();
    let is_found = AtomicBool::new(false);
    let part = |first: u64| {
        let mut met = BTreeMap::<Code, usize>::new();
        for seed in (first..count).step_by(2) {
            if is_found.load(Ordering::Relaxed) {
                break;
            }
            let handle = play(seed, &settings, spoiling, false);
            let world = handle.world();
            if !world.judge.wrong.is_empty() {
                is_found.store(true, Ordering::Relaxed);
                return (met, Some(seed));
            }
            for (code, times) in &world.judge.met {
                *met.entry(*code).or_default() += times;
            }
        }
        (met, None)
    };
    let ((mut met, even), (others, odd)) = thread::scope(|scope| {
        let odd = scope.spawn(|| part(1));
        (part(0), odd.join().unwrap())
    });
    for (code, times) in others {
        *met.entry(code).or_default() += times;
    }
    (met, even.into_iter().chain(odd).min())
}

/// Tells a history.
fn told(seed: u64, spoiling: Option<Spoiling>) -> String {
    let handle = play(seed, &set_up::all_settings(), spoiling, true);
    let world = handle.world();
    format!("seed {seed}: {:#?}\n{}", world.judge.wrong, world.story())
}

#[test]
fn no_interleaving_makes_a_second_record_loses_an_edit_or_leaves_half_a_link() {
    let count = histories();
    let (met, wrong) = play_all(count, None);
    if let Some(seed) = wrong {
        panic!("{}", told(seed, None));
    }
    for code in [
        Code::Sent,
        Code::SentAsLead,
        Code::SfValidationRule,
        Code::SfExternalIdTaken,
        Code::CreatedButNotLinked,
        Code::ConflictResolved,
        Code::WriteDelivered,
        Code::WriteRefused,
        Code::WriteDropped,
        Code::WriteSkipped,
        Code::Imported,
        Code::Updated,
        Code::Linked,
        Code::LinkMoved,
        Code::LinkPaused,
        Code::LinkResumed,
        Code::LinkDisconnected,
        Code::LinkReconnected,
        Code::Unlinked,
        Code::LinkedRecordDeleted,
        Code::RecordDeleted,
        Code::ImportAllowed,
        Code::ImportSuppressed,
    ] {
        assert!(met.contains_key(&code), "{code}: {met:?}");
    }
}

/// The most histories in which a defect must show.
const MAX_HISTORIES: u64 = 4_000;

#[test]
fn the_judge_finds_each_defect() {
    for spoiling in Spoiling::ALL {
        let (_, wrong) = play_all(MAX_HISTORIES, Some(spoiling));
        assert!(
            wrong.is_some(),
            "{MAX_HISTORIES} histories came out right with {spoiling:?}"
        );
    }
}

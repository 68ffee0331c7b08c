//! A linked Deal, its Opportunity and the messages between them, with what both sides' users did.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Map, Value, json};

use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    base::Base,
    change::{Expected, Write},
    claim::{Claim, ClaimState},
    code::Code,
    counted::CountedRuns,
    decide::{Facts, decide},
    digest::Digested,
    finding::Finding,
    import::{outcome, state::StoredState},
    link::{edit::edit, store::Outbox},
    message::{ImportRequest, PushRequest, VERSION, WriteRequest},
    portal::Directory,
    problem::OpenProblem,
    record::{Link, LinkStatus, Record, RecordId, RecordKind},
    run::RunId,
    salesforce::Row,
    settings::Settings,
    testing,
};

pub(super) const OPPORTUNITY: &str = "006dM00000Mw7VtQAJ";

/// The fields: Channeltivity's name, Salesforce's name, and whether a test can tell their edits apart by value.
pub(super) const FIELDS: [(&str, &str, bool); 5] = [
    ("name", "Name", true),
    ("stage", "StageName", true),
    ("amount", "Amount", true),
    ("close_date", "CloseDate", true),
    ("tags", "Tags__c", false),
];

/// One side's values of a field, oldest first.
type History = BTreeMap<&'static str, Vec<Value>>;

/// The latest edit of a field by one side's users.
#[derive(Clone, Debug)]
pub(super) struct LastEdit {
    pub(super) value: Value,
    /// `true` if this side had held the other side's latest edit before.
    pub(super) knew_other: bool,
    /// The number of entries at that time.
    pub(super) at: usize,
    /// The number of values that had been entered by then.
    pub(super) time: u32,
}

pub(super) struct Model {
    pub(super) seed: StdRng,
    pub(super) settings: Arc<Settings>,
    pub(super) record: Record,
    pub(super) claim: Claim,
    pub(super) problem: Option<OpenProblem>,
    pub(super) outbox: Option<WriteRequest>,
    /// Every message that was ever sent: any may come again.
    pub(super) messages: Vec<WriteRequest>,
    pub(super) row: Map<String, Value>,
    /// A row that a run has read and not decided yet.
    pub(super) read: Option<Row>,
    pub(super) entries: Vec<Finding>,
    /// The acts on the record, as audits name them.
    pub(super) acts: Vec<&'static str>,
    pub(super) wrong: Vec<String>,
    pub(super) story: Vec<String>,
    pub(super) is_calm: bool,
    is_told: bool,
    pub(super) depth: usize,
    pub(super) last_counted_as_update: bool,
    stamp: i64,
    runs: u32,
    tokens: u32,
    here: History,
    there: History,
    pub(super) edits_here: BTreeMap<&'static str, LastEdit>,
    pub(super) edits_there: BTreeMap<&'static str, LastEdit>,
}

/// The name flows both ways, the stage comes from Salesforce, the amount flows both ways and Channeltivity wins, the
/// close date goes to Salesforce, and the tags are choices that several words stand for.
pub(super) fn settings() -> Settings {
    let mut value = serde_json::to_value(testing::settings()).unwrap();
    for field in value["deal_fields"].as_array_mut().unwrap() {
        field["type"] = json!("text");
        field.as_object_mut().unwrap().remove("values");
        field["required"] = json!(matches!(field["name"].as_str(), Some("name" | "stage")));
    }
    value["deal_fields"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "tags", "type": "multi_picklist", "values": ["X", "Y", "Z"] }));
    let rows = value["mappings"].as_array_mut().unwrap();
    rows[1].as_object_mut().unwrap().remove("values");
    rows[2]["conflicts"] = json!("channeltivity");
    rows[3]["on_update"] = json!("to_salesforce");
    rows.push(json!({
        "channeltivity": "tags", "salesforce": "Tags__c", "on_create": "both", "on_update": "both",
        "values": { "A": "X", "B": "X", "C": "Y", "D": "Z" },
    }));
    serde_json::from_value(value).unwrap()
}

impl Model {
    pub(super) fn new(number: u64, settings: Arc<Settings>, is_told: bool) -> Self {
        let salesforce = SalesforceId::parse(OPPORTUNITY).unwrap();
        let row = json!({
            "Id": OPPORTUNITY, "Name": "name", "StageName": "stage", "Amount": "amount", "CloseDate": "close_date",
            "Tags__c": "B;C", "Sync__c": true, "IsDeleted": false,
        });
        let fields = json!({ "name": "name", "stage": "stage", "amount": "amount", "close_date": "close_date", "tags": "X;Y" });
        let stamp = 1_700_000_000;
        let id = RecordId::new(RecordKind::Deal, "d").unwrap();
        let record: Record =
            serde_json::from_value(json!({ "version": 1, "fields": fields })).unwrap();
        let record = Record {
            id: id.clone(),
            link: Some(Link {
                salesforce_id: salesforce,
                object: SalesforceObject::Opportunity,
                status: LinkStatus::Synced,
                reason: None,
                name: None,
                linked_at: Timestamp::UNIX_EPOCH,
                linked_by: "integration".into(),
                stamp: SystemModstamp::from_second(stamp),
            }),
            ..record
        };
        let claim = Claim {
            salesforce,
            state: ClaimState::Live,
            record: id,
            epoch: 0,
            stamp: SystemModstamp::from_second(stamp),
            digest: None,
            version: 1,
            counted: CountedRuns::default(),
            pending: None,
            base: Base::default(),
            disconnected: false,
            import_flag_was_off: false,
            suppression: None,
        };
        let mut model = Self {
            seed: StdRng::seed_from_u64(number),
            settings,
            is_told,
            record,
            claim,
            problem: None,
            outbox: None,
            messages: Vec::new(),
            row: row.as_object().unwrap().clone(),
            read: None,
            entries: Vec::new(),
            acts: Vec::new(),
            wrong: Vec::new(),
            story: Vec::new(),
            is_calm: false,
            depth: 0,
            last_counted_as_update: false,
            stamp,
            runs: 0,
            tokens: 0,
            here: History::new(),
            there: History::new(),
            edits_here: BTreeMap::new(),
            edits_there: BTreeMap::new(),
        };
        model.note_values();
        model
    }

    /// Counts an edit.
    fn edited(&mut self) -> u32 {
        self.tokens += 1;
        self.tokens
    }

    fn note_values(&mut self) {
        for (name, path, _) in FIELDS {
            let here = self.record.fields.get(name).cloned().unwrap_or_default();
            let there = self.row.get(path).cloned().unwrap_or_default();
            for (history, value) in [(&mut self.here, here), (&mut self.there, there)] {
                let values = history.entry(name).or_default();
                if values.last() != Some(&value) {
                    values.push(value);
                }
            }
        }
    }

    pub(super) fn tell(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.is_told {
            let line = format!("{}{}", "  ".repeat(self.depth), text(self));
            self.story.push(line);
        }
    }

    /// A value that no edit has brought before, a blank, or one that the other side may enter as well.
    fn value(&mut self, side: &str, name: &str) -> Value {
        if name == "tags" {
            let words = if side == "here" {
                ["X", "Y", "Z", "X;Y"]
            } else {
                ["A", "B", "C;D", "A;C"]
            };
            return json!(words[self.seed.random_range(0..4)]);
        }
        self.tokens += 1;
        match self.seed.random_range(0..12) {
            0 if matches!(name, "amount" | "close_date") => Value::Null,
            1 => json!(format!("both {}", self.seed.random_range(0..3))),
            2 if side == "here" => {
                json!(format!("<{side} {} {}>!", self.tokens, "long ".repeat(20)))
            }
            3 => json!(format!("<{side} {} {}>", self.tokens, "long ".repeat(20))),
            _ => json!(format!("<{side} {}>", self.tokens)),
        }
    }

    /// A user edits a field in Salesforce.
    pub(super) fn edit_there(&mut self) {
        let (name, path, _) = FIELDS[self.seed.random_range(0..FIELDS.len())];
        let value = self.value("there", name);
        if self.row[path] == value {
            return;
        }
        self.tell(|_| format!("Salesforce's user sets {path} to {value}"));
        let knew = self
            .edits_here
            .get(name)
            .is_none_or(|edit| self.there[name].contains(&edit.value));
        let (at, time) = (self.entries.len(), self.edited());
        self.edits_there.insert(
            name,
            LastEdit {
                value: value.clone(),
                knew_other: knew,
                at,
                time,
            },
        );
        self.write_there(&json!({ path: value }));
    }

    /// Changes fields in Salesforce.
    pub(super) fn write_there(&mut self, fields: &Value) {
        for (path, value) in fields.as_object().unwrap() {
            self.row.insert(path.clone(), value.clone());
        }
        self.stamp += 1;
        self.note_values();
    }

    /// A user edits a field in Channeltivity.
    pub(super) fn edit_here(&mut self) {
        let (name, ..) = FIELDS[self.seed.random_range(0..FIELDS.len())];
        // Now and then the user takes the edit back: then there is nothing to lose.
        let (value, is_new) = match self.here[name].iter().rev().nth(1) {
            Some(former) if self.seed.random_bool(0.2) => (former.clone(), false),
            _ => (self.value("here", name), true),
        };
        let mut after = self.record.clone();
        after.version += 1;
        after.fields.insert(name.to_owned(), value.clone());
        if self.record.fields.get(name) == Some(&value) {
            return;
        }
        self.tell(|_| format!("Channeltivity's user sets {name} to {value}"));
        let knew = self
            .edits_there
            .get(name)
            .is_none_or(|edit| self.here[name].contains(&edit.value));
        let (at, time) = (self.entries.len(), self.edited());
        let told = if is_new { value } else { Value::Null };
        let edit_here = LastEdit {
            value: told,
            knew_other: knew,
            at,
            time,
        };
        self.edits_here.insert(name, edit_here);
        if let Some(edited) = edit(&self.settings, &self.record, &after, &self.claim) {
            self.claim = edited.claim;
            if let Some(link) = &mut after.link {
                link.status = edited.status;
            }
            self.take_outbox(edited.outbox);
        }
        self.record = after;
        self.note_values();
    }

    pub(super) fn take_outbox(&mut self, outbox: Outbox) {
        match outbox {
            Outbox::Add(PushRequest::Write(request)) => {
                self.messages.push(request.clone());
                self.outbox = Some(request);
            }
            Outbox::Remove(_) => self.outbox = None,
            Outbox::Keep | Outbox::Add(_) => {}
        }
    }

    pub(super) fn row(&self) -> Row {
        let mut row = Row(self.row.clone());
        let stamp = SystemModstamp::from_second(self.stamp).to_string();
        row.0.insert("SystemModstamp".into(), json!(stamp));
        row
    }

    pub(super) fn stamp(&self) -> SystemModstamp {
        SystemModstamp::from_second(self.stamp)
    }

    /// A run decides on the row that it read before, or reads it.
    pub(super) fn run(&mut self) {
        let row = self.read.take().unwrap_or_else(|| self.row());
        let now = Timestamp::from_second(self.stamp + 1_000_000).unwrap();
        self.runs += 1;
        let request = ImportRequest {
            version: VERSION,
            run: RunId::new(self.runs),
            org: self.settings.organization_id,
            opportunity: self.claim.salesforce,
            fresh: false,
            by_hand: false,
        };
        let known = StoredState {
            claim: Some(self.claim.clone()),
            problem: self.problem.clone(),
            record: Some(self.record.clone()),
            ..StoredState::default()
        };
        let digested = Digested::of(&self.settings, SalesforceObject::Opportunity);
        let facts = Facts {
            opportunity: self.claim.salesforce,
            row: Some(&row),
            digest: digested.vouch(&row, now),
            directory: &Directory::default(),
            claim: known.claim.as_ref(),
            record: known.record.as_ref(),
            successor: None,
            predecessor: None,
        };
        let decision = decide(&facts, &self.settings);
        let change = outcome::change(
            &request,
            &facts,
            (&known, None),
            decision,
            &self.settings,
            now,
        )
        .unwrap();
        self.tell(|_| format!("a run decides on {}", Value::Object(row.0.clone())));
        self.last_counted_as_update = change.counts.updated > 0;
        let before = self.record.clone();
        assert!(self.write(&change.writes));
        for (name, _, by_value) in FIELDS {
            let value = self.record.fields.get(name);
            let is_ours = value
                .and_then(Value::as_str)
                .is_some_and(|text| text.contains("<here"));
            if by_value && value != before.fields.get(name) && is_ours {
                self.wrong.push(format!(
                    "a run brought Channeltivity's own {name} back: {value:?}"
                ));
            }
        }
        if let Some(line) = change.line {
            self.enter(line.findings);
        }
    }

    pub(super) fn enter(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.tell(|_| {
                let (message, _) = finding.sentences("the Opportunity");
                format!("entry {} {message}", finding.code)
            });
            self.entries.push(finding);
        }
    }

    /// Writes all or nothing.
    pub(super) fn write(&mut self, writes: &[Write]) -> bool {
        let is_met = |write: &Write| match write {
            Write::Claim(_, expected) => *expected == Expected::Version(self.claim.version),
            Write::Record(_, expected) => *expected == Expected::Version(self.record.version),
            _ => true,
        };
        if !writes.iter().all(is_met) {
            return false;
        }
        for write in writes.iter().cloned() {
            match write {
                Write::Claim(claim, _) => self.claim = claim,
                Write::Record(record, _) => self.record = *record,
                Write::Problem(problem, _) => self.problem = Some(problem),
                Write::CloseProblem(..) => self.problem = None,
                Write::Outbox(request) => self.take_outbox(Outbox::Add(request)),
                Write::ClearOutbox(id) => self.take_outbox(Outbox::Remove(id)),
                _ => {}
            }
        }
        self.note_values();
        true
    }

    pub(super) fn has_refusal_since(&self, path: &str, at: usize) -> bool {
        self.entries[at..].iter().any(|entry| {
            entry.code == Code::WriteRefused
                && entry.context.field.split(", ").any(|field| field == path)
        })
    }
}

//! Generated org folders: one CSV per object, and the portal's file.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use dealbridge_core::SalesforceId;
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use crate::people;

/// The time from which the system modstamps of generated Opportunities count.
const FIRST_STAMP: i64 = 1_772_000_000;

fn id(prefix: &str, number: usize) -> SalesforceId {
    SalesforceId::parse(&format!("{prefix}dM{number:010}")).unwrap()
}

/// The id of the Account of that number. Account 2 is hidden from the integration user in a [`TestApp`](crate::TestApp).
#[must_use]
pub fn account(number: usize) -> SalesforceId {
    id("001", number)
}

/// The id of the Contact of that number. Contact 3 is hidden from the integration user in a [`TestApp`](crate::TestApp).
#[must_use]
pub fn contact(number: usize) -> SalesforceId {
    id("003", number)
}

/// The id of the Opportunity of that number.
#[must_use]
pub fn opportunity(number: usize) -> SalesforceId {
    id("006", number)
}

/// The id of an Opportunity's Contact Role, by their numbers.
#[must_use]
pub fn role(opportunity: usize, number: usize) -> SalesforceId {
    id("00K", opportunity * 10 + number)
}

/// A Contact Role of an Opportunity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// The number of its Contact.
    pub contact: usize,
    /// `true` for the primary role.
    pub primary: bool,
}

/// An Opportunity of a folder. By default it meets every condition for import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opportunity {
    /// Its number, from which the id follows unless another is set.
    pub number: usize,
    /// Its id.
    pub id: SalesforceId,
    /// Its columns.
    pub fields: BTreeMap<&'static str, String>,
    /// Its Contact Roles.
    pub roles: Vec<Role>,
    /// Its SystemModstamp, in seconds after the first one.
    pub stamp: i64,
}

/// The columns of an Opportunity besides Id and SystemModstamp.
const COLUMNS: [&str; 13] = [
    "Name",
    "AccountId",
    "StageName",
    "CloseDate",
    "Amount",
    "Sync__c",
    "Export__c",
    "Partner__c",
    "Distributor__c",
    "Owner_Type__c",
    "Stage__c",
    "Product__c",
    "Seats__c",
];
/// A mapped column that no Deal needs.
pub const NOTES: &str = "Notes__c";

impl Opportunity {
    /// An Opportunity that is in no folder, for looking values up.
    #[must_use]
    pub fn blank() -> Self {
        Self::new(0)
    }

    fn new(number: usize) -> Self {
        let fields = [
            ("Name", format!("Deal {number}")),
            ("AccountId", account(1).to_string()),
            ("StageName", "Prospecting".to_owned()),
            ("CloseDate", "2026-09-30".to_owned()),
            ("Amount", format!("{}", 1_000 + number)),
            ("Sync__c", "true".to_owned()),
            ("Export__c", "true".to_owned()),
            ("Partner__c", people::address("partner", "active")),
            ("Distributor__c", String::new()),
            ("Owner_Type__c", String::new()),
            ("Stage__c", "Prospecting".to_owned()),
            ("Product__c", "Pro".to_owned()),
            ("Seats__c", "12".to_owned()),
            (NOTES, "met at the fair".to_owned()),
        ];
        Self {
            number,
            id: opportunity(number),
            fields: fields.into(),
            roles: vec![
                Role {
                    contact: 1,
                    primary: true,
                },
                Role {
                    contact: 2,
                    primary: false,
                },
            ],
            stamp: i64::try_from(number).unwrap_or(0) * 60,
        }
    }

    /// The same with a column set.
    #[must_use]
    pub fn with(mut self, column: &'static str, value: impl Into<String>) -> Self {
        self.fields.insert(column, value.into());
        self
    }

    /// The same with these Contact Roles.
    #[must_use]
    pub fn with_roles(mut self, roles: &[Role]) -> Self {
        self.roles = roles.to_vec();
        self
    }

    /// The same with another id.
    #[must_use]
    pub fn with_id(mut self, id: SalesforceId) -> Self {
        self.id = id;
        self
    }

    /// The same with a system modstamp that many seconds after the first one.
    #[must_use]
    pub fn stamped(mut self, seconds: i64) -> Self {
        self.stamp = seconds;
        self
    }
}

/// An org folder under construction.
#[derive(Clone, Debug)]
pub struct OrgFolder {
    /// Its Opportunities.
    pub opportunities: Vec<Opportunity>,
    /// The integration's settings.
    pub settings: Value,
    /// Columns of Opportunity.csv that are left out: fields that the org does not have.
    pub without: Vec<&'static str>,
    /// Files that are added to the others or replace them.
    pub files: Vec<(&'static str, String)>,
}

impl OrgFolder {
    /// A folder without a candidate for import.
    #[must_use]
    pub fn new() -> Self {
        // Never flagged. No number field could hold its seats, so they are a text field that feeds a number.
        let bystander = Opportunity::new(0)
            .with("Export__c", "false")
            .with("Sync__c", "false")
            .with("Seats__c", "several")
            .stamped(-86_400);
        Self {
            opportunities: vec![bystander],
            settings: people::settings(),
            without: Vec::new(),
            files: Vec::new(),
        }
    }

    /// A folder of that many Opportunities, all of which meet every condition.
    #[must_use]
    pub fn importable(count: usize) -> Self {
        let mut folder = Self::new();
        for _ in 0..count {
            folder.add(|opportunity| opportunity);
        }
        folder
    }

    /// Adds an Opportunity that meets every condition, changed by `change`, and returns its id.
    pub fn add(&mut self, change: impl FnOnce(Opportunity) -> Opportunity) -> SalesforceId {
        let added = change(Opportunity::new(self.opportunities.len()));
        let id = added.id;
        self.opportunities.push(added);
        id
    }

    /// Writes the folder's files.
    pub fn write_to(&self, folder: &Path) {
        const OLD: &str = "2026-01-05T08:00:00.000+0000";
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
        write(
            "channeltivity.json",
            people::portal(self.settings.clone()).to_string(),
        );
        let accounts = format!(
            "Id,Name,SystemModstamp\n{},Acme,{OLD}\n{},Secret Ltd,{OLD}\n{},Betasol,{OLD}\n",
            account(1),
            account(2),
            account(3)
        );
        write("Account.csv", accounts);
        let mut contacts = "Id,AccountId,FirstName,LastName,Email,SystemModstamp\n".to_owned();
        for number in 1..=3 {
            let (contact, account) = (contact(number), account(1));
            writeln!(
                contacts,
                "{contact},{account},Con,Tact{number},c{number}@acme.example,{OLD}"
            )
            .unwrap();
        }
        write("Contact.csv", contacts);
        let columns: Vec<&str> = COLUMNS
            .into_iter()
            .chain([NOTES])
            .filter(|column| !self.without.contains(column))
            .collect();
        let mut rows = format!("Id,{},SystemModstamp\n", columns.join(","));
        let mut roles = "Id,OpportunityId,ContactId,Role,IsPrimary\n".to_owned();
        for opportunity in &self.opportunities {
            write!(rows, "{}", opportunity.id).unwrap();
            for column in &columns {
                write!(rows, ",\"{}\"", opportunity.fields[column]).unwrap();
            }
            let stamp = Timestamp::from_second(FIRST_STAMP + opportunity.stamp).unwrap();
            writeln!(rows, ",{}", stamp.strftime("%Y-%m-%dT%H:%M:%S.000+0000")).unwrap();
            for (at, Role { contact, primary }) in opportunity.roles.iter().enumerate() {
                let (role, contact) = (role(opportunity.number, at), self::contact(*contact));
                writeln!(
                    roles,
                    "{role},{},{contact},Evaluator,{primary}",
                    opportunity.id
                )
                .unwrap();
            }
        }
        write("Opportunity.csv", rows);
        write("OpportunityContactRole.csv", roles);
        for (name, text) in &self.files {
            write(name, text.clone());
        }
    }

    /// Writes the folder to a temporary directory.
    #[must_use]
    pub fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.write_to(folder.path());
        folder
    }
}

impl Default for OrgFolder {
    fn default() -> Self {
        Self::new()
    }
}

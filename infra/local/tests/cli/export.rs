//! One made-up org of 500 Opportunities, written as the tools write it that people export from Salesforce with.

use std::{fs, path::Path};

use dealbridge_core::SalesforceId;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Who exports, and so how cells, headers, files and encodings look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Setup > Data Export, in ISO-8859-1 as orgs of Western locales have it.
    WeeklyExport,
    /// Data Loader: headers in capitals, relationship columns.
    DataLoader,
    /// `sf data query --result-format csv`: only what was asked for.
    SfQuery,
    /// Any of them, saved again by Excel with semicolons.
    Excel,
    /// The same as Unicode text: UTF-16, tabs.
    ExcelUnicode,
}

enum Cell {
    Id(Option<SalesforceId>),
    Flag(Option<bool>),
    Day(u32),
    At(u32),
    Text(String),
}

struct Table {
    object: &'static str,
    columns: Vec<&'static str>,
    /// Standard columns of the object that hold nothing, or nothing of interest.
    idle: &'static str,
    rows: Vec<Vec<Cell>>,
}

const ACCOUNT: &str = "Type RecordTypeId ParentId BillingStreet BillingCity BillingStateCode BillingCountryCode BillingLatitude BillingLongitude Phone Fax AccountNumber Website Sic Industry AnnualRevenue NumberOfEmployees Ownership TickerSymbol Rating Site LastActivityDate IsExcludedFromRealign Jigsaw JigsawCompanyId CleanStatus AccountSource DunsNumber Tradestyle NaicsCode NaicsDesc YearStarted SicDesc DandbCompanyId OperatingHoursId IsPartner IsCustomerPortal ChannelProgramName";
const CONTACT: &str = "Salutation MiddleName Suffix RecordTypeId OtherStreet OtherStateCode OtherCountryCode MailingStateCode MailingCountryCode Phone Fax MobilePhone ReportsToId Title Department AssistantName LeadSource Birthdate Description HasOptedOutOfEmail HasOptedOutOfFax DoNotCall LastCURequestDate EmailBouncedReason EmailBouncedDate Jigsaw JigsawContactId CleanStatus IndividualId Pronouns GenderIdentity IsPriorityRecord ContactSource";
const LEAD: &str = "MiddleName Suffix RecordTypeId StateCode CountryCode Latitude Longitude Phone MobilePhone HasOptedOutOfEmail DoNotCall HasOptedOutOfFax LastTransferDate Pronouns GenderIdentity ConvertedAccountId ConvertedContactId ConvertedOpportunityId ConvertedDate PartnerAccountId ActivityMetricId";
const OPPORTUNITY: &str = "RecordTypeId IsPrivate StageSortOrder TotalOpportunityQuantity Type NextStep LeadSource ForecastCategory ForecastCategoryName CampaignId HasOpportunityLineItem Pricebook2Id Territory2Id IsExcludedFromTerritory2Filter LastStageChangeDate FiscalYear FiscalQuarter PrimaryPartnerAccountId PartnerAccountId SyncedQuoteId ContractId LastAmountChangedHistoryId LastCloseDateChangedHistoryId IqScore";
const ROLE: &str = "Role CreatedById LastModifiedById";
const USER: &str = "MiddleName Suffix CompanyName StateCode CountryCode Latitude Longitude GeocodeAccuracy SenderEmail SenderName Signature StayInTouchSubject CommunityNickname UserRoleId ProfileId ManagerId DelegatedApproverId LastPasswordChangeDate NumberOfFailedLogins ForecastEnabled ContactId AccountId CallCenterId Extension FederationIdentifier AboutMe LoginLimit DigestFrequency WorkspaceId SharingType";

pub(crate) fn id(prefix: &str, number: u32) -> SalesforceId {
    SalesforceId::parse(&format!("{prefix}hT{number:010}")).unwrap()
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

/// The fate of an Opportunity, by its number modulo 25; the others import.
pub(crate) mod fate {
    pub(crate) const NO_ACCOUNT: u32 = 0;
    pub(crate) const ACCOUNT_OUTSIDE: u32 = 1;
    pub(crate) const NO_PRIMARY: u32 = 2;
    pub(crate) const CONTACT_OUTSIDE: u32 = 3;
    pub(crate) const FLAG_EMPTY: u32 = 4;
    pub(crate) const NOT_EXPORTED: u32 = 5;
    pub(crate) const OTHER_CURRENCY: u32 = 6;
    pub(crate) const DELETED: u32 = 7;
    pub(crate) const NO_CONTACT: u32 = 8;
    pub(crate) const PERSON: u32 = 9;
}

const ACCOUNTS: u32 = 40;
/// The account that is a person, and its contact, of whom Contact.csv has nothing.
const PERSON: (u32, u32) = (7, 700);

fn accounts() -> Table {
    let row = |number: u32| {
        let is_person = number == PERSON.0;
        let part = |part: &str| text(if is_person { part } else { "" });
        vec![
            Cell::Id(Some(id("001", number))),
            Cell::Flag(Some(false)),
            text(if is_person {
                String::new()
            } else {
                format!("Almacén Peñón {number} – \"Süd\"")
            }),
            Cell::Flag(Some(is_person)),
            part("Inés"),
            part("Núñez"),
            part("ines@home.example"),
            Cell::Id(is_person.then(|| id("003", PERSON.1))),
            Cell::Id(Some(id("005", 1 + number % 5))),
            Cell::Id(Some(id("003", 1 + number % 60))),
            text("EUR"),
            Cell::At(number),
        ]
    };
    Table {
        object: "Account",
        columns: vec![
            "Id",
            "IsDeleted",
            "Name",
            "IsPersonAccount",
            "FirstName",
            "LastName",
            "PersonEmail",
            "PersonContactId",
            "OwnerId",
            "Partner_Rep__c",
            "CurrencyIsoCode",
            "SystemModstamp",
        ],
        idle: ACCOUNT,
        rows: (1..=ACCOUNTS).map(row).collect(),
    }
}

fn contacts() -> Table {
    let row = |number: u32| {
        vec![
            Cell::Id(Some(id("003", number))),
            Cell::Flag(Some(false)),
            Cell::Id(Some(id("001", 1 + number % ACCOUNTS))),
            text("Wren"),
            text(format!("Tallow{number}")),
            text(format!("wren{number}@harrow.example")),
            Cell::Id(Some(id("005", 9))),
            Cell::At(number),
        ]
    };
    Table {
        object: "Contact",
        columns: vec![
            "Id",
            "IsDeleted",
            "AccountId",
            "FirstName",
            "LastName",
            "Email",
            "OwnerId",
            "SystemModstamp",
        ],
        idle: CONTACT,
        rows: (1..=60).map(row).collect(),
    }
}

fn opportunities() -> Table {
    let row = |number: u32| {
        let fate = number % 25;
        let account = match fate {
            fate::NO_ACCOUNT => None,
            fate::ACCOUNT_OUTSIDE => Some(id("001", 9_000)),
            fate::PERSON => Some(id("001", PERSON.0)),
            _ => Some(id("001", 1 + number % ACCOUNTS)),
        };
        let is_on = |off: u32| Cell::Flag((fate != off).then_some(true));
        vec![
            Cell::Id(Some(id("006", number))),
            Cell::Flag(Some(fate == fate::DELETED)),
            Cell::Id(account),
            text(format!("Señal Ibérica {number}; 50 tiendas")),
            text("Próxima visita:\njueves, \"señalización\"\t– 10 €"),
            text("Qualification"),
            text("1200.5"),
            Cell::Day(number),
            Cell::Id(Some(id("005", 1 + number % 5))),
            Cell::Id(primary(number)),
            is_on(fate::FLAG_EMPTY),
            is_on(fate::NOT_EXPORTED),
            text("nell.partner@copperline.example"),
            text(""),
            text(""),
            text(format!("45000{number:05}")),
            text((number % 2).to_string()),
            Cell::Flag((!number.is_multiple_of(3)).then_some(number % 3 == 1)),
            Cell::At(number),
            Cell::Id((!number.is_multiple_of(4)).then(|| id("001", 1 + number % 3))),
            text("40.4167"),
            text(if fate == fate::OTHER_CURRENCY {
                "JPY"
            } else {
                "EUR"
            }),
            Cell::At(number),
        ]
    };
    Table {
        object: "Opportunity",
        columns: vec![
            "Id",
            "IsDeleted",
            "AccountId",
            "Name",
            "Description",
            "StageName",
            "Amount",
            "CloseDate",
            "OwnerId",
            "ContactId",
            "Sync__c",
            "Export__c",
            "Partner_Email__c",
            "Distributor_Email__c",
            "Owner_Type__c",
            "PO__c",
            "Devices__c",
            "Urgent__c",
            "Signed__c",
            "Reseller__c",
            "Site__Latitude__s",
            "CurrencyIsoCode",
            "SystemModstamp",
        ],
        idle: OPPORTUNITY,
        rows: (1..=500).map(row).collect(),
    }
}

/// The contact of the primary role.
fn primary(number: u32) -> Option<SalesforceId> {
    match number % 25 {
        fate::NO_PRIMARY | fate::NO_CONTACT => None,
        fate::CONTACT_OUTSIDE => Some(id("003", 9_000)),
        fate::PERSON => Some(id("003", PERSON.1)),
        _ => Some(id("003", 1 + number % 60)),
    }
}

fn roles() -> Table {
    let row = |number: u32, of: u32, contact: SalesforceId| {
        vec![
            Cell::Id(Some(id("00K", number))),
            Cell::Flag(Some(false)),
            Cell::Id(Some(id("006", of))),
            Cell::Id(Some(contact)),
            Cell::Flag(Some(primary(of) == Some(contact))),
            text("EUR"),
            Cell::At(of),
        ]
    };
    let of_one = |number: u32| {
        let other = id("003", 1 + (number + 7) % 60);
        let primary = primary(number).map(|contact| row(number * 2, number, contact));
        let other = (number % 25 != fate::NO_CONTACT).then(|| row(number * 2 + 1, number, other));
        other.into_iter().chain(primary)
    };
    Table {
        object: "OpportunityContactRole",
        columns: vec![
            "Id",
            "IsDeleted",
            "OpportunityId",
            "ContactId",
            "IsPrimary",
            "CurrencyIsoCode",
            "SystemModstamp",
        ],
        idle: ROLE,
        // The last one's Opportunity was left out of the export.
        rows: (1..=501).flat_map(of_one).collect(),
    }
}

fn leads() -> Table {
    let row = |number: u32| {
        vec![
            Cell::Id(Some(id("00Q", number))),
            Cell::Flag(Some(false)),
            text("Ivy"),
            text("Marl"),
            // A person's lead has no company.
            text(if number == 1 { "" } else { "Marl Kilns" }),
            text("Open - Not Contacted"),
            Cell::Flag(Some(false)),
            Cell::Id(Some(id("005", 1))),
            Cell::At(number),
        ]
    };
    Table {
        object: "Lead",
        columns: vec![
            "Id",
            "IsDeleted",
            "FirstName",
            "LastName",
            "Company",
            "Status",
            "IsConverted",
            "OwnerId",
            "SystemModstamp",
        ],
        idle: LEAD,
        rows: (1..=20).map(row).collect(),
    }
}

fn users() -> Table {
    let row = |number: u32| {
        let address = format!("desk{number}@vendor.example");
        vec![
            Cell::Id(Some(id("005", number))),
            text(address.clone()),
            text(address),
            text("Desk"),
            text(format!("Owner{number}")),
            Cell::Flag(Some(true)),
            Cell::At(number),
        ]
    };
    Table {
        object: "User",
        columns: vec![
            "Id",
            "Username",
            "Email",
            "FirstName",
            "LastName",
            "IsActive",
            "SystemModstamp",
        ],
        idle: USER,
        rows: (1..=5).map(row).collect(),
    }
}

impl Tool {
    fn cell(self, cell: &Cell) -> String {
        let is_weekly = self == Self::WeeklyExport;
        match cell {
            Cell::Id(Some(id)) => id.to_string(),
            Cell::Id(None) if is_weekly => "000000000000000AAA".to_owned(),
            Cell::Id(None) | Cell::Flag(None) => String::new(),
            Cell::Flag(Some(flag)) => match self {
                Self::WeeklyExport => u8::from(*flag).to_string(),
                Self::Excel | Self::ExcelUnicode => flag.to_string().to_uppercase(),
                _ => flag.to_string(),
            },
            Cell::Day(number) => {
                let day = format!("2026-09-{:02}", 1 + number % 28);
                if is_weekly { day + " 00:00:00" } else { day }
            }
            Cell::At(number) => {
                let (day, time) = (format!("2026-04-{:02}", 1 + number % 28), "10:11:12");
                match self {
                    Self::WeeklyExport => format!("{day} {time}"),
                    Self::DataLoader => format!("{day}T{time}.000Z"),
                    _ => format!("{day}T{time}.000+0000"),
                }
            }
            Cell::Text(text) => text.clone(),
        }
    }

    /// Returns whether the tool's file has the column.
    fn has(self, table: &Table, column: &str) -> bool {
        match (self, column) {
            // The weekly export does not say which role is the primary one.
            (Self::WeeklyExport, "IsPrimary") => false,
            (Self::SfQuery, "IsDeleted") => table.object == "Opportunity",
            _ => true,
        }
    }

    /// Columns that say nothing, as the tool adds them: name and cell.
    fn idle(self, table: &Table) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::WeeklyExport => {
                let cell = |column: &str| match column {
                    "ParentId"
                    | "ReportsToId"
                    | "CampaignId"
                    | "ManagerId"
                    | "UserRoleId"
                    | "ConvertedAccountId"
                    | "ConvertedContactId"
                    | "ConvertedOpportunityId" => "000000000000000AAA",
                    "DoNotCall" | "IsPrivate" | "IsExcludedFromRealign" => "0",
                    _ => "",
                };
                let columns = table.idle.split(' ');
                columns.map(|column| (column, cell(column))).collect()
            }
            Self::DataLoader if table.object == "Opportunity" => {
                vec![
                    ("ACCOUNT.NAME", "x"),
                    ("OWNER.NAME", "x"),
                    ("RECORDTYPE.NAME", ""),
                ]
            }
            Self::Excel if table.object == "Opportunity" => vec![
                ("STATUS", "Item Updated"),
                ("SUCCESS", "true"),
                ("[ERROR]", ""),
                ("", ""),
                ("", ""),
            ],
            _ => Vec::new(),
        }
    }

    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            // Windows-1252 has ISO-8859-1 in it, and the dash and the euro beside.
            Self::WeeklyExport => text
                .chars()
                .map(|c| match c {
                    '–' => 0x96,
                    '€' => 0x80,
                    c => u8::try_from(u32::from(c)).unwrap(),
                })
                .collect(),
            Self::ExcelUnicode => format!("\u{feff}{text}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
            Self::Excel => format!("\u{feff}{text}").into_bytes(),
            _ => text.as_bytes().to_vec(),
        }
    }

    fn write(self, folder: &Path, table: &Table) {
        let (delimiter, end) = match self {
            Self::Excel => (";", "\r\n"),
            Self::ExcelUnicode => ("\t", "\r\n"),
            _ => (",", "\n"),
        };
        let line = |cells: Vec<String>| {
            let quoted = cells.into_iter();
            let quoted = quoted.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
            quoted.collect::<Vec<_>>().join(delimiter) + end
        };
        let kept: Vec<usize> = (0..table.columns.len())
            .filter(|at| self.has(table, table.columns[*at]))
            .collect();
        let idle = self.idle(table);
        let names = kept.iter().map(|at| table.columns[*at]);
        let names = names.chain(idle.iter().map(|(name, _)| *name));
        let mut text = line(match self {
            Self::DataLoader => names.map(str::to_uppercase).collect(),
            _ => names.map(str::to_owned).collect(),
        });
        for row in &table.rows {
            let cells = kept.iter().map(|at| self.cell(&row[*at]));
            let idle = idle.iter().map(|(_, cell)| (*cell).to_owned());
            text += &line(cells.chain(idle).collect());
        }
        fs::write(
            folder.join(format!("{}.csv", table.object)),
            self.bytes(&text),
        )
        .unwrap();
    }

    /// The org's folder as this tool leaves it.
    pub(crate) fn export(self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for table in [
            accounts(),
            contacts(),
            opportunities(),
            roles(),
            leads(),
            users(),
        ] {
            self.write(folder.path(), &table);
        }
        fs::write(
            folder.path().join("channeltivity.json"),
            portal().to_string(),
        )
        .unwrap();
        folder
    }
}

/// The portal's side.
fn portal() -> Value {
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let row = |channeltivity: &str, salesforce: &str| {
        json!({
            "channeltivity": channeltivity, "salesforce": salesforce,
            "on_create": "to_channeltivity", "on_update": "to_channeltivity",
        })
    };
    json!({
        "settings": {
            "organization_id": id("00D", 1),
            "my_domain": "vendor",
            "fields": {
                "sync_flag": "Sync__c", "import_flag": "Export__c", "partner_email": "Partner_Email__c",
                "distributor_email": "Distributor_Email__c", "deal_owner_type": "Owner_Type__c",
            },
            "distributor_module": { "enabled": false },
            "currencies": ["EUR"],
            "deal_fields": [
                field("name", "text"), field("stage", "text"), field("amount", "currency"),
                field("close_date", "date"), field("notes", "long_text"), field("po", "text"),
                field("devices", "number"), field("urgent", "checkbox"), field("signed", "datetime"),
                field("reseller", "text"), field("rep", "email"), field("person", "email"),
                field("latitude", "number"),
            ],
            "mappings": [
                row("name", "Name"), row("stage", "StageName"), row("amount", "Amount"),
                row("close_date", "CloseDate"), row("notes", "Description"), row("po", "PO__c"),
                row("devices", "Devices__c"), row("urgent", "Urgent__c"), row("signed", "Signed__c"),
                row("reseller", "Reseller__r.Name"), row("rep", "Account.Partner_Rep__r.Email"),
                row("person", "Account.PersonEmail"), row("latitude", "Site__Latitude__s"),
            ],
        },
        "organizations": [
            { "id": "org-v", "name": "Vendor", "type": "internal", "status": "active" },
            { "id": "org-c", "name": "Copperline", "type": "partner", "status": "active" },
        ],
        "groups": [
            { "id": "g-adm", "name": "Admins", "type": "internal", "modules": ["deal_registration", "system_administration"] },
            { "id": "g-ps", "name": "Partner Sales", "type": "partner", "modules": ["deal_registration"] },
        ],
        "users": [
            { "id": "u-adm", "name": "Ada Admin", "email": "ada@vendor.example", "type": "internal",
              "organization": "org-v", "groups": ["g-adm"], "status": "active" },
            { "id": "u-nell", "name": "Nell Partner", "email": "nell.partner@copperline.example", "type": "partner",
              "organization": "org-c", "groups": ["g-ps"], "status": "active" },
        ],
    })
}

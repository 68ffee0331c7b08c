//! A made-up org of 500 Opportunities.

use dealbridge_core::SalesforceId;
use serde_json::{Value, json};

/// A cell.
pub(super) enum Cell {
    Id(Option<SalesforceId>),
    Flag(Option<bool>),
    Day(u32),
    At(u32),
    Text(String),
}

/// The rows of one object.
pub(super) struct Table {
    pub(super) object: &'static str,
    pub(super) columns: Vec<&'static str>,
    /// Standard columns of the object that hold nothing, or nothing of interest.
    pub(super) idle: &'static str,
    pub(super) rows: Vec<Vec<Cell>>,
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
mod fate {
    pub(super) const NO_ACCOUNT: u32 = 0;
    pub(super) const ACCOUNT_OUTSIDE: u32 = 1;
    pub(super) const NO_PRIMARY: u32 = 2;
    pub(super) const CONTACT_OUTSIDE: u32 = 3;
    pub(super) const FLAG_EMPTY: u32 = 4;
    pub(super) const NOT_EXPORTED: u32 = 5;
    pub(super) const OTHER_CURRENCY: u32 = 6;
    pub(super) const DELETED: u32 = 7;
    pub(super) const NO_CONTACT: u32 = 8;
    pub(super) const PERSON: u32 = 9;
}

const ACCOUNTS: u32 = 40;
/// The account that is a person, and its contact, of whom Contact.csv has nothing.
const PERSON: (u32, u32) = (7, 700);

pub(super) fn accounts() -> Table {
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

pub(super) fn contacts() -> Table {
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

pub(super) fn opportunities() -> Table {
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

pub(super) fn roles() -> Table {
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

pub(super) fn leads() -> Table {
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

pub(super) fn users() -> Table {
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

/// The portal's side.
pub(super) fn portal() -> Value {
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

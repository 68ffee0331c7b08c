//! Describe: which objects and fields there are, with every key that clients insist on.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::{call::Call, reply::Reply};
use crate::{
    changes::is_writable,
    engine::{Engine, http_date, parse_http_date},
    rules::EPOCH,
    schema::{ChildRelationship, Field, FieldType, ObjectSchema},
    setup::FieldAccess,
    store::{Row, Store},
    value::Value,
};

/// Answers `sobjects`.
pub(crate) fn list(engine: &Engine, call: &Call) -> Reply {
    let store = engine.read();
    let objects: Vec<Json> = store
        .schema
        .objects
        .iter()
        .filter(|object| !store.setup.hides_object(object))
        .map(|object| Json::Object(head(call, object)))
        .collect();
    conditional(
        call,
        &json!({ "encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects }),
    )
}

/// Answers `sobjects/<Object>`.
pub(crate) fn summary(engine: &Engine, call: &Call, object: usize) -> Reply {
    let store = engine.read();
    conditional(
        call,
        &json!({ "objectDescribe": head(call, store.object(object)), "recentItems": [] }),
    )
}

/// Answers `sobjects/<Object>/describe`.
pub(crate) fn object(engine: &Engine, call: &Call, object: usize) -> Reply {
    let store = engine.read();
    let setup = &store.setup;
    let is_shown = |child: &&ChildRelationship| {
        let children = store
            .readable(&child.object)
            .map(|children| store.object(children));
        children.is_some_and(|children| !setup.hides_field(children, &child.field))
    };
    let object = store.object(object);
    let mut body = Map::new();
    body.insert("actionOverrides".to_owned(), json!([]));
    body.insert(
        "childRelationships".to_owned(),
        object
            .children
            .iter()
            .filter(is_shown)
            .map(|child| {
                json!({
                    "cascadeDelete": child.cascade,
                    "childSObject": child.object,
                    "deprecatedAndHidden": false,
                    "field": child.field,
                    "junctionIdListNames": [],
                    "junctionReferenceTo": [],
                    "relationshipName": child.name,
                    "restrictedDelete": false,
                })
            })
            .collect(),
    );
    body.insert("compactLayoutable".to_owned(), json!(true));
    body.append(&mut head(call, object));
    body.insert(
        "fields".to_owned(),
        object
            .fields
            .iter()
            .filter_map(|described| match setup.access(object, &described.name) {
                FieldAccess::None => None,
                access => Some(field(described, access)),
            })
            .collect(),
    );
    body.insert("listviewable".to_owned(), Json::Null);
    body.insert("lookupLayoutable".to_owned(), Json::Null);
    body.insert("namedLayoutInfos".to_owned(), json!([]));
    body.insert("networkScopeFieldName".to_owned(), Json::Null);
    body.insert(
        "recordTypeInfos".to_owned(),
        record_types(&store, object).into(),
    );
    body.insert("searchLayoutable".to_owned(), json!(true));
    body.insert("sobjectDescribeOption".to_owned(), json!("FULL"));
    body.insert(
        "supportedScopes".to_owned(),
        json!([{ "label": format!("All {}", object.plural), "name": "everything" }]),
    );
    conditional(call, &body)
}

/// The record types of an object; the master, which every object has, comes last.
fn record_types(store: &Store, object: &ObjectSchema) -> Vec<Json> {
    let info = |id: &str, name: &str, developer_name: &str, is_master: bool| {
        json!({
            "active": true,
            "available": true,
            "defaultRecordTypeMapping": is_master,
            "developerName": developer_name,
            "master": is_master,
            "name": name,
            "recordTypeId": id,
            "urls": {},
        })
    };
    let mut infos = Vec::new();
    if let Some(types) = store.schema.object_index("RecordType") {
        let schema = store.object(types);
        let text = |row: &Row, field: &str| {
            let value = schema.field_index(field).map(|index| &row.values[index]);
            value
                .and_then(Value::as_text)
                .unwrap_or_default()
                .to_owned()
        };
        infos = store
            .table(types)
            .iter()
            .map(|(_, row)| row)
            .filter(|row| text(row, "SobjectType") == object.name)
            .map(|row| {
                let name = text(row, "DeveloperName");
                info(row.id.as_str(), &text(row, "Name"), &name, false)
            })
            .collect();
    }
    infos.push(info("012000000000000AAA", "Master", "Master", true));
    infos
}

/// The part of an object that the list gives and its describe repeats.
fn head(call: &Call, object: &ObjectSchema) -> Map<String, Json> {
    let base = format!("/services/data/v{}/sobjects/{}", call.version, object.name);
    let is_business = is_writable(object);
    let is_main = matches!(
        object.name.as_str(),
        "Account" | "Contact" | "Lead" | "Opportunity"
    );
    let body = json!({
        "activateable": false,
        "associateEntityType": null,
        "associateParentEntity": null,
        "createable": is_business,
        "custom": false,
        "customSetting": false,
        "deepCloneable": false,
        "deletable": is_business && object.name != "User",
        "deprecatedAndHidden": false,
        "extendedBy": null,
        "extendsInterfaces": null,
        "feedEnabled": is_main,
        "hasSubtypes": false,
        "implementedBy": null,
        "implementsInterfaces": null,
        "isInterface": false,
        "isSubtype": false,
        "keyPrefix": object.key_prefix,
        "label": object.label,
        "labelPlural": object.plural,
        "layoutable": is_main,
        "mergeable": is_main && object.name != "Opportunity",
        "mruEnabled": is_main,
        "name": object.name,
        "queryable": true,
        "replicateable": true,
        "retrieveable": true,
        "searchable": is_main,
        "triggerable": is_business,
        "undeletable": is_main,
        "updateable": is_business,
        "urls": {
            "describe": format!("{base}/describe"),
            "rowTemplate": format!("{base}/{{ID}}"),
            "sobject": base,
        },
    });
    match body {
        Json::Object(body) => body,
        _ => Map::new(),
    }
}

fn field(field: &Field, access: FieldAccess) -> Json {
    let is_editable = access == FieldAccess::Edit;
    let kind = field.kind;
    let is_text = kind.is_text();
    let choices: Vec<Json> = field
        .choices
        .iter()
        .map(|choice| {
            json!({
                "active": true,
                "defaultValue": choice.is_default,
                "label": choice.value,
                "validFor": null,
                "value": choice.value,
            })
        })
        .collect();
    let default = if kind == FieldType::Boolean {
        json!(false)
    } else {
        Json::Null
    };
    let (precision, scale) = if kind == FieldType::Int {
        (0, 0)
    } else {
        field.digits
    };
    let digits = if kind == FieldType::Int { 8 } else { 0 };
    let byte_length = if is_text {
        field.length * 3
    } else {
        field.length
    };
    let is_name = field.name == "Name";
    let is_polymorphic = field.references.len() > 1;
    let own = json!({
        "aggregatable": !matches!(kind, FieldType::Boolean | FieldType::Address) && field.filterable,
        "byteLength": byte_length,
        "caseSensitive": field.case_sensitive,
        "createable": field.createable && is_editable,
        "custom": field.custom,
        "defaultValue": default,
        "defaultedOnCreate": field.defaulted,
        "digits": digits,
        "externalId": field.external_id,
        "filterable": field.filterable,
        "groupable": field.filterable && !matches!(kind, FieldType::Double | FieldType::Currency | FieldType::Percent | FieldType::DateTime | FieldType::Address),
        "idLookup": field.external_id || field.name == "Id",
        "label": field.label,
        "length": if is_text || kind.is_id() { field.length } else { 0 },
        "name": field.name,
        "nameField": is_name,
        "namePointing": is_polymorphic,
        "nillable": field.nillable,
        "permissionable": field.custom || (field.nillable && field.updateable),
        "picklistValues": choices,
        "polymorphicForeignKey": is_polymorphic,
        "precision": precision,
        "referenceTo": field.references,
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": scale,
        "searchPrefilterable": kind == FieldType::Reference,
        "soapType": kind.soap_name(),
        "sortable": field.filterable,
        "type": kind.name(),
        "unique": field.unique,
        "updateable": field.updateable && is_editable,
    });
    let mut described = constant();
    if let (Json::Object(described), Json::Object(own)) = (&mut described, own) {
        described.extend(own);
    }
    described
}

/// The part of describe that is alike for every field of a simulated org.
fn constant() -> Json {
    json!({
        "aiPredictionField": false,
        "autoNumber": false,
        "calculated": false,
        "calculatedFormula": null,
        "cascadeDelete": false,
        "caseSensitive": false,
        "compoundFieldName": null,
        "controllerName": null,
        "defaultValueFormula": null,
        "dependentPicklist": false,
        "deprecatedAndHidden": false,
        "displayLocationInDecimal": false,
        "encrypted": false,
        "extraTypeInfo": null,
        "filteredLookupInfo": null,
        "formulaTreatNullNumberAsZero": false,
        "highScaleNumber": false,
        "htmlFormatted": false,
        "inlineHelpText": null,
        "mask": null,
        "maskType": null,
        "queryByDistance": false,
        "referenceTargetField": null,
        "relationshipOrder": null,
        "restrictedDelete": false,
        "writeRequiresMasterRead": false,
    })
}

/// The answer with its tag and date, or 304 for a client that has it already.
fn conditional<T: Serialize>(call: &Call, body: &T) -> Reply {
    let reply = Reply::json(200, body);
    let digest = Sha256::digest(&reply.body);
    let tag: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("\"{tag}\"");
    let has_it = match call.header("if-none-match") {
        Some(known) => known
            .split(',')
            .any(|known| known.trim().trim_start_matches("W/") == tag),
        // Fields come with the folder; nobody adds one while it is served.
        None => call
            .header("if-modified-since")
            .and_then(parse_http_date)
            .is_some_and(|since| since >= EPOCH),
    };
    let reply = if has_it { Reply::empty(304) } else { reply };
    reply
        .with("etag", tag)
        .with("last-modified", http_date(EPOCH))
}

//! A kind of record as the settings describe it, for who shows records or has them filled in.

use dealbridge_core::{
    ports::Portal,
    record::RecordKind,
    settings::{Declared, SendMode},
};
use dealbridge_lambda::{
    access::Caller,
    http::{Answer, Refusal, Request},
};
use serde_json::{Value, json};

use crate::{Records, may_read};

impl Records {
    /// `GET /record-kinds/{kind}`.
    pub(crate) async fn kind(
        &self,
        request: &Request,
        caller: &Caller,
        kind: RecordKind,
    ) -> Result<Answer, Refusal> {
        may_read(caller, kind)?;
        request.query(&[])?;
        let settings = self.portal.settings().await?;
        let fields = settings.fields_of(kind).map(|(declared, field)| {
            json!({
                "name": field.name,
                "label": field.label(),
                "type": field.kind,
                "required": field.required && declared == Declared::Own,
                "values": field.values,
                "maxLength": field.max_length,
                "isOwn": declared == Declared::Own,
            })
        });
        let mut body = json!({
            "kind": kind,
            "fields": fields.collect::<Vec<Value>>(),
            "registrationStatus": settings.default_registration_status,
        });
        if caller.only_organization().is_none() {
            // They tell of the Salesforce side.
            body["isSent"] = (settings.send.of(kind).mode != SendMode::Off).into();
            body["linkRequiresAdmin"] = settings.link_requires_admin.into();
        }
        Answer::json(200, &body)
    }
}

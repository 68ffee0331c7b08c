//! Rows as Salesforce's JSON.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{
    plan::{Output, Plan, Shape, Slot},
    run,
    view::{Sight, View},
};
use crate::{
    schema::{FieldType, ObjectSchema},
    store::Row,
    value::{Value, Written},
};

/// Where the children are read that do not fit an answer.
pub(crate) struct Rest {
    /// The number of them that the answer shows.
    pub(crate) shown: usize,
    /// Where the others are.
    pub(crate) url: String,
}

/// Says for the children that a plan finds whether some do not fit.
pub(crate) type More<'a> = &'a dyn Fn(&Arc<Plan>, &[usize]) -> Option<Rest>;

/// The answer of those who read no children.
pub(crate) const ALL_FIT: More<'static> = &|_, _| None;

/// A row as a query answers it.
pub(crate) struct Record<'a> {
    /// The store.
    pub(crate) view: View<'a>,
    /// The fields that are read of it.
    pub(crate) shape: &'a Shape,
    /// The row.
    pub(crate) row: &'a Row,
    /// The API version of the URLs in it, such as `66.0`.
    pub(crate) version: &'a str,
    /// Which children do not fit.
    pub(crate) more: More<'a>,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let store = self.view.store;
        let object = store.object(self.shape.object);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(
            "attributes",
            &Attributes {
                object,
                row: self.row,
                version: self.version,
            },
        )?;
        for slot in &self.shape.slots {
            match slot {
                Slot::Field(index) => {
                    let field = &object.fields[*index];
                    if field.kind == FieldType::Address {
                        map.serialize_entry(
                            &field.name,
                            &Address {
                                view: self.view,
                                object,
                                row: self.row,
                                name: &field.name,
                            },
                        )?;
                    } else {
                        map.serialize_entry(
                            &field.name,
                            &Written(&self.row.values[*index], field.kind),
                        )?;
                    }
                }
                Slot::Parent {
                    name,
                    reference,
                    shape,
                } => {
                    let parent = self.view.parent(shape.object, &self.row.values[*reference]);
                    let record = parent.map(|row| Record {
                        view: self.view,
                        shape,
                        row,
                        version: self.version,
                        more: self.more,
                    });
                    map.serialize_entry(name, &record)?;
                }
                Slot::Children { name, field, plan } => {
                    let positions = run::children(self.view, plan, *field, self.row.id);
                    let children = (!positions.is_empty()).then_some(Children {
                        record: self,
                        plan,
                        positions,
                    });
                    map.serialize_entry(name, &children)?;
                }
            }
        }
        map.end()
    }
}

struct Attributes<'a> {
    object: &'a ObjectSchema,
    row: &'a Row,
    version: &'a str,
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", &self.object.name)?;
        let url = format!(
            "/services/data/v{}/sobjects/{}/{}",
            self.version,
            self.object.name,
            self.row.id.as_str()
        );
        map.serialize_entry("url", &url)?;
        map.end()
    }
}

struct Children<'a> {
    record: &'a Record<'a>,
    plan: &'a Arc<Plan>,
    positions: Vec<usize>,
}

impl Serialize for Children<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("totalSize", &self.positions.len())?;
        let rest = (self.record.more)(self.plan, &self.positions);
        map.serialize_entry("done", &rest.is_none())?;
        if let Some(rest) = &rest {
            map.serialize_entry("nextRecordsUrl", &rest.url)?;
        }
        let shown = rest.map_or(self.positions.len(), |rest| rest.shown);
        map.serialize_entry(
            "records",
            &Records {
                view: self.record.view,
                plan: self.plan,
                positions: &self.positions[..shown],
                version: self.record.version,
                more: self.record.more,
            },
        )?;
        map.end()
    }
}

/// Several rows of one query.
pub(crate) struct Records<'a> {
    /// The store.
    pub(crate) view: View<'a>,
    /// The query.
    pub(crate) plan: &'a Plan,
    /// The rows.
    pub(crate) positions: &'a [usize],
    /// The API version of the URLs in them.
    pub(crate) version: &'a str,
    /// Which children do not fit.
    pub(crate) more: More<'a>,
}

impl Serialize for Records<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        let table = self.view.store.table(self.plan.object);
        if let Output::Rows(shape) = &self.plan.output {
            for row in self
                .positions
                .iter()
                .filter_map(|position| table.at(*position))
            {
                seq.serialize_element(&Record {
                    view: self.view,
                    shape,
                    row,
                    version: self.version,
                    more: self.more,
                })?;
            }
        }
        seq.end()
    }
}

/// A compound address, put together from its parts.
pub(crate) struct Address<'a> {
    /// The store.
    pub(crate) view: View<'a>,
    /// The object.
    pub(crate) object: &'a ObjectSchema,
    /// The row.
    pub(crate) row: &'a Row,
    /// The compound field, such as `BillingAddress`.
    pub(crate) name: &'a str,
}

impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let prefix = self.name.trim_end_matches("Address");
        let part = |part: &str| {
            let name = format!("{prefix}{part}");
            let index = self.object.field_index(&name)?;
            if self.view.sight == Sight::Api
                && self
                    .view
                    .store
                    .setup
                    .hides_field(self.object, &self.object.fields[index].name)
            {
                return None;
            }
            Some((&self.row.values[index], self.object.fields[index].kind))
        };
        const PARTS: [(&str, &str); 8] = [
            ("city", "City"),
            ("country", "Country"),
            ("geocodeAccuracy", "GeocodeAccuracy"),
            ("latitude", "Latitude"),
            ("longitude", "Longitude"),
            ("postalCode", "PostalCode"),
            ("state", "State"),
            ("street", "Street"),
        ];
        if PARTS
            .iter()
            .all(|(_, field)| part(field).is_none_or(|(value, _)| value.is_null()))
        {
            return serializer.serialize_unit();
        }
        let mut map = serializer.serialize_map(Some(PARTS.len()))?;
        for (key, field) in PARTS {
            match part(field) {
                Some((value, kind)) => map.serialize_entry(key, &Written(value, kind))?,
                None => map.serialize_entry(key, &Written(&Value::Null, FieldType::String))?,
            }
        }
        map.end()
    }
}

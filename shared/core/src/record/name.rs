//! The name of the Salesforce record that a record is linked to.

use super::Record;
use crate::{SalesforceObject, settings::Settings};

impl Record {
    /// Returns the name of the linked Salesforce record when it was last read. An imported Deal keeps it once, in the
    /// field that is mapped to it.
    #[must_use]
    pub fn salesforce_name(&self, settings: &Settings) -> Option<&str> {
        let link = self.link.as_ref()?;
        link.name.as_deref().or_else(|| {
            (link.object == SalesforceObject::Opportunity)
                .then(|| self.opportunity_name(settings))
                .flatten()
        })
    }

    /// Returns the value of the field that is mapped to an Opportunity's name.
    #[must_use]
    pub fn opportunity_name(&self, settings: &Settings) -> Option<&str> {
        let mut rows = settings.mappings.iter();
        let row = rows.find(|row| row.salesforce.as_str().eq_ignore_ascii_case("Name"))?;
        self.fields.get(&row.channeltivity)?.as_str()
    }
}

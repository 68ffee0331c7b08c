//! Listing without the fields that the org lacks or hides: all but the flags only tell rows of one stamp apart.

use super::FanOut;
use crate::{
    SalesforceId, SalesforceObject,
    ports::{ClaimStore, Clock, ImportQueue, ListingStore, Portal, RunStore, SyncRequestQueue},
    read::Columns,
    salesforce::{FieldPath, Listing, Row, Salesforce, SalesforceError},
};

/// A listing of columns, as many of them as can be read.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) listing: Listing,
    pub(super) columns: Columns,
}

impl Query {
    /// Creates a query. The needed columns cannot be left out; the fields that the run found unreadable before are left
    /// out at once.
    pub(super) fn new<F: Salesforce>(
        salesforce: &F,
        listing: Listing,
        needed: &[FieldPath],
        wanted: &[FieldPath],
    ) -> Self {
        let object = listing.object.api_name();
        let mut columns = Columns::new(object, needed.to_vec(), wanted.iter().cloned());
        columns.recall(salesforce);
        Self { listing, columns }
    }
}

impl<F, P, S, Q, R, C> FanOut<'_, F, P, S, Q, R, C>
where
    F: Salesforce,
    P: Portal,
    S: RunStore + ClaimStore + ListingStore,
    Q: ImportQueue,
    R: SyncRequestQueue,
    C: Clock + ?Sized,
{
    /// Reads these columns of records by id.
    pub(super) async fn retrieve_around_missing(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        columns: &mut Columns,
    ) -> Result<Vec<Option<Row>>, SalesforceError> {
        loop {
            let asked = columns.asked();
            match self.salesforce.retrieve(object, ids, &asked).await {
                Ok(rows) => return Ok(rows),
                Err(error) => columns.go_without(self.salesforce, error).await?,
            }
        }
    }
}

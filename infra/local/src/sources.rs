//! The two sides of an org folder, and the org that is reached.

use dealbridge_salesforce::{Connection, Credentials};
use salesforce_simulator::{OrgData, OrgFolder, OrgHandle, OrgOptions, OrgServer};

use crate::{
    data::DataDirectory,
    error::LocalError,
    folder::PortalFolder,
    options::{Options, SalesforceTarget},
    org_fields::{declared, declared_in},
};

/// Reaches the org: a real one, or one that is served here.
pub(crate) async fn connect(
    target: &SalesforceTarget,
    org: Option<OrgData>,
    data: Option<&DataDirectory>,
) -> Result<(Connection, Credentials, Option<OrgHandle>), LocalError> {
    let failed = |error: &dyn std::fmt::Display| LocalError::new(error.to_string());
    let (org, jwt_public_key) = match (target, org) {
        (SalesforceTarget::Real(target), _) => {
            let (connection, credentials) = &**target;
            return Ok((connection.clone(), credentials.clone(), None));
        }
        (SalesforceTarget::Simulated { jwt_public_key }, Some(org)) => (org, jwt_public_key),
        (SalesforceTarget::Simulated { .. }, None) => {
            return Err(LocalError::new("the org folder holds no org"));
        }
    };
    let options = OrgOptions {
        jwt_public_key: jwt_public_key.clone(),
        state_dir: data.map(|data| data.path().to_owned()),
        ..OrgOptions::default()
    };
    let org = OrgServer::start(org, options)
        .await
        .map_err(|error| LocalError::chain(&error))?;
    let connection = Connection::parse(org.instance_url()).map_err(|error| failed(&error))?;
    let client = org.client();
    let credentials = Credentials::ClientCredentials {
        client_id: client.id.clone(),
        client_secret: client.secret.clone(),
    };
    Ok((connection, credentials, Some(org)))
}

/// Reads both sides of the org folder, and reports all that is wrong with either together.
pub(crate) fn load(options: &Options) -> Result<(PortalFolder, Option<OrgData>), LocalError> {
    if !options.org.is_dir() {
        let problem = "is not a folder: give --org a folder with Opportunity.csv, Account.csv, Contact.csv, OpportunityContactRole.csv and channeltivity.json";
        return Err(LocalError::new(format!(
            "{} {problem}",
            options.org.display()
        )));
    }
    let portal = PortalFolder::load(&options.org);
    let declared = match &portal {
        Ok(portal) => declared(&portal.settings),
        // The files are looked at all the same.
        Err(_) => declared_in(&options.org),
    };
    let org = match options.salesforce {
        SalesforceTarget::Real(_) => Ok(None),
        SalesforceTarget::Simulated { .. } => OrgFolder::load(&options.org, &declared).map(Some),
    };
    for notice in org.iter().flatten().flat_map(OrgData::notices) {
        tracing::warn!("{notice}");
    }
    match (portal, org) {
        (Ok(portal), Ok(org)) => Ok((portal, org)),
        (portal, org) => {
            let portal = portal
                .err()
                .into_iter()
                .flatten()
                .map(|error| error.to_string());
            let org = org
                .err()
                .into_iter()
                .flatten()
                .map(|error| error.to_string());
            Err(LocalError::all(portal.chain(org)))
        }
    }
}

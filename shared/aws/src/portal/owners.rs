//! Users as the owners of records. Never cached: a change of a User counts from the next submission on.

use dealbridge_core::{
    Email,
    portal::{Group, Organization, ResolvedUser},
    ports::PortError,
    submit::Owners,
};

use super::{DynamoPortal, decode_all};
use crate::keys;

impl Owners for DynamoPortal {
    async fn owner(&self, user: &str) -> Result<Option<ResolvedUser>, PortError> {
        let Some(user) = self.user(user).await? else {
            return Ok(None);
        };
        let organization = self.items(vec![keys::organization(&user.organization)]);
        let organization: Vec<Organization> = decode_all(organization.await?, "an organization")?;
        let groups = user.groups.iter().map(|id| keys::group(id)).collect();
        let groups: Vec<Group> = decode_all(self.items(groups).await?, "a group")?;
        let owner = ResolvedUser::new(user, organization.first(), &groups);
        Ok(Some(owner))
    }
    async fn with_address(&self, email: &Email) -> Result<Vec<ResolvedUser>, PortError> {
        self.users_at_this_moment(email).await
    }
}

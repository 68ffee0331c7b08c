//! Roles of the functions: those of `template.yaml`, enforced on this machine as IAM enforces them.
//!
//! A function signs its requests with its own name as the access key, so that a server knows who asks. Every other key
//! is the operator's, who may do everything.

mod gate;
mod grant;
mod needs;
mod read;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

pub(crate) use self::read::grants;
pub use self::{
    gate::serve,
    grant::{Grant, Grants},
    needs::{DYNAMODB, SQS, needs},
};

/// The roles, and which of their grants were used. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct Roles(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    grants: Grants,
    used: Mutex<BTreeSet<(String, Grant)>>,
}

/// A function asked for what its role does not grant. Its text is that of IAM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "User: arn:aws:sts::000000000000:assumed-role/{function}/{function} is not authorized to perform: {action} on resource: {arn} because no identity-based policy allows the {action} action"
)]
pub struct Denied {
    /// The function.
    pub function: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub arn: String,
}

impl Roles {
    /// Roles with these grants, none of them used.
    #[must_use]
    pub fn new(grants: Grants) -> Self {
        Self(Arc::new(Inner {
            grants,
            used: Mutex::default(),
        }))
    }

    /// Lets a request pass that needs these grants, or says which of them is missing.
    ///
    /// # Errors
    /// When the key is a function's, and its role lacks one of them.
    pub fn check(&self, access_key: &str, needs: &[Grant]) -> Result<(), Denied> {
        let Some(granted) = self.0.grants.get(access_key) else {
            return Ok(());
        };
        if let Some(missing) = needs.iter().find(|need| !granted.contains(need)) {
            return Err(Denied {
                function: access_key.to_owned(),
                action: missing.action.clone(),
                arn: missing.arn(),
            });
        }
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        for need in needs {
            let use_of_it = (access_key.to_owned(), need.clone());
            if !used.contains(&use_of_it) {
                used.insert(use_of_it);
            }
        }
        Ok(())
    }

    /// The grants of each function that no request has needed.
    #[must_use]
    pub fn unused(&self) -> BTreeSet<(String, Grant)> {
        let used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.0.grants.iter().flat_map(|(function, grants)| {
            grants.iter().map(|grant| (function.clone(), grant.clone()))
        });
        all.filter(|grant| !used.contains(grant)).collect()
    }

    /// The policy of the queue server.
    #[must_use]
    pub fn of_queues(&self) -> sqs_server::Policy {
        let roles = self.clone();
        Arc::new(move |asked| {
            let needs = needs(&format!("{SQS}{}", asked.action.name()), asked.body);
            roles
                .check(asked.access_key, &needs)
                .map_err(|denied| denied.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_function_may_do_what_its_role_says_and_the_operator_everything() {
        let read = Grant::new("dynamodb:GetItem", "Log");
        let write = Grant::new("dynamodb:PutItem", "Log");
        let granted = BTreeSet::from([read.clone(), write.clone()]);
        let roles = Roles::new(BTreeMap::from([("full-sync".to_owned(), granted)]));
        let delete = Grant::new("dynamodb:DeleteItem", "Log");

        assert_eq!(
            roles.check("full-sync", std::slice::from_ref(&read)),
            Ok(())
        );
        assert_eq!(roles.check("local", std::slice::from_ref(&delete)), Ok(()));
        assert_eq!(
            roles
                .check("full-sync", &[write.clone(), delete])
                .unwrap_err()
                .to_string(),
            "User: arn:aws:sts::000000000000:assumed-role/full-sync/full-sync is not authorized to perform: dynamodb:DeleteItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/Log because no identity-based policy allows the dynamodb:DeleteItem action"
        );
        // A request that is refused uses nothing.
        assert_eq!(
            roles.unused(),
            BTreeSet::from([("full-sync".to_owned(), write)])
        );
    }
}

//! The portal's people: Organizations, Groups, Users and Contacts are put as a whole, shown, listed and deleted.

mod address;
mod answer;
mod environment;

use std::collections::HashMap;

use dealbridge_core::{
    Email,
    people::{
        Condition, People, Put,
        member::{Member, MemberId, MemberKind},
        store::{MemberPage, PeopleStore, Stored},
    },
    portal::Organization,
};
use dealbridge_lambda::aws::Store;
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    http::{
        self, Answer, Idempotency, IfMatch, Method, Page, Refusal, Request, Route, Routes, cursor,
        query,
    },
};
use serde_json::{Map, Value, json};

pub use environment::Environment;

/// Default page size.
const PAGE: usize = 50;
/// Maximum page size.
const MAX_PAGE: usize = 500;

/// The function with its adapters.
pub struct PeopleFunction {
    /// People, and receipts.
    pub store: Store,
    /// The rights of callers.
    pub rights: Rights,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Shows who has an address.
    Address,
    /// Lists the members of a kind.
    List(MemberKind),
    /// Shows one.
    One(MemberKind),
    /// Creates one, or replaces it as a whole.
    Put(MemberKind),
    /// Deletes one.
    Delete(MemberKind),
}

impl Api for PeopleFunction {
    type Call = Call;

    const ROUTES: Routes<Call> = {
        use MemberKind::{Contact, Group, Organization, User};
        Routes(&[
            Route::admin(Method::Get, "/people", Call::Address),
            Route::portal(Method::Get, "/organizations", Call::List(Organization)),
            Route::portal(Method::Get, "/organizations/{id}", Call::One(Organization)),
            Route::portal(Method::Put, "/organizations/{id}", Call::Put(Organization)),
            Route::portal(
                Method::Delete,
                "/organizations/{id}",
                Call::Delete(Organization),
            ),
            Route::portal(Method::Get, "/groups", Call::List(Group)),
            Route::portal(Method::Get, "/groups/{id}", Call::One(Group)),
            Route::portal(Method::Put, "/groups/{id}", Call::Put(Group)),
            Route::portal(Method::Delete, "/groups/{id}", Call::Delete(Group)),
            Route::portal(Method::Get, "/users", Call::List(User)),
            Route::portal(Method::Get, "/users/{id}", Call::One(User)),
            Route::portal(Method::Put, "/users/{id}", Call::Put(User)),
            Route::portal(Method::Delete, "/users/{id}", Call::Delete(User)),
            Route::portal(Method::Get, "/contacts", Call::List(Contact)),
            Route::portal(Method::Get, "/contacts/{id}", Call::One(Contact)),
            Route::portal(Method::Put, "/contacts/{id}", Call::Put(Contact)),
            Route::portal(Method::Delete, "/contacts/{id}", Call::Delete(Contact)),
        ])
    };

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        caller: &Caller,
        _: Invocation,
    ) -> Result<Answer, Refusal> {
        match call {
            Call::Address => self.address(request).await,
            Call::List(kind) => self.list(request, kind).await,
            Call::One(kind) => self.one(request, kind).await,
            Call::Put(kind) => {
                let idempotency = Idempotency::of(request, caller)?;
                http::once(&self.store, idempotency, self.put(request, kind)).await
            }
            Call::Delete(kind) => {
                let idempotency = Idempotency::of(request, caller)?;
                http::once(&self.store, idempotency, self.delete(request, kind)).await
            }
        }
    }
}

impl PeopleFunction {
    fn people(&self) -> People<'_, Store> {
        People { store: &self.store }
    }

    async fn list(&self, request: &Request, kind: MemberKind) -> Result<Answer, Refusal> {
        let known: &[&str] = match kind.is_person() {
            true => &["email", "organization", "cursor", "limit"],
            false => &["cursor", "limit"],
        };
        let query = request.query(known)?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let organization = query.text("organization");
        let list = cursor::List::of(request, &query);
        let after: Option<String> = query
            .text("cursor")
            .map(|text| list.decode(text))
            .transpose()?;
        let found = match query.value("email", Email::parse)? {
            None => {
                let listed = self.store.list(kind, organization, after.as_deref(), most);
                listed.await?
            }
            Some(email) => {
                let mut members = self.store.with_email(kind, &email).await?;
                members.retain(|one| {
                    organization.is_none() || one.member.organization() == organization
                });
                MemberPage {
                    members,
                    after: None,
                }
            }
        };
        let organizations = self.organizations_of(&found.members).await?;
        // A member has a few KB at most, and a page of them fits into one answer.
        let mut page = Page::new(usize::MAX);
        for stored in &found.members {
            let _ = page.take(answer::body(stored, &organizations)?);
        }
        let cursor = found.after.map(|place| list.encode(&place)).transpose()?;
        Answer::json(200, &page.into_body(cursor))
    }

    async fn one(&self, request: &Request, kind: MemberKind) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let id = id_of(request, kind)?;
        let stored = self.people().get(&id).await.map_err(answer::refusal)?;
        self.shown(200, &stored).await
    }

    async fn put(&self, request: &Request, kind: MemberKind) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let condition = condition(request);
        let form: Map<String, Value> = request.json()?;
        let id = request.path_parameter("id")?;
        let member =
            Member::read(kind, Some(id), &form).map_err(|wrong| answer::invalid(&wrong))?;
        let put = self.people().put(&member, condition).await;
        let put = put.map_err(answer::refusal)?;
        let status = match put {
            Put::Created(_) => 201,
            Put::Replaced(_) | Put::Unchanged(_) => 200,
        };
        let stored = Stored {
            id: id_of(request, kind)?,
            member,
            version: put.version(),
            dependents: Default::default(),
        };
        let answer = self.shown(status, &stored).await?;
        Ok(match put {
            Put::Created(_) => {
                let location = format!("/{}/{id}", kind.collection());
                answer.header("location", location)
            }
            Put::Replaced(_) | Put::Unchanged(_) => answer,
        })
    }

    async fn delete(&self, request: &Request, kind: MemberKind) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let id = id_of(request, kind)?;
        let deleted = self.people().delete(&id, condition(request)).await;
        deleted.map_err(answer::refusal)?;
        let body = json!({ "kind": kind.as_str(), "id": id.id(), "deleted": true });
        Answer::json(200, &body)
    }

    async fn shown(&self, status: u16, stored: &Stored) -> Result<Answer, Refusal> {
        let organizations = self.organizations_of(std::slice::from_ref(stored)).await?;
        let body = answer::body(stored, &organizations)?;
        Ok(Answer::json(status, &body)?.header("etag", IfMatch::etag(stored.version)))
    }

    /// The Organizations of Users, on which their effective status depends.
    async fn organizations_of(
        &self,
        members: &[Stored],
    ) -> Result<HashMap<String, Organization>, Refusal> {
        let users = members
            .iter()
            .filter(|one| one.id.kind() == MemberKind::User);
        let mut ids: Vec<MemberId> = users
            .filter_map(|one| one.member.organization())
            .filter_map(|id| MemberId::new(MemberKind::Organization, id).ok())
            .collect();
        ids.sort();
        ids.dedup();
        let found = self.store.members(&ids).await?;
        let organizations = found.into_values().filter_map(|one| match one.member {
            Member::Organization(organization) => Some((organization.id.clone(), organization)),
            _ => None,
        });
        Ok(organizations.collect())
    }
}

/// The member that a path names.
fn id_of(request: &Request, kind: MemberKind) -> Result<MemberId, Refusal> {
    let text = request.path_parameter("id")?;
    MemberId::new(kind, text).map_err(|_| answer::not_found(kind, text))
}

fn condition(request: &Request) -> Condition {
    match IfMatch::of(request) {
        IfMatch::Absent => Condition::Always,
        IfMatch::Any => Condition::Exists,
        IfMatch::Version(version) => Condition::Version(version),
        IfMatch::Never => Condition::Never,
    }
}

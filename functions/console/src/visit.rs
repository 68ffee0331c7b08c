//! One request of a person who is signed in.

use dealbridge_lambda::{
    Invocation,
    access::Caller,
    http::{Answer, ProblemCode, Refusal, Request},
};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::{console::Console, functions::ApiCall, session::Session};

/// The header by which htmx says that it asks for a part of a page.
const OF_PAGE: &str = "hx-request";

/// A request of a person who is signed in.
pub(crate) struct Visit<'a> {
    pub(crate) console: &'a Console,
    pub(crate) request: &'a Request,
    pub(crate) caller: Caller,
    pub(crate) session: Session,
    pub(crate) invocation: Invocation,
}

impl Visit<'_> {
    /// The answer of the API to a call of this person.
    ///
    /// # Errors
    /// Returns the API's refusal.
    pub(crate) async fn call(&self, call: ApiCall) -> Result<Answer, Refusal> {
        let functions = &self.console.functions;
        functions.answer(call, &self.caller, self.invocation).await
    }

    /// The API's answer, read.
    ///
    /// # Errors
    /// Returns the API's refusal, or 500 if its answer has another form than expected.
    pub(crate) async fn read<T: DeserializeOwned>(&self, call: ApiCall) -> Result<T, Refusal> {
        let answer = self.call(call).await?;
        serde_json::from_value(answer.body).map_err(|error| Refusal::internal(&error))
    }

    /// The form that was sent, if it comes from a page of this session.
    ///
    /// # Errors
    /// Returns 403 for any other.
    pub(crate) fn form(&self) -> Result<Form, Refusal> {
        let form = Form::of(self.request);
        if self.is_from_elsewhere() || form.text("csrf") != self.session.csrf {
            let detail = "This form does not come from a page of your session. Open the page again, and send the form from there.";
            return Err(Refusal::forbidden(detail));
        }
        Ok(form)
    }

    /// Returns whether the browser names another site than this one as the sender of a form. Where it names none, the
    /// token alone has to do.
    ///
    /// The origin tells nothing where the site is told: for a page without a referrer, as ours are, it is `null`.
    fn is_from_elsewhere(&self) -> bool {
        let header = |name: &str| self.request.header(name);
        match (header("sec-fetch-site"), header("origin")) {
            (Some(site), _) => !matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => origin.split("://").nth(1) != Some(&self.request.domain),
            (None, None) => false,
        }
    }

    /// A variable of the path.
    ///
    /// # Errors
    /// Returns 404 if the path has none of that name.
    pub(crate) fn at(&self, variable: &str) -> Result<&str, Refusal> {
        self.request.path_parameter(variable)
    }

    /// A query parameter; blank if it is absent. Unknown ones do not matter to a page.
    pub(crate) fn query(&self, name: &str) -> String {
        form_urlencoded::parse(self.request.raw_query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    }

    /// Returns whether the request asks for the part of a page that refreshes itself.
    pub(crate) fn wants_part(&self) -> bool {
        self.request.header(OF_PAGE) == Some("true")
    }

    /// The first page that this person may see.
    pub(crate) fn start(&self) -> &'static str {
        if self.caller.is_admin {
            "/console"
        } else {
            "/console/deals"
        }
    }
}

/// A form's fields, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    fn of(request: &Request) -> Self {
        Self(form_urlencoded::parse(&request.body).into_owned().collect())
    }

    /// The text of a field without the blanks around it; blank if it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// The values of a field that may be there several times.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.0.iter().filter(|(key, _)| key == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// Returns whether a checkbox is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// Every field.
    pub(crate) fn fields(&self) -> &[(String, String)] {
        &self.0
    }
}

impl FromIterator<(String, String)> for Form {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

/// The way to the sign-in page, and back to the page that was asked for.
pub(crate) fn to_sign_in(request: &Request) -> Answer {
    let mut to = request.path.clone();
    if !request.raw_query.is_empty() {
        to = format!("{to}?{}", request.raw_query);
    }
    if request.method != "GET" {
        // What was typed is gone: only a page can be come back to.
        "/console/start".clone_into(&mut to);
    }
    let to: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
    let location = match request.path.as_str() {
        "/console" | "/console/start" => "/console/sign-in".to_owned(),
        _ => format!("/console/sign-in?to={to}"),
    };
    if request.header(OF_PAGE) == Some("true") {
        // htmx would put the sign-in page into the part; this header has it leave the page.
        let refusal = Refusal::new(ProblemCode::Unauthorized, "The session is over.");
        return refusal.into_answer().header("hx-redirect", location);
    }
    Answer::see_other(location)
}

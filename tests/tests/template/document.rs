//! The template as the rules read it: resources by type, functions merged with the globals, references by name.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::yaml;

/// The parsed template.
#[derive(Clone)]
pub(crate) struct Template(pub(crate) Value);

/// A resource and its logical name.
#[derive(Clone, Copy)]
pub(crate) struct Resource<'a> {
    pub(crate) id: &'a str,
    pub(crate) value: &'a Value,
}

/// A function, with the globals as its defaults.
#[derive(Clone, Copy)]
pub(crate) struct Function<'a> {
    pub(crate) id: &'a str,
    own: &'a Value,
    globals: &'a Value,
}

/// One event of a function.
pub(crate) struct Event<'a> {
    pub(crate) name: &'a str,
    pub(crate) properties: &'a Value,
}

impl Template {
    /// The template of this repository.
    pub(crate) fn read() -> Self {
        Self(yaml::document("template.yaml"))
    }

    /// Every resource of one type.
    pub(crate) fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.resources()
            .filter(move |resource| resource.kind() == kind)
    }

    /// Every resource.
    pub(crate) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        entries(&self.0["Resources"]).map(|(id, value)| Resource { id, value })
    }

    /// The resource of that name.
    pub(crate) fn resource<'a>(&'a self, id: &'a str) -> Option<Resource<'a>> {
        self.0["Resources"]
            .get(id)
            .map(|value| Resource { id, value })
    }

    /// Every function.
    pub(crate) fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        self.of_type("AWS::Serverless::Function")
            .map(|resource| Function {
                id: resource.id,
                own: resource.value,
                globals: &self.0["Globals"]["Function"],
            })
    }

    /// A number, or the default of the parameter that it refers to.
    pub(crate) fn number(&self, value: &Value) -> Option<u64> {
        match value.get("Ref").and_then(Value::as_str) {
            Some(parameter) => self.0["Parameters"][parameter]["Default"].as_u64(),
            None => value.as_u64(),
        }
    }

    /// The queues whose messages end in that dead-letter queue.
    pub(crate) fn sources_of<'a>(
        &'a self,
        dead_letters: &'a str,
    ) -> impl Iterator<Item = Resource<'a>> {
        self.of_type("AWS::SQS::Queue").filter(move |queue| {
            target(&queue["RedrivePolicy"]["deadLetterTargetArn"]) == Some(dead_letters)
        })
    }

    /// The queues that functions take work from: those with a dead-letter queue.
    pub(crate) fn work_queues(&self) -> impl Iterator<Item = Resource<'_>> {
        self.of_type("AWS::SQS::Queue")
            .filter(|queue| !self.is_dead_letter_queue(queue.id))
    }

    /// Returns `true` if a redrive policy, a schedule or a function sends failures there.
    pub(crate) fn is_dead_letter_queue(&self, id: &str) -> bool {
        let of_schedule = self.functions().any(|function| {
            function
                .events("ScheduleV2")
                .any(|event| target(&event.properties["DeadLetterConfig"]["Arn"]) == Some(id))
        });
        of_schedule || self.sources_of(id).next().is_some()
    }
}

impl<'a> Resource<'a> {
    pub(crate) fn kind(&self) -> &'a str {
        self.value["Type"].as_str().unwrap_or_default()
    }

    /// Returns a property.
    pub(crate) fn property(&self, name: &str) -> &'a Value {
        &self.value["Properties"][name]
    }
}

impl std::ops::Index<&str> for Resource<'_> {
    type Output = Value;

    fn index(&self, property: &str) -> &Value {
        self.property(property)
    }
}

impl std::ops::Index<&str> for Function<'_> {
    type Output = Value;

    /// A property, the function's own before the global one.
    fn index(&self, property: &str) -> &Value {
        self.property(property)
    }
}

impl<'a> Function<'a> {
    /// A property, the function's own before the global one.
    pub(crate) fn property(&self, name: &str) -> &'a Value {
        match self.own["Properties"].get(name) {
            Some(value) => value,
            None => &self.globals[name],
        }
    }

    /// The queue for events that failed after Lambda had accepted them.
    pub(crate) fn failed_events(&self) -> Option<&'a str> {
        target(&self.property("EventInvokeConfig")["DestinationConfig"]["OnFailure"]["Destination"])
    }

    /// The folder under `functions/`, which is also the name of the package and the binary.
    pub(crate) fn name(&self) -> &'a str {
        self.own["Properties"]["CodeUri"]
            .as_str()
            .and_then(|uri| uri.strip_prefix("functions/"))
            .map(|folder| folder.trim_end_matches('/'))
            .unwrap_or_default()
    }

    /// The build metadata.
    pub(crate) fn metadata(&self) -> &'a Value {
        &self.own["Metadata"]
    }

    /// Every environment variable, the global ones included.
    pub(crate) fn environment(&self) -> BTreeMap<&'a str, &'a Value> {
        let of = |place: &'a Value| entries(&place["Environment"]["Variables"]);
        of(self.globals)
            .chain(of(&self.own["Properties"]))
            .collect()
    }

    /// Its events of one type.
    pub(crate) fn events(&self, kind: &'a str) -> impl Iterator<Item = Event<'a>> {
        entries(&self.own["Properties"]["Events"])
            .filter(move |(_, event)| event["Type"] == kind)
            .map(|(name, event)| Event {
                name,
                properties: &event["Properties"],
            })
    }

    /// The types of its events.
    pub(crate) fn event_kinds(&self) -> impl Iterator<Item = &'a str> {
        entries(&self.own["Properties"]["Events"]).filter_map(|(_, event)| event["Type"].as_str())
    }

    /// The statements of its role's own policies.
    pub(crate) fn statements(&self, template: &'a Template) -> Vec<&'a Value> {
        target(&self.own["Properties"]["Role"])
            .and_then(|role| template.resource(role))
            .map(|role| statements(role.value))
            .unwrap_or_default()
    }
}

/// The statements of a role.
pub(crate) fn statements(role: &Value) -> Vec<&Value> {
    list(&role["Properties"]["Policies"])
        .into_iter()
        .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
        .collect()
}

/// The members of an object, in order; none for any other value.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

/// The elements of a list; a single value counts as a list of one.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// The strings of a list.
pub(crate) fn strings(value: &Value) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

/// The logical name that a `Ref`, a `GetAtt` or the first variable of a `Sub` points to.
pub(crate) fn target(value: &Value) -> Option<&str> {
    if let Some(name) = value.get("Ref") {
        return name.as_str();
    }
    if let Some(path) = value.get("Fn::GetAtt") {
        return path[0].as_str();
    }
    let text = value.get("Fn::Sub")?.as_str()?;
    let (_, after) = text.split_once("${")?;
    after.split(['.', '}']).next()
}

/// Returns `true` if one of the statements allows a service's action on a resource.
pub(crate) fn allows(statements: &[&Value], action: &str, resource: &str) -> bool {
    statements.iter().any(|statement| {
        strings(&statement["Action"]).contains(&action)
            && list(&statement["Resource"])
                .into_iter()
                .any(|named| target(named) == Some(resource))
    })
}

//! Reading values of the template by their path.

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};

/// The template does not say something, or not in a form that is understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template.yaml has no usable value at {path}")]
pub struct TemplateError {
    /// Where.
    pub path: String,
}

impl TemplateError {
    pub(crate) fn at(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

/// A node of the template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a>(&'a YamlOwned);

/// The parsed template.
#[derive(Debug)]
pub(crate) struct Document(YamlOwned);

impl Document {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let unreadable = || TemplateError::at("the document");
        let documents = YamlOwned::load_from_str(text).map_err(|_| unreadable())?;
        documents
            .into_iter()
            .next()
            .map(Self)
            .ok_or_else(unreadable)
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node(&self.0)
    }

    /// A resource, by its logical id.
    pub(crate) fn resource(&self, id: &str) -> Option<Node<'_>> {
        self.root().at("Resources")?.at(id)
    }

    /// The value at a path of keys, joined with dots.
    fn required(&self, path: &str) -> Result<Node<'_>, TemplateError> {
        self.root().at(path).ok_or_else(|| TemplateError::at(path))
    }

    pub(super) fn number(&self, path: &str) -> Result<u64, TemplateError> {
        self.required(path)?
            .number()
            .ok_or_else(|| TemplateError::at(path))
    }

    pub(super) fn text(&self, path: &str) -> Result<String, TemplateError> {
        self.required(path)?
            .text()
            .map(str::to_owned)
            .ok_or_else(|| TemplateError::at(path))
    }
}

impl<'a> Node<'a> {
    /// The node without its tag, such as `!Sub`.
    fn untagged(self) -> &'a YamlOwned {
        let mut node = self.0;
        while let YamlOwned::Tagged(_, inner) = node {
            node = inner;
        }
        node
    }

    /// The entries of a mapping; none of anything else.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        let mapping = match self.untagged() {
            YamlOwned::Mapping(mapping) => Some(mapping),
            _ => None,
        };
        mapping
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str()?, Node(value))))
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Node<'a>> {
        let items = match self.untagged() {
            YamlOwned::Sequence(items) => Some(items),
            _ => None,
        };
        items.into_iter().flatten().map(Node)
    }

    pub(crate) fn at(self, path: &str) -> Option<Node<'a>> {
        path.split('.').try_fold(self, |node, key| {
            node.entries()
                .find(|(known, _)| *known == key)
                .map(|(_, value)| value)
        })
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        match self.untagged() {
            YamlOwned::Value(ScalarOwned::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(self) -> Option<u64> {
        match self.untagged() {
            YamlOwned::Value(ScalarOwned::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }
}

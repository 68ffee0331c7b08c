//! The roles as the template has them.

use std::collections::BTreeSet;

use super::grant::{Grant, Grants};
use crate::template::{
    TemplateError,
    document::{Document, Node},
};

/// The grants of each function of the template.
///
/// # Errors
/// When a statement is written in another form than the ones here: one that was half understood would let pass too much
/// or too little.
pub(crate) fn grants(document: &Document) -> Result<Grants, TemplateError> {
    document
        .functions()
        .map(|(function, properties)| {
            let unusable = || TemplateError::at(format!("the role of {function}"));
            let role = properties
                .at("Role")
                .and_then(Node::text)
                .and_then(|text| text.strip_suffix(".Arn"))
                .ok_or_else(unusable)?;
            let policies = document
                .resource(role)
                .and_then(|role| role.at("Properties.Policies"))
                .ok_or_else(unusable)?;
            let mut granted = BTreeSet::new();
            for statement in policies
                .items()
                .filter_map(|policy| policy.at("PolicyDocument.Statement"))
                .flat_map(Node::items)
            {
                granted.extend(of_statement(document, statement).ok_or_else(unusable)?);
            }
            Ok((function.to_owned(), granted))
        })
        .collect()
}

fn of_statement(document: &Document, statement: Node<'_>) -> Option<Vec<Grant>> {
    let understood = ["Sid", "Effect", "Action", "Resource"];
    let is_plain = statement
        .entries()
        .all(|(key, _)| understood.contains(&key))
        && statement.at("Effect")?.text()? == "Allow";
    if !is_plain {
        return None;
    }
    let resources: Vec<String> = one_or_more(statement.at("Resource")?)
        .into_iter()
        .map(|resource| local_name(document, resource))
        .collect::<Option<_>>()?;
    let mut grants = Vec::new();
    for action in one_or_more(statement.at("Action")?) {
        for resource in &resources {
            grants.push(Grant::new(action.text()?, resource));
        }
    }
    Some(grants)
}

fn one_or_more(node: Node<'_>) -> Vec<Node<'_>> {
    let items: Vec<Node<'_>> = node.items().collect();
    if items.is_empty() { vec![node] } else { items }
}

/// The name on this machine of the resource that `!GetAtt ImportsQueue.Arn` names, or of the index that
/// `!Sub "${LogTable.Arn}/index/name"` names.
fn local_name(document: &Document, resource: Node<'_>) -> Option<String> {
    let text = resource.text()?;
    let index = text
        .strip_prefix("${")
        .and_then(|text| text.split_once(".Arn}/index/"));
    if let Some((table, index)) = index {
        return Some(format!("{}/index/{index}", named(document, table)?));
    }
    named(document, text.strip_suffix(".Arn")?)
}

/// The name on this machine of the resource with that id.
fn named(document: &Document, id: &str) -> Option<String> {
    let resource = document.resource(id)?;
    Some(match resource.at("Type")?.text()? {
        "AWS::DynamoDB::Table" => id.strip_suffix("Table")?.to_owned(),
        "AWS::SQS::Queue" => {
            let name = resource.at("Properties.QueueName")?.text()?;
            name.strip_prefix("${AWS::StackName}-")?.to_owned()
        }
        _ => id.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  Sample:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: sample}}
    Properties: {Role: !GetAtt SampleRole.Arn}
  SampleRole:
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {Sid: A, Effect: Allow, Action: [dynamodb:GetItem, dynamodb:Query], Resource: !GetAtt LogTable.Arn}
              - {Effect: Allow, Action: dynamodb:Query, Resource: !Sub \"${LogTable.Arn}/index/by-code\"}
              - {Effect: Allow, Action: sqs:SendMessage, Resource: [!GetAtt ImportsQueue.Arn, !GetAtt ImportsDlq.Arn]}
  LogTable: {Type: AWS::DynamoDB::Table}
  ImportsQueue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub \"${AWS::StackName}-imports\"}}
  ImportsDlq: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub \"${AWS::StackName}-imports-dlq\"}}
";

    fn read(template: &str) -> Result<Grants, TemplateError> {
        grants(&Document::parse(template)?)
    }

    #[test]
    fn a_role_grants_each_of_its_actions_on_each_of_its_resources() {
        let grants = read(TEMPLATE).unwrap();

        let granted: Vec<String> = grants["sample"]
            .iter()
            .map(|grant| format!("{} {}", grant.action, grant.resource))
            .collect();
        assert_eq!(
            granted,
            [
                "dynamodb:GetItem Log",
                "dynamodb:Query Log",
                "dynamodb:Query Log/index/by-code",
                "sqs:SendMessage imports",
                "sqs:SendMessage imports-dlq",
            ]
        );
    }

    #[test]
    fn a_statement_that_is_not_understood_is_an_error_and_never_a_grant() {
        for (from, to) in [
            ("Sid: A,", "Condition: {},"),
            ("Sid: A, Effect: Allow", "Effect: Deny"),
            ("!GetAtt LogTable.Arn", "\"*\""),
            ("!GetAtt SampleRole.Arn", "!Ref RoleArn"),
        ] {
            let template = TEMPLATE.replacen(from, to, 1);
            assert_ne!(template, TEMPLATE);
            assert_eq!(
                read(&template).unwrap_err().to_string(),
                "template.yaml has no usable value at the role of sample",
                "{to}"
            );
        }
    }
}

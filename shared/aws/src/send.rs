//! Sending: send problems, tasks, records on their way, and the assigned users.

use dealbridge_core::{
    Email,
    link::store::Committed,
    message::PushRequest,
    ports::PortError,
    record::{Record, RecordId},
    send::{Assignees, SendStore},
    send_problem::SendProblem,
    task::Task,
};

use crate::{
    DynamoPortal,
    item::{self, n, text},
    keys::{self, VERSION},
    partition::Partition,
    store::{Store, port_error},
};

impl SendStore for Store {
    async fn send_problem(&self, record: &RecordId) -> Result<Option<SendProblem>, PortError> {
        self.get(&self.tables.log, keys::send_problem(record))
            .await?
            .map(item::send_problem)
            .transpose()
    }

    async fn send_problems(&self) -> Result<Vec<SendProblem>, PortError> {
        let partition = Partition {
            key: keys::SEND_PROBLEMS,
            prefix: None,
            attributes: &[],
        };
        let items = self.partition(&partition).await?;
        items.into_iter().map(item::send_problem).collect()
    }

    async fn replace_record(&self, record: &Record, seen: u64) -> Result<Committed, PortError> {
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(item::encode(record, keys::record(&record.id))?))
            .condition_expression("#version = :seen")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":seen", n(seen))
            .return_consumed_capacity(aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total)
            .send()
            .await;
        match put {
            Ok(answer) => {
                self.meter.wrote(answer.consumed_capacity.as_slice());
                Ok(Committed::Yes)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(Committed::Refused)
            }
            Err(error) => Err(port_error("PutItem on the Records table", error)),
        }
    }

    async fn is_noted(&self, request: &PushRequest) -> Result<bool, PortError> {
        let place = keys::outbox(&request.note());
        let note = self.get(&self.tables.log, place).await?;
        Ok(note.is_some_and(|note| text(&note, request.id_member()) == Some(request.id())))
    }

    fn next_id(&self) -> String {
        self.ids.next()
    }

    async fn task(&self, id: &str) -> Result<Option<Task>, PortError> {
        let item = self.get(&self.tables.log, keys::task(id)).await?;
        let task: Option<Task> = item.map(|item| item::decode(item, "a task")).transpose()?;
        Ok(task.map(|task| Task {
            id: id.to_owned(),
            ..task
        }))
    }
}

impl Assignees for DynamoPortal {
    async fn address_of(&self, user: &str) -> Result<Option<Email>, PortError> {
        Ok(self.user(user).await?.map(|user| user.email))
    }
}

//! The entries as one file: the API's pages, one below the other.

use dealbridge_lambda::http::{Answer, Refusal};

use super::filter::{Filter, OF_ENTRIES};
use crate::{functions::ApiCall, visit::Visit};

/// The pages of a file.
const PAGES: usize = 5;
/// The entries of a page: the most that the API gives.
const PAGE: &str = "1000";
/// The most entries of a file.
pub(super) const MOST_ENTRIES: i64 = 5_000;
/// The size from which no further page is added: the answer of a function has 6 MB, and a page may take two.
const FULL_BYTES: usize = 3_500_000;

/// `GET /console/log/export`.
pub(super) async fn file(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let filter = Filter::of(visit, &OF_ENTRIES);
    let (mut file, mut cursor) = (String::new(), Some(String::new()));
    let mut content_type = String::new();
    for _ in 0..PAGES {
        let Some(from) = cursor.filter(|_| file.len() < FULL_BYTES) else {
            break;
        };
        let call = filter.ask(ApiCall::get("/integration-log"));
        let call = call.query("limit", PAGE).query("cursor", &from);
        let answer = visit.call(call.accept("text/csv")).await?;
        let header = |name: &str| answer.headers.get(name).cloned();
        content_type = header("content-type").unwrap_or_default();
        cursor = header("link").and_then(|link| cursor_of(&link));
        append(&mut file, answer.body.as_str().unwrap_or_default());
    }
    let name = "attachment; filename=\"integration-log.csv\"";
    Ok(Answer::text(200, &content_type, file).header("content-disposition", name))
}

/// Adds a page; its header row only if it is the first.
fn append(file: &mut String, page: &str) {
    let rows = match (file.is_empty(), page.split_once("\r\n")) {
        (false, Some((_, rows))) => rows,
        _ => page,
    };
    file.push_str(rows);
}

/// The cursor in the link to the next page.
fn cursor_of(link: &str) -> Option<String> {
    let address = link.split_once('<')?.1.split_once('>')?.0;
    let query = address.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "cursor")
        .map(|(_, cursor)| cursor.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_several_pages_has_one_header() {
        let mut file = String::new();
        append(&mut file, "at,level\r\n1,error\r\n");
        append(&mut file, "at,level\r\n2,info\r\n");

        assert_eq!(file, "at,level\r\n1,error\r\n2,info\r\n");
    }

    #[test]
    fn the_next_page_is_the_link_s() {
        let link = "</integration-log?level=error&cursor=a%2Bb>; rel=\"next\"";

        assert_eq!(cursor_of(link), Some("a+b".to_owned()));
        assert_eq!(cursor_of(""), None);
    }
}

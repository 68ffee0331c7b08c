//! The acts of a record's history in words.

/// An act as the history names it, in words.
pub(super) fn words(action: &str) -> &str {
    match action {
        "create" => "Submitted",
        "edit" => "Edited",
        "import" => "Imported",
        "link" => "Linked",
        "unlink" => "Unlinked",
        "allow-import" => "Import allowed",
        "sync-now" => "Sync Now",
        "delete" => "Deleted",
        "write-delivered" => "Written to Salesforce",
        "write-refused" => "Refused by Salesforce",
        "conflict-resolved" => "Conflict resolved",
        other => other,
    }
}

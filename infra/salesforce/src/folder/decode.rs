//! From the bytes of a file to its text. An export says nowhere which encoding it has; its bytes do.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::problem::LoadError;

/// A file's text.
pub(super) struct Decoded<'a> {
    /// The text without a byte order mark.
    pub(super) text: Cow<'a, str>,
    /// True if it was taken for Windows-1252, of which ISO-8859-1 is a part.
    pub(super) is_western: bool,
}

/// Decodes a file: UTF-16 with a byte order mark or zero bytes where Latin text has them, UTF-8 where it is that, else
/// Windows-1252.
///
/// # Errors
/// When the file is damaged: it is UTF-8 but for some bytes, or no whole UTF-16.
pub(super) fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<Decoded<'a>, LoadError> {
    if let Some(encoding) = wide(bytes) {
        let (text, _, is_damaged) = encoding.decode(bytes);
        if is_damaged {
            let problem = "is UTF-16 text with damaged characters; export it again, best with the encoding Unicode (UTF-8)";
            return Err(LoadError::new(file, None, None, problem));
        }
        return Ok(utf(text));
    }
    let (is_marked, content) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(content) => (true, content),
        None => (false, bytes),
    };
    let first_bad = match std::str::from_utf8(content) {
        Ok(text) => return Ok(utf(Cow::Borrowed(text))),
        Err(error) => error.valid_up_to(),
    };
    if is_marked || is_mostly_utf8(content) {
        let problem = "has a byte that is not UTF-8, but the rest of the file is; export it again with the encoding Unicode (UTF-8)";
        let line = line_of(content, first_bad);
        return Err(LoadError::new(file, Some(line), None, problem));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(content);
    Ok(Decoded {
        text,
        is_western: true,
    })
}

fn utf(text: Cow<'_, str>) -> Decoded<'_> {
    Decoded {
        text,
        is_western: false,
    }
}

/// The kind of UTF-16, if it is that. A header begins with a Latin letter or a quote, whose other byte is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(UTF_16LE),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// Returns whether more characters beyond ASCII are well-formed than not: Windows-1252 text hardly ever forms one.
fn is_mostly_utf8(content: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in content.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

fn line_of(bytes: &[u8], offset: usize) -> u64 {
    let newlines = bytes
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count();
    u64::try_from(newlines).unwrap_or(u64::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Id,Name\n1,Señal “Ibérica” 50 €\n";

    fn read(bytes: &[u8]) -> (String, bool) {
        let decoded = decode("Account.csv", bytes).unwrap();
        (decoded.text.into_owned(), decoded.is_western)
    }

    fn utf_16(order: fn(u16) -> [u8; 2], mark: &str) -> Vec<u8> {
        let text = format!("{mark}{TEXT}");
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn every_encoding_that_salesforce_or_excel_writes_gives_the_same_text() {
        let (western, _, _) = WINDOWS_1252.encode(TEXT);

        for (name, bytes, is_western) in [
            ("UTF-8", TEXT.as_bytes().to_vec(), false),
            (
                "UTF-8 with a mark",
                format!("\u{feff}{TEXT}").into_bytes(),
                false,
            ),
            ("Windows-1252", western.into_owned(), true),
            ("UTF-16LE", utf_16(u16::to_le_bytes, "\u{feff}"), false),
            ("UTF-16BE", utf_16(u16::to_be_bytes, "\u{feff}"), false),
            (
                "UTF-16LE without a mark",
                utf_16(u16::to_le_bytes, ""),
                false,
            ),
            (
                "UTF-16BE without a mark",
                utf_16(u16::to_be_bytes, ""),
                false,
            ),
        ] {
            assert_eq!(read(&bytes), (TEXT.to_owned(), is_western), "{name}");
        }
    }

    #[test]
    fn damaged_utf_8_is_named_with_its_line_and_never_read_as_something_else() {
        let mut damaged = "Id,Name\n1,Béla\n2,Söhne\n3,x".as_bytes().to_vec();
        damaged.push(0xe9);
        let mut marked = "\u{feff}Id,Name\n1,".as_bytes().to_vec();
        marked.push(0xe9);

        for (bytes, row) in [(damaged, 4), (marked, 2)] {
            let error = decode("Account.csv", &bytes).err().unwrap();
            assert_eq!(error.row, Some(row), "{error}");
        }
        let half = &utf_16(u16::to_le_bytes, "\u{feff}")[..31];
        assert!(decode("Account.csv", half).is_err());
    }
}

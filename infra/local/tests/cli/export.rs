//! One made-up org of 500 Opportunities, written as the tools write it that people export from Salesforce with.

mod org;

use std::{fs, path::Path};

pub(crate) use org::id;
use org::{Cell, Table, accounts, contacts, leads, opportunities, portal, roles, users};
use tempfile::TempDir;

/// Who exports, and so how cells, headers, files and encodings look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Setup > Data Export, in ISO-8859-1 as orgs of Western locales have it.
    WeeklyExport,
    /// Data Loader: headers in capitals, relationship columns.
    DataLoader,
    /// `sf data query --result-format csv`: only what was asked for.
    SfQuery,
    /// Any of them, saved again by Excel with semicolons.
    Excel,
    /// The same as Unicode text: UTF-16, tabs.
    ExcelUnicode,
}

impl Tool {
    fn cell(self, cell: &Cell) -> String {
        let is_weekly = self == Self::WeeklyExport;
        match cell {
            Cell::Id(Some(id)) => id.to_string(),
            Cell::Id(None) if is_weekly => "000000000000000AAA".to_owned(),
            Cell::Id(None) | Cell::Flag(None) => String::new(),
            Cell::Flag(Some(flag)) => match self {
                Self::WeeklyExport => u8::from(*flag).to_string(),
                Self::Excel | Self::ExcelUnicode => flag.to_string().to_uppercase(),
                _ => flag.to_string(),
            },
            Cell::Day(number) => {
                let day = format!("2026-09-{:02}", 1 + number % 28);
                if is_weekly { day + " 00:00:00" } else { day }
            }
            Cell::At(number) => {
                let (day, time) = (format!("2026-04-{:02}", 1 + number % 28), "10:11:12");
                match self {
                    Self::WeeklyExport => format!("{day} {time}"),
                    Self::DataLoader => format!("{day}T{time}.000Z"),
                    _ => format!("{day}T{time}.000+0000"),
                }
            }
            Cell::Text(text) => text.clone(),
        }
    }

    /// Returns whether the tool's file has the column.
    fn has(self, table: &Table, column: &str) -> bool {
        match (self, column) {
            // The weekly export does not say which role is the primary one.
            (Self::WeeklyExport, "IsPrimary") => false,
            (Self::SfQuery, "IsDeleted") => table.object == "Opportunity",
            _ => true,
        }
    }

    /// Columns that say nothing, as the tool adds them: name and cell.
    fn idle(self, table: &Table) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::WeeklyExport => {
                let cell = |column: &str| match column {
                    "ParentId"
                    | "ReportsToId"
                    | "CampaignId"
                    | "ManagerId"
                    | "UserRoleId"
                    | "ConvertedAccountId"
                    | "ConvertedContactId"
                    | "ConvertedOpportunityId" => "000000000000000AAA",
                    "DoNotCall" | "IsPrivate" | "IsExcludedFromRealign" => "0",
                    _ => "",
                };
                let columns = table.idle.split(' ');
                columns.map(|column| (column, cell(column))).collect()
            }
            Self::DataLoader if table.object == "Opportunity" => {
                vec![
                    ("ACCOUNT.NAME", "x"),
                    ("OWNER.NAME", "x"),
                    ("RECORDTYPE.NAME", ""),
                ]
            }
            Self::Excel if table.object == "Opportunity" => vec![
                ("STATUS", "Item Updated"),
                ("SUCCESS", "true"),
                ("[ERROR]", ""),
                ("", ""),
                ("", ""),
            ],
            _ => Vec::new(),
        }
    }

    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            // Windows-1252 has ISO-8859-1 in it, and the dash and the euro beside.
            Self::WeeklyExport => text
                .chars()
                .map(|c| match c {
                    '–' => 0x96,
                    '€' => 0x80,
                    c => u8::try_from(u32::from(c)).unwrap(),
                })
                .collect(),
            Self::ExcelUnicode => format!("\u{feff}{text}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
            Self::Excel => format!("\u{feff}{text}").into_bytes(),
            _ => text.as_bytes().to_vec(),
        }
    }

    fn write(self, folder: &Path, table: &Table) {
        let (delimiter, end) = match self {
            Self::Excel => (";", "\r\n"),
            Self::ExcelUnicode => ("\t", "\r\n"),
            _ => (",", "\n"),
        };
        let line = |cells: Vec<String>| {
            let quoted = cells.into_iter();
            let quoted = quoted.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
            quoted.collect::<Vec<_>>().join(delimiter) + end
        };
        let kept: Vec<usize> = (0..table.columns.len())
            .filter(|at| self.has(table, table.columns[*at]))
            .collect();
        let idle = self.idle(table);
        let names = kept.iter().map(|at| table.columns[*at]);
        let names = names.chain(idle.iter().map(|(name, _)| *name));
        let mut text = line(match self {
            Self::DataLoader => names.map(str::to_uppercase).collect(),
            _ => names.map(str::to_owned).collect(),
        });
        for row in &table.rows {
            let cells = kept.iter().map(|at| self.cell(&row[*at]));
            let idle = idle.iter().map(|(_, cell)| (*cell).to_owned());
            text += &line(cells.chain(idle).collect());
        }
        fs::write(
            folder.join(format!("{}.csv", table.object)),
            self.bytes(&text),
        )
        .unwrap();
    }

    /// The org's folder as this tool leaves it.
    pub(crate) fn export(self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for table in [
            accounts(),
            contacts(),
            opportunities(),
            roles(),
            leads(),
            users(),
        ] {
            self.write(folder.path(), &table);
        }
        fs::write(
            folder.path().join("channeltivity.json"),
            portal().to_string(),
        )
        .unwrap();
        folder
    }
}

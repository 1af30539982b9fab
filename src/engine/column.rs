//! A column of a file of delimited text, as a scenario names it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Which column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By its name in the file's first row.
    Name(String),
    /// By its number, from 1: the file has no row of names.
    Number(u32),
}

impl Column {
    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Column::Name(name) => Some(name),
            Column::Number(_) => None,
        }
    }

    /// Its number from 1, if it is given.
    pub fn number(&self) -> Option<u32> {
        match self {
            Column::Name(_) => None,
            Column::Number(number) => Some(*number),
        }
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Column {
        Column::Name(name.to_owned())
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Column::Name(name) => write!(f, "`{name}`"),
            Column::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Most columns of a file.
const MOST: i64 = 1 << 14;

struct ReadColumn;

impl Visitor<'_> for ReadColumn {
    type Value = Column;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of a column, or its number from 1 if no line of the file names columns",
        )
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Column, E> {
        Ok(Column::from(name))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Column, E> {
        let known = u32::try_from(number)
            .ok()
            .filter(|_| (1..=MOST).contains(&number));
        known.map(Column::Number).ok_or_else(|| {
            E::custom(format!(
                "{number} is no number of a column\nwrite 1 for the first, at most {MOST}"
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Column, D::Error> {
        reader.deserialize_any(ReadColumn)
    }
}

impl JsonSchema for Column {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "integer", "minimum": 1, "maximum": MOST },
        ] })
    }
}

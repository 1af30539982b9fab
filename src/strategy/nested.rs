//! Placements that are parts of another: read by name, as scenarios spell them.
//!
//! A bandit over balancers, a rule for short and another for long jobs: such placements are given others as
//! parameters, and these are read, listed and checked like any placement that a strategy names itself.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::placement::{Register, kebab, standard};
use super::{Blueprint, Reports};
use crate::engine::law::Law;
use crate::strategy::Placement;

/// A placement of equipoise by its name, or with parameters.
#[derive(Clone, Debug)]
pub struct Nested(pub Arc<dyn Blueprint>);

impl Nested {
    /// This one.
    pub fn of(blueprint: impl Blueprint) -> Nested {
        Nested(Arc::new(blueprint))
    }

    /// As [`Blueprint::knowing`]; itself where that is nothing to it.
    #[must_use]
    pub fn knowing(&self, works: &[(f64, Law)]) -> Nested {
        Nested(self.0.knowing(works).unwrap_or_else(|| self.0.clone()))
    }
}

/// The reports that some placements rely on together.
pub fn reports<'a>(placements: impl Iterator<Item = &'a dyn Placement> + Clone) -> Reports {
    let relies = |on: Reports| {
        placements
            .clone()
            .any(|placement| placement.reports() == on)
    };
    match relies(Reports::Loads) {
        true => Reports::Loads,
        false if relies(Reports::Idle) => Reports::Idle,
        false => Reports::None,
    }
}

/// The names of all.
#[derive(Default)]
struct Names(Vec<String>);

impl Register for Names {
    fn add<T: Blueprint + Default + DeserializeOwned + JsonSchema>(&mut self) {
        self.0.push(kebab(&T::schema_name()));
    }
}

/// Looks for one by its name, and makes it of `content`, or of nothing.
struct Finder<'n, D, E> {
    name: &'n str,
    content: Option<D>,
    found: Option<Result<Arc<dyn Blueprint>, E>>,
}

impl<'de, D: Deserializer<'de>> Register for Finder<'_, D, D::Error> {
    fn add<T: Blueprint + Default + DeserializeOwned + JsonSchema>(&mut self) {
        if kebab(&T::schema_name()) != self.name {
            return;
        }
        let read =
            |content| T::deserialize(content).map(|read| Arc::new(read) as Arc<dyn Blueprint>);
        self.found = Some(match self.content.take() {
            Some(content) => read(content),
            None => Ok(Arc::new(T::default())),
        });
    }
}

/// The placement of that name, with these parameters or its defaults.
fn find<'de, D: Deserializer<'de>>(name: &str, content: Option<D>) -> Result<Nested, D::Error> {
    let mut finder = Finder {
        name,
        content,
        found: None,
    };
    standard(&mut finder);
    let found = finder.found.unwrap_or_else(|| Err(unknown(name)))?;
    match found.idle_queues() {
        0 => Ok(Nested(found)),
        _ => Err(D::Error::custom(format!(
            "dispatchers keep queues of idle nodes for `{name}` alone\nleave `reports` out, or write it as the placement itself"
        ))),
    }
}

fn unknown<E: Error>(name: &str) -> E {
    let mut names = Names::default();
    standard(&mut names);
    let known = names.0.join("`, `");
    E::custom(format!(
        "there is no placement `{name}`\nknown placements: `{known}`"
    ))
}

/// Reads the parameters of the placement of that name.
struct Named<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = Nested;

    fn deserialize<D: Deserializer<'de>>(self, content: D) -> Result<Nested, D::Error> {
        find(self.0, Some(content))
    }
}

struct NestedReader;

const WANTED: &str = "the name of a placement, or a table such as { power-of-d = { d = 3 } }";

impl<'de> Visitor<'de> for NestedReader {
    type Value = Nested;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WANTED)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Nested, E> {
        type Nothing<E> = serde::de::value::UnitDeserializer<E>;
        find(name, None::<Nothing<E>>)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nested, A::Error> {
        let name: Option<String> = map.next_key()?;
        let name =
            name.ok_or_else(|| A::Error::custom(format!("this is no placement\nwrite {WANTED}")))?;
        let nested = map.next_value_seed(Named(&name))?;
        match map.next_key::<String>()? {
            None => Ok(nested),
            Some(other) => Err(A::Error::custom(format!(
                "`{other}` is given beside `{name}`\nonly one of them can be: remove the other"
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Nested, D::Error> {
        deserializer.deserialize_any(NestedReader)
    }
}

impl JsonSchema for Nested {
    fn schema_name() -> Cow<'static, str> {
        "Nested".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "object"],
            "description": "The name of a placement, or a table of its name and parameters."
        })
    }
}

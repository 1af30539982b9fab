//! Which placements a scenario may name: those of equipoise, and a user's own beside them.
//!
//! A placement is read from the same tree as everything else in a scenario, so that its mistakes are
//! told at their places; its name, meaning, parameters and defaults come from its type.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::text::reader::{Fault, Form};
use super::text::tree::Node;
use crate::strategy::Blueprint;
use crate::strategy::placement::{Register, kebab, standard};

/// The placements that scenarios may name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    entries: Vec<Entry>,
    is_standard: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    default: fn() -> Arc<dyn Blueprint>,
    read: fn(Node) -> Result<Arc<dyn Blueprint>, Fault>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Register for Registry {
    fn add<T: Blueprint + Default + DeserializeOwned + JsonSchema>(&mut self) {
        self.is_standard = false;
        self.entries.push(Entry {
            name: kebab(&T::schema_name()),
            default: || Arc::new(T::default()),
            read: |node| Ok(Arc::new(T::deserialize(node)?)),
            schema: |generator| generator.subschema_for::<T>(),
        });
    }
}

impl Registry {
    /// The placements of equipoise.
    pub fn standard() -> Registry {
        let mut registry = Registry::default();
        standard(&mut registry);
        registry.is_standard = true;
        registry
    }

    /// The same and the placement `T`, whose name is that of the type in kebab case.
    #[must_use]
    pub fn with<T: Blueprint + Default + DeserializeOwned + JsonSchema>(mut self) -> Registry {
        self.add::<T>();
        self
    }

    /// True if it holds the placements of equipoise alone.
    pub fn is_standard(&self) -> bool {
        self.is_standard
    }

    /// All names, as scenarios spell them.
    pub fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| &*entry.name).collect()
    }

    /// Every placement by its name, with its defaults.
    pub fn defaults(&self) -> impl Iterator<Item = (&str, Arc<dyn Blueprint>)> {
        let entries = self.entries.iter();
        entries.map(|entry| (&*entry.name, (entry.default)()))
    }

    /// The placement that a scenario spells so: `random`, or `power-of-d = { d = 3 }`.
    pub fn spelled(&self, spelling: &str) -> Option<Arc<dyn Blueprint>> {
        let table = toml::de::DeTable::parse(spelling);
        let node = match &table {
            Ok(table) => Node::of_table(table.get_ref(), table.span(), 0),
            Err(_) => Node::text(spelling, 0..spelling.len()),
        };
        self.read(node).ok()
    }

    /// The placement that `node` describes.
    pub(super) fn read(&self, node: Node) -> Result<Arc<dyn Blueprint>, Fault> {
        let names = self.names();
        let Form { name, content } = node.form(&names)?;
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name.text) else {
            return Err(Fault::unknown_form(&name, &names));
        };
        (entry.read)(content).map_err(|fault| fault.below(&name.text))
    }

    /// The first mistake in a placement of `tree`.
    pub(super) fn check(&self, tree: &Node) -> Result<(), Fault> {
        let sound = |table: &Node, path: &[&str]| match table.child("placement") {
            Some(node) => self.read(node.clone()).map(drop).map_err(|fault| {
                let path = path.iter().rev();
                path.fold(fault.below("placement"), |fault, step| fault.below(step))
            }),
            None => Ok(()),
        };
        let tables = |node: &Node| node.entries().to_vec();
        if let Some(scheduling) = tree.child("scheduling") {
            sound(scheduling, &["scheduling"])?;
        }
        for (name, strategy) in tree.child("strategies").map(tables).unwrap_or_default() {
            sound(&strategy, &["strategies", &name.text])?;
            for (class, own) in strategy.child("for").map(tables).unwrap_or_default() {
                sound(&own, &["strategies", &name.text, "for", &class.text])?;
            }
        }
        Ok(())
    }

    /// The schema of all placements; what it refers to goes into the generator.
    pub(super) fn schema(&self, generator: &mut SchemaGenerator) -> Value {
        let options = self.entries.iter().map(|entry| {
            let name = &entry.name;
            let properties = Map::from_iter([(name.clone(), (entry.schema)(generator).to_value())]);
            json_schema!({
                "type": "object",
                "properties": properties,
                "required": [name],
                "additionalProperties": false,
                "description": format!("The placement `{name}`."),
            })
        });
        let options: Vec<Value> = options.map(Schema::to_value).collect();
        json_schema!({
            "oneOf": options,
            "description": "Which algorithm picks the node of a task, with its parameters.",
        })
        .to_value()
    }
}

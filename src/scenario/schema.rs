//! The JSON Schema of scenario files: for editors, for `equipoise list keys`, and for whoever must
//! know which keys there are, so that no second table of them is kept.
//!
//! Beside what JSON Schema knows, types of the grammar may say, in keys that are not published:
//! `x-forms`, groups of keys of which only one group can hold; `x-one-key`, that a table has one key;
//! `x-default`, what a part of a strategy is if neither it nor what it is like says so;
//! `x-scope`, what a key is about if not about the system that is simulated: the `experiment` as a
//! whole, or the `strategy`.

use std::sync::LazyLock;

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::Registry;
use super::grammar::{Document, Placement};

static GRAMMAR: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Document).to_value());

/// The schema (draft 2020-12) of a scenario file.
pub fn schema(registry: &Registry) -> Value {
    let mut generator = SchemaGenerator::default();
    let mut schema = generator.root_schema_for::<Document>().to_value();
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        let placements = registry.schema(&mut generator);
        *definitions = with_placements(definitions, placements, generator.definitions());
    }
    let whole = schema.clone();
    tidy(&mut schema, &whole);
    schema
}

/// The grammar's definitions with those of the placements at their place.
fn with_placements(
    grammar: &Map<String, Value>,
    placements: Value,
    all: &Map<String, Value>,
) -> Map<String, Value> {
    let mut definitions = Map::new();
    for (name, definition) in grammar {
        if name != Placement::SCHEMA {
            definitions.insert(name.clone(), definition.clone());
            continue;
        }
        definitions.insert(name.clone(), placements.clone());
        let parameters = all.iter().filter(|(name, _)| !grammar.contains_key(*name));
        definitions.extend(parameters.map(|(name, schema)| (name.clone(), schema.clone())));
    }
    definitions
}

/// Lets forms be named alone where all their keys have defaults, and leaves out what says nothing.
fn tidy(node: &mut Value, whole: &Value) {
    match node {
        Value::Array(list) => list.iter_mut().for_each(|node| tidy(node, whole)),
        Value::Object(object) => {
            object.values_mut().for_each(|node| tidy(node, whole));
            plain_option(object);
            object.retain(|key, value| match key.as_str() {
                "default" => !value.is_null() && !value.is_object(),
                "format" => !value.as_str().is_some_and(|name| name.starts_with("uint")),
                key => key != "writeOnly" && !key.starts_with("x-"),
            });
            name_or_table(object, whole);
        }
        _ => {}
    }
}

/// TOML has no null: an optional key is simply left out.
fn plain_option(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(options)) = object.get_mut("anyOf") else {
        return;
    };
    options.retain(|option| *option != json!({ "type": "null" }));
    if let [Value::Object(only)] = &options[..] {
        let only = only.clone();
        object.shift_remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

/// Lets a form be written by its name alone where all its parameters have defaults, so that editors do not mark
/// `placement = "random"`.
fn name_or_table(object: &mut Map<String, Value>, whole: &Value) {
    let Some(Value::Array(options)) = object.get_mut("oneOf") else {
        return;
    };
    if !options.iter().all(|option| form(option).is_some()) {
        return;
    }
    let bare = |(name, content): (&String, &Value)| {
        let content = follow(content, whole);
        let free = content.get("required").is_none() && content["type"] == "object";
        free.then(|| name.clone())
    };
    let names: Vec<String> = options.iter().filter_map(form).filter_map(bare).collect();
    if !names.is_empty() {
        let said = "a form by its name takes its defaults";
        options.insert(0, json!({ "description": said, "enum": names }));
    }
}

/// The name of one of several forms: a constant, or the single key of a table.
pub fn option_name(option: &Value) -> Option<&str> {
    let constant = option["const"].as_str();
    constant.or_else(|| Some(form(option)?.0))
}

/// The single key of a form's table and what it holds.
fn form(option: &Value) -> Option<(&String, &Value)> {
    let properties = option["properties"].as_object()?;
    let one = properties.len() == 1 && list(option, "required").len() == 1;
    properties.iter().next().filter(|_| one)
}

/// The list at `key` of a schema's node.
pub fn list<'a>(node: &'a Value, key: &str) -> &'a [Value] {
    node[key].as_array().map_or(&[], Vec::as_slice)
}

/// The table at `properties` of a schema's node.
pub fn properties(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node["properties"].as_object().into_iter().flatten()
}

/// What a reference within `schema` refers to.
pub fn follow<'a>(node: &'a Value, schema: &'a Value) -> &'a Value {
    let name = node["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/$defs/"));
    name.and_then(|name| schema["$defs"].get(name))
        .unwrap_or(node)
}

/// All that a value with this schema may be.
fn views(node: &'static Value) -> Vec<&'static Value> {
    let node = follow(node, &GRAMMAR);
    let mut all = vec![node];
    all.extend(list(node, "anyOf").iter().flat_map(views));
    all
}

/// The schema of a key of a table; names are keys, too.
fn child(node: &'static Value, key: &str) -> Option<&'static Value> {
    let of_view = |view: &'static Value| {
        let mut tables = list(view, "oneOf").iter().chain([view]);
        let own = tables.find_map(|table| table["properties"].get(key));
        own.or(Some(&view["additionalProperties"]).filter(|value| value.is_object()))
    };
    views(node).into_iter().find_map(of_view)
}

/// True if the user names the tables of this section of a scenario.
pub fn is_named(section: &str) -> bool {
    let named = child(&GRAMMAR, section).and_then(|section| child(section, "NAME"));
    named.is_some_and(|table| follow(table, &GRAMMAR).get("properties").is_some())
}

/// True if `key`, put into the table at `path`, takes the place of `other`: they are forms of one
/// thing, of which only one can hold.
pub fn replaces(path: &[String], key: &str, other: &str) -> bool {
    let mut steps = path.iter();
    let Some(node) = steps.try_fold(&*GRAMMAR, |node, step| child(node, step)) else {
        return false;
    };
    let apart = |view: &'static Value| {
        let is_form = |name| {
            list(view, "oneOf")
                .iter()
                .filter_map(form)
                .any(|(form, _)| form == name)
        };
        let group = |key: &str| {
            let holds =
                |group: &Value| group.as_array().is_some_and(|g| g.iter().any(|k| k == key));
            list(view, "x-forms").iter().position(holds)
        };
        let grouped = group(key)
            .zip(group(other))
            .is_some_and(|(key, other)| key != other);
        view["x-one-key"] == true || grouped || (is_form(key) && is_form(other))
    };
    key != other && views(node).into_iter().any(apart)
}

/// What `path` is about, and the start of it of which that is said; nothing if it is about the
/// system that is simulated.
pub fn scope<'a>(path: impl IntoIterator<Item = &'a str>) -> Option<(&'static str, String)> {
    let (mut node, mut start) = (&*GRAMMAR, Vec::new());
    for step in path {
        node = child(node, step)?;
        start.push(step);
        if let Some(scope) = node["x-scope"].as_str() {
            return Some((scope, start.join(".")));
        }
    }
    None
}

/// The parts of a strategy and, as text, what each is if nothing says otherwise; placement first.
pub fn parts() -> Vec<(&'static str, &'static str)> {
    parts_with("x-default")
}

/// Further parts, which are told of only where any strategy says something of them.
pub fn rare_parts() -> Vec<(&'static str, &'static str)> {
    parts_with("x-rare")
}

/// Keys of a strategy that carry a mark in the grammar, and the words of it; the placement first.
fn parts_with(mark: &str) -> Vec<(&'static str, &'static str)> {
    let strategy = child(&GRAMMAR, "strategies").and_then(|all| child(all, "NAME"));
    let keys = strategy.and_then(|strategy| follow(strategy, &GRAMMAR)["properties"].as_object());
    let part = |(key, value): (&'static String, &'static Value)| {
        Some((key.as_str(), value[mark].as_str()?))
    };
    let mut parts: Vec<_> = keys.into_iter().flatten().filter_map(part).collect();
    parts.sort_by_key(|(key, _)| *key != "placement");
    parts
}

/// A key of the grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Dotted path; NAME stands for what the user names.
    pub path: String,
    /// What a value is, in words.
    pub value: String,
    /// Value when left out, as scenario text; empty if there is none.
    pub default: String,
    /// Meaning, from the schema's description.
    pub meaning: String,
}

/// The keys whose path starts with `prefix`, in the grammar's order.
pub fn keys(registry: &Registry, prefix: &str) -> Vec<KeyInfo> {
    let schema = schema(registry);
    let mut keys = Keys {
        schema: &schema,
        found: Vec::new(),
    };
    keys.walk(&schema, "");
    keys.walk(&schema["$defs"]["Law-of-Seconds"], "LAW");
    keys.found.retain(|key| key.path.starts_with(prefix));
    keys.found
}

/// The keys of a schema that were found so far.
struct Keys<'a> {
    schema: &'a Value,
    found: Vec<KeyInfo>,
}

impl<'a> Keys<'a> {
    /// Adds the keys below a table's schema.
    fn walk(&mut self, node: &'a Value, path: &str) {
        let node = follow(node, self.schema);
        let meaning = form(node).and_then(|_| said(node));
        for (key, value) in properties(node) {
            let at = self.found.len();
            self.add(key, value, path);
            if let Some(meaning) = &meaning {
                self.found[at].meaning.clone_from(meaning);
            }
        }
        if node["additionalProperties"].is_object() {
            self.add("NAME", &node["additionalProperties"], path);
        }
        let options = list(node, "anyOf").iter().chain(list(node, "oneOf"));
        for option in options.filter(|_| !is_law(node)) {
            self.walk(option, path);
        }
    }

    /// Adds a key and, to a depth that no sensible file exceeds, the keys below it.
    fn add(&mut self, key: &str, value: &'a Value, above: &str) {
        let path = match above {
            "" => key.to_owned(),
            above => format!("{above}.{key}"),
        };
        let target = follow(value, self.schema);
        let default = value.get("default").filter(|default| !default.is_object());
        let parent = || self.found.iter().rfind(|info| info.path == above);
        let meaning = said(value).or_else(|| said(target));
        let meaning = meaning.or_else(|| Some(parent()?.meaning.clone()));
        self.found.push(KeyInfo {
            path: path.clone(),
            value: self.kind(target),
            default: default.map_or(String::new(), Value::to_string),
            meaning: meaning.unwrap_or_default(),
        });
        if path.matches('.').count() < 8 {
            self.walk(target, &path);
        }
    }

    /// What a value is, in words.
    fn kind(&self, node: &Value) -> String {
        let of_option = |option| self.kind(follow(option, self.schema));
        let options = list(node, "anyOf");
        if is_law(node) {
            return format!(
                "{}, or a law",
                options.first().map_or(String::new(), of_option)
            );
        }
        if node.get("oneOf").is_some() {
            return names(list(node, "oneOf"));
        }
        if node.get("enum").is_some() {
            return names(std::slice::from_ref(node));
        }
        let text = |key: &str| node[key].as_str().unwrap_or("").to_owned();
        match text("type").as_str() {
            _ if node["type"].is_array() => "list".to_owned(),
            "object" => "table".to_owned(),
            "array" => "list".to_owned(),
            "boolean" => "true | false".to_owned(),
            "string" => "text".to_owned(),
            "integer" if node.get("maximum").is_none() => "a whole number".to_owned(),
            "number" | "integer" => text("description"),
            _ if options.iter().any(|option| option.get("pattern").is_some()) => {
                text("description")
            }
            _ if node.get("anyOf").is_some() => options
                .iter()
                .map(of_option)
                .collect::<Vec<_>>()
                .join(" | "),
            _ => node.get("const").map_or(String::new(), Value::to_string),
        }
    }
}

fn said(node: &Value) -> Option<String> {
    node["description"]
        .as_str()
        .map(|text| text.replace('\n', " "))
}

/// True for the schema of a law.
fn is_law(node: &Value) -> bool {
    node["description"] == "a constant or one law"
}

/// Names of forms, and of names in lists of them.
fn names(options: &[Value]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for option in options {
        let name = option_name(option);
        let several = list(option, "enum").iter().filter_map(Value::as_str);
        let new = name.into_iter().chain(several);
        new.for_each(|name| names.extend((!names.contains(&name)).then_some(name)));
    }
    names.join(" | ")
}

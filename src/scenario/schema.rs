//! The JSON Schema of scenario files, for editors and for `equipoise list keys`.

use serde_json::{Map, Value, json};

use super::grammar::Document;

/// The schema (draft 2020-12) of a scenario file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    tidy(&mut schema, &definitions);
    schema
}

/// Lets forms be named alone where all their keys have defaults, and leaves out what says nothing.
fn tidy(node: &mut Value, definitions: &Value) {
    match node {
        Value::Array(list) => list.iter_mut().for_each(|node| tidy(node, definitions)),
        Value::Object(object) => {
            object.values_mut().for_each(|node| tidy(node, definitions));
            plain_option(object);
            if object
                .get("default")
                .is_some_and(|default| default.is_null() || default.is_object())
            {
                object.shift_remove("default");
            }
            object.shift_remove("writeOnly");
            object.retain(|key, value| {
                !(key == "format" && value.as_str().is_some_and(|f| f.starts_with("uint")))
            });
            name_or_table(object, definitions);
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
    if let [only] = &options[..]
        && let Value::Object(only) = only.clone()
    {
        object.shift_remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

/// The single key of a form's table and what it holds.
fn form(option: &Value) -> Option<(&String, &Value)> {
    let properties = option.get("properties")?.as_object()?;
    let one = properties.len() == 1
        && option
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|r| r.len() == 1);
    properties.iter().next().filter(|_| one)
}

fn follow<'a>(node: &'a Value, definitions: &'a Value) -> &'a Value {
    let name = node
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.strip_prefix("#/$defs/"));
    name.and_then(|name| definitions.get(name)).unwrap_or(node)
}

fn name_or_table(object: &mut Map<String, Value>, definitions: &Value) {
    let Some(Value::Array(options)) = object.get("oneOf") else {
        return;
    };
    if options.is_empty() || !options.iter().all(|option| form(option).is_some()) {
        return;
    }
    let bare = |(name, content): (&String, &Value)| {
        let content = follow(content, definitions);
        let free = content.get("required").is_none()
            && content.get("type").and_then(Value::as_str) == Some("object");
        free.then(|| Value::String(name.clone()))
    };
    let names: Vec<Value> = options.iter().filter_map(form).filter_map(bare).collect();
    let mut options = options.clone();
    if !names.is_empty() {
        options.insert(
            0,
            json!({ "description": "a form by its name takes its defaults", "enum": names }),
        );
    }
    object.insert("oneOf".to_owned(), Value::Array(options));
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
pub fn keys(prefix: &str) -> Vec<KeyInfo> {
    let schema = schema();
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    let mut found = Vec::new();
    walk(&schema, &definitions, "", &mut found);
    walk(
        &definitions["Law-of-Seconds"],
        &definitions,
        "LAW",
        &mut found,
    );
    found.retain(|key| key.path.starts_with(prefix));
    found
}

/// Adds the keys below a table's schema.
fn walk(node: &Value, definitions: &Value, path: &str, found: &mut Vec<KeyInfo>) {
    let node = follow(node, definitions);
    let meaning = form(node).and_then(|_| said(node));
    for (key, value) in node
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let at = found.len();
        add(key, value, definitions, path, found);
        if let (Some(meaning), Some(info)) = (&meaning, found.get_mut(at)) {
            info.meaning.clone_from(meaning);
        }
    }
    if let Some(value) = node
        .get("additionalProperties")
        .filter(|value| value.is_object())
    {
        add("NAME", value, definitions, path, found);
    }
    for option in ["anyOf", "oneOf"]
        .iter()
        .filter_map(|of| node.get(of))
        .filter_map(Value::as_array)
        .flatten()
    {
        if !is_law(node) {
            walk(option, definitions, path, found);
        }
    }
}

fn add(key: &str, value: &Value, definitions: &Value, path: &str, found: &mut Vec<KeyInfo>) {
    let path = if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    };
    let target = follow(value, definitions);
    let default = value
        .get("default")
        .filter(|default| !default.is_object())
        .map_or(String::new(), Value::to_string);
    let above = path.rsplit_once('.').map_or("", |(above, _)| above);
    let parent = found
        .iter()
        .rfind(|info| info.path == above)
        .map(|info| info.meaning.clone());
    found.push(KeyInfo {
        path: path.clone(),
        value: kind(target, definitions),
        default,
        meaning: said(value)
            .or_else(|| said(target))
            .or(parent)
            .unwrap_or_default(),
    });
    if path.matches('.').count() < 8 {
        walk(target, definitions, &path, found);
    }
}

fn said(node: &Value) -> Option<String> {
    node.get("description")
        .and_then(Value::as_str)
        .map(|text| text.replace('\n', " "))
}

/// True for the schema of a law.
fn is_law(node: &Value) -> bool {
    node.get("description").and_then(Value::as_str) == Some(LAW)
}

/// The description of a law's schema.
const LAW: &str = "a constant or one law";

/// What a value is, in words.
fn kind(node: &Value, definitions: &Value) -> String {
    if is_law(node) {
        let constant = node["anyOf"].get(0).map_or(String::new(), |first| {
            kind(follow(first, definitions), definitions)
        });
        return format!("{constant}, or a law");
    }
    if let Some(options) = node.get("oneOf").and_then(Value::as_array) {
        return listed(options);
    }
    if let Some(names) = node.get("enum").and_then(Value::as_array) {
        return names
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" | ");
    }
    if node.get("type").is_some_and(Value::is_array) {
        return "list".to_owned();
    }
    let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or("");
    match (text("type"), node.get("anyOf").and_then(Value::as_array)) {
        ("object", _) => "table".to_owned(),
        ("array", _) => "list".to_owned(),
        ("boolean", _) => "true | false".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) if node.get("maximum").is_none() => "a whole number".to_owned(),
        ("number" | "integer", _) => text("description").to_owned(),
        (_, Some(options)) if options.iter().any(|option| option.get("pattern").is_some()) => {
            text("description").to_owned()
        }
        (_, Some(options)) => options
            .iter()
            .map(|option| kind(follow(option, definitions), definitions))
            .collect::<Vec<_>>()
            .join(" | "),
        _ => node.get("const").map_or(String::new(), Value::to_string),
    }
}

/// Names of forms, and of names in lists of them.
fn listed(options: &[Value]) -> String {
    let mut names: Vec<String> = Vec::new();
    for option in options {
        let name = option
            .get("const")
            .and_then(Value::as_str)
            .or_else(|| form(option).map(|(name, _)| name.as_str()));
        let several = option
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        for name in name.into_iter().chain(several) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names.join(" | ")
}

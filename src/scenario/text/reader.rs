//! Reads a tree into the sections of the grammar; a mistake knows the path at which it was found.
//!
//! The grammar's types derive `Deserialize` and nothing else; this deserializer adds what TOML's
//! own does not tell: the path of a mistake, the keys or forms that would have been right, and
//! words for what was found instead of names of Rust types.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Unexpected, Visitor};

use super::tree::{Key, Node, Span, Value};

/// A mistake in the document, and where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where it was found.
    pub path: Vec<String>,
    /// Its place, if that is narrower than the path's.
    pub span: Option<Span>,
    /// What it is.
    pub mistake: Mistake,
}

/// What may be wrong with a piece of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Mistake {
    /// The last step of the path is no key of its table.
    UnknownKey(&'static [&'static str]),
    /// The name of a form is none of these.
    UnknownForm(String, Vec<String>),
    /// The table lacks a key.
    Missing(&'static str),
    /// Something else was found than is wanted.
    Wrong(String, String),
    /// Said by the part that read it: what is wrong, and in further lines what to do.
    Said(String),
}

impl Fault {
    fn new(mistake: Mistake) -> Fault {
        Fault {
            path: Vec::new(),
            span: None,
            mistake,
        }
    }

    /// The form `name` is none of `forms`.
    pub fn unknown_form(name: &Key, forms: &[&str]) -> Fault {
        let forms = forms.iter().map(|form| (*form).to_owned()).collect();
        Fault::new(Mistake::UnknownForm(name.text.clone(), forms)).placed(&name.span)
    }

    /// The same, found below `step` of a table.
    pub fn below(mut self, step: &str) -> Fault {
        self.path.insert(0, step.to_owned());
        self
    }

    fn placed(mut self, span: &Span) -> Fault {
        self.span.get_or_insert_with(|| span.clone());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.path.join("."), self.mistake)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Fault {
        Fault::new(Mistake::Said(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn de::Expected) -> Fault {
        Fault::new(Mistake::Wrong(describe(found), plain(&wanted.to_string())))
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn de::Expected) -> Fault {
        de::Error::invalid_type(found, wanted)
    }

    fn unknown_variant(form: &str, forms: &'static [&'static str]) -> Fault {
        let forms = forms.iter().map(|form| (*form).to_owned()).collect();
        Fault::new(Mistake::UnknownForm(form.to_owned(), forms))
    }

    fn unknown_field(_key: &str, keys: &'static [&'static str]) -> Fault {
        Fault::new(Mistake::UnknownKey(keys))
    }

    fn missing_field(key: &'static str) -> Fault {
        Fault::new(Mistake::Missing(key))
    }
}

/// What was found, in the user's words.
fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("the text \"{text}\""),
        Unexpected::Signed(whole) => format!("the number {whole}"),
        Unexpected::Unsigned(whole) => format!("the number {whole}"),
        Unexpected::Float(real) => format!("the number {real}"),
        Unexpected::Bool(truth) => truth.to_string(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// What is wanted, where a derived reader would say it in the words of the program.
fn plain(wanted: &str) -> String {
    let plain = match wanted {
        _ if wanted.starts_with("struct ") => "a table",
        _ if wanted.starts_with("a map") => "a table of names",
        _ if wanted.starts_with("a sequence") => "a list",
        _ if wanted.starts_with("a string") => "text in quotes",
        "enum" => "a law such as { exponential.mean = ... }, or a constant",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of at least 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        other => other,
    };
    plain.to_owned()
}

/// Words for "one of these forms".
fn one_of(forms: &[&str]) -> String {
    let forms = crate::text::listed(forms, "or");
    format!("the name or table of a form: {forms}")
}

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let span = self.span;
        let read = match self.value {
            Value::Text(text) => visitor.visit_string(text),
            Value::Whole(whole) => match i64::try_from(whole) {
                Ok(small) => visitor.visit_i64(small),
                Err(_) => visitor.visit_f64(whole as f64),
            },
            Value::Real(real) => visitor.visit_f64(real),
            Value::Truth(truth) => visitor.visit_bool(truth),
            Value::Date(date) => Err(Fault::new(Mistake::Said(format!(
                "{date} is a date; none is wanted here"
            )))),
            Value::List(list) => visitor.visit_seq(Items {
                list: list.into_iter().enumerate(),
            }),
            Value::Table(entries) => visitor.visit_map(Entries::new(entries)),
        };
        read.map_err(|fault| {
            if fault.path.is_empty() {
                fault.placed(&span)
            } else {
                fault
            }
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// A form: its name alone stands for the table of its defaults.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        forms: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self.form(forms)?)
    }

    /// A table: a derived reader would take a list for it, by the order of its fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.value {
            Value::List(_) => {
                let wrong = Mistake::Wrong("a list".to_owned(), "a table".to_owned());
                Err(Fault::new(wrong).placed(&self.span))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl Node {
    /// The name of a form and what it holds; the name alone holds an empty table.
    pub fn form(self, forms: &[&str]) -> Result<Form, Fault> {
        let span = self.span.clone();
        match self.value {
            Value::Text(text) => Ok(Form {
                content: Node::empty(span.clone()),
                name: Key { text, span },
            }),
            Value::Table(mut entries) => match (entries.pop(), &entries[..]) {
                (Some((name, content)), []) => Ok(Form { name, content }),
                (last, _) => {
                    entries.extend(last);
                    Err(not_one(entries, &span, forms))
                }
            },
            _ => self.deserialize_any(Wanted(one_of(forms))),
        }
    }
}

/// A table that should hold one form holds none or several.
fn not_one(entries: Vec<(Key, Node)>, span: &Span, forms: &[&str]) -> Fault {
    let is_known = |key: &Key| forms.contains(&key.text.as_str());
    if let Some((key, _)) = entries.iter().find(|(key, _)| !is_known(key)) {
        return Fault::unknown_form(key, forms).below(&key.text);
    }
    match &entries[..] {
        [(first, _), (second, _), ..] => {
            let said = format!(
                "`{}` is given beside `{}`\nonly one of them can hold: remove the other",
                second.text, first.text
            );
            let fault = Fault::new(Mistake::Said(said));
            fault.placed(&second.span).below(&second.text)
        }
        _ => {
            let found = "a table without keys".to_owned();
            Fault::new(Mistake::Wrong(found, one_of(forms))).placed(span)
        }
    }
}

/// Refuses everything, saying what is wanted.
struct Wanted(String);

impl Visitor<'_> for Wanted {
    type Value = Form;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

struct Items {
    list: std::iter::Enumerate<std::vec::IntoIter<Node>>,
}

impl<'de> de::SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some((at, node)) = self.list.next() else {
            return Ok(None);
        };
        seed.deserialize(node)
            .map(Some)
            .map_err(|fault| fault.below(&at.to_string()))
    }
}

struct Entries {
    rest: std::vec::IntoIter<(Key, Node)>,
    open: Option<(Key, Node)>,
}

impl Entries {
    fn new(entries: Vec<(Key, Node)>) -> Entries {
        Entries {
            rest: entries.into_iter(),
            open: None,
        }
    }
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((key, node)) = self.rest.next() else {
            return Ok(None);
        };
        let name: StringDeserializer<Fault> = key.text.clone().into_deserializer();
        let read = seed
            .deserialize(name)
            .map_err(|fault| fault.placed(&key.span).below(&key.text))?;
        self.open = Some((key, node));
        Ok(Some(read))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let Some((key, node)) = self.open.take() else {
            return Err(Fault::new(Mistake::Said("nothing here".to_owned())));
        };
        seed.deserialize(node)
            .map_err(|fault| fault.below(&key.text))
    }
}

/// A form's name and what it holds.
pub struct Form {
    /// The name.
    pub name: Key,
    /// Its parameters.
    pub content: Node,
}

impl<'de> de::EnumAccess<'de> for Form {
    type Error = Fault;
    type Variant = Form;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Form), Fault> {
        let name: StringDeserializer<Fault> = self.name.text.clone().into_deserializer();
        match seed.deserialize(name) {
            Ok(read) => Ok((read, self)),
            Err(fault) => Err(fault.placed(&self.name.span)),
        }
    }
}

impl<'de> de::VariantAccess<'de> for Form {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        if self.content.is_table() && self.content.entries().is_empty() {
            return Ok(());
        }
        let said = format!("`{0}` holds nothing\nwrite \"{0}\"", self.name.text);
        Err(Fault::new(Mistake::Said(said)).placed(&self.content.span))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let read = seed.deserialize(self.content);
        read.map_err(|fault| fault.below(&self.name.text))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        let read = self.content.deserialize_any(visitor);
        read.map_err(|fault| fault.below(&self.name.text))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.tuple_variant(0, visitor)
    }
}

//! `[sweep]`: keys that take several values.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// Keys that take several values: dotted path = list; `together.NAME = { path = [..], .. }` goes
/// through its lists side by side. Different keys are combined in all ways.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Sweep {}

impl JsonSchema for Sweep {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Sweep".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": {
            "type": ["array", "object"], "description": "The values of the key with this dotted path." } })
    }
}

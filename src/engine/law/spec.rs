//! Laws as people write them: a constant, or one form such as `exponential.mean = "10ms"`.
//!
//! Laws are told by what people know of them, a mean and a coefficient of variation, or by the parameters of
//! papers; both become the same law, and what no law can have (a mean outside its bounds, an infinite mean
//! where one is needed) is refused with the key that is wrong. Forms are derived types, so that the schema and
//! the list of laws follow.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::Law;
use crate::engine::column::Column;
use crate::engine::quantity::{Count, Factor, Number, Positive, Quantity, Reader};

/// How a law of quantities `Q` is written; [`LawSpec::law`] is the law itself.
#[derive(Clone, Debug, PartialEq)]
pub enum LawSpec<Q> {
    /// Always this value.
    Constant(Q),
    /// One of the forms.
    Form(Form<Q>),
}

/// The forms of a law.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", bound = "Q: Quantity + Deserialize<'de>")]
#[schemars(rename = "Law-of-{Q}", bound = "Q: JsonSchema")]
pub enum Form<Q> {
    /// Exponential with this mean.
    Exponential(Exponential<Q>),
    /// Uniform between two values.
    Uniform(Uniform<Q>),
    /// Lognormal from its own mean and coefficient of variation.
    Lognormal(MeanCv<Q>),
    /// Gamma from its mean and coefficient of variation.
    Gamma(MeanCv<Q>),
    /// Weibull: scale x Exp(1)^(1/shape).
    Weibull(Weibull<Q>),
    /// Pareto: P(X > x) = (min/x)^shape.
    Pareto(Pareto<Q>),
    /// Pareto conditioned to stay below a largest value.
    BoundedPareto(BoundedPareto<Q>),
    /// Two exponential phases with balanced means, from the mean and coefficient of variation.
    Hyperexponential(Hyperexponential<Q>),
    /// Sum of equal exponential phases.
    Erlang(Erlang<Q>),
    /// Normal, redrawn while below `min`.
    Normal(Normal<Q>),
    /// One of some values, with weights.
    Discrete(Discrete<Q>),
    /// Trials up to the first success: 1, 2, ...
    Geometric(Geometric),
    /// 1 to n with probabilities proportional to k^-exponent.
    Zipf(Zipf),
    /// The values of a column of a csv file, each equally likely.
    Empirical(Empirical),
}

/// How each form is written, `exponential` as `exponential.mean = ...`: read off the schema.
static FORMS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let schema = schema_for!(Form<Number>).to_value();
    let forms = schema["oneOf"].as_array().into_iter().flatten();
    let named = forms.filter_map(|form| form["properties"].as_object()?.iter().next());
    named
        .map(|(name, form)| (name.clone(), written(name, form)))
        .collect()
});

/// A form as one would type it: a dotted key where it has one parameter, else a table.
fn written(name: &str, form: &Value) -> String {
    let keys = form["properties"].as_object().into_iter().flatten();
    let keys: Vec<String> = keys
        .map(|(key, value)| match value["type"].as_str() {
            Some("array") => format!("{key} = [...]"),
            Some("string") => format!("{key} = \"...\""),
            _ => format!("{key} = ..."),
        })
        .collect();
    match &keys[..] {
        [key] => format!("{name}.{key}"),
        keys => format!("{name} = {{ {} }}", keys.join(", ")),
    }
}

/// How the form called `name` is written, its parameters as `...`; nothing if there is no such form.
pub fn form(name: &str) -> Option<&'static str> {
    let known = FORMS.iter().find(|(form, _)| form == name);
    known.map(|(_, written)| written.as_str())
}

/// Defines the tables of the forms.
macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", bound = "Q: Quantity + Deserialize<'de>")]
        #[schemars(rename = "{Q}-", bound = "Q: JsonSchema", inline)]
        pub struct $name<Q> { $($(#[$field_doc])* pub $field: $type,)* }
    )* };
}

forms! {
    /// Exponential.
    Exponential {
        /// Mean.
        mean: Q,
    }
    /// Uniform.
    Uniform {
        /// Smallest value.
        low: Q,
        /// Largest value.
        high: Q,
    }
    /// By mean and coefficient of variation.
    MeanCv {
        /// Mean.
        mean: Q,
        /// Coefficient of variation: standard deviation / mean.
        cv: Positive,
    }
    /// Weibull.
    Weibull {
        /// Shape; below 1 the tail is heavier than exponential.
        shape: Positive,
        /// Scale.
        scale: Q,
    }
    /// Pareto.
    Pareto {
        /// Tail index: no mean up to 1, no variance up to 2.
        shape: Positive,
        /// Smallest value.
        min: Q,
    }
    /// Bounded Pareto.
    BoundedPareto {
        /// Tail index.
        shape: Positive,
        /// Smallest value.
        min: Q,
        /// Largest value.
        max: Q,
    }
    /// Hyperexponential.
    Hyperexponential {
        /// Mean.
        mean: Q,
        /// Coefficient of variation, at least 1.
        cv: Factor,
    }
    /// Erlang.
    Erlang {
        /// Number of phases.
        phases: Count,
        /// Mean of the whole.
        mean: Q,
    }
    /// Normal, redrawn below `min`.
    Normal {
        /// Mean before redrawing.
        mean: Q,
        /// Standard deviation before redrawing.
        sd: Q,
        /// Smallest value.
        min: Q,
    }
    /// Discrete.
    Discrete {
        /// Values.
        values: Vec<Q>,
        /// Their weights, as many as values.
        weights: Vec<Number>,
    }
}

/// Geometric.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Geometric {
    /// Mean, at least 1.
    pub mean: Factor,
}

/// Zipf.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Zipf {
    /// Largest value.
    pub n: Count,
    /// Exponent.
    pub exponent: Number,
}

/// Empirical.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Empirical {
    /// Path of a file of delimited text, from the scenario's folder.
    pub file: String,
    /// Name of the column; or its number, from 1, if the first line does not name them.
    pub column: Column,
}

/// Why a spec is of no law.
#[derive(Clone, Debug, PartialEq)]
pub struct NoLaw {
    /// The key below the law's own path, such as `uniform.high`.
    pub key: &'static str,
    /// What is wrong, and in further lines what to do.
    pub message: String,
}

/// Reads a column of numbers of another file, or says why it cannot.
pub type ReadColumn<'a> = &'a dyn Fn(&Path, &Column) -> Result<Arc<[f64]>, NoLaw>;

impl<Q: Quantity> LawSpec<Q> {
    /// The law.
    ///
    /// # Errors
    /// Says which key contradicts another, or why a file cannot be read.
    pub fn law(&self, column: ReadColumn<'_>) -> Result<Law, NoLaw> {
        match self {
            LawSpec::Constant(value) => Ok(Law::Constant(value.value())),
            LawSpec::Form(form) => form.check().and_then(|()| form.law(column)),
        }
    }

    /// Always `value`.
    pub fn constant(value: f64) -> LawSpec<Q> {
        LawSpec::Constant(Q::of(value))
    }
}

impl<Q: Quantity> Form<Q> {
    /// Whether the parameters agree with each other; each alone was checked when it was read.
    fn check(&self) -> Result<(), NoLaw> {
        let wrong = |key, message: &str| {
            let message = message.to_owned();
            Err(NoLaw { key, message })
        };
        let above_0 = |key, value: Q| match value.value() {
            0.0 => wrong(key, "0 is out of range\nit must be above 0"),
            _ => Ok(()),
        };
        match self {
            Form::Lognormal(law) => above_0("lognormal.mean", law.mean),
            Form::Uniform(law) if law.high.value() < law.low.value() => {
                wrong("uniform.high", "`high` is below `low`\nswap the two")
            }
            Form::BoundedPareto(law) if law.max.value() <= law.min.value() => {
                above_0("bounded-pareto.min", law.min)?;
                let said = "`max` is not above `min`\na bounded law needs min < max";
                wrong("bounded-pareto.max", said)
            }
            Form::BoundedPareto(law) => above_0("bounded-pareto.min", law.min),
            Form::Erlang(law) if law.phases.get() > 10_000 => {
                let said = "more than 10,000 phases\nwrite gamma with cv = 1/sqrt(phases)";
                wrong("erlang.phases", said)
            }
            Form::Normal(law) => law.check().or_else(|said| wrong("normal.min", said)),
            Form::Discrete(law) => law.check(),
            Form::Zipf(law) if law.n.get() > 1_000_000 => {
                let said = "`n` is above 1,000,000\nwrite a smaller one, or a pareto law";
                wrong("zipf.n", said)
            }
            _ => Ok(()),
        }
    }

    fn law(&self, column: ReadColumn<'_>) -> Result<Law, NoLaw> {
        Ok(match self {
            Form::Exponential(law) => Law::Exponential {
                mean: law.mean.value(),
            },
            Form::Uniform(law) => Law::Uniform {
                low: law.low.value(),
                high: law.high.value(),
            },
            Form::Lognormal(law) => Law::lognormal(law.mean.value(), law.cv.0),
            Form::Gamma(law) => Law::gamma(law.mean.value(), law.cv.0),
            Form::Weibull(law) => Law::Weibull {
                shape: law.shape.0,
                scale: law.scale.value(),
            },
            Form::Pareto(law) => Law::Pareto {
                shape: law.shape.0,
                min: law.min.value(),
            },
            Form::BoundedPareto(law) => Law::BoundedPareto {
                shape: law.shape.0,
                min: law.min.value(),
                max: law.max.value(),
            },
            Form::Hyperexponential(law) => Law::hyperexponential(law.mean.value(), law.cv.0),
            Form::Erlang(law) => Law::Erlang {
                phases: law.phases.get() as u32,
                mean: law.mean.value(),
            },
            Form::Normal(law) if law.sd.value() == 0.0 => Law::Constant(law.mean.value()),
            Form::Normal(law) => Law::Normal {
                mean: law.mean.value(),
                sd: law.sd.value(),
                min: law.min.value(),
            },
            Form::Discrete(law) => law.law(),
            Form::Geometric(law) if law.mean.0 == 1.0 => Law::Constant(1.0),
            Form::Geometric(law) => Law::Geometric { mean: law.mean.0 },
            Form::Zipf(law) => Law::zipf(law.n.get() as u32, law.exponent.0),
            Form::Empirical(law) => law.law::<Q>(column)?,
        })
    }
}

impl<Q: Quantity> Normal<Q> {
    fn check(&self) -> Result<(), &'static str> {
        let (mean, sd, min) = (self.mean.value(), self.sd.value(), self.min.value());
        if sd == 0.0 && mean < min {
            return Err("`min` is above every value\nlower it, or raise `mean` or `sd`");
        }
        if sd > 0.0 && min > mean + 4.0 * sd {
            return Err(
                "`min` lies more than 4 `sd` above `mean`\nalmost every draw would be repeated",
            );
        }
        Ok(())
    }
}

impl<Q: Quantity> Discrete<Q> {
    fn law(&self) -> Law {
        let values: Vec<f64> = self.values.iter().map(|value| value.value()).collect();
        let weights: Vec<f64> = self.weights.iter().map(|weight| weight.0).collect();
        Law::discrete(&values, &weights)
    }

    fn check(&self) -> Result<(), NoLaw> {
        let (values, weights) = (self.values.len(), self.weights.len());
        let (key, message) = if values == 0 {
            (
                "discrete.values",
                "there is no value\nwrite at least one".to_owned(),
            )
        } else if values != weights {
            let said = format!("{weights} weights for {values} values\nwrite one weight a value");
            ("discrete.weights", said)
        } else if self.weights.iter().all(|weight| weight.0 == 0.0) {
            let said = "all weights are 0\nat least one must be above 0";
            ("discrete.weights", said.to_owned())
        } else {
            return Ok(());
        };
        Err(NoLaw { key, message })
    }
}

impl Empirical {
    fn law<Q: Quantity>(&self, column: ReadColumn<'_>) -> Result<Law, NoLaw> {
        let values = column(Path::new(&self.file), &self.column)?;
        for value in values.iter() {
            Q::new(*value).map_err(|said| NoLaw {
                key: "empirical.column",
                message: format!("in {}: {said}", self.file),
            })?;
        }
        Ok(Law::empirical(&values))
    }
}

struct SpecReader<Q>(PhantomData<Q>);

impl<'de, Q: Quantity + Deserialize<'de>> Visitor<'de> for SpecReader<Q> {
    type Value = LawSpec<Q>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let example = match Q::DOMAIN.unit {
            "seconds" => "{ exponential.mean = \"10ms\" }",
            _ => "{ uniform = { low = 1, high = 10 } }",
        };
        write!(f, "{}, or a law such as {example}", Q::DOMAIN.what)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<LawSpec<Q>, E> {
        Reader(PhantomData).visit_i64(value).map(LawSpec::Constant)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<LawSpec<Q>, E> {
        Reader(PhantomData).visit_f64(value).map(LawSpec::Constant)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<LawSpec<Q>, E> {
        match form(text) {
            Some(written) => Err(E::custom(format!(
                "the law `{text}` needs its parameters\nwrite {written}"
            ))),
            None => Reader(PhantomData).visit_str(text).map(LawSpec::Constant),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LawSpec<Q>, A::Error> {
        let form = Form::deserialize(MapAccessDeserializer::new(&mut map))?;
        match map.next_key::<String>()? {
            None => Ok(LawSpec::Form(form)),
            Some(other) => {
                map.next_value::<IgnoredAny>()?;
                Err(de::Error::custom(format!(
                    "`{other}` stands beside a law\nwrite one law only"
                )))
            }
        }
    }
}

impl<'de, Q: Quantity + Deserialize<'de>> Deserialize<'de> for LawSpec<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LawSpec<Q>, D::Error> {
        deserializer.deserialize_any(SpecReader(PhantomData))
    }
}

impl<Q: Quantity + Serialize> Serialize for LawSpec<Q> {
    /// Constants only: what defaults are.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            LawSpec::Constant(value) => value.serialize(serializer),
            LawSpec::Form(_) => serializer.serialize_unit(),
        }
    }
}

impl<Q: Quantity + JsonSchema> JsonSchema for LawSpec<Q> {
    fn schema_name() -> Cow<'static, str> {
        format!("Dist-of-{}", Q::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let constant = generator.subschema_for::<Q>();
        let form = generator.subschema_for::<Form<Q>>();
        json_schema!({ "description": "a constant or one law", "anyOf": [constant, form] })
    }
}

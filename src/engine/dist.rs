//! Probability laws as people write them: a constant, or one form such as `exponential.mean = "10ms"`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::law::Law;
use super::quantity::{Count, Factor, Kind, Number, Positive, Quantity, Reader};

/// A law whose values are quantities of kind `Q`.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist<Q> {
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

/// Names of the forms.
const FORMS: [&str; 14] = [
    "exponential",
    "uniform",
    "lognormal",
    "gamma",
    "weibull",
    "pareto",
    "bounded-pareto",
    "hyperexponential",
    "erlang",
    "normal",
    "discrete",
    "geometric",
    "zipf",
    "empirical",
];

/// True if `name` is the name of a law's form.
pub fn is_form(name: &str) -> bool {
    FORMS.contains(&name)
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
    /// Path of a csv file with a header, from the scenario's folder.
    pub file: String,
    /// Name of the column.
    pub column: String,
}

/// Why a form is no law.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The key below the law's own path, such as `uniform.high`.
    pub key: String,
    /// What is wrong, and in further lines what to do.
    pub message: String,
}

/// Reads a column of numbers of another file, or says why it cannot.
pub type ReadColumn<'a> = &'a dyn Fn(&Path, &str) -> Result<Arc<[f64]>, Fault>;

impl<Q: Quantity> Dist<Q> {
    /// The law.
    ///
    /// # Errors
    /// Says which key contradicts another, or why a file cannot be read.
    pub fn law(&self, column: ReadColumn<'_>) -> Result<Law, Fault> {
        match self {
            Dist::Constant(value) => Ok(Law::Constant(value.value())),
            Dist::Form(form) => form.law(column),
        }
    }

    /// Always `value`.
    pub fn constant(value: f64) -> Dist<Q> {
        Dist::Constant(Q::of(value))
    }
}

impl<Q: Quantity> Form<Q> {
    fn law(&self, column: ReadColumn<'_>) -> Result<Law, Fault> {
        Ok(match self {
            Form::Exponential(law) => Law::Exponential {
                mean: law.mean.value(),
            },
            Form::Uniform(law) => law.law()?,
            Form::Lognormal(law) if law.mean.value() > 0.0 => {
                Law::lognormal(law.mean.value(), law.cv.0)
            }
            Form::Lognormal(_) => return Err(zero("lognormal.mean")),
            Form::Gamma(law) => Law::gamma(law.mean.value(), law.cv.0),
            Form::Weibull(law) => Law::Weibull {
                shape: law.shape.0,
                scale: law.scale.value(),
            },
            Form::Pareto(law) => Law::Pareto {
                shape: law.shape.0,
                min: law.min.value(),
            },
            Form::BoundedPareto(law) => law.law()?,
            Form::Hyperexponential(law) => Law::hyperexponential(law.mean.value(), law.cv.0),
            Form::Erlang(law) => law.law()?,
            Form::Normal(law) => law.law()?,
            Form::Discrete(law) => law.law()?,
            Form::Geometric(law) if law.mean.0 == 1.0 => Law::Constant(1.0),
            Form::Geometric(law) => Law::Geometric { mean: law.mean.0 },
            Form::Zipf(law) => law.law()?,
            Form::Empirical(law) => law.law::<Q>(column)?,
        })
    }
}

fn fault(key: &str, message: impl Into<String>) -> Fault {
    Fault {
        key: key.to_owned(),
        message: message.into(),
    }
}

fn zero(key: &str) -> Fault {
    fault(key, "0 is out of range\nit must be above 0")
}

impl<Q: Quantity> Uniform<Q> {
    fn law(&self) -> Result<Law, Fault> {
        let (low, high) = (self.low.value(), self.high.value());
        if high < low {
            return Err(fault("uniform.high", "`high` is below `low`\nswap the two"));
        }
        Ok(Law::Uniform { low, high })
    }
}

impl<Q: Quantity> BoundedPareto<Q> {
    fn law(&self) -> Result<Law, Fault> {
        let (min, max) = (self.min.value(), self.max.value());
        if min <= 0.0 {
            return Err(zero("bounded-pareto.min"));
        }
        if max <= min {
            return Err(fault(
                "bounded-pareto.max",
                "`max` is not above `min`\na bounded law needs min < max",
            ));
        }
        Ok(Law::BoundedPareto {
            shape: self.shape.0,
            min,
            max,
        })
    }
}

impl<Q: Quantity> Erlang<Q> {
    fn law(&self) -> Result<Law, Fault> {
        match self.phases.get() {
            phases @ 1..=10_000 => Ok(Law::Erlang {
                phases: phases as u32,
                mean: self.mean.value(),
            }),
            _ => Err(fault(
                "erlang.phases",
                "more than 10,000 phases\nwrite gamma with cv = 1/sqrt(phases)",
            )),
        }
    }
}

impl<Q: Quantity> Normal<Q> {
    fn law(&self) -> Result<Law, Fault> {
        let (mean, sd, min) = (self.mean.value(), self.sd.value(), self.min.value());
        if sd == 0.0 && mean < min {
            return Err(fault(
                "normal.min",
                "`min` is above every value\nlower it, or raise `mean` or `sd`",
            ));
        }
        if sd == 0.0 {
            return Ok(Law::Constant(mean));
        }
        if min > mean + 4.0 * sd {
            return Err(fault(
                "normal.min",
                "`min` lies more than 4 `sd` above `mean`\nalmost every draw would be repeated",
            ));
        }
        Ok(Law::Normal { mean, sd, min })
    }
}

impl<Q: Quantity> Discrete<Q> {
    fn law(&self) -> Result<Law, Fault> {
        let values: Vec<f64> = self.values.iter().map(|value| value.value()).collect();
        let weights: Vec<f64> = self.weights.iter().map(|weight| weight.0).collect();
        if values.is_empty() {
            return Err(fault(
                "discrete.values",
                "there is no value\nwrite at least one",
            ));
        }
        if values.len() != weights.len() {
            let said = format!(
                "{} weights for {} values\nwrite one weight a value",
                weights.len(),
                values.len()
            );
            return Err(fault("discrete.weights", said));
        }
        if weights.iter().sum::<f64>() <= 0.0 {
            return Err(fault(
                "discrete.weights",
                "all weights are 0\nat least one must be above 0",
            ));
        }
        Ok(Law::discrete(&values, &weights))
    }
}

impl Zipf {
    fn law(&self) -> Result<Law, Fault> {
        match self.n.get() {
            n @ 1..=1_000_000 => Ok(Law::zipf(n as u32, self.exponent.0)),
            _ => Err(fault(
                "zipf.n",
                "`n` is above 1,000,000\nwrite a smaller one, or a pareto law",
            )),
        }
    }
}

impl Empirical {
    fn law<Q: Quantity>(&self, column: ReadColumn<'_>) -> Result<Law, Fault> {
        let values = column(Path::new(&self.file), &self.column)?;
        for value in values.iter() {
            Q::new(*value)
                .map_err(|said| fault("empirical.column", format!("in {}: {said}", self.file)))?;
        }
        Ok(Law::empirical(&values))
    }
}

impl Law {
    /// The law of `factor` times its values.
    pub fn scaled(&self, factor: f64) -> Law {
        match self.clone() {
            Law::Constant(value) => Law::Constant(value * factor),
            Law::Exponential { mean } => Law::Exponential {
                mean: mean * factor,
            },
            Law::Uniform { low, high } => Law::Uniform {
                low: low * factor,
                high: high * factor,
            },
            Law::Lognormal { mu, sigma } => Law::Lognormal {
                mu: mu + libm::log(factor),
                sigma,
            },
            Law::Gamma { shape, scale } => Law::Gamma {
                shape,
                scale: scale * factor,
            },
            Law::Weibull { shape, scale } => Law::Weibull {
                shape,
                scale: scale * factor,
            },
            Law::Pareto { shape, min } => Law::Pareto {
                shape,
                min: min * factor,
            },
            Law::BoundedPareto { shape, min, max } => Law::BoundedPareto {
                shape,
                min: min * factor,
                max: max * factor,
            },
            Law::Hyperexponential { p, first, second } => Law::Hyperexponential {
                p,
                first: first * factor,
                second: second * factor,
            },
            Law::Erlang { phases, mean } => Law::Erlang {
                phases,
                mean: mean * factor,
            },
            Law::Normal { mean, sd, min } => Law::Normal {
                mean: mean * factor,
                sd: sd * factor,
                min: min * factor,
            },
            Law::Discrete { values, cumulative } => Law::Discrete {
                values: values.iter().map(|value| value * factor).collect(),
                cumulative,
            },
            Law::Geometric { mean } => geometric_values(mean, factor),
        }
    }
}

/// Factor times a geometric law, cut where fewer than 1e-12 of the draws lie.
fn geometric_values(mean: f64, factor: f64) -> Law {
    let stay = 1.0 - 1.0 / mean;
    let count = (libm::ceil(libm::log(1e-12) / libm::log(stay)) as u32).clamp(1, 1_000_000);
    let values: Vec<f64> = (1..=count).map(|k| f64::from(k) * factor).collect();
    let weights: Vec<f64> = (0..count).map(|k| libm::pow(stay, f64::from(k))).collect();
    Law::discrete(&values, &weights)
}

struct DistReader<Q>(PhantomData<Q>);

impl<'de, Q: Quantity + Deserialize<'de>> Visitor<'de> for DistReader<Q> {
    type Value = Dist<Q>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, or a law such as {}",
            Q::KIND.what,
            example(&Q::KIND)
        )
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Dist<Q>, E> {
        Reader(PhantomData).visit_i64(value).map(Dist::Constant)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Dist<Q>, E> {
        Reader(PhantomData).visit_f64(value).map(Dist::Constant)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Dist<Q>, E> {
        if is_form(text) {
            return Err(E::custom(format!(
                "the law `{text}` needs its parameters\nwrite {}",
                parameters(text)
            )));
        }
        Reader(PhantomData).visit_str(text).map(Dist::Constant)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dist<Q>, A::Error> {
        let form = Form::deserialize(MapAccessDeserializer::new(&mut map))?;
        match map.next_key::<String>()? {
            None => Ok(Dist::Form(form)),
            Some(other) => {
                map.next_value::<IgnoredAny>()?;
                Err(de::Error::custom(format!(
                    "`{other}` stands beside a law\nwrite one law only"
                )))
            }
        }
    }
}

fn example(kind: &Kind) -> &'static str {
    if kind.unit == "seconds" {
        "{ exponential.mean = \"10ms\" }"
    } else {
        "{ uniform = { low = 1, high = 10 } }"
    }
}

/// The parameters of a form, as the scenario writes them.
pub fn parameters(form: &str) -> &'static str {
    match form {
        "exponential" => "exponential.mean = ...",
        "uniform" => "uniform = { low = ..., high = ... }",
        "lognormal" => "lognormal = { mean = ..., cv = ... }",
        "gamma" => "gamma = { mean = ..., cv = ... }",
        "weibull" => "weibull = { shape = ..., scale = ... }",
        "pareto" => "pareto = { shape = ..., min = ... }",
        "bounded-pareto" => "bounded-pareto = { shape = ..., min = ..., max = ... }",
        "hyperexponential" => "hyperexponential = { mean = ..., cv = ... }",
        "erlang" => "erlang = { phases = ..., mean = ... }",
        "normal" => "normal = { mean = ..., sd = ..., min = ... }",
        "discrete" => "discrete = { values = [...], weights = [...] }",
        "geometric" => "geometric.mean = ...",
        "zipf" => "zipf = { n = ..., exponent = ... }",
        _ => "empirical = { file = \"...\", column = \"...\" }",
    }
}

impl<'de, Q: Quantity + Deserialize<'de>> Deserialize<'de> for Dist<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Dist<Q>, D::Error> {
        deserializer.deserialize_any(DistReader(PhantomData))
    }
}

impl<Q: Quantity + Serialize> Serialize for Dist<Q> {
    /// Constants only: what defaults are.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Dist::Constant(value) => value.serialize(serializer),
            Dist::Form(_) => serializer.serialize_unit(),
        }
    }
}

impl<Q: Quantity + JsonSchema> JsonSchema for Dist<Q> {
    fn schema_name() -> Cow<'static, str> {
        format!("Dist-of-{}", Q::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let constant = generator.subschema_for::<Q>();
        let form = generator.subschema_for::<Form<Q>>();
        json_schema!({ "description": "a constant or one law", "anyOf": [constant, form] })
    }
}

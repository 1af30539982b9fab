//! Arithmetic over named numbers, as a scenario spells it: read once, evaluated without allocating.
//!
//! Only + - * /, comparisons, `&&`, `||`, `!`, `min` and `max`, which give the same bits everywhere. Compiled
//! to postfix.
//!
//! Functions such as `exp` or `pow` are left out on purpose: they differ in the last bit between machines, and
//! one other bit in a score is another decision.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// See the module; names are those of `N`.
#[derive(Clone, PartialEq)]
pub struct Expression<N> {
    text: String,
    code: Vec<Step<N>>,
}

/// Names of numbers.
pub trait Names: Copy + 'static {
    /// Each as it is written.
    const ALL: &'static [(&'static str, Self)];
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step<N> {
    Number(f64),
    Name(N),
    Negate,
    Not,
    Two(Operator),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
    And,
    Or,
    Min,
    Max,
}

/// Operators by how tightly they bind, the loosest first; of two with a common beginning the longer
/// first.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<", Operator::Less),
        (">", Operator::More),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

impl Operator {
    fn apply(self, a: f64, b: f64) -> f64 {
        let truth = |is: bool| f64::from(u8::from(is));
        match self {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            Operator::Divide => a / b,
            Operator::Less => truth(a < b),
            Operator::AtMost => truth(a <= b),
            Operator::More => truth(a > b),
            Operator::AtLeast => truth(a >= b),
            Operator::Equal => truth(a == b),
            Operator::Unequal => truth(a != b),
            Operator::And => truth(a != 0.0 && b != 0.0),
            Operator::Or => truth(a != 0.0 || b != 0.0),
            Operator::Min => a.min(b),
            Operator::Max => a.max(b),
        }
    }
}

/// Numbers that wait for their operator at most, and brackets within one another.
const DEEPEST: usize = 32;

impl<N: Names> Expression<N> {
    /// Reads one.
    ///
    /// # Errors
    /// Says what is wrong and at which column.
    pub fn read(text: &str) -> Result<Expression<N>, String> {
        let mut reader = Reader {
            text,
            at: 0,
            nesting: 0,
            code: Vec::new(),
        };
        reader.level(0)?;
        if reader.rest().is_empty() {
            let code = reader.code;
            return check_depth(text, code);
        }
        Err(reader.wrong("an operator"))
    }

    /// The number of this name.
    pub fn name(name: N) -> Expression<N> {
        Expression {
            text: String::new(),
            code: vec![Step::Name(name)],
        }
    }

    /// Its value, where a name has the value that `of` gives.
    pub fn value(&self, of: impl Fn(N) -> f64) -> f64 {
        let (mut stack, mut depth) = ([0.0; DEEPEST + 1], 0);
        for step in &self.code {
            match *step {
                Step::Number(number) => stack[depth] = number,
                Step::Name(name) => stack[depth] = of(name),
                Step::Negate => stack[depth - 1] = -stack[depth - 1],
                Step::Not => stack[depth - 1] = f64::from(u8::from(stack[depth - 1] == 0.0)),
                Step::Two(operator) => {
                    depth -= 1;
                    stack[depth - 1] = operator.apply(stack[depth - 1], stack[depth]);
                }
            }
            depth += usize::from(matches!(step, Step::Number(_) | Step::Name(_)));
        }
        stack[0]
    }
}

/// What waits for its operator must find room.
fn check_depth<N>(text: &str, code: Vec<Step<N>>) -> Result<Expression<N>, String> {
    let (mut depth, mut deepest) = (0, 0);
    for step in &code {
        match step {
            Step::Number(_) | Step::Name(_) => depth += 1,
            Step::Two(_) => depth -= 1,
            Step::Negate | Step::Not => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEEPEST {
        return Err(TOO_DEEP.to_owned());
    }
    let text = text.to_owned();
    Ok(Expression { text, code })
}

const TOO_DEEP: &str = "the expression is nested too deeply\nwrite it with fewer brackets";

/// Reads by descending from the loosest operators to the tightest.
struct Reader<'t, N> {
    text: &'t str,
    at: usize,
    nesting: usize,
    code: Vec<Step<N>>,
}

impl<N: Names> Reader<'_, N> {
    /// What is to be read, without the blanks before it.
    fn rest(&mut self) -> &str {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        &self.text[self.at..]
    }

    fn take(&mut self, token: &str) -> bool {
        let is_there = self.rest().starts_with(token);
        self.at += if is_there { token.len() } else { 0 };
        is_there
    }

    fn expect(&mut self, token: &'static str) -> Result<(), String> {
        if self.take(token) {
            return Ok(());
        }
        Err(self.wrong(&format!("`{token}`")))
    }

    /// Something else should stand here.
    fn wrong(&mut self, wanted: &str) -> String {
        let found = match self.rest().chars().next() {
            Some(letter) => format!("not `{letter}`"),
            None => "not its end".to_owned(),
        };
        let column = self.text[..self.at].chars().count() + 1;
        format!(
            "column {column} of the expression should be {wanted}, {found}\nin {:?}",
            self.text
        )
    }

    /// Operands of one level and those between them, from left to right.
    fn level(&mut self, level: usize) -> Result<(), String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.operand();
        };
        self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(token, _)| self.take(token)) {
            self.level(level + 1)?;
            self.code.push(Step::Two(*operator));
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<(), String> {
        self.nesting += 1;
        if self.nesting > DEEPEST {
            return Err(TOO_DEEP.to_owned());
        }
        if self.take("-") {
            self.operand()?;
            self.code.push(Step::Negate);
        } else if self.take("!") {
            self.operand()?;
            self.code.push(Step::Not);
        } else if self.take("(") {
            self.level(0)?;
            self.expect(")")?;
        } else {
            self.simple()?;
        }
        self.nesting -= 1;
        Ok(())
    }

    /// A number, a name, or the lesser or larger of two.
    fn simple(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let is_of_word = |letter: &char| letter.is_ascii_alphanumeric() || "_.".contains(*letter);
        let word: String = rest.chars().take_while(is_of_word).collect();
        if word.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') {
            let number = word.parse().ok().filter(|number: &f64| number.is_finite());
            let number = number.ok_or_else(|| self.wrong("a number"))?;
            self.at += word.len();
            self.code.push(Step::Number(number));
            return Ok(());
        }
        let known = N::ALL.iter().find(|(name, _)| *name == word);
        let both = [("min", Operator::Min), ("max", Operator::Max)];
        if let Some((_, operator)) = both.iter().find(|(name, _)| *name == word) {
            self.at += word.len();
            return self.call(*operator);
        }
        let Some((_, name)) = known else {
            return Err(self.unknown(&word));
        };
        self.at += word.len();
        self.code.push(Step::Name(*name));
        Ok(())
    }

    fn unknown(&mut self, word: &str) -> String {
        if word.is_empty() {
            return self.wrong("a number, a name or `(`");
        }
        let names: Vec<String> = N::ALL.iter().map(|(name, _)| format!("`{name}`")).collect();
        let column = self.text[..self.at].chars().count() + 1;
        let names = names.join(", ");
        format!(
            "column {column} of the expression: `{word}` is not known\nknown are {names}, `min(a, b)` and `max(a, b)`"
        )
    }

    fn call(&mut self, operator: Operator) -> Result<(), String> {
        self.expect("(")?;
        self.level(0)?;
        self.expect(",")?;
        self.level(0)?;
        self.expect(")")?;
        self.code.push(Step::Two(operator));
        Ok(())
    }
}

impl<N> fmt::Debug for Expression<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

struct Text<N>(std::marker::PhantomData<N>);

impl<N: Names> Visitor<'_> for Text<N> {
    type Value = Expression<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an expression such as \"(work + task_work) / speed\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Expression<N>, E> {
        Expression::read(text).map_err(E::custom)
    }
}

impl<'de, N: Names> Deserialize<'de> for Expression<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Expression<N>, D::Error> {
        deserializer.deserialize_any(Text(std::marker::PhantomData))
    }
}

impl<N> JsonSchema for Expression<N> {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Numbers and names with + - * / < <= > >= == != && || ! ( ), min(a, b) and max(a, b)."
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Letter {
        A,
        B,
    }

    impl Names for Letter {
        const ALL: &'static [(&'static str, Letter)] = &[("a", Letter::A), ("b_c", Letter::B)];
    }

    fn value(text: &str) -> f64 {
        let of = |letter| match letter {
            Letter::A => 3.0,
            Letter::B => -2.0,
        };
        Expression::read(text).unwrap().value(of)
    }

    #[test]
    fn expressions_have_their_values() {
        for (text, expected) in [
            ("1", 1.0),
            ("a - b_c - 1", 4.0),
            ("2 + 3*a", 11.0),
            ("(2 + 3) * a", 15.0),
            ("12 / 2 / 3", 2.0),
            ("-a * -b_c", -6.0),
            ("min(a, max(b_c, 1.5))", 1.5),
            ("a > 2 && b_c < 0", 1.0),
            ("a <= 2 || !(a == 3)", 0.0),
            ("a != 3", 0.0),
            ("1 < 2 == 1", 1.0),
            ("1 + (a >= 3) * 10", 11.0),
            ("!0 + !a", 1.0),
            (".5+1e1", 10.5),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
        assert!(value("0 / 0").is_nan() && value("1 / 0") == f64::INFINITY);
    }

    #[test]
    fn mistakes_are_told_with_their_column() {
        let wrong = |text: &str| Expression::<Letter>::read(text).unwrap_err();
        let first = |text: &str| wrong(text).lines().next().unwrap_or_default().to_owned();
        assert_eq!(
            first("a + "),
            "column 5 of the expression should be a number, a name or `(`, not its end"
        );
        assert_eq!(
            first("(a + 1"),
            "column 7 of the expression should be `)`, not its end"
        );
        assert_eq!(
            first("a b_c"),
            "column 3 of the expression should be an operator, not `b`"
        );
        assert_eq!(
            wrong("a * tsks"),
            "column 5 of the expression: `tsks` is not known\nknown are `a`, `b_c`, `min(a, b)` and `max(a, b)`"
        );
        assert_eq!(
            first("é"),
            "column 1 of the expression should be a number, a name or `(`, not `é`"
        );
        assert_eq!(
            first("1.2.3"),
            "column 1 of the expression should be a number, not `1`"
        );
        let deep = "(".repeat(5000) + "1" + &")".repeat(5000);
        assert!(wrong(&deep).starts_with("the expression is nested"));
        let long = "1".to_owned() + &"+(1".repeat(31) + &")".repeat(31);
        assert!(Expression::<Letter>::read(&long).unwrap().value(|_| 0.0) == 32.0);
        assert!(Expression::<Letter>::read(&format!("1+({long})")).is_err());
    }
}

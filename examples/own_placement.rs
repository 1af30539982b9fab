//! A placement of one's own, with every command of equipoise:
//! `cargo run --example own_placement -- run scenarios/quickstart.toml --set strategies.two-choices.placement=two-by-delay`

use std::process::ExitCode;

use equipoise::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// Of two eligible nodes drawn at random, that with the smaller (tasks + 1) / (speed x slots).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoByDelay {}

impl Blueprint for TwoByDelay {
    fn build(&self, _: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        Ok(Box::new(Two))
    }
}

struct Two;

impl Placement for Two {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let count = ask.nodes.count();
        let mut draw = || (count > 0).then(|| ask.nodes.nth(rng.below(count)));
        let delay = |node: &NodeId| {
            view.probe(*node);
            Key::ExpectedDelay.of(*node, view)
        };
        [draw()?, draw()?].into_iter().min_by_key(delay)
    }
}

fn main() -> ExitCode {
    run_with(&Registry::standard().with::<TwoByDelay>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise::testing::contract::Contract;

    #[test]
    fn it_keeps_the_contract() -> Result<(), String> {
        Contract::of("two-by-delay", std::sync::Arc::new(TwoByDelay {})).check()
    }
}

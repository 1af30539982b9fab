//! Balancers and schedulers by name: what is printed of them runs.

use equipoise::scenario::{Files, preset, presets, read};

use crate::tool::{Place, unfolded};

const SMALL: &str = r#"
[run]
jobs = 200
replications = 2
[nodes.a]
count = 8
[nodes.b]
count = 4
speed = 2
slots = 2
[jobs.short]
arrivals.poisson.rate = 200
tasks = 3
work.exponential.mean = "10ms"
[jobs.long]
arrivals.poisson.rate = 10
work.exponential.mean = "200ms"
"#;

#[test]
fn what_is_shown_of_a_preset_runs_as_the_preset_does() {
    let names: Vec<&str> = presets().map(|(name, _)| name).collect();
    assert!(names.len() >= 13);
    let place = Place::new(SMALL);
    let listed = place.ok(&["list", "strategies"]);
    for name in names {
        assert!(listed.contains(&format!("{name}\n")), "{name}");
        let shown = place.ok(&["list", "strategies", "--show", name]);
        let words = |text: &str| unfolded(&text.replace('#', ""));
        assert_eq!(words(&shown), words(preset(name).unwrap()), "folded alone");
        let files = Files::new(std::path::Path::new("."), None);
        let setups = |text: String| {
            let scenario =
                read(&text, "s", &[], &files).unwrap_or_else(|report| panic!("{name}: {report}"));
            format!("{:?}", scenario.points[0].setups)
        };
        let taken = format!("{SMALL}\n[strategies.{name}]\npreset = \"{name}\"\n");
        assert_eq!(setups(format!("{SMALL}\n{shown}")), setups(taken), "{name}");
        std::fs::write(place.path("s.toml"), format!("{SMALL}\n{shown}")).unwrap();
        place.ok(&["run", "s.toml", "--out", name]);
    }
}

#[test]
fn what_a_preset_is_tells_source_and_version() {
    for (name, meaning) in presets() {
        assert!(
            meaning.contains("Left out"),
            "{name}: what does it leave out?"
        );
        assert!(
            meaning.chars().any(|c| c.is_ascii_digit()),
            "{name}: which version?"
        );
    }
}

#[test]
fn a_preset_may_be_changed() {
    let text = format!(
        "{SMALL}\n[scheduling]\ndispatchers = 4\n[strategies.x]\npreset = \"haproxy-random\"\nplacement.power-of-d.d = 3\n"
    );
    let files = Files::new(std::path::Path::new("."), None);
    let scenario = read(&text, "s", &[], &files).unwrap_or_else(|report| panic!("{report}"));
    let parts = &scenario.points[0].setups[0].strategy.parts[0];
    assert_eq!(parts.dispatchers, 4);
    let placement = format!("{:?}", parts.placement);
    assert!(
        placement.contains("d: 3") && placement.contains("Ring"),
        "{placement}"
    );
}

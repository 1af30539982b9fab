//! `equipoise completions` and `equipoise man`: what a shell and a reader of manual pages want, made
//! from the same arguments that the commands read.

use clap::{Args, Command};
use clap_complete::Shell;

use super::{Exit, print};

/// Arguments of `equipoise completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn execute(self, mut tool: Command) -> Result<(), Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut tool, "equipoise", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}

/// Arguments of `equipoise man`.
#[derive(Debug, Args)]
pub struct Man {
    /// A command; without it the page is of the tool.
    command: Option<String>,
}

impl Man {
    /// Prints the page in roff: `equipoise man run | man -l -`.
    pub fn execute(self, mut tool: Command) -> Result<(), Exit> {
        tool.build();
        let page = match &self.command {
            None => tool,
            Some(name) => {
                let found = tool.find_subcommand(name).cloned();
                let names = tool.get_subcommands().map(Command::get_name);
                let names: Vec<&str> = names.collect();
                let known = crate::text::quoted(&names);
                let unknown =
                    || format!("error: there is no command `{name}`\nhint: they are {known}");
                found.ok_or_else(|| Exit::Mistake(unknown()))?
            }
        };
        let mut roff = Vec::new();
        let written = clap_mangen::Man::new(page).render(&mut roff);
        written.map_err(|error| Exit::Fault(format!("error: cannot write the page: {error}")))?;
        print(&String::from_utf8_lossy(&roff))
    }
}

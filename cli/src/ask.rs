//! Asking the person at the terminal.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::Result;

use crate::{answer::Misused, ports::Ask};

/// `--yes` answers for the person.
#[derive(Debug)]
pub(crate) struct Terminal {
    pub(crate) yes: bool,
}

impl Ask for Terminal {
    fn confirm(&self, question: &str) -> Result<bool> {
        if self.yes {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Misused(format!(
                "{question} Standard input is not a terminal: pass --yes."
            ))
            .into());
        }
        let mut output = std::io::stderr().lock();
        write!(output, "{question} [y/N] ")?;
        output.flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

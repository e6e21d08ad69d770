//! Commands of an operator: `up`, `down`, `status`, `fresh` and `seed`, for the `main` of a program.

use std::fmt::Write as _;

use super::Database;
use crate::{Error, Result};

const USAGE: &str = "commands: up [n], down [n], status, fresh, seed";

impl Database {
    /// Does what the words of a command line say, on a runtime of its own, and says what was done:
    ///
    /// | words | what |
    /// |---|---|
    /// | `up`, `up 2` | applies what is pending, or the next two |
    /// | `down`, `down 2` | undoes the last migration, or the last two |
    /// | `status` | lists the migrations |
    /// | `fresh` | drops everything and applies all; not in production |
    /// | `seed` | runs the function of [`with_seed`](Self::with_seed) |
    ///
    /// ```no_run
    /// use cepa::orm::prelude::*;
    /// use cepa::prelude::*;
    ///
    /// fn main() -> Result<()> {
    ///     let database = Database::from_env();
    ///     let words: Vec<String> = std::env::args().skip(1).collect();
    ///     if words.first().is_some_and(|word| word == "db") {
    ///         print!("{}", database.command(&words[1..])?); // my-app db status
    ///         return Ok(());
    ///     }
    ///     Ok(App::new().plug(database).run("127.0.0.1:3000")?)
    /// }
    /// ```
    ///
    /// # Errors
    /// Words that are no command; what is done where it fails. Inside a runtime, where
    /// [`migrations`](Self::migrations) does the same.
    pub fn command(&self, words: impl IntoIterator<Item = impl AsRef<str>>) -> Result<String> {
        let words: Vec<String> = words.into_iter().map(|it| it.as_ref().to_owned()).collect();
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::internal(
                "`command` starts a runtime, and there is one: `database.migrations()?.up(None).await`",
            ));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        runtime.block_on(self.run_command(&words))
    }

    async fn run_command(&self, words: &[&str]) -> Result<String> {
        let number = |text: &str| {
            let number: Result<usize, _> = text.parse();
            number.map_err(|_| {
                Error::internal(format!("`{text}` is no number of migrations; {USAGE}"))
            })
        };
        match *words {
            ["up"] => told("applied", self.migrations()?.up(None).await?),
            ["up", n] => told("applied", self.migrations()?.up(Some(number(n)?)).await?),
            ["down"] => told("undone", self.migrations()?.down(1).await?),
            ["down", n] => told("undone", self.migrations()?.down(number(n)?).await?),
            ["fresh"] => told("applied", self.migrations()?.fresh().await?),
            ["status"] => {
                let mut text = String::new();
                for migration in self.migrations()?.status().await? {
                    let word = if migration.is_applied {
                        "applied"
                    } else {
                        "pending"
                    };
                    writeln!(text, "{word} {}", migration.name)?;
                }
                Ok(text)
            }
            ["seed"] => {
                self.seed().await?;
                Ok("seeded\n".to_owned())
            }
            _ => Err(Error::internal(format!(
                "`{}` is no command; {USAGE}",
                words.join(" ")
            ))),
        }
    }
}

fn told(word: &str, names: Vec<String>) -> Result<String> {
    if names.is_empty() {
        return Ok("nothing to do\n".to_owned());
    }
    let mut text = String::new();
    for name in names {
        writeln!(text, "{word} {name}")?;
    }
    Ok(text)
}

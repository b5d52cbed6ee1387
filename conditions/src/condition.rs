//! A condition that was read, and what it comes to.

use std::sync::{Arc, LazyLock};

use cel::common::ast::IdedExpr;
use cel::{Context, Env, Value};

use crate::check::{self, ParseError};
use crate::facts::{Facts, NAMES};
use crate::network;

/// The library of the language, the same for all.
static LIBRARY: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A condition.
#[derive(Debug)]
pub struct Condition {
    expression: IdedExpr,
    /// The names that it uses.
    names: Vec<&'static str>,
}

/// Why a condition comes to no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// Nothing is known of what it asks for.
    #[error("`{0}` is not known")]
    Missing(&'static str),
    /// A list has too many items.
    #[error("`{name}` has {items} items, and a condition looks at {most} at most", most = crate::ITEMS_MAX)]
    TooMany {
        /// Which fact.
        name: &'static str,
        /// How many it has.
        items: usize,
    },
    /// A text is too long.
    #[error("`{name}` has {bytes} bytes, and a condition looks at {most} at most", most = crate::TEXT_BYTES_MAX)]
    TooLong {
        /// Which fact.
        name: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// Evaluating it failed.
    #[error("{0}")]
    Failed(String),
}

impl Condition {
    /// Reads an expression as it stands in a policy file.
    ///
    /// # Errors
    /// When it is none, or has no bound, or a name or type is wrong.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        let expression = check::bounded(source)?;
        check::sample(&expression)?;
        let used = expression.references();
        let names = NAMES.iter().map(|(name, _)| *name).filter(|name| used.has_variable(name));
        Ok(Self { names: names.collect(), expression })
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// When it comes to no answer: never because of what else is known, and the same
    /// each time.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, Doubt> {
        let mut context = context();
        facts.tell(&mut context, |name| self.names.contains(&name))?;
        match Value::resolve(&self.expression, &context) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(Doubt::Failed(format!("it is {other:?}, not true or false"))),
            Err(error) => Err(match self.names.iter().find(|name| !facts.has(name)) {
                Some(missing) => Doubt::Missing(missing),
                None => Doubt::Failed(error.to_string()),
            }),
        }
    }
}

/// What an expression is evaluated in, without any fact.
pub(crate) fn context() -> Context<'static, 'static> {
    let mut context = Context::with_env(Arc::clone(&LIBRARY));
    // It can only fail for a name that the library has: expressions would be refused.
    let _ = context.add_function(network::NAME, network::in_network);
    context
}

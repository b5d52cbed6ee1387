//! What an expression must be like to be taken: bounded, and right in its names and types.

use cel::common::ast::{Expr, IdedExpr};
use cel::parser::PrattParser;
use cel::{ExecutionError, Value};

use crate::condition::context;
use crate::facts::{Fact, Facts, Kind, NAMES};
use crate::network;

/// The longest expression, in bytes.
pub const SOURCE_BYTES_MAX: usize = 2048;

/// How often an expression may go through a list (`all`, `exists`, `exists_one`).
pub const COMPREHENSIONS_MAX: usize = 4;

/// The deepest nesting of an expression: evaluating one recurses as deeply.
pub const NESTING_MAX: u16 = 32;

/// The most opening brackets of an expression, signs that negate (`!`, `-`), and choices
/// (`?`), those in quotes included: the parser goes deeper for each, and does not count
/// all of them.
pub const SIGNS_MAX: usize = 32;

/// The most parts of an expression.
pub const PARTS_MAX: usize = 256;

/// The functions and operators that an expression may use: those whose cost is that of
/// looking at their arguments once, and that make nothing longer than these.
const FUNCTIONS: [&str; 19] = [
    "_?_:_",
    "_&&_",
    "_||_",
    "!_",
    "_==_",
    "_!=_",
    "_>=_",
    "_<=_",
    "_>_",
    "_<_",
    "@in",
    "_[_]",
    "@not_strictly_false",
    "-_",
    "size",
    "startsWith",
    "endsWith",
    "contains",
    network::NAME,
];

/// What the macro `exists_one` counts with.
const COUNTING: &str = "_+_";

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Too long.
    #[error("a condition has at most {SOURCE_BYTES_MAX} bytes, and this one has {0}")]
    TooLong(usize),
    /// It may be too deep.
    #[error(
        "a condition has at most {SIGNS_MAX} of ( [ {{, of ! and -, and of ?, and nests {NESTING_MAX} deep"
    )]
    TooDeep,
    /// Too many words, numbers, operators and what a loop is made of.
    #[error("a condition has at most {PARTS_MAX} parts")]
    TooManyParts,
    /// No expression.
    #[error("this is no condition: {0}")]
    Syntax(String),
    /// A name that stands for nothing.
    #[error("a condition knows nothing called `{0}`")]
    UnknownName(String),
    /// A function that is not offered.
    #[error("a condition has no function or operator `{0}`")]
    UnknownFunction(String),
    /// A map or message, which nothing is compared with.
    #[error("a condition has lists in [ ], and nothing in {{ }}")]
    Braces,
    /// A field, which no fact has.
    #[error("nothing in a condition has a field `{0}`")]
    Field(String),
    /// A loop in a loop.
    #[error("`all`, `exists` and `exists_one` do not stand within each other")]
    Nested,
    /// Too many loops.
    #[error(
        "`all`, `exists` and `exists_one` stand {COMPREHENSIONS_MAX} times at most in a condition"
    )]
    Loops,
    /// A wrong type somewhere.
    #[error("a part of this condition cannot be evaluated: {0}")]
    Type(String),
    /// It is no question.
    #[error("a condition is true or false, and this is neither")]
    NoTruth,
}

/// An expression whose cost has a bound. The crate's other parser, which is the default,
/// takes the stack for some brackets before it looks at its limit.
pub(crate) fn bounded(source: &str) -> Result<IdedExpr, ParseError> {
    if source.len() > SOURCE_BYTES_MAX {
        return Err(ParseError::TooLong(source.len()));
    }
    let count = |signs: &[char]| source.matches(signs).count();
    if [&['(', '[', '{'][..], &['!', '-'], &['?']].iter().any(|signs| count(signs) > SIGNS_MAX) {
        return Err(ParseError::TooDeep);
    }
    let parser = PrattParser::new().max_recursion_depth(NESTING_MAX).enable_optional_syntax(false);
    let expression = parser.parse(source).map_err(|errors| {
        let first = errors.errors.first().map(|error| error.msg.clone());
        ParseError::Syntax(first.unwrap_or_else(|| errors.to_string()))
    })?;
    let mut bounds = Bounds { bound: Vec::new(), loops: 0, depth: 0, parts: 0 };
    bounds.check(&expression)?;
    Ok(expression)
}

struct Bounds<'e> {
    /// The names that loops around the place have made.
    bound: Vec<&'e str>,
    loops: usize,
    depth: u16,
    parts: usize,
}

impl<'e> Bounds<'e> {
    fn check(&mut self, expression: &'e IdedExpr) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(ParseError::TooDeep);
        }
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(ParseError::TooManyParts);
        }
        self.check_parts(expression)?;
        self.depth -= 1;
        Ok(())
    }

    fn check_parts(&mut self, expression: &'e IdedExpr) -> Result<(), ParseError> {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => {
                let known = NAMES.iter().any(|(known, _)| known == name)
                    || self.bound.contains(&name.as_str());
                if known { Ok(()) } else { Err(ParseError::UnknownName(name.clone())) }
            }
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                let counting = name == COUNTING && !self.bound.is_empty();
                if !FUNCTIONS.contains(&name) && !counting {
                    return Err(ParseError::UnknownFunction(said(name)));
                }
                let arguments = call.target.iter().map(AsRef::as_ref).chain(&call.args);
                arguments.into_iter().try_for_each(|argument| self.check(argument))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.check(element)),
            Expr::Comprehension(turns) => {
                if !self.bound.is_empty() {
                    return Err(ParseError::Nested);
                }
                self.loops += 1;
                if self.loops > COMPREHENSIONS_MAX {
                    return Err(ParseError::Loops);
                }
                self.check(&turns.iter_range)?;
                self.bound.extend([turns.iter_var.as_str(), turns.accu_var.as_str()]);
                self.bound.extend(turns.iter_var2.as_deref());
                // A list that grows turn by turn is `map` or `filter`.
                if matches!(turns.accu_init.expr, Expr::List(_)) {
                    return Err(ParseError::UnknownFunction("map` and `filter".to_owned()));
                }
                for part in [&turns.accu_init, &turns.loop_cond, &turns.loop_step, &turns.result] {
                    self.check(part)?;
                }
                self.bound.clear();
                Ok(())
            }
            Expr::Select(select) => Err(ParseError::Field(select.field.clone())),
            Expr::Map(_) | Expr::Struct(_) => Err(ParseError::Braces),
        }
    }
}

/// An operator as it was written.
fn said(function: &str) -> String {
    function.trim_matches(['_', '@']).to_owned()
}

/// Evaluates an expression, and each of its parts by itself, for a request of which
/// everything is known: what goes wrong there because of a type goes wrong always.
pub(crate) fn sample(whole: &IdedExpr) -> Result<(), ParseError> {
    let mut facts = Facts::default();
    for (name, kind) in NAMES.iter().filter(|(name, _)| *name != "known") {
        facts = facts.with(name, sampled(name, *kind));
    }
    let mut context = context();
    // A sample is short.
    let _ = facts.tell(&mut context, |_| true);
    let evaluate = |expression: &IdedExpr| match Value::resolve(expression, &context) {
        Ok(value) => Ok(Some(value)),
        Err(error) if of_type(&error) => Err(ParseError::Type(error.to_string())),
        Err(_) => Ok(None),
    };
    parts(whole, &mut |part| evaluate(part).map(drop))?;
    match evaluate(whole)? {
        Some(Value::Bool(_)) | None => Ok(()),
        Some(_) => Err(ParseError::NoTruth),
    }
}

/// Everything in an expression that has a value by itself, the smallest first.
fn parts(
    expression: &IdedExpr,
    see: &mut impl FnMut(&IdedExpr) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    match &expression.expr {
        Expr::Call(call) => {
            let arguments = call.target.iter().map(AsRef::as_ref).chain(&call.args);
            arguments.into_iter().try_for_each(|argument| parts(argument, see))?;
        }
        Expr::List(list) => list.elements.iter().try_for_each(|element| parts(element, see))?,
        Expr::Comprehension(turns) => parts(&turns.iter_range, see)?,
        _ => {}
    }
    see(expression)
}

fn sampled(name: &str, kind: Kind) -> Fact<'static> {
    match (name, kind) {
        ("source_ip", _) => Fact::Text("192.0.2.1"),
        (_, Kind::Text) => Fact::Text("a"),
        (_, Kind::Texts) => Fact::Texts(vec!["a"]),
        (_, Kind::Truth) => Fact::Truth(true),
        (_, Kind::Number) => Fact::Number(1),
    }
}

/// Whether an error comes of types, or of a literal, and not of what the facts are.
fn of_type(error: &ExecutionError) -> bool {
    !matches!(error, ExecutionError::IndexOutOfBounds(_) | ExecutionError::NoSuchKey(_))
}

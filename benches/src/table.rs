//! The table of a machine: what was measured, its bound, and whether it holds.

/// A measured thing.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    measured: String,
    bound: Option<Bound>,
}

#[derive(Debug)]
struct Bound {
    text: String,
    holds: bool,
}

impl Row {
    /// Something that is held to a bound: at most `bound`, in the same `unit` as
    /// `value`, with so many `decimals`.
    pub(crate) fn at_most(what: &str, value: f64, bound: f64, unit: &str, decimals: usize) -> Self {
        let text = format!("≤ {bound}{unit}");
        Self {
            what: what.to_owned(),
            measured: format!("{value:.decimals$}{unit}"),
            bound: Some(Bound { text, holds: value <= bound }),
        }
    }

    /// The same, at least.
    pub(crate) fn at_least(
        what: &str,
        value: f64,
        bound: f64,
        unit: &str,
        decimals: usize,
    ) -> Self {
        let text = format!("≥ {bound}{unit}");
        Self {
            what: what.to_owned(),
            measured: format!("{value:.decimals$}{unit}"),
            bound: Some(Bound { text, holds: value >= bound }),
        }
    }

    /// Something that is printed beside.
    pub(crate) fn beside(what: &str, measured: String) -> Self {
        Self { what: what.to_owned(), measured, bound: None }
    }

    /// Something whose bound is not known to hold.
    pub(crate) fn unmeasured(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            measured: "not measured".to_owned(),
            bound: Some(Bound { text: String::new(), holds: false }),
        }
    }

    /// Something that the machine was too busy to measure.
    pub(crate) fn unsteady(what: &str, measured: String) -> Self {
        let bound = Some(Bound { text: "too busy a machine:".to_owned(), holds: false });
        Self { what: what.to_owned(), measured, bound }
    }

    /// Whether its bound holds, if it has one.
    pub(crate) fn holds(&self) -> Option<bool> {
        self.bound.as_ref().map(|bound| bound.holds)
    }
}

/// The table of what was measured on a machine, one line a row.
pub(crate) fn of(machine: &str, rows: &[Row]) -> String {
    let width = |column: fn(&Row) -> &str| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or_default()
    };
    let (what, measured) = (width(|row| &row.what), width(|row| &row.measured));
    let bound = width(|row| row.bound.as_ref().map_or("", |bound| &bound.text));
    let mut table = format!("{machine}\n");
    for row in rows {
        let (text, verdict) = match &row.bound {
            None => ("", ""),
            Some(Bound { text, holds: true }) => (text.as_str(), "holds"),
            Some(Bound { text, holds: false }) => (text.as_str(), "DOES NOT HOLD"),
        };
        let line =
            format!("  {:what$}  {:>measured$}  {text:bound$}  {verdict}", row.what, row.measured);
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

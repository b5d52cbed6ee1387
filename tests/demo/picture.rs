//! The picture of the README: terminals as an SVG, made of what was on them.

use std::fmt::Write;
use std::num::NonZeroU16;

use writ_tests::Terminal;

use crate::stage::COLUMNS;

/// A character cell, in the picture's units.
const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: f32 = 18.0;

/// Around a terminal's text, and the bar with its owner's name above it.
const MARGIN: f32 = 14.0;
const BAR: f32 = 26.0;

/// More rows than any of the terminals has.
const ROWS: NonZeroU16 = NonZeroU16::new(60).unwrap();

/// As wide as the terminals are.
const WIDTH: NonZeroU16 = NonZeroU16::new(COLUMNS).unwrap();

/// What was on somebody's terminal at one moment, up to the last row that had
/// anything.
pub(crate) struct Shot {
    title: String,
    rows: Vec<Vec<Run>>,
}

impl Shot {
    pub(crate) fn take(title: &str, terminal: &Terminal) -> Self {
        let mut screen = vt100::Parser::new(ROWS, WIDTH, 0);
        screen.process(&terminal.raw());
        let screen = screen.screen();
        let mut rows: Vec<Vec<Run>> = (0..ROWS.get()).map(|row| runs(screen, row)).collect();
        while rows.last().is_some_and(Vec::is_empty) {
            rows.pop();
        }
        Self { title: title.to_owned(), rows }
    }
}

/// The shots below each other, each as high as what is on it.
pub(crate) fn of(shots: &[Shot]) -> String {
    let width = f32::from(COLUMNS) * CELL_WIDTH + 2.0 * MARGIN;
    let mut below = 0.0;
    let mut body = String::new();
    for shot in shots {
        let height = shot.rows.len() as f32 * CELL_HEIGHT + BAR + MARGIN;
        window(&mut body, shot, below, width, height);
        below += height + MARGIN;
    }
    let height = below - MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-size=\"14\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace\">\n\
         {body}</svg>\n"
    )
}

/// Text in one style.
struct Run {
    column: u16,
    text: String,
    style: &'static str,
}

fn window(body: &mut String, shot: &Shot, top: f32, width: f32, height: f32) {
    let Shot { title, rows } = shot;
    // Writing to a String does not fail, here and below.
    let _ = writeln!(
        body,
        "<g transform=\"translate(0 {top})\">\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#1e2228\"/>\
         <text x=\"{MARGIN}\" y=\"17\" fill=\"#8b949e\" font-size=\"12\">{title}</text>"
    );
    for (number, row) in rows.iter().enumerate() {
        let y = BAR + (number as f32 + 0.75) * CELL_HEIGHT;
        for run in row {
            let x = MARGIN + f32::from(run.column) * CELL_WIDTH;
            let length = run.text.chars().count() as f32 * CELL_WIDTH;
            let _ = writeln!(
                body,
                "<text xml:space=\"preserve\" x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\" {}>{}</text>",
                run.style,
                escaped(&run.text)
            );
        }
    }
    body.push_str("</g>\n");
}

/// A row, cut where the style changes; blanks at its end are left out.
fn runs(screen: &vt100::Screen, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..COLUMNS {
        let Some(cell) = screen.cell(row, column) else { break };
        let style = style(cell);
        let character = if cell.has_contents() { cell.contents() } else { " " };
        match runs.last_mut() {
            Some(run) if run.style == style => run.text.push_str(character),
            _ => runs.push(Run { column, text: character.to_owned(), style }),
        }
    }
    if let Some(last) = runs.last_mut() {
        last.text.truncate(last.text.trim_end().len());
    }
    runs.retain(|run| !run.text.trim().is_empty());
    runs
}

fn style(cell: &vt100::Cell) -> &'static str {
    match cell.fgcolor() {
        vt100::Color::Idx(1 | 9) => "fill=\"#ff7b72\"",
        vt100::Color::Idx(2 | 10) => "fill=\"#7ee787\"",
        vt100::Color::Idx(3 | 11) => "fill=\"#e3b341\"",
        vt100::Color::Idx(4 | 12) => "fill=\"#79c0ff\"",
        _ if cell.bold() => "fill=\"#ffffff\" font-weight=\"bold\"",
        _ if cell.dim() => "fill=\"#8b949e\"",
        _ => "fill=\"#d0d7de\"",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! QR codes on a terminal: two rows of squares in a line.

use qrcodegen::{QrCode, QrCodeEcc};

/// The light squares around a code (ISO/IEC 18004), without which no camera finds it.
const MARGIN: i32 = 4;

/// A text as a code, where it fits one, and the code so many columns.
pub(super) fn fitting(text: &str, columns: usize) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let wide = usize::try_from(code.size().saturating_add(2 * MARGIN)).ok()?;
    (wide <= columns).then(|| picture(&code))
}

/// Light on dark, as terminals are: light squares are drawn, dark ones left out.
fn picture(code: &QrCode) -> String {
    let squares = || -MARGIN..code.size().saturating_add(MARGIN);
    let light = |x, y| !code.get_module(x, y);
    let mut text = String::new();
    for y in squares().step_by(2) {
        for x in squares() {
            // Below the last row there is nothing to draw on.
            let below = y + 1 < code.size().saturating_add(MARGIN);
            text.push(match (light(x, y), below && light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_where_it_fits_and_as_it_is() {
        let code = QrCode::encode_text("writ", QrCodeEcc::Low).unwrap();
        let wide = usize::try_from(code.size() + 2 * MARGIN).unwrap();
        assert_eq!(fitting("writ", wide - 1), None);
        let shown = fitting("writ", wide).unwrap();
        let rows: Vec<Vec<char>> = shown.lines().map(|line| line.chars().collect()).collect();
        assert!(rows.iter().all(|row| row.len() == wide));
        for y in 0..code.size() {
            for x in 0..code.size() {
                let (row, column) = (y + MARGIN, usize::try_from(x + MARGIN).unwrap());
                let square = rows[usize::try_from(row / 2).unwrap()][column];
                let light = if row % 2 == 0 { "█▀" } else { "█▄" };
                assert_eq!(light.contains(square), !code.get_module(x, y), "{x} {y}");
            }
        }
        assert_eq!(fitting(&"x".repeat(3000), 1000), None, "no code holds that much");
    }
}

//! Questions and IDs as others write them.

use writ_engine::id::RequestId;
use writ_engine::question::Question;

use crate::lossy;

/// What is read of a question, and of an ID, is what is written of it.
pub fn run(data: &[u8]) {
    let said = lossy(data);
    if let Ok(question) = Question::parse(&said) {
        let text = question.text().expect("it was read");
        let again = Question::parse(&text).expect("its own text");
        assert_eq!(again.text().expect("it was read"), text, "the text of a question moves");
    }
    if let Ok(id) = said.parse::<RequestId>() {
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id), "an ID reads as another");
    }
}

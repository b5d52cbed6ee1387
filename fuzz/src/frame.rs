//! Frames of Varlink, and the calls in them.

use writ_protocol::calls::{
    Ask, BreakGlass, Confirm, Decide, Explain, Finish, Incoming, List, Method, Request, Run,
};
use writ_protocol::{FrameDecoder, FrameError};

/// Short, so that the limit is met.
const LIMIT_BYTES: usize = 4096;

/// A stream gives the same frames however it is cut, none longer than the limit, and a
/// call that is read is written again as one that is read.
pub fn run(data: &[u8]) {
    let Some((cut, stream)) = data.split_first() else { return };
    let whole = frames(stream, stream.len().max(1));
    let pieces = frames(stream, usize::from(*cut).max(1));
    let agreed = whole.0.len().min(pieces.0.len());
    assert_eq!(whole.0[..agreed], pieces.0[..agreed], "frames hang on how a stream is cut");
    if whole.1.is_ok() && pieces.1.is_ok() {
        assert_eq!(whole.0.len(), pieces.0.len(), "a frame was lost");
    }
    for frame in &whole.0 {
        assert!(frame.len() < LIMIT_BYTES && !frame.contains(&0));
        if let Some(call) = Incoming::parse(frame)
            && let Some(parameters) = call.parameters
        {
            let text = parameters.get();
            reads::<Ask>(text);
            reads::<Confirm>(text);
            reads::<Finish>(text);
            reads::<Request>(text);
            reads::<Decide>(text);
            reads::<Explain>(text);
            reads::<List>(text);
            reads::<Run>(text);
            reads::<BreakGlass>(text);
        }
    }
}

fn frames(stream: &[u8], cut: usize) -> (Vec<Vec<u8>>, Result<(), FrameError>) {
    let mut decoder = FrameDecoder::with_limit(LIMIT_BYTES);
    let mut frames = Vec::new();
    for piece in stream.chunks(cut) {
        decoder.push(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, Ok(()))
}

fn reads<M: Method>(parameters: &str) {
    let Ok(call) = serde_json::from_str::<M>(parameters) else { return };
    let text = serde_json::to_string(&call).expect("it was read");
    let again: M = serde_json::from_str(&text).expect("its own text");
    assert_eq!(serde_json::to_string(&again).expect("it was read"), text, "{}", M::NAME);
}

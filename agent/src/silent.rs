//! Doors that have connected and not asked yet.
//!
//! Each sudo connects as it starts, as su and doas do, also one that then waits for a
//! password. Whose it is, is not known before it asks, so that their number has a bound
//! for all together: where it is met, the one that has been silent for longest gives way.
//! It comes again when it has something to ask.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;

/// Silent connections at once.
const SILENT_MAX: usize = 1024;

/// The silent ones, the oldest first.
#[derive(Debug, Default, Clone)]
pub(crate) struct Silent {
    waiting: Rc<RefCell<BTreeMap<u64, Rc<Notify>>>>,
    entered: Rc<Cell<u64>>,
}

/// One of them; it is silent no more when this is dropped.
#[derive(Debug)]
pub(crate) struct Silence {
    silent: Silent,
    number: u64,
    crowded_out: Rc<Notify>,
}

impl Silent {
    /// One more; the oldest gives way where there are too many.
    pub(crate) fn enter(&self) -> Silence {
        let number = self.entered.get();
        self.entered.set(number.wrapping_add(1));
        let crowded_out = Rc::new(Notify::new());
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= SILENT_MAX
            && let Some((_, oldest)) = waiting.pop_first()
        {
            oldest.notify_one();
        }
        waiting.insert(number, Rc::clone(&crowded_out));
        Silence { silent: self.clone(), number, crowded_out }
    }
}

impl Silence {
    /// Returns when it has to give way.
    pub(crate) async fn is_crowded_out(&self) {
        self.crowded_out.notified().await;
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.silent.waiting.borrow_mut().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Duration, timeout};

    async fn gives_way(silence: &Silence) -> bool {
        timeout(Duration::ZERO, silence.is_crowded_out()).await.is_ok()
    }

    #[tokio::test]
    async fn the_one_that_was_silent_for_longest_gives_way() {
        let silent = Silent::default();
        let mut all: Vec<Silence> = (0..SILENT_MAX).map(|_| silent.enter()).collect();
        assert!(!gives_way(&all[0]).await);
        let newest = silent.enter();
        assert!(gives_way(&all[0]).await);
        assert!(!gives_way(&all[1]).await && !gives_way(&newest).await);
        all.pop();
        let _another = silent.enter();
        assert!(!gives_way(&all[1]).await, "there was room");
    }
}

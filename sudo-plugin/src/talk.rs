//! How the plugin waits and speaks: at the person's terminal, and on standard error.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use writ_door::width::cut;
use writ_door::{Answers, Left, Refusal, Talk, Waiting, Wanted, Woken};

use crate::prompt;
use crate::terminal::Progress;
use crate::wait::Wait;

impl Talk for Wait {
    fn until(&mut self, input: Option<BorrowedFd<'_>>, deadline: Instant) -> Result<Woken, Left> {
        self.until_ready(input, deadline)
    }

    fn begin(&mut self, waiting: &Waiting) {
        let is_live = self.screen.progress() == Progress::Live && self.screen.is_in_front();
        if !is_live {
            self.screen.say(&waiting.once());
        }
    }

    /// Where there is a terminal.
    fn show(&mut self, waiting: &Waiting, left: Duration) -> Option<Duration> {
        if self.screen.progress() == Progress::Plain {
            return None;
        }
        let line = waiting.line(left, self.screen.columns());
        self.screen.update(&line);
        let until_the_next_second = Duration::from_nanos(u64::from(left.subsec_nanos()));
        Some(until_the_next_second + Duration::from_millis(1))
    }

    fn show_loss(&mut self) {
        if self.screen.progress() == Progress::Live {
            let line = cut("writ: the agent went away, trying again", self.screen.columns());
            self.screen.update(&line);
        }
    }

    fn clear(&mut self) {
        self.screen.clear();
    }

    fn say(&mut self, sentence: &str) {
        self.screen.say(sentence);
    }

    fn fill_in(&mut self, wanted: &Wanted, id: Option<&str>) -> Result<Answers, Refusal> {
        prompt::fill_in(wanted, self).map_err(|failure| failure.refusal(id))
    }
}

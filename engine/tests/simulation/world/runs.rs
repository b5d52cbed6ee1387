//! Commands that PID 1 runs as services, with what a window lends.

use super::*;
use crate::cast::own_command;

impl World {
    /// Somebody runs a command, most often one whose role is open.
    pub(super) fn somebody_runs(&mut self) {
        let people = everybody();
        let open = self.some_request(Stage::Granted);
        let requester = open.map(|(id, _)| self.model.stories[&id].requester().clone());
        let likely = [requester.clone(), requester, Some(self.random.pick(&people).clone())];
        let Some(person) = self.random.pick(&likely).clone() else { return };
        let role = *self.random.pick(&["operator", "operator", "watcher", "nobody"]);
        let (high, low) = (self.random.number(), self.random.number());
        let attempt = AttemptId::parse(&format!("{high:016x}{low:016x}")).unwrap();
        let act = own_command(&person);
        let leader = Leader { pid: 4, started_ticks: self.truth.len() as u64 };
        let truth = Truth { person: person.clone(), aim: act.aim.clone(), leader };
        self.truth.insert(attempt.clone(), truth);
        let under = self.model.lent(self.now, &person, role);
        let role = role.to_owned();
        let event = Event::RunAsked { attempt: attempt.clone(), person, act, role, leader };
        match self.handle(event) {
            Heard::Answered(Ok(Done::Runs { id, remaining })) => {
                assert_eq!(under.get(&id), Some(&self.now.boot.after(remaining)));
                self.model.really_starts(self.now, id, &attempt);
                assert!(self.ledger.has_synced_start(&attempt), "a start that could be lost");
                self.services.insert(attempt, id);
            }
            Heard::Answered(Ok(done)) => panic!("{done:?}"),
            Heard::Answered(Err(refusal)) => {
                let full = matches!(refusal, Refusal::TooMany(_));
                assert!(under.is_empty() || full, "{refusal}, and the role is open");
            }
            Heard::NoRecord | Heard::Nobody => {}
        }
    }

    /// One of them ends by itself.
    pub(super) fn a_service_ends(&mut self) {
        let all: Vec<AttemptId> = self.services.keys().cloned().collect();
        if !all.is_empty() {
            let attempt = self.random.pick(&all).clone();
            self.ends(&attempt, Ending::ExitStatus(0));
        }
    }

    /// The agent is told by PID 1, if it is there.
    pub(super) fn ends(&mut self, attempt: &AttemptId, ending: Ending) {
        if let Some(id) = self.services.remove(attempt) {
            let attempt = attempt.clone();
            self.mail.push(Event::Finished { attempt, id, ending, runtime: None });
        }
    }
}

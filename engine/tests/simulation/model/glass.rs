//! What was broken without the agent: on record, and open until somebody else reviews it.

use writ_engine::record::BreakGlass;

use super::*;

/// One use of break-glass.
pub(crate) struct Use {
    pub(crate) attempt: AttemptId,
    pub(crate) about: About,
    pub(crate) reviewed: bool,
}

impl Model {
    pub(super) fn is_new(&self, id: RequestId) {
        let known = self.stories.contains_key(&id) || self.glass.contains_key(&id);
        assert!(!known, "{id} was given out twice");
    }

    pub(super) fn glass_used(
        &mut self,
        id: RequestId,
        used: &BreakGlass,
        doors: &BTreeMap<AttemptId, Truth>,
    ) {
        self.is_new(id);
        let passed = used.without_agent.as_ref().expect("the agent breaks no glass here");
        let attempt = passed.attempt.clone();
        assert!(self.glass_of(&attempt).is_none(), "{attempt:?} is on record twice");
        let truth = &doors[&attempt];
        assert_eq!((&used.about.requester, &used.about.act.aim), (&truth.person, &truth.aim));
        assert_eq!(used.about.attempt, None, "{id}: the agent waits for no run of it");
        let about = used.about.clone();
        self.glass.insert(id, Use { attempt, about, reviewed: false });
        self.seen.glass += 1;
    }

    pub(super) fn glass_reviewed(&mut self, id: RequestId, by: &Person) {
        let used = self.glass.get_mut(&id).expect("a review of nothing");
        assert!(!used.reviewed, "{id} was reviewed twice");
        assert!(!same_human(by, &used.about.requester), "{id} was reviewed by who used it");
        used.reviewed = true;
        self.seen.reviewed += 1;
    }

    /// The use that an attempt is on record as.
    pub(crate) fn glass_of(&self, attempt: &AttemptId) -> Option<RequestId> {
        self.glass.iter().find(|(_, used)| used.attempt == *attempt).map(|(id, _)| *id)
    }

    /// What nobody else has looked at.
    pub(crate) fn open_reviews(&self) -> BTreeSet<RequestId> {
        let open = self.glass.iter().filter(|(_, used)| !used.reviewed);
        open.map(|(id, _)| *id).collect()
    }
}

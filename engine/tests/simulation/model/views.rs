//! What the rest of the world is held to.

use super::*;

impl Model {
    /// Whom what is lent until when, as the ledger has it.
    pub(crate) fn loans(&self) -> BTreeSet<(String, String, BootTime)> {
        let open = self.stories.values().filter(|story| story.is_granted());
        let all = open.filter_map(|story| Some((story, story.window()?)));
        all.flat_map(|(story, window)| {
            let person = story.opened.as_ref().unwrap().requester.account.name.clone();
            let until = story.deadline();
            window.groups.keys().map(move |group| (person.clone(), group.clone(), until))
        })
        .collect()
    }

    /// The shell is told to end what runs on a grant: nothing else, and all of it.
    pub(crate) fn is_told_to_end(&self, remains: &Remains) {
        let story = &self.stories[&remains.id];
        assert_eq!(story.requester().account, remains.person.account);
        if remains.runs.is_empty() {
            assert!(story.window().is_some() || story.started > 0);
            return;
        }
        assert!(story.over && story.is_request(), "{} is to be stopped too early", remains.id);
        let told: BTreeSet<_> = remains.runs.iter().map(|run| run.attempt.clone()).collect();
        assert_eq!(told, story.of_doors(), "{} is not stopped whole", remains.id);
    }

    /// The commands of people that have no grant any more.
    pub(crate) fn outlived(&self) -> BTreeSet<AttemptId> {
        let over = self.stories.values().filter(|story| story.over && story.is_request());
        over.flat_map(Story::of_doors).collect()
    }

    /// The windows of a role that are open for a person and lend something, each with
    /// its end.
    pub(crate) fn lent(
        &self,
        now: Now,
        person: &Person,
        role: &str,
    ) -> BTreeMap<RequestId, BootTime> {
        let known = |person: &Person| person.identities().collect::<BTreeSet<_>>();
        let fits = |story: &Story| {
            let lends = |window: &Window| {
                window.role == role && !(window.groups.is_empty() && window.capabilities.is_empty())
            };
            story.is_granted()
                && now.boot < story.deadline()
                && story.window().is_some_and(lends)
                && story.requester().account == person.account
                && known(story.requester()) == known(person)
        };
        let all = self.stories.iter().filter(|(_, story)| fits(story));
        all.map(|(id, story)| (*id, story.deadline())).collect()
    }

    /// A command really starts now: that must be on record, and still stand.
    pub(crate) fn really_starts(&self, now: Now, id: RequestId, attempt: &AttemptId) {
        let story = &self.stories[&id];
        assert!(story.running.contains(attempt), "{id} starts without a record");
        if let Some(grant) = &story.grant {
            assert!(!story.over && now.boot < grant.until, "{id} starts after its end");
        }
    }

    /// Whether what a request is to make stand longer, if anything, stands now.
    pub(crate) fn extends_what_stands(&self, now: Now, id: RequestId) -> bool {
        let grant = self.stories[&id].extends().map(|grant| &self.stories[&grant]);
        grant.is_none_or(|grant| grant.is_granted() && now.boot < grant.deadline())
    }

    /// An attempt is told that it may start.
    pub(crate) fn is_allowed(&self, now: Now, id: RequestId) {
        let story = &self.stories[&id];
        let granted =
            story.grant.as_ref().is_some_and(|grant| !story.over && now.boot < grant.until);
        assert!(granted || story.about.is_some(), "{id} was allowed before it was granted");
    }

    pub(crate) fn min_deadline(&self) -> Option<BootTime> {
        self.stories.values().filter(|story| !story.over).map(Story::due).min()
    }
}

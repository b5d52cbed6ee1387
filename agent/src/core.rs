//! The way of every event: the engine says what follows, the ledger has it, then
//! it is true, then it is done.
//!
//! Invariant: no effect leaves this file before its records are in the ledger. If
//! they cannot be written, nothing of the step is applied and the answer is no. The
//! end of a command is kept then and tried again ([`crate::late`]): it has happened.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use writ_engine::effect::{Answer, Done, Durability, Refusal, Remains, Step};
use writ_engine::facts::AttemptId;
use writ_engine::policy::Policy;
use writ_engine::record::Record;
use writ_engine::time::BootTime;
use writ_engine::{Effect, Engine, Event, Subject};
use writ_ledger::{Ledger, Snapshot, WriteError};
use writ_protocol::ErrorReply;

use crate::clock;
use crate::courier::Ends;
use crate::late::{Late, RETRY_AFTER_MS};
use crate::record::{Entry, JournalWriter, LedgerPlace};
use crate::userdb::{Lent, UserDatabase};

/// What a door that waits is told: an answer, or that there is none to be had.
pub(crate) type Told = Result<Answer, ErrorReply>;

/// The agent's state and the one way to change it.
pub(crate) struct Core {
    inner: RefCell<Inner>,
    user_database: Rc<UserDatabase>,
    lending_failed: RefCell<Option<String>>,
    /// Nothing is taken any more.
    stopped: Cell<bool>,
    jobs: mpsc::UnboundedSender<Job>,
    /// Wakes the clock's task when the next deadline may have changed.
    pub deadline_changed: tokio::sync::Notify,
    /// Wakes those who look at grants and what runs on them: when people have done
    /// something, and when a grant has ended.
    pub grants_changed: watch::Sender<()>,
    /// The number of the last line of the ledger that is on the disk.
    pub synced: watch::Sender<u64>,
    /// How the latest requests ended, for whoever was told that they were open.
    pub ends: RefCell<Ends>,
    /// Questions do not reach the hub, which they should.
    pub hub_away: watch::Sender<bool>,
    /// Wakes the task that syncs in groups.
    pub sync_wanted: tokio::sync::Notify,
    /// Wakes the task that copies to the journal in groups.
    pub copy_wanted: tokio::sync::Notify,
}

/// Something that takes time and whose end is an event again.
#[derive(Debug)]
pub(crate) enum Job {
    /// See [`Effect::Examine`].
    Examine {
        /// For whom.
        attempt: AttemptId,
        /// The path.
        path: String,
        /// Who.
        person: writ_engine::facts::Person,
    },
    /// See [`Effect::FindGroups`].
    FindGroups {
        /// For whom.
        attempt: AttemptId,
        /// Their names.
        groups: std::collections::BTreeSet<String>,
        /// Numbers that may be free.
        numbers: std::collections::BTreeSet<u32>,
    },
    /// See [`Effect::End`].
    End(Box<Remains>),
    /// See [`Effect::Prolong`].
    Prolong {
        /// Which grant.
        id: writ_engine::id::RequestId,
    },
    /// See [`Effect::Stop`].
    Stop {
        /// Which run.
        attempt: AttemptId,
        /// What it ran under.
        id: writ_engine::id::RequestId,
    },
    /// See [`Effect::Announce`].
    Announce {
        /// Which use.
        id: writ_engine::id::RequestId,
        /// Who, what and why.
        about: Box<writ_engine::record::About>,
    },
    /// See [`Effect::Notify`] and [`Effect::Remind`].
    Notify {
        /// About what.
        id: writ_engine::id::RequestId,
        /// Whom; everybody who has not answered, where none are named.
        from: Option<Vec<writ_engine::policy::Selector>>,
    },
}

struct Inner {
    engine: Engine,
    policy: Arc<Policy>,
    store: Store,
    journal: JournalWriter,
    doors: HashMap<AttemptId, Door>,
    /// How many doors there were: tells two of one attempt apart.
    doors_ever: u64,
    /// While writes fail, events of the clock wait until then.
    retry_at: Option<BootTime>,
    /// Ends that could not be written.
    late: Late,
}

#[derive(Debug)]
struct Door {
    number: u64,
    tell: watch::Sender<Option<Told>>,
}

/// The ledger, or why there is none.
pub(crate) enum Store {
    /// It takes records.
    Open(Box<Ledger>),
    /// Its chain is broken; everything is refused until root has seen it.
    Sealed(String),
}

/// A door's place among those who wait; given back when dropped, unless the same
/// attempt has come again on another connection.
pub(crate) struct Waiting {
    core: Rc<Core>,
    attempt: AttemptId,
    number: u64,
    told: watch::Receiver<Option<Told>>,
}

impl Core {
    /// A core over a replayed engine. What is to be done outside comes out of the
    /// returned queue.
    #[must_use]
    pub(crate) fn new(
        engine: Engine,
        policy: Arc<Policy>,
        store: Store,
        journal: JournalWriter,
        user_database: Rc<UserDatabase>,
    ) -> (Rc<Self>, mpsc::UnboundedReceiver<Job>) {
        let (jobs, queue) = mpsc::unbounded_channel();
        let inner = Inner {
            engine,
            policy,
            store,
            journal,
            doors: HashMap::new(),
            doors_ever: 0,
            retry_at: None,
            late: Late::default(),
        };
        let core = Self {
            inner: RefCell::new(inner),
            user_database,
            lending_failed: RefCell::new(None),
            stopped: Cell::new(false),
            jobs,
            deadline_changed: tokio::sync::Notify::new(),
            grants_changed: watch::Sender::new(()),
            synced: watch::Sender::new(0),
            ends: RefCell::default(),
            hub_away: watch::Sender::new(false),
            sync_wanted: tokio::sync::Notify::new(),
            copy_wanted: tokio::sync::Notify::new(),
        };
        (Rc::new(core), queue)
    }

    /// Takes one event all the way.
    ///
    /// # Errors
    /// What its caller is to be told instead of a result.
    pub(crate) fn submit(&self, event: Event) -> Result<Done, ErrorReply> {
        if self.stopped.get() {
            return Err(stops());
        }
        if Late::is_end(&event) {
            return self.take_end(event)?.map_err(told);
        }
        let is_tick = matches!(event, Event::Tick);
        let taken = self.take(event);
        // There may be room again.
        if is_tick || taken.is_ok() {
            let _ = self.retry_late();
        }
        taken?.map_err(told)
    }

    /// Stops in good order. The connections that end with the agent are no doors that
    /// leave: what waits and what runs goes on, and is found again by the next agent.
    pub(crate) fn stop(&self) {
        let _ = self.submit(Event::Stopping);
        self.stopped.set(true);
    }

    /// Takes the end of a command, or keeps it for later: behind those that wait.
    fn take_end(&self, end: Event) -> Result<Result<Done, Refusal>, ErrorReply> {
        let taken = self.retry_late().and_then(|()| self.take(end.clone()));
        let mut inner = self.inner.borrow_mut();
        if taken.is_err() && matches!(inner.store, Store::Open(_)) {
            inner.late.keep(end);
            inner.late.postpone(clock::now().boot);
            drop(inner);
            self.deadline_changed.notify_one();
        }
        taken
    }

    /// Tries the ends that wait, until one of them cannot be written.
    fn retry_late(&self) -> Result<(), ErrorReply> {
        loop {
            let Some(end) = self.inner.borrow().late.first().cloned() else { return Ok(()) };
            let taken = self.take(end);
            let late = &mut self.inner.borrow_mut().late;
            match taken {
                // Recorded, or nothing runs any more that it is the end of.
                Ok(_) => late.pass(),
                Err(error) => {
                    late.postpone(clock::now().boot);
                    return Err(error);
                }
            }
        }
    }

    /// One event through engine and ledger; what the engine said, unless it could not
    /// be put on record.
    fn take(&self, event: Event) -> Result<Result<Done, Refusal>, ErrorReply> {
        let now = clock::now();
        let mut inner = self.inner.borrow_mut();
        let is_tick = matches!(event, Event::Tick);
        let new_policy = match &event {
            Event::PolicyLoaded(policy) => Some(Arc::clone(policy)),
            _ => None,
        };
        let step = inner.engine.step(now, event);
        let entries = entries(&inner.engine, &step.records);
        if let Err(error) = inner.write(&step) {
            if is_tick {
                inner.retry_at = Some(BootTime(now.boot.0.saturating_add(RETRY_AFTER_MS)));
            }
            return Err(error);
        }
        inner.retry_at = None;
        if let Some(policy) = new_policy {
            inner.policy = policy;
        }
        self.ends.borrow_mut().note(&step.records);
        let unsynced = inner.needs_sync();
        if !unsynced {
            self.tell_synced(&inner);
        }
        inner.publish(entries);
        // What people did is copied at once, what policy does by itself in groups.
        if step.durability == Durability::Synced {
            inner.journal.flush();
        }
        let uncopied = inner.journal.needs_flush();
        for change in step.changes {
            inner.engine.apply(change);
        }
        // What is lent is brought into force as a whole: once for each step.
        let mut lent = false;
        for effect in step.effects {
            if !(matches!(effect, Effect::Lend) && std::mem::replace(&mut lent, true)) {
                self.perform(&inner, effect);
            }
        }
        drop(inner);
        self.deadline_changed.notify_one();
        if step.durability == Durability::Synced {
            self.grants_changed.send_replace(());
        }
        if unsynced {
            self.sync_wanted.notify_one();
        }
        if uncopied {
            self.copy_wanted.notify_one();
        }
        Ok(step.result)
    }

    fn perform(&self, inner: &Inner, effect: Effect) {
        // The queue is as long as there are attempts, which the limits on
        // connections bound; a receiver that is gone means that the agent stops.
        match effect {
            Effect::Answer { attempt, answer } => inner.tell(&attempt, Ok(answer)),
            Effect::Examine { attempt, path, person } => {
                let _ = self.jobs.send(Job::Examine { attempt, path, person });
            }
            Effect::FindGroups { attempt, groups, numbers } => {
                let _ = self.jobs.send(Job::FindGroups { attempt, groups, numbers });
            }
            Effect::Stop { attempt, id } => {
                let _ = self.jobs.send(Job::Stop { attempt, id });
            }
            Effect::Lend => self.lend(&inner.engine),
            Effect::End(remains) => {
                let _ = self.jobs.send(Job::End(remains));
                self.grants_changed.send_replace(());
            }
            Effect::Prolong { id } => {
                let _ = self.jobs.send(Job::Prolong { id });
            }
            Effect::Announce { id, about } => {
                let _ = self.jobs.send(Job::Announce { id, about });
            }
            Effect::Notify { id, from } => {
                let _ = self.jobs.send(Job::Notify { id, from: Some(from) });
            }
            Effect::Remind { id } => {
                let _ = self.jobs.send(Job::Notify { id, from: None });
            }
        }
    }

    /// Brings into force what is lent. That it cannot be is told to root, and takes
    /// nothing else of a grant away.
    fn lend(&self, engine: &Engine) {
        let now = clock::now().boot;
        // Of several grants that lend the same, the one that ends last counts.
        let mut last: BTreeMap<(&str, Cow<'_, str>), (u32, BootTime)> = BTreeMap::new();
        for loan in engine.loans().filter(|loan| loan.until > now) {
            let pair = (loan.person.account.name.as_str(), loan.group);
            let known = last.entry(pair).or_insert((loan.gid, loan.until));
            known.1 = known.1.max(loan.until);
        }
        let lent = last.into_iter().map(|((user, group), (gid, until))| Lent {
            user: user.to_owned(),
            group: group.into_owned(),
            gid,
            until,
        });
        let failed = self.user_database.publish(lent.collect()).err();
        if let Some(error) = &failed {
            eprintln!("{}", crate::sentence(error));
        }
        self.lending_failed.replace(failed.map(|error| crate::sentence(&error)));
    }

    /// Why groups are not lent, if they should be and are not.
    #[must_use]
    pub(crate) fn lending_failed(&self) -> Option<String> {
        self.lending_failed.borrow().clone()
    }

    /// Tells a waiting door that nothing comes of it.
    pub(crate) fn fail(&self, attempt: &AttemptId, error: ErrorReply) {
        self.inner.borrow().tell(attempt, Err(error));
    }

    /// A place for a door that is about to ask.
    #[must_use]
    pub(crate) fn wait(self: &Rc<Self>, attempt: AttemptId) -> Waiting {
        let (tell, told) = watch::channel(None);
        let mut inner = self.inner.borrow_mut();
        inner.doors_ever = inner.doors_ever.saturating_add(1);
        let number = inner.doors_ever;
        inner.doors.insert(attempt.clone(), Door { number, tell });
        Waiting { core: Rc::clone(self), attempt, number, told }
    }

    /// Whether an attempt has a connection.
    #[must_use]
    pub(crate) fn has_door(&self, attempt: &AttemptId) -> bool {
        self.inner.borrow().doors.contains_key(attempt)
    }

    /// Looks at the engine.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        look(&self.inner.borrow().engine)
    }

    /// When the clock's task is to come next.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Option<BootTime> {
        let inner = self.inner.borrow();
        let next = inner.engine.next_deadline();
        let next = next.map(|next| inner.retry_at.map_or(next, |retry_at| next.max(retry_at)));
        next.into_iter().chain(inner.late.due()).min()
    }

    /// Syncs what was written through.
    ///
    /// # Errors
    /// When the disk does not confirm; everything is refused from then on.
    pub(crate) fn sync(&self) -> Result<(), WriteError> {
        let mut inner = self.inner.borrow_mut();
        match &mut inner.store {
            Store::Open(ledger) => ledger.sync()?,
            Store::Sealed(_) => return Ok(()),
        }
        self.tell_synced(&inner);
        Ok(())
    }

    fn tell_synced(&self, inner: &Inner) {
        if let Store::Open(ledger) = &inner.store {
            let head = ledger.head().link.seq;
            self.synced.send_if_modified(|known| std::mem::replace(known, head) != head);
        }
    }

    /// Hands to the journal what it does not have yet.
    pub(crate) fn copy(&self) {
        self.inner.borrow_mut().journal.flush();
    }

    /// Why everything is refused, if it is.
    #[must_use]
    pub(crate) fn sealed(&self) -> Option<String> {
        match &self.inner.borrow().store {
            Store::Open(_) => None,
            Store::Sealed(why) => Some(why.clone()),
        }
    }

    /// Goes on with a ledger whose break root has seen, and the engine as it was
    /// before the break.
    pub(crate) fn unseal(&self, engine: Engine, ledger: Ledger) {
        let mut inner = self.inner.borrow_mut();
        inner.engine = engine;
        inner.store = Store::Open(Box::new(ledger));
    }

    /// How many entries the journal did not take.
    #[must_use]
    pub(crate) fn journal_dropped(&self) -> u64 {
        self.inner.borrow().journal.dropped()
    }

    /// The policy in force.
    #[must_use]
    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.inner.borrow().policy)
    }
}

impl Inner {
    fn tell(&self, attempt: &AttemptId, told: Told) {
        if let Some(door) = self.doors.get(attempt) {
            door.tell.send_replace(Some(told));
        }
    }

    fn write(&mut self, step: &Step) -> Result<(), ErrorReply> {
        let ledger = match &mut self.store {
            Store::Open(ledger) => ledger,
            Store::Sealed(why) => {
                return Err(ErrorReply::NoRecord {
                    message: format!(
                        "nothing can be put on record, so nothing is granted: {why}; root looks at it with `writ audit verify`"
                    ),
                });
            }
        };
        if step.records.is_empty() {
            return Ok(());
        }
        let no_record = |what: &dyn std::fmt::Display| ErrorReply::NoRecord {
            message: format!("it cannot be put on record, so it is not done: {what}"),
        };
        let records: Vec<writ_ledger::Record> = step
            .records
            .iter()
            .map(writ_ledger::Record::of)
            .collect::<Result<_, _>>()
            .map_err(|error| no_record(&error))?;
        if ledger.rotation_due() {
            // A segment that cannot be begun is no reason to refuse: the old goes on.
            if let Ok(snapshot) = self.engine.snapshot()
                && let Ok(snapshot) = Snapshot::from_json(&snapshot)
            {
                let _ = ledger.rotate(&snapshot);
            }
        }
        let durability = match step.durability {
            Durability::Synced => writ_ledger::Durability::Synced,
            Durability::Written => writ_ledger::Durability::WrittenThrough,
        };
        ledger.append(&records, durability).map(drop).map_err(|error| no_record(&error))
    }

    fn needs_sync(&self) -> bool {
        matches!(&self.store, Store::Open(ledger) if ledger.needs_sync())
    }

    fn publish(&mut self, entries: Vec<Entry>) {
        let head = match &self.store {
            Store::Open(ledger) => ledger.head().link,
            Store::Sealed(_) => return,
        };
        let last = entries.len().saturating_sub(1);
        for (index, entry) in entries.into_iter().enumerate() {
            let place = (index == last)
                .then(|| LedgerPlace { seq: head.seq, digest: head.digest.to_string() });
            self.journal.put(entry, place);
        }
    }
}

/// What the journal is to have of the records of a step, from before it is applied: a
/// record that ends something takes what it is about with it.
pub(crate) fn entries(engine: &Engine, records: &[Record]) -> Vec<Entry> {
    let mut told: Option<Subject<'_>> = None;
    let mut entries = Vec::with_capacity(records.len());
    for record in records {
        // Within one step the first record may make what the next is about.
        told = engine.subject_of(record).or(record.id.and(told));
        entries.push(Entry::new(record, told.as_ref()));
    }
    entries
}

impl Waiting {
    /// Waits until something new is told.
    pub(crate) async fn next(&mut self) -> Told {
        loop {
            if let Some(told) = self.told.borrow_and_update().clone() {
                return told;
            }
            if self.told.changed().await.is_err() {
                return Err(stops());
            }
        }
    }

    /// Waits until something newer is told.
    pub(crate) async fn change(&mut self) -> Told {
        if self.told.changed().await.is_err() {
            return Err(stops());
        }
        self.next().await
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut inner = self.core.inner.borrow_mut();
        let mine = inner.doors.get(&self.attempt).is_some_and(|door| door.number == self.number);
        if mine {
            inner.doors.remove(&self.attempt);
        }
        drop(inner);
        if mine {
            let _ = self.core.submit(Event::Left { attempt: self.attempt.clone() });
        }
    }
}

fn stops() -> ErrorReply {
    ErrorReply::Refused { message: "the agent stops; try again".to_owned() }
}

/// A refusal as it travels.
pub(crate) fn told(refusal: Refusal) -> ErrorReply {
    let message = refusal.to_string();
    match refusal {
        Refusal::NotFound(id) => ErrorReply::NotFound { id: id.to_string() },
        Refusal::WrongDigest(id) => ErrorReply::WrongDigest { id: id.to_string() },
        Refusal::ProofNeeded(id) => ErrorReply::ProofNeeded { id: id.to_string() },
        Refusal::NotYours(_) => ErrorReply::NotYours { message },
        Refusal::Refused(_) => ErrorReply::Refused { message },
        Refusal::TooMany(_) => ErrorReply::TooMany { message },
    }
}

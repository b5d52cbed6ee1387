//! Whether the people who approved fill the seats that a question has.
//!
//! Each takes one place (his own, or that of somebody he stands in for), each place is
//! taken once, and each place fills one seat. Whoever is seated may be moved for the sake
//! of another and never loses his seat, so that no order of approvals leads to a dead end:
//! those whom it seats are as many as any assignment could seat. It is a flow of ones from
//! people through places to seats, made larger by one path at a time (Ford and Fulkerson).

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// A place that somebody may take, and the seats that it may fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Whose it is: the name of an approver, or `#` and the number of an account.
    pub of: String,
    /// Whether whoever takes it stands in for its owner.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub deputy: bool,
    /// The kinds of seats, numbered from 0; none where there is but one kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<u32>,
}

/// Who is seated so far.
#[derive(Debug, Clone, Default)]
pub struct Seating {
    /// What may still flow from a node to another.
    room: BTreeMap<Node, BTreeMap<Node, u32>>,
    /// The places that were offered, each with the seats that were named first.
    places: BTreeMap<String, (u32, Vec<u32>)>,
    people: u32,
    filled: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Person(u32),
    /// A place, as it is taken.
    Place(u32),
    /// A place that is taken, as it fills a seat.
    Taken(u32),
    Seat(u32),
    Filled,
}

impl Seating {
    /// Nobody yet: so many seats of each kind.
    #[must_use]
    pub fn of(seats: impl IntoIterator<Item = u32>) -> Self {
        let mut seating = Self::default();
        for (kind, count) in (0..).zip(seats) {
            seating.open(Node::Seat(kind), Node::Filled, count);
        }
        seating
    }

    /// Seats one more person, who may take any of these places, his own rather than
    /// another's. Returns the place that he has now; nothing, and nobody is moved, where
    /// there is no seat for him.
    pub fn admit<'p>(&mut self, places: &'p [Place]) -> Option<&'p Place> {
        let person = Node::Person(self.people);
        self.people = self.people.saturating_add(1);
        let (mut now, mut numbers) = (None, Vec::new());
        for deputy in [false, true] {
            let offered = places.iter().filter(|place| place.deputy == deputy);
            for place in offered {
                if let Some(number) = self.place(place) {
                    self.open(person, Node::Place(number), 1);
                    numbers.push((number, place));
                }
            }
            if now.is_some() {
                continue;
            }
            if let Some(path) = self.path(person) {
                self.take(&path);
                self.filled = self.filled.saturating_add(1);
                let taken = |number: u32| self.may_flow(Node::Place(number), person);
                now = numbers.iter().find(|(number, _)| taken(*number)).map(|(_, place)| *place);
            }
        }
        if now.is_none() {
            self.room.remove(&person);
        }
        now
    }

    /// How many seats are filled.
    #[must_use]
    pub const fn filled(&self) -> u32 {
        self.filled
    }

    /// Whether somebody who fits nothing but seats of this kind would be seated, if
    /// only by moving others.
    #[must_use]
    pub fn has_room(&self, kind: u32) -> bool {
        self.path(Node::Seat(kind)).is_some()
    }

    /// The number of a place. One that was offered before with other seats is not the
    /// same any more, and is not offered again: its owner was asked otherwise then.
    fn place(&mut self, place: &Place) -> Option<u32> {
        let seats = if place.seats.is_empty() { Vec::from([0]) } else { place.seats.clone() };
        if let Some((number, known)) = self.places.get(&place.of) {
            return (*known == seats).then_some(*number);
        }
        let number = u32::try_from(self.places.len()).ok()?;
        self.open(Node::Place(number), Node::Taken(number), 1);
        for seat in &seats {
            self.open(Node::Taken(number), Node::Seat(*seat), 1);
        }
        self.places.insert(place.of.clone(), (number, seats));
        Some(number)
    }

    fn open(&mut self, from: Node, to: Node, room: u32) {
        self.room.entry(from).or_default().insert(to, room);
    }

    fn may_flow(&self, from: Node, to: Node) -> bool {
        self.room.get(&from).and_then(|nodes| nodes.get(&to)).is_some_and(|room| *room > 0)
    }

    /// A way from a node to where seats are filled, as its steps from the last to the first.
    fn path(&self, start: Node) -> Option<Vec<(Node, Node)>> {
        let mut before: BTreeMap<Node, Node> = BTreeMap::from([(start, start)]);
        let mut next = VecDeque::from([start]);
        while let Some(node) = next.pop_front() {
            for (to, _) in self.room.get(&node).into_iter().flatten().filter(|(_, room)| **room > 0)
            {
                if !before.contains_key(to) {
                    before.insert(*to, node);
                    next.push_back(*to);
                }
            }
        }
        let mut path = Vec::new();
        let mut node = Node::Filled;
        while node != start {
            let from = *before.get(&node)?;
            path.push((from, node));
            node = from;
        }
        Some(path)
    }

    fn take(&mut self, path: &[(Node, Node)]) {
        for (from, to) in path {
            if let Some(room) = self.room.get_mut(from).and_then(|nodes| nodes.get_mut(to)) {
                *room = room.saturating_sub(1);
            }
            let back = self.room.entry(*to).or_default().entry(*from).or_default();
            *back = back.saturating_add(1);
        }
    }
}

//! Seats against every assignment that there is.

use std::collections::BTreeSet;

use proptest::prelude::*;
use writ_engine::seating::{Place, Seating};

/// A question: how many seats of each kind, and which kinds each of five places may fill.
#[derive(Debug, Clone)]
struct Question {
    seats: Vec<u32>,
    places: Vec<Vec<u32>>,
}

fn some_question() -> impl Strategy<Value = Question> {
    prop::collection::vec(1..3_u32, 1..4).prop_flat_map(|seats| {
        let kinds = u32::try_from(seats.len()).unwrap();
        let of_place = prop::collection::btree_set(0..kinds, 1..3);
        let of_place = of_place.prop_map(|kinds| kinds.into_iter().collect::<Vec<u32>>());
        prop::collection::vec(of_place, 5)
            .prop_map(move |places| Question { seats: seats.clone(), places })
    })
}

/// People, each with the numbers of the places that he may take: of his own, and of others.
fn some_people() -> impl Strategy<Value = Vec<(Option<usize>, BTreeSet<usize>)>> {
    let person = (prop::option::of(0..5_usize), prop::collection::btree_set(0..5_usize, 0..3));
    prop::collection::vec(person, 0..7)
}

fn places(question: &Question, person: &(Option<usize>, BTreeSet<usize>)) -> Vec<Place> {
    let place = |number: usize, deputy| Place {
        of: format!("approver{number}"),
        deputy,
        seats: question.places[number].clone(),
    };
    let others = person.1.iter().filter(|number| Some(**number) != person.0);
    person
        .0
        .map(|own| place(own, false))
        .into_iter()
        .chain(others.map(|n| place(*n, true)))
        .collect()
}

/// The most of them that any assignment seats, by trying all.
fn most(people: &[Vec<Place>], taken: &mut BTreeSet<String>, left: &mut Vec<u32>) -> u32 {
    let Some((first, rest)) = people.split_first() else { return 0 };
    let mut best = most(rest, taken, left);
    for place in first {
        if !taken.insert(place.of.clone()) {
            continue;
        }
        for kind in &place.seats {
            let kind = *kind as usize;
            if left[kind] > 0 {
                left[kind] -= 1;
                best = best.max(1 + most(rest, taken, left));
                left[kind] += 1;
            }
        }
        taken.remove(&place.of);
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    /// In whichever order they come: as many are seated as any assignment of them could
    /// seat, so that they suffice exactly when a perfect assignment exists.
    #[test]
    fn as_many_are_seated_as_any_assignment_could_seat(
        question in some_question(),
        people in some_people(),
    ) {
        let mut seating = Seating::of(question.seats.iter().copied());
        let all: Vec<Vec<Place>> = people.iter().map(|person| places(&question, person)).collect();
        for count in 0..all.len() {
            let before = seating.filled();
            let now = seating.admit(&all[count]);
            let best = most(&all[..=count], &mut BTreeSet::new(), &mut question.seats.clone());
            prop_assert_eq!(seating.filled(), best);
            prop_assert_eq!(now.is_some(), best > before);
            prop_assert!(now.is_none_or(|place| all[count].contains(place)));
        }
        prop_assert!(seating.filled() <= question.seats.iter().sum());
    }

    /// What is said to have room has it.
    #[test]
    fn there_is_room_exactly_where_one_more_would_be_seated(
        question in some_question(),
        people in some_people(),
    ) {
        let mut seating = Seating::of(question.seats.iter().copied());
        for person in &people {
            seating.admit(&places(&question, person));
        }
        for kind in (0..).take(question.seats.len()) {
            let newcomer = Place { of: "newcomer".into(), deputy: false, seats: vec![kind] };
            let seated = seating.clone().admit(&[newcomer]).is_some();
            prop_assert_eq!(seating.has_room(kind), seated);
        }
    }
}

fn place(of: &str, seats: &[u32]) -> Place {
    Place { of: of.into(), deputy: false, seats: seats.to_vec() }
}

fn deputy(of: &str, seats: &[u32]) -> Place {
    Place { deputy: true, ..place(of, seats) }
}

#[test]
fn whoever_fits_two_kinds_is_moved_for_who_fits_one() {
    let mut seating = Seating::of([1, 1]);
    assert!(seating.admit(&[place("bob", &[0, 1])]).is_some());
    assert!(seating.admit(&[place("dave", &[0])]).is_some());
    assert_eq!(seating.filled(), 2);
}

#[test]
fn who_stands_in_sits_on_his_own_place_where_that_has_a_seat() {
    let mut seating = Seating::of([2]);
    let both = [deputy("bob", &[]), place("carol", &[])];
    assert_eq!(seating.admit(&both), Some(&both[1]));
    assert_eq!(seating.filled(), 1, "and takes no other beside it");
}

#[test]
fn a_place_is_taken_once_whoever_takes_it() {
    let mut seating = Seating::of([2]);
    assert!(seating.admit(&[deputy("bob", &[])]).is_some());
    assert_eq!(seating.admit(&[place("bob", &[])]), None);
    assert_eq!(seating.filled(), 1);
}

#[test]
fn a_place_that_was_asked_otherwise_before_is_not_taken_again() {
    let mut seating = Seating::of([1, 1]);
    assert!(seating.admit(&[deputy("bob", &[0])]).is_some());
    assert_eq!(seating.admit(&[place("bob", &[0, 1])]), None);
}

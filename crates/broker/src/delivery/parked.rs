//! Things that wait: found by queue, by connection and by deadline. Owned by one network thread; knows nothing of pulls.

use std::collections::BTreeSet;
use std::hash::Hash;

use ferromq_base::Millis;
use rustc_hash::FxHashMap;

/// Place of a parked thing; valid until it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(u32);

/// A table of parked things `T` with a queue key `Q` and a connection key `C`.
///
/// A slot, a list entry and a set node per thing; emptied lists are kept, so that parking on the same queue again
/// allocates nothing.
#[derive(Debug)]
pub(crate) struct Parked<Q, C, T> {
    slots: Vec<Option<Slot<Q, C, T>>>,
    free: Vec<u32>,
    by_queue: FxHashMap<Q, Vec<Place>>,
    by_connection: FxHashMap<C, Vec<Place>>,
    by_deadline: BTreeSet<(Millis, Place)>,
}

#[derive(Debug)]
struct Slot<Q, C, T> {
    queue: Q,
    connection: C,
    deadline: Millis,
    thing: T,
}

impl<Q: Copy + Eq + Hash, C: Copy + Eq + Hash, T> Parked<Q, C, T> {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_queue: FxHashMap::default(),
            by_connection: FxHashMap::default(),
            by_deadline: BTreeSet::new(),
        }
    }

    /// How many things wait.
    pub(crate) fn len(&self) -> usize {
        self.by_deadline.len()
    }

    /// Parks a thing.
    pub(crate) fn park(&mut self, queue: Q, connection: C, deadline: Millis, thing: T) -> Place {
        let slot = Slot {
            queue,
            connection,
            deadline,
            thing,
        };
        let place = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = Some(slot);
                Place(index)
            }
            None => {
                self.slots.push(Some(slot));
                Place(u32::try_from(self.slots.len() - 1).expect("fewer things than 2^32 are held"))
            }
        };
        self.by_queue.entry(queue).or_default().push(place);
        self.by_connection
            .entry(connection)
            .or_default()
            .push(place);
        self.by_deadline.insert((deadline, place));
        place
    }

    /// What is parked at `place`, if it is still there.
    pub(crate) fn at(&mut self, place: Place) -> Option<&mut T> {
        let slot = self.slots.get_mut(place.0 as usize)?.as_mut()?;
        Some(&mut slot.thing)
    }

    /// Takes what is parked at `place`.
    pub(crate) fn take(&mut self, place: Place) -> Option<T> {
        let slot = self.slots.get_mut(place.0 as usize)?.take()?;
        self.free.push(place.0);
        self.by_deadline.remove(&(slot.deadline, place));
        if let Some(list) = self.by_queue.get_mut(&slot.queue) {
            list.retain(|other| *other != place);
        }
        if let Some(list) = self.by_connection.get_mut(&slot.connection) {
            list.retain(|other| *other != place);
        }
        Some(slot.thing)
    }

    /// Appends the places of a queue to `out`, longest waiting first.
    pub(crate) fn of_queue(&self, queue: Q, out: &mut Vec<Place>) {
        if let Some(list) = self.by_queue.get(&queue) {
            out.extend_from_slice(list);
        }
    }

    /// Whether nothing waits for `queue`.
    pub(crate) fn is_queue_empty(&self, queue: Q) -> bool {
        self.by_queue.get(&queue).is_none_or(Vec::is_empty)
    }

    /// The earliest deadline.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.by_deadline.first().map(|(deadline, _)| *deadline)
    }

    /// Takes one thing whose deadline is not after `now`; the earliest first.
    pub(crate) fn take_due(&mut self, now: Millis) -> Option<T> {
        let (deadline, place) = *self.by_deadline.first()?;
        if now < deadline {
            return None;
        }
        self.take(place)
    }

    /// Takes any one thing.
    pub(crate) fn take_any(&mut self) -> Option<T> {
        let (_, place) = *self.by_deadline.first()?;
        self.take(place)
    }

    /// Drops everything of a connection, and the lists of queues nobody waits for any more.
    pub(crate) fn drop_connection(&mut self, connection: C) {
        for place in self.by_connection.remove(&connection).unwrap_or_default() {
            let Some(slot) = self.slots.get_mut(place.0 as usize).and_then(Option::take) else {
                continue;
            };
            self.free.push(place.0);
            self.by_deadline.remove(&(slot.deadline, place));
            if let Some(list) = self.by_queue.get_mut(&slot.queue) {
                list.retain(|other| *other != place);
                if list.is_empty() {
                    self.by_queue.remove(&slot.queue);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Parked<u8, u8, &'static str> {
        let mut table = Parked::new();
        table.park(1, 10, Millis(30), "late");
        table.park(1, 11, Millis(10), "early");
        table.park(2, 10, Millis(20), "other");
        table
    }

    fn of_queue(table: &mut Parked<u8, u8, &'static str>, queue: u8) -> Vec<&'static str> {
        let mut places = Vec::new();
        table.of_queue(queue, &mut places);
        places
            .into_iter()
            .filter_map(|place| table.at(place).copied())
            .collect()
    }

    #[test]
    fn finds_by_queue_in_order_of_arrival() {
        let mut table = table();
        assert_eq!(of_queue(&mut table, 1), ["late", "early"]);
        assert_eq!(of_queue(&mut table, 3), Vec::<&str>::new());
        assert!(table.is_queue_empty(3));
    }

    #[test]
    fn takes_what_is_due_and_nothing_else() {
        let mut table = table();
        assert_eq!(table.deadline(), Some(Millis(10)));
        assert_eq!(table.take_due(Millis(9)), None);
        assert_eq!(table.take_due(Millis(20)), Some("early"));
        assert_eq!(table.take_due(Millis(20)), Some("other"));
        assert_eq!(table.take_due(Millis(20)), None);
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_place_is_used_again_but_only_after_it_was_taken() {
        let mut table = table();
        let mut places = Vec::new();
        table.of_queue(2, &mut places);
        assert_eq!(table.take(places[0]), Some("other"));
        assert_eq!(table.take(places[0]), None);
        let again = table.park(5, 12, Millis(1), "new");
        assert_eq!(again, places[0]);
        assert_eq!(of_queue(&mut table, 2), Vec::<&str>::new());
    }

    #[test]
    fn a_closed_connection_leaves_nothing_behind() {
        let mut table = table();
        table.drop_connection(10);
        assert_eq!(table.len(), 1);
        assert!(table.is_queue_empty(2));
        assert_eq!(of_queue(&mut table, 1), ["early"]);
        assert_eq!(table.take_any(), Some("early"));
        assert_eq!(table.take_any(), None);
    }
}

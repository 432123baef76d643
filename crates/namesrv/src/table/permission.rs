//! The right to write to all topics of a broker: taken and given back.

use super::{PERM_WRITE, Table};

/// What a broker's topics get back: reading and writing, whatever they had before.
const PERM_BOTH: i32 = 6;

impl Table {
    /// Takes the right to write from every topic of a broker name; returns how many it has.
    pub fn wipe_write(&mut self, name: &str) -> u32 {
        self.change_permission(name, |perm| perm & !PERM_WRITE)
    }

    /// Gives every topic of a broker name the right to be read and written; returns how many it has.
    pub fn add_write(&mut self, name: &str) -> u32 {
        self.change_permission(name, |_| PERM_BOTH)
    }

    fn change_permission(&mut self, name: &str, change: impl Fn(i32) -> i32) -> u32 {
        let mut count = 0;
        for queues in self
            .topics
            .values_mut()
            .filter_map(|brokers| brokers.get_mut(name))
        {
            queues.perm = change(queues.perm);
            count += 1;
        }
        count
    }
}

//! Simulations: one seed decides the work, the order of everything, and what fails when. A failure is repeated by its
//! seed.
//!
//! Reading order: [`seeds`] (which seeds run), [`random`] (what a seed decides), [`world`] (a store, its disk, and
//! what it must hold), [`power_cuts`], [`checkpoint_states`], [`failures`] and [`damage`] (the runs).

mod checkpoint_states;
mod damage;
mod failures;
mod power_cuts;
pub(crate) mod random;
pub(crate) mod seeds;
mod world;

//! Simulations: one seed decides the work, the order of everything, and what fails when. A failure is repeated by its
//! seed.
//!
//! Reading order: [`seeds`] (which seeds run), [`random`] (what a seed decides), [`world`] (a store, its disk, and
//! what it must hold), [`power_cuts`], [`failures`] and [`damage`] (the runs).

mod damage;
mod failures;
mod power_cuts;
pub(crate) mod random;
pub(crate) mod seeds;
mod world;

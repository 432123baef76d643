//! Ids, offsets, clock and marks that every FerroMQ crate shares.

//! What is deleted when, what stays, and what a full disk means.

mod crashes;
mod deleting;
mod kept;
mod queues;
mod space;

//! Command line of the client side: produce, consume and what prints for people.

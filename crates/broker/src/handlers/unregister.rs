//! UNREGISTER_CLIENT: a client leaves its groups.

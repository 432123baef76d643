//! The name server: brokers register, clients ask for routes.

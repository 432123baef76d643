//! Outgoing remoting calls: channels, correlation, typed calls to name server and broker.

//! Broker errors as response codes and remarks, all in one place.

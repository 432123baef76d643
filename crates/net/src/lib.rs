//! Listeners, connections, network threads and the Service trait a role implements.

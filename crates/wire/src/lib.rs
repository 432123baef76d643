//! Remoting frames, headers, request types, bodies and the stored message record; no I/O.

//! HEART_BEAT: what a client produces and consumes.

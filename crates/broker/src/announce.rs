//! Telling the name servers which topics this broker has.

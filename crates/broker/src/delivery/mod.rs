//! What pulls, retries and long polls share.

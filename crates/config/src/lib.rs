//! Java properties files and the one declaration of every configuration key.

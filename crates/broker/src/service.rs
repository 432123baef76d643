//! What one network thread owns: its turn, the replies it holds back, the pulls it holds.

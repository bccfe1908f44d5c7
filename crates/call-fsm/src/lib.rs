//! The call state machine as a table: states, events, timers, glare.

//! All allocations of a call, against TURN servers that work, do not answer, refuse, or are cut off, in virtual time.

mod interfaces;
mod ladder;
mod renewal;
mod site;
mod world;

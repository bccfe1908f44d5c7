mod admission;
mod allocating;
mod harness;
mod limits;
mod peers;
mod relaying;
mod streams;

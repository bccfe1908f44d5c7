//! The virtual network and the scenarios that run on it.

//! ICE agent, server-reflexive gathering, candidate policy and strict consent.

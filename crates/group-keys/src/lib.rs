//! Frame encryption (SFrame, RFC 9605) and the keys it runs on.

//! The relay's protocol: mailboxes that store and forward opaque blobs.

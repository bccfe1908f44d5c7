//! As much of the DTLS wire format as must be understood before `dimpl` gets to see it.

mod handshake;
mod record;
mod server_hello;

pub(crate) use handshake::{CLIENT_HELLO, HELLO_VERIFY_REQUEST, SERVER_HELLO};
pub(crate) use handshake::{Fragment, fragments};
pub(crate) use record::{Piece, RecordHeader, pieces};
pub(crate) use server_hello::{is_hello_verify_request, selected_cipher_suite};

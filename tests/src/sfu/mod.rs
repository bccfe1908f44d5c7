//! Forwarding servers on the virtual network: the product's own core and reception, with the virtual network for
//! sockets, and the operator whose tokens they take.

mod host;
mod operator;

pub use self::host::SfuHost;
pub use self::operator::SfuOperator;

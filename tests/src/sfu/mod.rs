//! Forwarding servers on the virtual network: the product's own core and reception, with the virtual network for
//! sockets, the operator whose tokens they take, and a server that means harm.

mod evil;
mod host;
mod operator;
mod program;

pub use self::evil::{EvilSfu, Passage, Piece, Placed};
pub use self::host::SfuHost;
pub use self::operator::SfuOperator;

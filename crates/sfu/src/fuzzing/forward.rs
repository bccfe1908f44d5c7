use crate::forward::fuzzing::forward_anything;

/// A slot between two senders and a receiver, under any steps.
pub fn ops_forward(data: &[u8]) {
    forward_anything(data);
}

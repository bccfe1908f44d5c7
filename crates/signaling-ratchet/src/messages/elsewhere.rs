use prost::Message;
use zentalk_primitives::DeviceId;

use crate::Error;

/// Another of the callee's devices has decided; all others stop ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    device: DeviceId,
}

impl Elsewhere {
    /// The device that decided; it ignores the message itself.
    pub const fn new(device: DeviceId) -> Self {
        Self { device }
    }

    /// The device that decided.
    pub const fn device(self) -> DeviceId {
        self.device
    }

    pub(super) fn encode(self) -> Vec<u8> {
        Wire { device: self.device.as_bytes().to_vec() }.encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed("device id");
        let wire = Wire::decode(bytes).map_err(|_| MALFORMED)?;
        DeviceId::from_slice(&wire.device).map(Self::new).ok_or(MALFORMED)
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(bytes = "vec", tag = "1")]
    device: Vec<u8>,
}

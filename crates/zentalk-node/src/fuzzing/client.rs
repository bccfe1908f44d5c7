//! A TURN client that signs what it sends, sense or not.

use arbitrary::{Result, Unstructured};
use rand_core::SeedableRng;
use stun_types::attribute::{Nonce, RawAttribute, Realm as RealmAttribute, Username};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageType,
    MessageWriteVec, Method, TransactionId,
};
use stun_types::prelude::{MessageWrite, MessageWriteExt};
use turn_types::attribute::XorPeerAddress;
use zentalk_primitives::UnixTime;

use super::turn_server::{PEERS, REALM, rest_secrets};

pub(super) struct Client {
    username: String,
    password: String,
    pub(super) nonce: String,
}

/// Attributes of requests: known ones, DONT-FRAGMENT and one that nobody knows.
const ATTRIBUTES: [u16; 9] =
    [0x000d, 0x000c, 0x0017, 0x0018, 0x0019, 0x0022, 0x8000, 0x001a, 0x0abc];

impl Client {
    pub(super) fn new(id: u8, now: UnixTime) -> Self {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([id; 32]);
        let lifetime = std::time::Duration::from_secs(3_600);
        let issued = rest_secrets().issue(now, lifetime, &mut rng);
        Self {
            username: issued.username,
            password: issued.password.to_string(),
            nonce: String::new(),
        }
    }

    /// A request with UDP asked for, some attributes with any value, and some peers.
    pub(super) fn request(&self, input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let method = Method::new(u16::from(input.int_in_range(1..=12_u8)?));
        let transaction = TransactionId::from(u128::from(input.arbitrary::<u8>()?));
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut message = Message::builder(kind, transaction, MessageWriteVec::new());
        if input.ratio(3, 4)? {
            message.add_attribute(&RawAttribute::new(0x0019.into(), &[17, 0, 0, 0])).unwrap();
        }
        for _ in 0..input.int_in_range(0..=2_u8)? {
            let kind = *input.choose(&ATTRIBUTES)?;
            let length = *input.choose(&[0_usize, 1, 4, 8])?;
            let value = input.bytes(length)?;
            message.add_attribute(&RawAttribute::new(kind.into(), value)).unwrap();
        }
        for _ in 0..input.int_in_range(0..=3_u8)? {
            let peer = input.choose(&PEERS)?.parse().unwrap();
            message.add_attribute(&XorPeerAddress::new(peer, transaction)).unwrap();
        }
        Ok(self.sign(message))
    }

    fn sign(&self, mut message: MessageWriteVec) -> Vec<u8> {
        if !self.nonce.is_empty() {
            message.add_attribute(&Username::new(&self.username).unwrap()).unwrap();
            message.add_attribute(&RealmAttribute::new(REALM).unwrap()).unwrap();
            message.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
            let (username, password) = (self.username.clone(), self.password.clone());
            let key = LongTermKeyCredentials::new(username, password, REALM.to_owned());
            message.add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1).unwrap();
        }
        message.finish()
    }

    /// Keeps the nonce of a challenge.
    pub(super) fn read(&mut self, answer: &[u8]) {
        let Ok(message) = Message::from_bytes(answer) else { return };
        if let Ok(nonce) = message.attribute::<Nonce>() {
            nonce.nonce().clone_into(&mut self.nonce);
        }
    }
}

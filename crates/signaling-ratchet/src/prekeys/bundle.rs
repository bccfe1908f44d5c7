use core::fmt;

use prost::Message;
use zentalk_primitives::UnixTime;

use crate::Error;
use crate::crypto::KemPublic;
use crate::identity::IdentityPublic;
use crate::keys::DhPublic;
use crate::limits;

use super::one_time;

pub(super) const LABEL: &[u8] = b"zentalk/prekeys/bundle v1";

/// A peer's prekeys, fetched from its relay and verified: what a session begins from.
pub struct PrekeyBundle {
    peer: IdentityPublic,
    id: u32,
    agreement: DhPublic,
    kem: KemPublic,
    one_time: Option<(u32, DhPublic)>,
}

impl PrekeyBundle {
    /// Reads and verifies what the relay serves for `peer`: the bundle, and one of the one-time prekeys if there
    /// is one left.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Malformed`], [`Error::UnsupportedVersion`], [`Error::WeakKey`];
    /// [`Error::BadSignature`] if a part is not signed by `peer`; [`Error::BundleExpired`].
    pub fn parse(
        bundle: &[u8],
        one_time: Option<&[u8]>,
        peer: &IdentityPublic,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let body = verified_body(bundle, peer)?;
        if now > UnixTime::from_millis(body.expires) {
            return Err(Error::BundleExpired);
        }
        Ok(Self {
            peer: peer.clone(),
            id: body.id,
            agreement: DhPublic::from_slice(&body.agreement)?,
            kem: KemPublic::from_slice(&body.kem)?,
            one_time: one_time.map(|blob| one_time::parse(blob, peer)).transpose()?,
        })
    }

    /// Whose prekeys they are.
    pub const fn peer(&self) -> &IdentityPublic {
        &self.peer
    }

    pub(crate) const fn id(&self) -> u32 {
        self.id
    }

    pub(crate) const fn agreement(&self) -> &DhPublic {
        &self.agreement
    }

    pub(crate) const fn kem(&self) -> &KemPublic {
        &self.kem
    }

    pub(crate) const fn one_time(&self) -> Option<&(u32, DhPublic)> {
        self.one_time.as_ref()
    }
}

impl fmt::Debug for PrekeyBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrekeyBundle([redacted])")
    }
}

fn verified_body(bundle: &[u8], peer: &IdentityPublic) -> Result<BodyWire, Error> {
    const MALFORMED: Error = Error::Malformed("prekey bundle");
    if bundle.len() > limits::BUNDLE_LEN {
        return Err(Error::TooLong { part: "prekey bundle", limit: limits::BUNDLE_LEN });
    }
    let signed = BundleWire::decode(bundle).map_err(|_| MALFORMED)?;
    let signature = signed.signature.try_into().map_err(|_| MALFORMED)?;
    peer.verify(LABEL, &signed.body, &signature, "prekey bundle")?;
    let body = BodyWire::decode(signed.body.as_slice()).map_err(|_| MALFORMED)?;
    if body.version != BodyWire::VERSION {
        let version = body.version;
        return Err(Error::UnsupportedVersion { part: "prekey bundle", version });
    }
    Ok(body)
}

/// A bundle with any content, properly signed: for the doors of the fuzz targets.
#[cfg(any(test, fuzzing))]
pub(crate) fn signed_bundle(identity: &crate::identity::Identity, body: &[u8]) -> Vec<u8> {
    let signature = identity.sign(LABEL, body).to_vec();
    BundleWire { body: body.to_vec(), signature }.encode_to_vec()
}

/// The bundle as the relay keeps it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct BundleWire {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) body: Vec<u8>,
    /// The identity's, over the label and the body.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) signature: Vec<u8>,
}

/// What is signed.
#[derive(Clone, PartialEq, Message)]
pub(super) struct BodyWire {
    #[prost(uint32, tag = "1")]
    pub(super) version: u32,
    #[prost(uint32, tag = "2")]
    pub(super) id: u32,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) agreement: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) kem: Vec<u8>,
    /// Milliseconds since 1970.
    #[prost(fixed64, tag = "5")]
    pub(super) expires: u64,
}

impl BodyWire {
    pub(super) const VERSION: u32 = 1;
}

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;

#[cfg(feature = "tokio")]
pub mod driver;
pub mod engine;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "mdns")]
pub mod mdns;

pub use engine::{
    CallStats, EngineConfig, EpochCause, Event, Location, Media, MediaConfig, Member, MemberState,
    PathInfo, PathKind, PathReason, Picture, Privacy, RelayServer, RelayTransport, Ring, Security,
    SfuGrant, SfuState, StreamStats, TlsTrust, Track, TrackState, TurnCredentials, TurnGrant,
    Unverified,
};
pub use error::Error;
pub use zentalk_call_fsm::{EndReason, LocalAccept, PublicState, Warning};
pub use zentalk_codec::{AudioFrame, AudioSource, Channels, VideoFrame};
pub use zentalk_group_keys::ShortAuthenticationString;
pub use zentalk_ice_nat::MAX_STUN_SERVERS;
pub use zentalk_signaling_ratchet::{ContactCard, IdentityPublic, StorageKey};

#[cfg(feature = "tokio")]
pub use driver::{
    AudioSender, Call, Calls, CallsBuilder, DriverError, FileStore, IncomingCall, MemoryStore,
    Network, RelayLink, Store, StoreError, TurnServer, VideoSender,
};

//! libsrtp 2, the library that most of the field uses, in C.
#![allow(unsafe_code)] // A C library is called.

use core::ffi::{c_int, c_uchar, c_uint, c_ulong, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use std::sync::OnceLock;

use zentalk_srtp_media::SrtpProfile;

use super::batch::{Batch, SSRC};
use super::engine::{Engine, KEY, SALT};
use crate::kit::Standing;

/// A session in each direction.
pub(crate) struct Libsrtp2 {
    sender: Session,
    receiver: Session,
    trailer: usize,
}

impl Libsrtp2 {
    pub(crate) fn new(profile: SrtpProfile) -> Self {
        Self {
            sender: Session::new(profile),
            receiver: Session::new(profile),
            trailer: profile.rtp_trailer_len(),
        }
    }
}

impl Engine for Libsrtp2 {
    fn name(&self) -> &'static str {
        concat!("libsrtp ", env!("LIBSRTP2_VERSION"))
    }

    fn standing(&self) -> Standing {
        Standing::Peer
    }

    fn protect(&mut self, batch: &mut Batch, _: u64) {
        let len = batch.len();
        for packet in batch.packets() {
            self.sender.protect(packet, len);
        }
    }

    fn unprotect(&mut self, batch: &mut Batch, _: u64) {
        let len = batch.len() + self.trailer;
        for packet in batch.packets() {
            self.receiver.unprotect(packet, len);
        }
    }
}

/// A session with the one stream of the benchmark; it has a replay window of 128, the default.
struct Session(*mut c_void);

impl Session {
    fn new(profile: SrtpProfile) -> Self {
        static READY: OnceLock<()> = OnceLock::new();
        // SAFETY: once, and before anything else is called.
        READY.get_or_init(|| assert_eq!(unsafe { srtp_init() }, OK));
        let mut key: Vec<u8> = KEY.iter().chain(&SALT[..profile.salt_len()]).copied().collect();
        // SAFETY: all zeros are a valid value of every field.
        let mut policy: Policy = unsafe { MaybeUninit::zeroed().assume_init() };
        let set = match profile {
            SrtpProfile::AeadAes128Gcm => srtp_crypto_policy_set_aes_gcm_128_16_auth,
            _ => srtp_crypto_policy_set_rtp_default,
        };
        // SAFETY: both point to whole policies, which are written.
        unsafe { (set(&raw mut policy.rtp), set(&raw mut policy.rtcp)) };
        policy.ssrc = Ssrc { kind: SSRC_SPECIFIC, value: SSRC };
        policy.key = key.as_mut_ptr();
        policy.window_size = 128;
        let mut session = ptr::null_mut();
        // SAFETY: the policy is whole, its key as long as its ciphers want, and both outlive the call, which copies them.
        assert_eq!(unsafe { srtp_create(&raw mut session, &raw const policy) }, OK);
        Self(session)
    }

    fn protect(&mut self, packet: &mut [u8], len: usize) {
        let mut len = len as c_int;
        // SAFETY: the buffer has room for the longest trailer behind `len` (`Batch::new`) and is aligned to 16 bytes.
        let status = unsafe { srtp_protect(self.0, packet.as_mut_ptr().cast(), &raw mut len) };
        assert_eq!(status, OK);
    }

    fn unprotect(&mut self, packet: &mut [u8], len: usize) {
        let mut len = len as c_int;
        // SAFETY: the buffer holds `len` bytes, which only become fewer.
        let status = unsafe { srtp_unprotect(self.0, packet.as_mut_ptr().cast(), &raw mut len) };
        assert_eq!(status, OK);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: it was made by `srtp_create` and is not used again.
        unsafe { srtp_dealloc(self.0) };
    }
}

const OK: c_int = 0;
const SSRC_SPECIFIC: c_int = 1;

/// `srtp_ssrc_t`.
#[repr(C)]
struct Ssrc {
    kind: c_int,
    value: c_uint,
}

/// `srtp_crypto_policy_t`: the library fills it in.
#[repr(C)]
struct CryptoPolicy {
    cipher_type: c_uint,
    cipher_key_len: c_int,
    auth_type: c_uint,
    auth_key_len: c_int,
    auth_tag_len: c_int,
    sec_serv: c_int,
}

/// `srtp_policy_t`.
#[repr(C)]
struct Policy {
    ssrc: Ssrc,
    rtp: CryptoPolicy,
    rtcp: CryptoPolicy,
    key: *mut c_uchar,
    keys: *mut c_void,
    num_master_keys: c_ulong,
    deprecated_ekt: *mut c_void,
    window_size: c_ulong,
    allow_repeat_tx: c_int,
    enc_xtn_hdr: *mut c_int,
    enc_xtn_hdr_count: c_int,
    next: *mut Policy,
    /// Room for what a later version may have appended.
    later: [u64; 8],
}

// SAFETY: as in `srtp2/srtp.h` of versions 2.5 and later.
unsafe extern "C" {
    fn srtp_init() -> c_int;
    fn srtp_create(session: *mut *mut c_void, policy: *const Policy) -> c_int;
    fn srtp_dealloc(session: *mut c_void) -> c_int;
    fn srtp_protect(session: *mut c_void, packet: *mut c_void, len: *mut c_int) -> c_int;
    fn srtp_unprotect(session: *mut c_void, packet: *mut c_void, len: *mut c_int) -> c_int;
    fn srtp_crypto_policy_set_rtp_default(policy: *mut CryptoPolicy);
    fn srtp_crypto_policy_set_aes_gcm_128_16_auth(policy: *mut CryptoPolicy);
}

//! OpenSSL, over a stream whose every write is a datagram.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::{X509, X509NameBuilder};

use super::LABEL;
use super::drive::{End, Implementation};
use crate::kit::Standing;

/// A context for each end, made once: what OpenSSL has instead of configurations.
pub(crate) struct Openssl {
    contexts: [SslContext; 2],
    name: &'static str,
}

impl Openssl {
    pub(crate) fn new() -> Self {
        let version = openssl::version::version().split(' ').nth(1).unwrap_or_default();
        // Once in a run.
        let name = Box::leak(format!("OpenSSL {version}").into_boxed_str());
        Self { contexts: [context(), context()], name }
    }
}

impl Implementation for Openssl {
    type End = OpensslEnd;

    fn name(&self) -> &'static str {
        self.name
    }

    fn standing(&self) -> Standing {
        Standing::Peer
    }

    fn ends(&mut self) -> [OpensslEnd; 2] {
        let [client, server] = self.contexts.each_ref().map(|context| {
            let mut ssl = Ssl::new(context).unwrap();
            ssl.set_mtu(1_150).unwrap();
            ssl
        });
        [OpensslEnd::new(client, true), OpensslEnd::new(server, false)]
    }
}

pub(crate) struct OpensslEnd {
    stream: SslStream<Datagrams>,
    ready: bool,
}

impl OpensslEnd {
    fn new(mut ssl: Ssl, is_client: bool) -> Self {
        if is_client {
            ssl.set_connect_state();
        } else {
            ssl.set_accept_state();
        }
        let stream = SslStream::new(ssl, Datagrams::default()).unwrap();
        let mut end = Self { stream, ready: false };
        end.go_on();
        end
    }

    fn go_on(&mut self) {
        match self.stream.do_handshake() {
            Ok(()) => self.ready = true,
            Err(error) => assert_eq!(error.code(), ErrorCode::WANT_READ, "{error}"),
        }
    }
}

impl End for OpensslEnd {
    fn send(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.stream.get_mut().sent)
    }

    fn receive(&mut self, datagram: &[u8]) {
        self.stream.get_mut().received.push_back(datagram.to_vec());
        self.go_on();
    }

    fn keys(&mut self) -> Option<Vec<u8>> {
        let profile = self.stream.ssl().selected_srtp_profile().filter(|_| self.ready)?;
        assert_eq!(profile.name(), PROFILE);
        let mut keys = vec![0; 2 * (16 + 12)];
        self.stream.ssl().export_keying_material(&mut keys, LABEL, None).unwrap();
        Some(keys)
    }
}

/// The two directions of a connection, seen from one end.
#[derive(Debug, Default)]
struct Datagrams {
    received: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl Read for Datagrams {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let datagram = self.received.pop_front().ok_or(ErrorKind::WouldBlock)?;
        buffer[..datagram.len()].copy_from_slice(&datagram);
        Ok(datagram.len())
    }
}

impl Write for Datagrams {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        self.sent.push(datagram.to_vec());
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn context() -> SslContext {
    let (certificate, key) = certificate();
    let mut builder = SslContext::builder(SslMethod::dtls()).unwrap();
    builder.set_min_proto_version(Some(SslVersion::DTLS1_2)).unwrap();
    builder.set_options(SslOptions::NO_QUERY_MTU | SslOptions::NO_TICKET);
    builder.set_certificate(&certificate).unwrap();
    builder.set_private_key(&key).unwrap();
    let mutual = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
    // Self-signed certificates: what counts is that the peer holds the key.
    builder.set_verify_callback(mutual, |_, _| true);
    builder.set_tlsext_use_srtp(PROFILE).unwrap();
    builder.build()
}

fn certificate() -> (X509, PKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "bench").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (builder.build(), key)
}

const PROFILE: &str = "SRTP_AEAD_AES_128_GCM";

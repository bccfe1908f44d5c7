//! The bodies of DTLS 1.2's handshake messages (RFC 5246 §7.4, RFC 6347 §4.3.2, RFC 8422 §5), field by field.

use super::reader::{Reader, Writer};

/// A message's body, taken apart.
pub(crate) enum Body {
    ClientHello {
        head: Head,
        cookie: Vec<u8>,
        cipher_suites: Vec<u16>,
        compression: Vec<u8>,
        extensions: Option<Vec<Extension>>,
    },
    ServerHello {
        head: Head,
        cipher_suite: u16,
        compression: u8,
        extensions: Option<Vec<Extension>>,
    },
    HelloVerifyRequest {
        version: [u8; 2],
        cookie: Vec<u8>,
    },
    Certificate(Vec<Vec<u8>>),
    ServerKeyExchange {
        parameters: KeyParameters,
        /// None where nobody is authenticated by it.
        signature: Option<Signature>,
    },
    CertificateRequest {
        kinds: Vec<u8>,
        algorithms: Vec<u16>,
        authorities: Vec<Vec<u8>>,
    },
    ServerHelloDone,
    CertificateVerify(Signature),
    ClientKeyExchange(ClientKey),
    Finished([u8; 12]),
}

/// What both hellos begin with.
pub(crate) struct Head {
    version: [u8; 2],
    random: [u8; 32],
    session: Vec<u8>,
}

pub(crate) struct Extension {
    kind: u16,
    data: Vec<u8>,
}

/// What a server's key exchange begins with.
pub(crate) enum KeyParameters {
    /// A named curve and a point on it (RFC 8422 §5.4).
    Curve { group: u16, point: Vec<u8> },
    /// A hint at a shared key (RFC 4279 §2).
    Hint(Vec<u8>),
}

pub(crate) enum ClientKey {
    /// RFC 8422 §5.7.
    Point(Vec<u8>),
    /// RFC 4279 §2.
    Identity(Vec<u8>),
}

pub(crate) struct Signature {
    algorithm: u16,
    bytes: Vec<u8>,
}

impl Body {
    /// Reads the body of a message of this type to its last byte.
    pub(crate) fn decode(message_type: u8, body: &[u8]) -> Option<Self> {
        let reader = &mut Reader(body);
        let message = match message_type {
            1 => client_hello(reader)?,
            2 => server_hello(reader)?,
            3 => Self::HelloVerifyRequest { version: reader.array()?, cookie: reader.bytes(1)? },
            11 => Self::Certificate(reader.nested(3, |list| list.bytes(3))?),
            12 => server_key_exchange(body, reader)?,
            13 => Self::CertificateRequest {
                kinds: reader.bytes(1)?,
                algorithms: reader.numbers()?,
                authorities: reader.nested(2, |list| list.bytes(2))?,
            },
            14 => Self::ServerHelloDone,
            15 => Self::CertificateVerify(signature(reader)?),
            16 => Self::ClientKeyExchange(client_key(body, reader)?),
            20 => Self::Finished(reader.array()?),
            _ => return None,
        };
        reader.0.is_empty().then_some(message)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::ClientHello { head, cookie, cipher_suites, compression, extensions } => {
                head.write(&mut out);
                out.bytes(1, cookie);
                out.nested(2, cipher_suites, |out, suite| out.number(*suite));
                out.bytes(1, compression);
                write_extensions(&mut out, extensions.as_deref());
            }
            Self::ServerHello { head, cipher_suite, compression, extensions } => {
                head.write(&mut out);
                out.number(*cipher_suite);
                out.0.push(*compression);
                write_extensions(&mut out, extensions.as_deref());
            }
            Self::HelloVerifyRequest { version, cookie } => {
                out.0.extend_from_slice(version);
                out.bytes(1, cookie);
            }
            Self::Certificate(chain) => out.nested(3, chain, |out, der| out.bytes(3, der)),
            Self::ServerKeyExchange { parameters, signature } => {
                parameters.write(&mut out);
                signature.iter().for_each(|signature| signature.write(&mut out));
            }
            Self::CertificateRequest { kinds, algorithms, authorities } => {
                out.bytes(1, kinds);
                out.nested(2, algorithms, |out, algorithm| out.number(*algorithm));
                out.nested(2, authorities, |out, name| out.bytes(2, name));
            }
            Self::ServerHelloDone => {}
            Self::CertificateVerify(signature) => signature.write(&mut out),
            Self::ClientKeyExchange(ClientKey::Point(point)) => out.bytes(1, point),
            Self::ClientKeyExchange(ClientKey::Identity(name)) => out.bytes(2, name),
            Self::Finished(verify_data) => out.0.extend_from_slice(verify_data),
        }
        out.0
    }
}

fn client_hello(reader: &mut Reader<'_>) -> Option<Body> {
    Some(Body::ClientHello {
        head: Head::read(reader)?,
        cookie: reader.bytes(1)?,
        cipher_suites: reader.numbers()?,
        compression: reader.bytes(1)?,
        extensions: extensions(reader)?,
    })
}

fn server_hello(reader: &mut Reader<'_>) -> Option<Body> {
    Some(Body::ServerHello {
        head: Head::read(reader)?,
        cipher_suite: reader.number()?,
        compression: reader.array::<1>()?[0],
        extensions: extensions(reader)?,
    })
}

/// RFC 5246 §7.4.1.4: none at all, or a list.
fn extensions(reader: &mut Reader<'_>) -> Option<Option<Vec<Extension>>> {
    if reader.0.is_empty() {
        return Some(None);
    }
    let extension =
        |list: &mut Reader<'_>| Some(Extension { kind: list.number()?, data: list.bytes(2)? });
    reader.nested(2, extension).map(Some)
}

fn write_extensions(out: &mut Writer, extensions: Option<&[Extension]>) {
    if let Some(extensions) = extensions {
        out.nested(2, extensions, |out, extension| {
            out.number(extension.kind);
            out.bytes(2, &extension.data);
        });
    }
}

fn server_key_exchange(body: &[u8], reader: &mut Reader<'_>) -> Option<Body> {
    if let Some(hint) = Reader(body).whole(2) {
        reader.0 = &[];
        let parameters = KeyParameters::Hint(hint);
        return Some(Body::ServerKeyExchange { parameters, signature: None });
    }
    let [NAMED_CURVE] = reader.array()? else { return None };
    let parameters = KeyParameters::Curve { group: reader.number()?, point: reader.bytes(1)? };
    let signature = if reader.0.is_empty() { None } else { Some(signature(reader)?) };
    Some(Body::ServerKeyExchange { parameters, signature })
}

fn client_key(body: &[u8], reader: &mut Reader<'_>) -> Option<ClientKey> {
    reader.0 = &[];
    let point = Reader(body).whole(1).map(ClientKey::Point);
    point.or_else(|| Reader(body).whole(2).map(ClientKey::Identity))
}

fn signature(reader: &mut Reader<'_>) -> Option<Signature> {
    Some(Signature { algorithm: reader.number()?, bytes: reader.bytes(2)? })
}

impl Head {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (version, random) = (reader.array()?, reader.array()?);
        let session = reader.bytes(1).filter(|session| session.len() <= 32)?;
        Some(Self { version, random, session })
    }

    fn write(&self, out: &mut Writer) {
        out.0.extend_from_slice(&self.version);
        out.0.extend_from_slice(&self.random);
        out.bytes(1, &self.session);
    }
}

impl KeyParameters {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Curve { group, point } => {
                out.0.push(NAMED_CURVE);
                out.number(*group);
                out.bytes(1, point);
            }
            Self::Hint(hint) => out.bytes(2, hint),
        }
    }
}

impl Signature {
    fn write(&self, out: &mut Writer) {
        out.number(self.algorithm);
        out.bytes(2, &self.bytes);
    }
}

/// RFC 8422 §5.4.
const NAMED_CURVE: u8 = 3;

#[cfg(test)]
mod tests {
    use super::Body;

    #[test]
    fn what_is_read_is_written_alike_and_what_is_cut_or_longer_is_refused() {
        let hello = [&[0xfe, 0xfd][..], &[7; 32], &[0, 0, 0, 2, 0xc0, 0x2b, 1, 0]].concat();
        let with_extensions = [&hello[..], &[0, 6, 0, 14, 0, 2, 0, 0]].concat();
        let bodies = [
            (1, &hello[..]),
            (1, &with_extensions),
            (3, &[0xfe, 0xff, 2, 1, 2]),
            (11, &[0, 0, 4, 0, 0, 1, 9]),
            (12, &[3, 0, 29, 2, 1, 2, 4, 3, 0, 1, 5]),
            (15, &[4, 3, 0, 2, 1, 2]),
            (16, &[2, 1, 2]),
            (20, &[6; 12]),
        ];
        for (kind, body) in bodies {
            let decoded = Body::decode(kind, body);
            assert_eq!(decoded.map(|decoded| decoded.encode()).as_deref(), Some(body), "{kind}");
            assert!(Body::decode(kind, &[body, &[0]].concat()).is_none(), "{kind}, longer");
            assert!(Body::decode(kind, &body[..body.len() - 1]).is_none(), "{kind}, cut");
        }
        assert!(Body::decode(99, &[]).is_none());
    }
}

//! ICE and DTLS parameters. A section's own go before those of the session.

use sdp_types::{Attribute, Media, Session};

use crate::{DtlsParameters, Error, Fingerprint, IceParameters, MAX_FINGERPRINTS, Setup};

use super::{Role, values};

pub(super) fn ice(session: &[Attribute], own: &[Attribute]) -> Result<IceParameters, Error> {
    let first = |name| values(own, name).chain(values(session, name)).next();
    match (first("ice-ufrag"), first("ice-pwd")) {
        (Some(ufrag), Some(password)) => IceParameters::new(ufrag, password),
        _ => Err(Error::MissingIceCredentials),
    }
}

/// RFC 8840 §4.1.1.
pub(super) fn trickles(session: &[Attribute], own: &[Attribute]) -> bool {
    values(own, "ice-options")
        .chain(values(session, "ice-options"))
        .flat_map(|options| options.split(' '))
        .any(|option| option == "trickle")
}

pub(super) fn dtls(
    session: &[Attribute],
    own: &[Attribute],
    role: Role,
) -> Result<DtlsParameters, Error> {
    let fingerprints = fingerprints(session, own)?;
    if fingerprints.is_empty() {
        return Err(Error::MissingFingerprint);
    }
    if !fingerprints.iter().any(Fingerprint::is_sha256) {
        return Err(Error::NoSha256Fingerprint);
    }
    let setup = values(own, "setup").chain(values(session, "setup")).next();
    let setup = Setup::from_text(setup.ok_or(Error::MissingSetup)?).ok_or(Error::BadSetup)?;
    // An answer has chosen (RFC 8842 §5.3).
    if role == Role::Answer && setup == Setup::ActPass {
        return Err(Error::BadSetup);
    }
    Ok(DtlsParameters { fingerprints, setup })
}

/// The bundle has one DTLS association, so no section of it may name another certificate.
pub(super) fn check_fingerprints(
    session: &Session,
    own: &Media,
    bundled: &[&Media],
) -> Result<(), Error> {
    let expected = fingerprints(&session.attributes, &own.attributes)?;
    for media in bundled {
        let names_one = values(&media.attributes, "fingerprint").next().is_some();
        if names_one && fingerprints(&session.attributes, &media.attributes)? != expected {
            return Err(Error::ConflictingFingerprints);
        }
    }
    Ok(())
}

fn fingerprints(session: &[Attribute], own: &[Attribute]) -> Result<Vec<Fingerprint>, Error> {
    let of = |attributes| {
        values(attributes, "fingerprint")
            .take(MAX_FINGERPRINTS + 1)
            .map(Fingerprint::parse)
            .collect::<Result<Vec<_>, _>>()
    };
    let own = of(own)?;
    let found = if own.is_empty() { of(session)? } else { own };
    if found.len() > MAX_FINGERPRINTS { Err(Error::TooMany) } else { Ok(found) }
}

//! From lines to types: what WebRTC asks of an offer or answer (RFC 9429 §5.8).

mod bundle;
mod codecs;
mod section;
mod simulcast;
mod sources;
mod transport;

use sdp_types::Attribute;

use crate::{Document, Error, MAX_MEDIA_SECTIONS, SessionDescription};

/// Which of the two a description is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Offer,
    Answer,
}

/// Reads a description, refusing it at the first thing that is wrong.
pub(crate) fn description(document: &Document, role: Role) -> Result<SessionDescription, Error> {
    let session = document.session();
    if session.medias.len() > MAX_MEDIA_SECTIONS {
        return Err(Error::TooMany);
    }
    let media = session
        .medias
        .iter()
        .map(|media| section::read(media, &session.attributes, role))
        .collect::<Result<Vec<_>, _>>()?;
    let bundle::Bundle { tagged, grouped } = bundle::read(&session.attributes, &media)?;
    let bundled: Vec<_> = session
        .medias
        .iter()
        .zip(&media)
        .filter(|(_, section)| !section.rejected)
        .map(|(lines, _)| lines)
        .collect();
    let own = session.medias.get(tagged).ok_or(Error::WrongBundle)?;
    bundle::check_numbers(&bundled)?;
    transport::check_fingerprints(session, own, &bundled)?;
    Ok(SessionDescription {
        // Sixty-four bits are enough for everyone but fuzzers.
        session_id: session.origin.sess_id.parse().unwrap_or(u64::MAX),
        session_version: session.origin.sess_version,
        ice: transport::ice(&session.attributes, &own.attributes)?,
        ice_lite: has(&session.attributes, "ice-lite"),
        trickle: transport::trickles(&session.attributes, &own.attributes),
        dtls: transport::dtls(&session.attributes, &own.attributes, role)?,
        media,
        tagged,
        grouped,
    })
}

/// Whether a property attribute is there.
fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.attribute == name)
}

/// The values of the attributes of one name.
fn values<'a>(attributes: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a str> {
    attributes
        .iter()
        .filter(move |attribute| attribute.attribute == name)
        .filter_map(|attribute| attribute.value.as_deref())
}

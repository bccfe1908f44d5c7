//! One media section.

use sdp_types::{Attribute, Media};
use zentalk_primitives::Redacted;

use crate::media::{Foreign, PROTOCOLS};
use crate::{
    Direction, Error, Extension, MAX_CANDIDATES, MAX_MID_BYTES, MediaKind, MediaSection, grammar,
};

use super::{Role, codecs, has, simulcast, sources, values};

pub(super) fn read(
    media: &Media,
    session: &[Attribute],
    role: Role,
) -> Result<MediaSection, Error> {
    let mut section = MediaSection::new(kind(media), mid(media)?);
    section.foreign = foreign(media);
    // Only an offer may say port 0 and mean it for the bundle (RFC 9143 §6).
    let bundle_only = role == Role::Offer && has(&media.attributes, "bundle-only");
    let protocol = PROTOCOLS.into_iter().find(|known| *known == media.proto);
    section.protocol = protocol.unwrap_or(section.protocol);
    if media.port == 0 && !bundle_only {
        section.rejected = true;
        return Ok(section);
    }
    if section.mid.is_empty() {
        return Err(Error::MissingMid);
    }
    section.end_of_candidates =
        has(&media.attributes, "end-of-candidates") || has(session, "end-of-candidates");
    section.candidates = candidates(media)?;
    if section.kind == MediaKind::Other {
        return Ok(section);
    }
    if protocol.is_none() {
        return Err(Error::UnsupportedProtocol);
    }
    if !has(&media.attributes, "rtcp-mux") && !has(&media.attributes, "rtcp-mux-only") {
        return Err(Error::MissingRtcpMux);
    }
    section.direction =
        direction(&media.attributes).or_else(|| direction(session)).unwrap_or_default();
    section.codecs = codecs::read(media);
    section.extensions = extensions(media);
    section.msid = values(&media.attributes, "msid").next().map(str::to_owned);
    section.sources = sources::read(media)?;
    section.simulcast = simulcast::read(media)?;
    Ok(section)
}

fn kind(media: &Media) -> MediaKind {
    match media.media.as_str() {
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        _ => MediaKind::Other,
    }
}

fn foreign(media: &Media) -> Option<Foreign> {
    (kind(media) == MediaKind::Other).then(|| Foreign {
        media: media.media.clone(),
        protocol: media.proto.clone(),
        formats: media.fmt.clone(),
    })
}

/// The name; empty if there is none. A second one is as good as a duplicate.
fn mid(media: &Media) -> Result<String, Error> {
    let mut mids = values(&media.attributes, "mid");
    let mid = mids.next().unwrap_or_default();
    if mids.next().is_some() {
        return Err(Error::DuplicateMid);
    }
    if !mid.is_empty() && (mid.len() > MAX_MID_BYTES || !grammar::is_token(mid)) {
        return Err(Error::MalformedMid);
    }
    Ok(mid.to_owned())
}

fn direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|attribute| Direction::from_name(&attribute.attribute))
}

fn candidates(media: &Media) -> Result<Vec<Redacted<String>>, Error> {
    let found: Vec<_> = values(&media.attributes, "candidate")
        .map(|candidate| Redacted(candidate.to_owned()))
        .collect();
    if found.len() > MAX_CANDIDATES { Err(Error::TooMany) } else { Ok(found) }
}

/// The first number of each extension.
fn extensions(media: &Media) -> Vec<Extension> {
    let mut extensions: Vec<Extension> = Vec::new();
    for value in values(&media.attributes, "extmap") {
        let mut parts = value.splitn(3, ' ');
        let id = parts.next().and_then(|id| id.split('/').next()).and_then(|id| id.parse().ok());
        let (Some(id), Some(uri)) = (id, parts.next()) else { continue };
        if extensions.iter().all(|known: &Extension| known.uri != uri && known.id != id) {
            extensions.push(Extension { id, uri: uri.to_owned() });
        }
    }
    extensions
}

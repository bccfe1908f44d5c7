//! Restriction identifiers and simulcast of a section.

use sdp_types::Media;

use crate::{Error, MAX_RID_BYTES, MAX_RIDS, Simulcast};

use super::values;

/// The layers that the section names in both `simulcast` and `rid`: an identifier without its own
/// line counts for nothing (RFC 8853 §5.2).
pub(super) fn read(media: &Media) -> Result<Option<Simulcast>, Error> {
    let rids: Vec<(&str, &str)> = values(&media.attributes, "rid").filter_map(head).collect();
    if rids.len() > 2 * MAX_RIDS {
        return Err(Error::TooMany);
    }
    if rids.iter().any(|(rid, _)| rid.len() > MAX_RID_BYTES) {
        return Err(Error::MalformedAttribute);
    }
    let Some(line) = values(&media.attributes, "simulcast").next() else { return Ok(None) };
    let mut simulcast = Simulcast::default();
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    while let (Some(direction), Some(list)) = (words.next(), words.next()) {
        let layers = layers(list, |rid| rids.contains(&(rid, direction)))?;
        match direction {
            "send" => simulcast.send = layers,
            _ => simulcast.recv = layers,
        }
    }
    let empty = simulcast.send.is_empty() && simulcast.recv.is_empty();
    Ok((!empty).then_some(simulcast))
}

/// `id direction`, without restrictions.
fn head(rid: &str) -> Option<(&str, &str)> {
    let mut parts = rid.split(' ');
    Some((parts.next()?, parts.next()?))
}

/// Of each layer the first alternative, once.
fn layers(list: &str, known: impl Fn(&str) -> bool) -> Result<Vec<String>, Error> {
    let mut layers: Vec<String> = Vec::new();
    for alternatives in list.strip_prefix("rid=").unwrap_or(list).split(';') {
        let mut ids = alternatives.split(',').map(|id| id.strip_prefix('~').unwrap_or(id));
        let Some(rid) = ids.find(|id| known(id)) else { continue };
        if layers.iter().any(|layer| layer == rid) {
            continue;
        }
        if layers.len() >= MAX_RIDS {
            return Err(Error::TooMany);
        }
        layers.push(rid.to_owned());
    }
    Ok(layers)
}

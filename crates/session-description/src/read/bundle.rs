//! The BUNDLE group (RFC 9143) and what must be unique within it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use sdp_types::{Attribute, Media};

use crate::{Error, MediaSection};

use super::values;

/// What shares one transport.
pub(super) struct Bundle {
    /// The section whose transport is the bundle's: the first of the group that is not rejected.
    pub(super) tagged: usize,
    /// Whether there is a group at all.
    pub(super) grouped: bool,
}

/// Checks the names and the group. One section alone shares with nobody and needs no group.
pub(super) fn read(session: &[Attribute], media: &[MediaSection]) -> Result<Bundle, Error> {
    let mut by_mid = HashMap::new();
    for (index, section) in media.iter().enumerate().filter(|(_, s)| !s.mid.is_empty()) {
        if by_mid.insert(section.mid.as_str(), index).is_some() {
            return Err(Error::DuplicateMid);
        }
    }
    if media.iter().all(|section| section.rejected) {
        return Err(Error::NothingInCommon);
    }
    let Some(group) = group(session)? else {
        let mut taken = media.iter().enumerate().filter(|(_, section)| !section.rejected);
        return match (taken.next(), taken.next()) {
            (Some((tagged, _)), None) => Ok(Bundle { tagged, grouped: false }),
            _ => Err(Error::MissingBundle),
        };
    };
    let mut grouped = HashSet::new();
    let mut tagged = None;
    for mid in group.split(' ').filter(|mid| !mid.is_empty()) {
        let &index = by_mid.get(mid).ok_or(Error::WrongBundle)?;
        if !grouped.insert(index) {
            return Err(Error::WrongBundle);
        }
        if media.get(index).is_some_and(|section| !section.rejected) {
            tagged = tagged.or(Some(index));
        }
    }
    let outside =
        |(index, section): (usize, &MediaSection)| !section.rejected && !grouped.contains(&index);
    if media.iter().enumerate().any(outside) {
        return Err(Error::WrongBundle);
    }
    tagged.map(|tagged| Bundle { tagged, grouped: true }).ok_or(Error::WrongBundle)
}

/// The names in the one BUNDLE group, if there is one.
fn group(session: &[Attribute]) -> Result<Option<&str>, Error> {
    let mut groups = values(session, "group").filter_map(|value| {
        let (semantics, mids) = value.split_once(' ').unwrap_or((value, ""));
        (semantics == "BUNDLE").then_some(mids)
    });
    let group = groups.next();
    if groups.next().is_some() { Err(Error::WrongBundle) } else { Ok(group) }
}

/// In a bundle, one payload type is one codec (RFC 9143 §9.2) and one header extension id one
/// extension (§9.4).
pub(super) fn check_numbers(bundled: &[&Media]) -> Result<(), Error> {
    let mut codecs = HashMap::new();
    let mut extensions = HashMap::new();
    for media in bundled {
        for (number, codec) in values(&media.attributes, "rtpmap").filter_map(|v| v.split_once(' '))
        {
            claim(&mut codecs, number, codec.to_ascii_lowercase())?;
        }
        for (id, uri) in values(&media.attributes, "extmap").filter_map(|v| v.split_once(' ')) {
            let number = id.split('/').next().unwrap_or_default();
            claim(&mut extensions, number, uri.to_owned())?;
        }
    }
    Ok(())
}

fn claim<'a>(
    taken: &mut HashMap<&'a str, String>,
    number: &'a str,
    what: String,
) -> Result<(), Error> {
    match taken.entry(number) {
        Entry::Occupied(before) if *before.get() != what => Err(Error::ConflictingNumbers),
        Entry::Occupied(_) => Ok(()),
        Entry::Vacant(free) => {
            free.insert(what);
            Ok(())
        }
    }
}

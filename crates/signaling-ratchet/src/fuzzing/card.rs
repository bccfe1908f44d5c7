use crate::card::ContactCard;
use crate::messages::GroupMember;

/// A contact card, as bytes, as text and within a member of a group: what is taken is the same after another round.
pub fn parse_card(data: &[u8]) {
    let text = core::str::from_utf8(data).ok().and_then(|text| ContactCard::from_text(text).ok());
    for card in ContactCard::decode(data).into_iter().chain(text) {
        assert_eq!(ContactCard::decode(&card.encode()).as_ref(), Ok(&card));
        assert_eq!(ContactCard::from_text(&card.to_text()).as_ref(), Ok(&card));
    }
    if let Ok(member) = GroupMember::decode(data) {
        assert_eq!(GroupMember::decode(&member.encode()), Ok(member));
    }
}

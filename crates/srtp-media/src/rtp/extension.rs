use super::{ONE_BYTE_PROFILE, TWO_BYTE_PROFILE};

/// One header extension element: its negotiated id and its value (RFC 8285).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionElement<'a> {
    /// The id that SDP's `extmap` gave a meaning: 1 to 14, in the two-byte form 1 to 255.
    pub id: u8,
    /// The value: 1 to 16 bytes, in the two-byte form 0 to 255.
    pub value: &'a [u8],
}

/// The elements of an extension block, in order.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    form: Form,
    data: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    OneByte,
    TwoByte,
}

impl<'a> Extensions<'a> {
    #[inline]
    pub(super) fn new(profile: u16, data: &'a [u8]) -> Self {
        if profile == ONE_BYTE_PROFILE {
            Self { form: Form::OneByte, data }
        } else if profile & 0xfff0 == TWO_BYTE_PROFILE {
            Self { form: Form::TwoByte, data }
        } else {
            Self::none()
        }
    }

    #[inline]
    pub(super) fn none() -> Self {
        Self { form: Form::OneByte, data: &[] }
    }

    /// RFC 8285 §4.2: four bits id, four bits length minus one; id 15, and id 0 with a length, end it.
    #[inline]
    fn next_one_byte(&mut self) -> Option<ExtensionElement<'a>> {
        loop {
            let (&head, rest) = self.data.split_first()?;
            if head == 0 {
                self.data = rest;
                continue;
            }
            let id = head >> 4;
            if id == 0 || id == 15 {
                return None;
            }
            return self.take(id, rest, usize::from(head & 0x0f) + 1);
        }
    }

    /// RFC 8285 §4.3: a byte id and a byte length; id 0 is one byte of padding.
    #[inline]
    fn next_two_byte(&mut self) -> Option<ExtensionElement<'a>> {
        loop {
            let (&id, rest) = self.data.split_first()?;
            if id == 0 {
                self.data = rest;
                continue;
            }
            let (&len, rest) = rest.split_first()?;
            return self.take(id, rest, usize::from(len));
        }
    }

    #[inline]
    fn take(&mut self, id: u8, bytes: &'a [u8], len: usize) -> Option<ExtensionElement<'a>> {
        let (value, rest) = bytes.split_at_checked(len)?;
        self.data = rest;
        Some(ExtensionElement { id, value })
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = ExtensionElement<'a>;

    #[inline]
    fn next(&mut self) -> Option<ExtensionElement<'a>> {
        let element = match self.form {
            Form::OneByte => self.next_one_byte(),
            Form::TwoByte => self.next_two_byte(),
        };
        if element.is_none() {
            self.data = &[];
        }
        element
    }
}

impl core::iter::FusedIterator for Extensions<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(profile: u16, data: &[u8]) -> Vec<(u8, &[u8])> {
        Extensions::new(profile, data).map(|e| (e.id, e.value)).collect()
    }

    /// RFC 8285 §4.2.
    #[test]
    fn one_byte_form_skips_padding_between_elements() {
        let data = [0x10, 0xaa, 0, 0, 0x21, 1, 2, 0];
        assert_eq!(elements(0xbede, &data), [(1, &[0xaa][..]), (2, &[1, 2])]);
    }

    #[test]
    fn id_15_stops_the_one_byte_form() {
        assert_eq!(elements(0xbede, &[0x10, 1, 0xf0, 2, 0x20, 3]), [(1, &[1][..])]);
    }

    #[test]
    fn id_0_with_a_length_stops_the_one_byte_form() {
        assert_eq!(elements(0xbede, &[0x10, 1, 0x01, 2, 0x20, 3]), [(1, &[1][..])]);
    }

    // RFC 8285 §4.3: the low four bits of the profile are for applications.
    /// RFC 8285 §4.3.
    #[test]
    fn two_byte_form_takes_empty_values_and_any_appbits() {
        for profile in [0x1000, 0x100f] {
            let data = [15, 0, 0, 200, 2, 8, 9];
            assert_eq!(elements(profile, &data), [(15, &[][..]), (200, &[8, 9])]);
        }
    }

    #[test]
    fn an_overrunning_element_ends_the_iteration() {
        assert_eq!(elements(0xbede, &[0x10, 1, 0x2f, 0]), [(1, &[1][..])]);
        assert_eq!(elements(0x1000, &[1, 0, 2, 9]), [(1, &[][..])]);
        assert_eq!(elements(0x1000, &[1]), []);
    }

    #[test]
    fn other_profiles_have_no_elements() {
        assert_eq!(elements(1, &[0x10, 1, 2, 3]), []);
    }
}

use core::fmt;

use sdp_types::Session;

use crate::{Error, Line, MAX_SDP_BYTES};

/// A session description whose every line follows its grammar (RFC 8866), of whatever kind: what
/// WebRTC asks for beyond that is checked by [`Offer`](crate::Offer) and [`Answer`](crate::Answer).
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    session: Session,
}

impl Document {
    /// Checks and reads `text`, in time linear to its length.
    ///
    /// Lines end with CRLF or LF. A line that is only a line feed (as conversions of line endings
    /// leave behind) is skipped, as are empty lines before the first media section and at the end;
    /// an empty line inside a media section is where something was cut out, and is refused.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`], [`Error::MalformedLine`], [`Error::MalformedField`],
    /// [`Error::MalformedAttribute`] or [`Error::BadStructure`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_SDP_BYTES {
            return Err(Error::TooLong);
        }
        let mut checked = Checked { text: String::with_capacity(text.len()), ..Checked::default() };
        for line in text.split('\n') {
            checked.take(line)?;
        }
        checked.finish()?;
        // Every line was checked, so what the parser may still refuse is a line doubled.
        let session = Session::parse(checked.text.as_bytes()).map_err(|_| Error::BadStructure)?;
        Ok(Self { session })
    }

    /// How many media sections there are.
    pub fn media_count(&self) -> usize {
        self.session.medias.len()
    }

    /// The text, with CRLF line endings.
    pub fn to_sdp(&self) -> String {
        let mut bytes = Vec::new();
        // Writing to memory does not fail, and every part was a `str`.
        let written = self.session.write(&mut bytes).is_ok();
        debug_assert!(written, "memory takes every write");
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// The lines, sorted by where they belong.
    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// From lines that this crate has put together.
    pub(crate) const fn new(session: Session) -> Self {
        Self { session }
    }
}

/// Counts only: the content holds addresses and credentials.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} media sections)", self.media_count())
    }
}

/// The lines that passed, and what the structure needs to know of them.
#[derive(Default)]
struct Checked {
    text: String,
    lines: usize,
    origin: bool,
    name: bool,
    time: bool,
    media: bool,
    gap: bool,
}

impl Checked {
    fn take(&mut self, raw: &str) -> Result<(), Error> {
        let line = raw.strip_suffix('\r').unwrap_or(raw);
        if line.bytes().all(|byte| byte == b' ') {
            self.gap |= self.media && raw.ends_with('\r');
            return Ok(());
        }
        if self.gap {
            return Err(Error::MalformedLine);
        }
        let line = Line::parse(line)?;
        self.note(line.letter())?;
        self.text.push(line.letter());
        self.text.push('=');
        self.text.push_str(line.value());
        self.text.push_str("\r\n");
        Ok(())
    }

    fn note(&mut self, letter: char) -> Result<(), Error> {
        if (self.lines == 0) != (letter == 'v') {
            return Err(Error::BadStructure);
        }
        self.lines += 1;
        match letter {
            'o' => self.origin = true,
            's' => self.name = true,
            't' => self.time = true,
            'm' => self.media = true,
            _ => {}
        }
        // These belong to the session, which the first media section ends.
        if self.media && matches!(letter, 'o' | 's' | 't' | 'u' | 'e' | 'p' | 'r' | 'z') {
            return Err(Error::BadStructure);
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), Error> {
        if self.origin && self.name && self.time { Ok(()) } else { Err(Error::BadStructure) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

    #[test]
    fn the_four_mandatory_lines_are_enough() {
        let document = Document::parse(HEAD).unwrap();
        assert_eq!(document.media_count(), 0);
        assert_eq!(document.to_sdp(), HEAD);
    }

    /// RFC 8866 §5.
    #[test]
    fn each_mandatory_line_is_missed() {
        for line in HEAD.lines() {
            let without = HEAD.replace(&format!("{line}\r\n"), "");
            assert_eq!(Document::parse(&without), Err(Error::BadStructure), "{line}");
        }
        assert_eq!(Document::parse(""), Err(Error::BadStructure));
    }

    #[test]
    fn session_lines_after_media_are_refused() {
        let text = format!("{HEAD}m=audio 9 RTP/AVP 0\r\ns=again\r\n");
        assert_eq!(Document::parse(&text), Err(Error::BadStructure));
    }

    #[test]
    fn a_line_cut_out_of_a_media_section_is_noticed() {
        let media = "m=audio 9 RTP/AVP 0\r\n";
        let cut = format!("{HEAD}{media}\r\na=sendrecv\r\n");
        assert_eq!(Document::parse(&cut), Err(Error::MalformedLine));
        for fine in [
            format!("{HEAD}\r\n{media}a=sendrecv\r\n"),
            format!("{HEAD}{media}\na=sendrecv\r\n"),
            format!("{HEAD}{media}a=sendrecv\r\n\r\n"),
            format!("{HEAD}{media}a=sendrecv"),
        ] {
            assert_eq!(Document::parse(&fine).map(|d| d.media_count()), Ok(1), "{fine:?}");
        }
    }

    #[test]
    fn a_description_beyond_the_limit_is_refused() {
        let line = "a=x\r\n";
        let room = (MAX_SDP_BYTES - HEAD.len()) / line.len();
        assert!(Document::parse(&format!("{HEAD}{}", line.repeat(room))).is_ok());
        let long = format!("{HEAD}{}", line.repeat(room + 1));
        assert_eq!(Document::parse(&long), Err(Error::TooLong));
    }
}

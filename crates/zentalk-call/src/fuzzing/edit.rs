use arbitrary::Arbitrary;

/// The most changes to one text.
const MAX_EDITS: usize = 4;

/// What a hostile peer does to a description that was a good one, line by line.
#[derive(Arbitrary, Debug)]
pub(super) enum Edit {
    Remove(u8),
    Double(u8),
    Swap(u8, u8),
    Replace { line: u8, at: u8, byte: u8 },
    Insert { at: u8, text: String },
}

pub(super) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for edit in edits.iter().take(MAX_EDITS) {
        if lines.is_empty() {
            break;
        }
        let place = |at: &u8| usize::from(*at) % lines.len();
        match edit {
            Edit::Remove(at) => drop(lines.remove(place(at))),
            Edit::Double(at) => lines.insert(place(at), lines[place(at)].clone()),
            Edit::Swap(a, b) => {
                let (a, b) = (place(a), place(b));
                lines.swap(a, b);
            }
            Edit::Replace { line, at, byte } => {
                let line = place(line);
                let mut bytes = core::mem::take(&mut lines[line]).into_bytes();
                if let Some(at) = usize::from(*at).checked_rem(bytes.len()) {
                    bytes[at] = *byte & 0x7f;
                }
                lines[line] = String::from_utf8_lossy(&bytes).into_owned();
            }
            Edit::Insert { at, text } => {
                let at = place(at);
                lines.insert(at, text.chars().take(200).collect());
            }
        }
    }
    lines.join("\r\n") + "\r\n"
}

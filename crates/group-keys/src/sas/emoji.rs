/// One picture of a [`ShortAuthenticationString`](crate::ShortAuthenticationString).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The picture.
    pub symbol: &'static str,
    /// Its English name, for those who cannot see it and for reading it aloud.
    pub name: &'static str,
}

const fn emoji(symbol: &'static str, name: &'static str) -> Emoji {
    Emoji { symbol, name }
}

/// 64 things that look different at any size and have one short name each.
pub(super) const EMOJI: [Emoji; 64] = [
    emoji("🐶", "dog"),
    emoji("🐱", "cat"),
    emoji("🐭", "mouse"),
    emoji("🐰", "rabbit"),
    emoji("🐻", "bear"),
    emoji("🐼", "panda"),
    emoji("🐨", "koala"),
    emoji("🐯", "tiger"),
    emoji("🦁", "lion"),
    emoji("🐮", "cow"),
    emoji("🐷", "pig"),
    emoji("🐸", "frog"),
    emoji("🐵", "monkey"),
    emoji("🐔", "chicken"),
    emoji("🐧", "penguin"),
    emoji("🦉", "owl"),
    emoji("🦄", "unicorn"),
    emoji("🐝", "bee"),
    emoji("🦋", "butterfly"),
    emoji("🐌", "snail"),
    emoji("🐢", "turtle"),
    emoji("🐙", "octopus"),
    emoji("🐠", "fish"),
    emoji("🐬", "dolphin"),
    emoji("🐘", "elephant"),
    emoji("🌵", "cactus"),
    emoji("🌲", "tree"),
    emoji("🍀", "clover"),
    emoji("🍄", "mushroom"),
    emoji("🌻", "sunflower"),
    emoji("🌙", "moon"),
    emoji("⭐", "star"),
    emoji("🌈", "rainbow"),
    emoji("🔥", "fire"),
    emoji("❄️", "snowflake"),
    emoji("🍎", "apple"),
    emoji("🍌", "banana"),
    emoji("🍇", "grapes"),
    emoji("🍓", "strawberry"),
    emoji("🍒", "cherries"),
    emoji("🍕", "pizza"),
    emoji("🍞", "bread"),
    emoji("🧀", "cheese"),
    emoji("🎂", "cake"),
    emoji("☕", "coffee"),
    emoji("⚽", "football"),
    emoji("🎸", "guitar"),
    emoji("🎺", "trumpet"),
    emoji("🥁", "drum"),
    emoji("🎈", "balloon"),
    emoji("🎁", "present"),
    emoji("🚗", "car"),
    emoji("🚲", "bicycle"),
    emoji("🚀", "rocket"),
    emoji("⛵", "sailing boat"),
    emoji("✈️", "aeroplane"),
    emoji("🏠", "house"),
    emoji("⛺", "tent"),
    emoji("⏰", "alarm clock"),
    emoji("💡", "light bulb"),
    emoji("🔑", "key"),
    emoji("✂️", "scissors"),
    emoji("☂️", "umbrella"),
    emoji("👑", "crown"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_picture_and_no_name_stands_twice() {
        assert_eq!(EMOJI.iter().map(|emoji| emoji.symbol).collect::<BTreeSet<_>>().len(), 64);
        assert_eq!(EMOJI.iter().map(|emoji| emoji.name).collect::<BTreeSet<_>>().len(), 64);
    }
}

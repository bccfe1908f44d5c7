/// 256 short English words, each known by its first four letters.
#[rustfmt::skip]
pub(super) const WORDS: [&str; 256] = [
    "acid", "acre", "actor", "adult", "agent", "alarm", "album", "alley", "amber", "angle",
    "ankle", "apple", "apron", "arch", "arrow", "atlas", "attic", "award", "axle", "bacon",
    "badge", "bagel", "baker", "beach", "beard", "bench", "berry", "bird", "blue", "boat", "bone",
    "book", "bowl", "bread", "brush", "cabin", "camel", "canoe", "cave", "cello", "chair", "chess",
    "city", "clay", "cliff", "clock", "cloud", "coat", "cobra", "comet", "coral", "crab", "crown",
    "cup", "daisy", "dance", "deer", "desk", "door", "dream", "drum", "duck", "dust", "eagle",
    "earth", "echo", "eight", "elbow", "empty", "eye", "fable", "farm", "fence", "field", "fire",
    "fish", "flag", "flute", "fog", "fork", "fox", "frog", "fruit", "gate", "giant", "glass",
    "globe", "goat", "gold", "goose", "grape", "green", "habit", "hat", "hazel", "hero", "hill",
    "honey", "horse", "hotel", "house", "humor", "ice", "igloo", "index", "ink", "ivory", "jelly",
    "jewel", "juice", "kettle", "key", "kite", "knee", "knife", "koala", "ladder", "lake", "lamp",
    "lawn", "leaf", "lemon", "letter", "light", "lily", "lion", "lizard", "lunch", "magnet",
    "mango", "maple", "market", "meadow", "melon", "metal", "milk", "mirror", "monkey", "moon",
    "motor", "mouse", "museum", "napkin", "needle", "nest", "night", "noble", "north", "nose",
    "nurse", "nut", "oak", "oasis", "ocean", "office", "olive", "onion", "orange", "orchid",
    "otter", "oven", "owl", "oyster", "paddle", "paint", "palace", "paper", "parrot", "pasta",
    "peach", "pearl", "pencil", "pepper", "piano", "pillow", "pilot", "pine", "planet", "plum",
    "pocket", "pony", "potato", "prince", "puzzle", "queen", "quilt", "rabbit", "radio", "rain",
    "raven", "ribbon", "rice", "ring", "river", "robin", "rocket", "roof", "rose", "ruby",
    "saddle", "salad", "salmon", "sand", "school", "shadow", "ship", "silver", "skate", "sky",
    "sleep", "snow", "soap", "sofa", "spider", "spoon", "spring", "square", "stone", "sugar",
    "summer", "sun", "swan", "table", "taxi", "tent", "tiger", "toast", "tomato", "tower", "train",
    "tree", "tulip", "turtle", "uncle", "valley", "vase", "velvet", "violin", "waffle", "wagon",
    "water", "west", "whale", "wheat", "window", "winter", "wolf", "wood", "yacht", "yard",
    "yellow", "yogurt", "zebra", "zero", "zipper", "zoo",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn four_letters_tell_each_word_from_the_others() {
        let heads: BTreeSet<&str> = WORDS.iter().map(|word| &word[..word.len().min(4)]).collect();
        assert_eq!(heads.len(), WORDS.len());
        assert!(WORDS.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
        assert!(WORDS.iter().all(|word| (3..=8).contains(&word.len())));
    }
}

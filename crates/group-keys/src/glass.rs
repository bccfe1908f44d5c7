//! For demonstrations under glass: keys that are taken out of where they belong.

use zeroize::Zeroizing;

/// A key, and what it is.
pub type Exposed = (String, Zeroizing<Vec<u8>>);

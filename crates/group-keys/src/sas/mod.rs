//! The short authentication string: what people read to each other to be sure that nobody sits between them.

mod emoji;
mod exchange;
mod message;
mod string;
#[cfg(test)]
mod tests;
mod words;

pub use self::emoji::Emoji;
pub use self::exchange::{Sas, SasEvent, SasRefusal};
pub use self::message::{MAX_SAS_MESSAGE_LEN, SasMessage};
pub use self::string::ShortAuthenticationString;

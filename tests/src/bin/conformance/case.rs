//! One case: what goes in, and what must come of it.

use serde_json::Value as Json;

/// What must come of a case.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// Exactly this value.
    Out(Json),
    /// An error.
    Reject,
    /// An exchange that must go like this.
    Steps(Json),
    /// Any answer: no panic, in bounded time. If it is a value, it is this one, where one is given.
    Either(Option<Json>),
}

/// One case of a suite.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) op: String,
    pub(crate) input: Input,
    pub(crate) expected: Expected,
}

/// A file's cases.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    pub(crate) layer: String,
    pub(crate) name: String,
    /// Which part of the suite the file holds.
    pub(crate) set: String,
    pub(crate) cases: Vec<Case>,
}

impl Suite {
    /// The name under which the floor knows it.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}@{}", self.layer, self.name, self.set)
    }
}

/// What a case puts in: named fields, and for corpora the bytes themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub(crate) fields: Json,
    pub(crate) bytes: Vec<u8>,
}

/// What becomes of an input.
pub(crate) type Answer = Result<Json, Refusal>;

/// Why there is no value.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The layer returned an error.
    Rejected,
    /// The layer does not do this, for this reason.
    Unsupported(&'static str),
    /// Something went wrong that no expectation allows.
    Fault(String),
}

/// Whatever error a layer returns is a rejection.
impl<E: std::error::Error> From<E> for Refusal {
    fn from(_: E) -> Self {
        Self::Rejected
    }
}

/// What a case needs before its question is asked: an error here is no rejection.
pub(crate) fn set_up<T, E: core::fmt::Display>(result: Result<T, E>) -> Result<T, Refusal> {
    result.map_err(|error| Refusal::fault(format!("cannot set up: {error}")))
}

impl Refusal {
    pub(crate) fn fault(what: impl Into<String>) -> Self {
        Self::Fault(what.into())
    }
}

impl Input {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|field| !field.is_null())
    }

    pub(crate) fn field(&self, name: &str) -> Result<&Json, Refusal> {
        self.fields.get(name).ok_or_else(|| Refusal::fault(format!("the case has no `{name}`")))
    }

    /// A field of bytes, which the file has in hexadecimal.
    pub(crate) fn hex(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        from_hex(self.text(name)?)
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Refusal> {
        let field = self.field(name)?;
        field.as_str().ok_or_else(|| Refusal::fault(format!("`{name}` is no text")))
    }

    /// An unsigned number of any size that fits.
    pub(crate) fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Refusal> {
        let number = self.field(name)?.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| Refusal::fault(format!("`{name}` is no such number")))
    }

    /// Whether a field is there and true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.fields.get(name).and_then(Json::as_bool).unwrap_or(false)
    }
}

pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>, Refusal> {
    let digits = text.as_bytes();
    let (pairs, []) = digits.as_chunks::<2>() else {
        return Err(Refusal::fault("an odd number of hexadecimal digits"));
    };
    let byte = |pair: &[u8; 2]| {
        let text = core::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    pairs.iter().map(byte).collect::<Option<_>>().ok_or_else(|| Refusal::fault("not hexadecimal"))
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

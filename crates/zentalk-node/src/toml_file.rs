//! TOML files of operators: every mistake is told with its line and its cure, and no message shows a value.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};
use zeroize::Zeroizing;

/// What is wrong in a configuration file. No message shows a value: it may be a secret that stands in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// Not TOML; the parser's words.
    #[error("this is not TOML: {0}")]
    Syntax(String),
    /// A key that is not known here, or stands in the wrong table.
    #[error("`{0}` is not known here: this command's --help lists the keys")]
    UnknownKey(String),
    /// A key is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value is not what the key takes.
    #[error("`{key}` must be {expected}")]
    Value {
        /// Whose value.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
}

/// What is wrong, and where: a problem of the file's form, or one of the configuration's own.
pub(crate) struct Fault<P = FileProblem> {
    pub(crate) span: Range<usize>,
    pub(crate) problem: P,
}

impl<P> Fault<P> {
    pub(crate) const fn new(span: Range<usize>, problem: P) -> Self {
        Self { span, problem }
    }

    /// Its line in `text`, counted from 1.
    pub(crate) fn line(&self, text: &str) -> usize {
        text.get(..self.span.start).unwrap_or_default().matches('\n').count() + 1
    }

    /// The same, as a problem of another kind.
    pub(crate) fn map<Q>(self, problem: impl FnOnce(P) -> Q) -> Fault<Q> {
        Fault::new(self.span, problem(self.problem))
    }
}

/// The text of a file, wiped when dropped. No buffer grows on the way, so none is left behind.
pub(crate) fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_LEN));
    let read = File::open(path)?.take(MAX_LEN as u64).read_to_string(&mut text)?;
    if read == MAX_LEN { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

pub(crate) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, Fault> {
    DeTable::parse(text).map_err(|error| {
        let problem = FileProblem::Syntax(error.message().to_owned());
        Fault::new(error.span().unwrap_or_default(), problem)
    })
}

/// A table whose keys are all known.
pub(crate) struct Section<'t> {
    table: &'t DeTable<'t>,
    span: Range<usize>,
}

impl<'t> Section<'t> {
    pub(crate) fn new(table: &'t Spanned<DeTable<'t>>, keys: &[&str]) -> Result<Self, Fault> {
        Self::of(table.get_ref(), table.span(), keys)
    }

    pub(crate) fn of(
        table: &'t DeTable<'t>,
        span: Range<usize>,
        keys: &[&str],
    ) -> Result<Self, Fault> {
        let known: BTreeSet<_> = keys.iter().copied().collect();
        match table.keys().find(|key| !known.contains(key.get_ref().as_ref())) {
            None => Ok(Self { table, span }),
            Some(key) => {
                let name = key.get_ref().escape_default().to_string();
                Err(Fault::new(key.span(), FileProblem::UnknownKey(name)))
            }
        }
    }

    /// Something is wrong with the table as a whole.
    pub(crate) fn fault<P>(&self, problem: P) -> Fault<P> {
        Fault::new(self.span.clone(), problem)
    }

    pub(crate) fn missing(&self, key: &'static str) -> Fault {
        self.fault(FileProblem::Missing(key))
    }

    /// Where a key's value stands; the whole table for one that is missing.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        self.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    pub(crate) fn text(&self, key: &'static str) -> Result<Option<&'t str>, Fault> {
        self.read(key, "a text in quotes", DeValue::as_str)
    }

    pub(crate) fn texts(
        &self,
        key: &'static str,
        expected: &'static str,
    ) -> Result<Option<Vec<&'t str>>, Fault> {
        self.read(key, expected, |value| {
            value.as_array()?.iter().map(|one| one.get_ref().as_str()).collect()
        })
    }

    pub(crate) fn integer(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
        expected: &'static str,
    ) -> Result<Option<u32>, Fault> {
        self.read(key, expected, |value| {
            let integer = value.as_integer()?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            range.contains(&number).then_some(number)
        })
    }

    pub(crate) fn degrees(
        &self,
        key: &'static str,
        most: f64,
        expected: &'static str,
    ) -> Result<Option<f64>, Fault> {
        self.read(key, expected, |value| {
            let whole = value.as_integer().map(DeInteger::as_str);
            let text = whole.or_else(|| value.as_float().map(DeFloat::as_str))?;
            text.parse().ok().filter(|degrees| (-most..=most).contains(degrees))
        })
    }

    fn read<T>(
        &self,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'t DeValue<'t>) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || Fault::new(value.span(), FileProblem::Value { key, expected });
        read(value.get_ref()).map(Some).ok_or_else(wrong)
    }
}

/// The longest file in bytes, and one more: a TURN configuration of sixteen servers has a tenth of it.
const MAX_LEN: usize = 64 * 1024;

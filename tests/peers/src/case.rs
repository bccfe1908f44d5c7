use crate::outcome::Outcome;
use crate::subject::Subject;

/// An input, who gets it, and how its effect is judged.
pub(crate) struct Case {
    /// The id of `regressions/inputs.json`, or one of ours.
    pub(crate) id: &'static str,
    /// What is done, in a few words.
    pub(crate) what: &'static str,
    /// Where the failure is known from.
    pub(crate) source: &'static str,
    pub(crate) subjects: &'static [Subject],
    pub(crate) run: fn(Subject) -> Outcome,
}

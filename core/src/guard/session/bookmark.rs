use crate::guard::verification::ReferenceData;
use crate::value::layout::Application;

/// Place at which a page left off when a transaction ended, for the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bookmark {
    /// The application that the page believes to be selected. Guarded steps may select something else.
    pub(super) application: Option<Application>,
    /// The current file.
    pub(super) ef: Option<u8>,
    pub(super) lapsed: Lapsed,
}

/// State of the card that ran out with a transaction, before what it was for was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lapsed {
    /// What was presented.
    pub(super) verified: Option<ReferenceData>,
    /// Certificates of an institution.
    pub(super) certificates: bool,
    /// The rest of a response.
    pub(super) response: bool,
}

use crate::{
    error_code::ErrorCode,
    key::PinReference,
    policy::{Scope, Scopes},
    secret::PinValue,
    wire::PinText,
};

/// A PIN that is to be presented, and how many tries must be left then: no try is spent that
/// nobody knew of.
#[derive(Debug)]
#[non_exhaustive]
pub struct CollectedPin {
    /// The PIN.
    pub value: PinValue,
    /// With fewer tries left it is not presented.
    pub at_least: u8,
}

impl CollectedPin {
    /// A page may supply a PIN only if a wrong one would still leave two tries.
    pub(crate) const PAGE_RETRIES: u8 = 3;

    /// What a page supplies, if it may.
    pub fn of_page(
        reference: PinReference,
        text: &PinText,
        scopes: &Scopes,
    ) -> Result<Self, ErrorCode> {
        scopes.require(Scope::PagePin)?;
        let value =
            PinValue::parse(reference, text.as_str()).map_err(|_| ErrorCode::PinMalformed)?;
        Ok(Self { value, at_least: Self::PAGE_RETRIES })
    }

    /// What a person typed who was told that so many tries are left.
    #[must_use]
    pub fn of_person(value: PinValue, retries_left: u8) -> Self {
        Self { value, at_least: retries_left }
    }
}

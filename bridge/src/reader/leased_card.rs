//! The card within one transaction, as the bridge hands it to requests: core's rules, and nothing
//! disclosed that is not written down.

use std::fmt;

use kazashi_core::guard::desk::{Disclosed, Notary, Outcome, Work};
use kazashi_core::guard::policy::File;
use kazashi_core::guard::session::Session;
use kazashi_core::guard::verification::Presenting;
use kazashi_core::value::Certificate;
use kazashi_core::wire::{CardAnswer, Failure};
use tracing::debug;

use crate::access::Origin;
use crate::reader::stay::{Recorded, Stay};
use crate::record::{Disclosure, DisclosureLog, Entry, Signed};

/// A card, lent to whoever holds the lease.
pub(crate) struct LeasedCard<'a, 'c> {
    pub(crate) session: &'a mut Session<'c>,
    pub(crate) stay: &'a mut Stay,
    pub(crate) log: &'a DisclosureLog,
    pub(crate) lease: &'a str,
    pub(crate) origin: &'a Origin,
}

impl LeasedCard<'_, '_> {
    /// Does work with the card, and writes down what that discloses.
    pub(crate) fn perform(
        &mut self,
        work: Work,
        presenting: Option<Presenting>,
        notary: &dyn Notary,
    ) -> Result<CardAnswer, Failure> {
        let Outcome { answer, disclosed } = self.session.perform(work, presenting, notary);
        let Some(disclosed) = disclosed else { return answer };
        match &answer {
            Ok(CardAnswer::Response { response }) => self.observe(response.as_bytes()),
            Ok(CardAnswer::Signed { certificate: Some(certificate), .. }) => {
                let certificate = Certificate::from_der(certificate.as_bytes());
                self.stay.card = certificate.public_key().map(|key| self.log.card_id(key));
            }
            _ => {}
        }
        // What was accepted may unlock something: not if nobody could tell later. But that nobody
        // could write it down makes a refusal nothing else.
        let recorded = self.record(disclosed).inspect_err(|_| self.session.finish());
        answer.and_then(|answer| recorded.map(|()| answer))
    }

    /// Sees what a command of the page read: it may tell which card this is.
    fn observe(&mut self, response: &[u8]) {
        let Some(reading) = self.session.reading() else { return };
        let (data, _) = response.split_at(response.len().saturating_sub(2));
        if let Some(public_key) = self.stay.observe(reading, data) {
            self.stay.card = Some(self.log.card_id(&public_key));
        }
    }

    /// Writes down a disclosure. Of what a page's own commands read, that is the first of a file under
    /// a lease, unless it came with something else before.
    fn record(&mut self, disclosed: Disclosed) -> Result<(), Failure> {
        let Disclosed { scope, read, presented, signed, failed } = disclosed;
        let read = read.map(File::name);
        let only_read = read.clone().filter(|_| presented.is_none() && signed.is_none());
        if only_read.as_ref().is_some_and(|file| self.stay.read(self.lease).contains(file)) {
            return Ok(());
        }
        self.append(Disclosure {
            stay: self.stay.id.clone(),
            card: self.stay.card.clone(),
            origin: self.origin.as_str().to_owned(),
            scope,
            read: read.clone().into_iter().collect(),
            presented: presented.map(|reference| reference.name().to_owned()),
            signed: signed.map(|signed| Signed::new(signed.key(), signed.method())),
            failed,
        })?;
        self.stay.read(self.lease).extend(read);
        Ok(())
    }

    fn append(&mut self, disclosure: Disclosure) -> Result<(), Failure> {
        let with_card = disclosure.card.is_some();
        self.log.append(Entry::Disclosed(Box::new(disclosure)))?;
        if with_card {
            self.stay.recorded = Recorded::WithCard;
        } else if self.stay.recorded == Recorded::Nothing {
            self.stay.recorded = Recorded::WithoutCard;
        }
        Ok(())
    }
}

/// Finds out which card it is that something was written down of, if no page has read its
/// certificate. Nobody waits for it.
pub(crate) fn identify(session: &mut Session<'_>, stay: &mut Stay, log: &DisclosureLog) {
    if stay.recorded != Recorded::WithoutCard {
        return;
    }
    if stay.card.is_none() {
        match session.public_key() {
            Ok(public_key) => stay.card = Some(log.card_id(&public_key)),
            Err(failure) => debug!(code = failure.code.as_str(), "cannot tell which card it was"),
        }
    }
    if let Some(card) = stay.card.clone()
        && log.append(Entry::CardKnown { stay: stay.id.clone(), card }).is_ok()
    {
        stay.recorded = Recorded::WithCard;
    }
}

impl fmt::Debug for LeasedCard<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedCard").finish_non_exhaustive()
    }
}

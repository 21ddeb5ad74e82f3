//! Questions of a reception desk: that a visit be recorded, and what comes before and after it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kazashi_core::error_code::ErrorCode;
use kazashi_server::{ExpectedStay, Method, ReceivedSignature, StayWord, Tie, tie};
use kazashi_verify::{
    Authentication, BirthDate, Certificate, Enrolment, Expected, ExpectedEnrolment,
    ExpectedPresence, Presence, PresenceProof, Revocation, Submitted, Token, Unverified, verify,
    verify_enrolment, verify_presence,
};
use metrics::counter;
use serde::Deserialize;
use serde_json::Value;
use tracing::info;
use uuid::Uuid;

mod arrival;
mod by_eye;
mod forget;

pub(super) use arrival::arrival;
pub(super) use by_eye::{record_check, terminal_signature};
pub(super) use forget::{forget, progress};

use super::Body;
use super::once::{Once, once};
use super::people::refuse_suspended;
use crate::app::App;
use crate::caller::AtDesk;
use crate::failure::Failure;
use crate::store::late::{Sender, Timing};
use crate::store::visit::{Attributes, NewEnrolment, NewVisit, RecordedVisit, Road};

/// A request that a visit be recorded. `signedAfter` is how many milliseconds after it got the nonces
/// the page had what the card signed, `stay` the name of the card's stay on the reader.
#[derive(Deserialize)]
#[serde(
    tag = "road",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[expect(clippy::large_enum_variant, reason = "there is one, for as long as its request")]
enum VisitRequest {
    Pin {
        #[serde(rename = "id")]
        _id: Uuid,
        signed_after: Option<u64>,
        stay: Option<String>,
        nonces: PinNonces,
        token: Submitted<Token>,
        proof: Option<Submitted<PresenceProof>>,
        /// The bridge's, that one card gave both.
        word: Option<StayWord>,
        consent: Consent,
        attributes: Option<Attributes>,
    },
    Presence {
        #[serde(rename = "id")]
        _id: Uuid,
        signed_after: Option<u64>,
        stay: Option<String>,
        nonce: String,
        proof: Submitted<PresenceProof>,
    },
    Visual {
        #[serde(rename = "id")]
        _id: Uuid,
        signed_after: Option<u64>,
        stay: Option<String>,
        nonce: String,
        token: Submitted<Token>,
        check: Uuid,
    },
}

impl VisitRequest {
    fn road(&self) -> Road {
        match self {
            Self::Pin { .. } => Road::Pin,
            Self::Presence { .. } => Road::Presence,
            Self::Visual { .. } => Road::Visual,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinNonces {
    pin: String,
    presence: Option<String>,
}

impl VisitRequest {
    fn nonces(&self) -> Vec<(Method, &str)> {
        match self {
            Self::Pin { nonces: PinNonces { pin, presence }, .. } => {
                let presence = presence.as_deref().map(|nonce| (Method::Presence, nonce));
                [Some((Method::Pin, pin.as_str())), presence].into_iter().flatten().collect()
            }
            Self::Presence { nonce, .. } => vec![(Method::Presence, nonce)],
            Self::Visual { nonce, .. } => vec![(Method::Terminal, nonce)],
        }
    }

    fn signed_after(&self) -> Option<Duration> {
        let (Self::Pin { signed_after, .. }
        | Self::Presence { signed_after, .. }
        | Self::Visual { signed_after, .. }) = self;
        signed_after.map(Duration::from_millis)
    }

    fn stay(&self) -> Option<&str> {
        let (Self::Pin { stay, .. } | Self::Presence { stay, .. } | Self::Visual { stay, .. }) =
            self;
        stay.as_deref()
    }
}

/// What the visitor agreed to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    items: Vec<Item>,
    /// To be known by the card from here on.
    remember: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Item {
    Name,
    Address,
    BirthDate,
    Sex,
}

/// Records a visit, by whichever road. A card that stays on the reader is received once: whoever asks
/// again in the same stay is told of that visit.
pub(super) async fn record_visit(
    State(app): State<Arc<App>>,
    AtDesk(staff): AtDesk,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    let request = Once::<VisitRequest>::read(&app, "visit", &body)?;
    let (id, digest) = (&request.id, &request.digest);
    let road = request.body.road();
    let stay = request.body.stay().map(|stay| app.keys.digest(stay.as_bytes()));
    let act = async {
        let nonces = request.body.nonces();
        let sender = Sender { session: &staff.session, account: &staff.account, nonces: &nonces };
        let signed_after = request.body.signed_after();
        let timing = app.portal.timing(&sender, signed_after, app.portal.now()).await?;
        let day = app.calendar.day(timing.signed_at);
        let stay = stay.as_deref();
        let reception = Reception { app: &app, sender, id, digest, timing, day, stay };
        match &request.body {
            VisitRequest::Pin { nonces, token, proof, word, consent, attributes, .. } => {
                let agreed = agreed(consent, attributes.as_ref())?;
                match (&nonces.presence, proof, consent.remember) {
                    (None, None, false) if word.is_none() => {
                        reception.by_pin(&nonces.pin, token.read()?, agreed).await
                    }
                    (Some(presence), Some(proof), true) => {
                        let nonces = [nonces.pin.as_str(), presence];
                        let given = (token.read()?, proof.read()?, word.as_ref());
                        reception.by_pin_and_enrolment(nonces, given, agreed).await
                    }
                    _ => Err(Failure::INVALID),
                }
            }
            VisitRequest::Presence { nonce, proof, .. } => {
                reception.by_presence(nonce, proof.read()?).await
            }
            VisitRequest::Visual { nonce, token, check, .. } => {
                reception.by_eye(nonce, token.read()?, &check.to_string()).await
            }
        }
    };
    let answer = once(|| app.portal.visit(id, digest, stay.as_deref()), act).await?;
    if answer.status() == StatusCode::CREATED {
        counter!("kazashi_portal_visits_total", "road" => road.as_str()).increment(1);
    }
    Ok(answer)
}

/// The attributes that there are to keep, if the visitor agreed to each of them, and they can be
/// what they are said to be.
fn agreed<'a>(
    consent: &Consent,
    attributes: Option<&'a Attributes>,
) -> Result<Option<&'a Attributes>, Failure> {
    let Some(attributes) = attributes else { return Ok(None) };
    let Attributes { name, address, birth_date, sex, integrity } = attributes;
    let fits = |item, value: &Option<String>, fits: &dyn Fn(&str) -> bool| {
        value.as_deref().is_none_or(|value| consent.items.contains(&item) && fits(value))
    };
    let is_text = |text: &str| text.len() <= 1000 && !text.chars().any(char::is_control);
    let is_date = |text: &str| text.contains('-') && BirthDate::parse(text).is_ok();
    let is_sex = |text: &str| matches!(text, "male" | "female" | "unknown" | "not-applicable");
    let is_integrity =
        |text: &str| text == "genuine" || ErrorCode::ALL.iter().any(|code| code.as_str() == text);
    let fits = fits(Item::Name, name, &is_text)
        && fits(Item::Address, address, &is_text)
        && fits(Item::BirthDate, birth_date, &is_date)
        && fits(Item::Sex, sex, &is_sex)
        && is_integrity(integrity);
    fits.then_some(Some(attributes)).ok_or(Failure::INVALID)
}

/// One visitor before the desk.
struct Reception<'a> {
    app: &'a App,
    sender: Sender<'a>,
    id: &'a str,
    digest: &'a str,
    timing: Timing,
    day: String,
    stay: Option<&'a str>,
}

impl Reception<'_> {
    async fn by_pin(
        &self,
        nonce: &str,
        token: &Token,
        attributes: Option<&Attributes>,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let (app, now) = (self.app, self.timing.signed_at);
        let expected = Expected { origin: &app.origin, nonce, method: Method::Pin, now };
        let authentication = verify(token, &expected, &app.trust)?;
        let answer = app.check_revocation(authentication.certificate()).await?;
        let authentication = authentication.with_revocation(answer)?;
        let subject = authentication.subject(&app.keys.pairwise);
        refuse_suspended(app, &subject).await?;
        let visit = NewVisit {
            read: &read(&["user-certificate", "signature"], attributes),
            attributes,
            ..self.visit(Road::Pin, &subject, authentication.revocation())
        };
        Ok(app.portal.record_visit(&visit).await?)
    }

    async fn by_pin_and_enrolment(
        &self,
        [pin_nonce, presence_nonce]: [&str; 2],
        (token, proof, word): (&Token, &PresenceProof, Option<&StayWord>),
        attributes: Option<&Attributes>,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let (app, now) = (self.app, self.timing.signed_at);
        let expected = ExpectedEnrolment { origin: &app.origin, pin_nonce, presence_nonce, now };
        let enrolled = verify_enrolment(
            token,
            proof,
            &expected,
            &app.trust,
            &app.cv_trust,
            &app.keys.pairwise,
        )?;
        let received = |method, nonce, signature| ReceivedSignature { method, nonce, signature };
        let signatures = [
            received(Method::Pin, pin_nonce, token.signature()),
            received(Method::Presence, presence_nonce, proof.signature()),
        ];
        let expected = ExpectedStay { origin: &app.origin, signatures: &signatures };
        if tie(app.portal.kazashi(), word, &expected).await? == Tie::PageOnly {
            info!("enrolled by the page's word alone that it is one card: no bridge is enrolled");
        }
        let answer = app.check_revocation(enrolled.authentication().certificate()).await?;
        let enrolled = enrolled.with_revocation(answer)?;
        let (authentication, enrolment) = (enrolled.authentication(), enrolled.enrolment());
        refuse_suspended(app, enrolment.subject()).await?;
        // The card itself said when its holder was born.
        let said = attributes.and_then(|attributes| attributes.birth_date.as_deref());
        if said.is_some_and(|said| said != with_dashes(enrolment.birth_date())) {
            return Err(Failure::INVALID);
        }
        let certificate = authentication.certificate();
        let visit = NewVisit {
            read: &read(&["user-certificate", "age-record", "signature"], attributes),
            enrolment: Some(NewEnrolment {
                enrolment,
                gate_tag: app.keys.hidden(enrolment.subject(), certificate.der()),
                expires_at: certificate.not_after(),
            }),
            attributes,
            ..self.visit(Road::Pin, enrolment.subject(), authentication.revocation())
        };
        Ok(app.portal.record_visit(&visit).await?)
    }

    async fn by_presence(
        &self,
        nonce: &str,
        proof: &PresenceProof,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let presence = present(self.app, nonce, proof, self.timing.signed_at).await?;
        let visit = NewVisit {
            read: &["user-certificate", "age-record", "signature"],
            ..self.visit(Road::Presence, presence.subject(), presence.revocation())
        };
        Ok(self.app.portal.record_visit(&visit).await?)
    }

    async fn by_eye(
        &self,
        nonce: &str,
        token: &Token,
        check: &str,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let (app, sender) = (self.app, &self.sender);
        let signed = (nonce, token, check);
        let authentication = compared(app, sender, signed, self.timing.signed_at).await?;
        let subject = authentication.subject(&app.keys.pairwise);
        refuse_suspended(app, &subject).await?;
        let visit = NewVisit {
            read: &["user-certificate", "card-face", "signature"],
            checked: Some(check),
            ..self.visit(Road::Visual, &subject, authentication.revocation())
        };
        Ok(app.portal.record_visit(&visit).await?)
    }

    /// A visit of which nothing is kept but that it was.
    fn visit<'a>(
        &'a self,
        road: Road,
        subject: &'a str,
        revocation: &'a Revocation,
    ) -> NewVisit<'a> {
        NewVisit {
            id: self.id,
            request: self.digest,
            sender: self.sender,
            timing: self.timing,
            day: &self.day,
            stay: self.stay,
            road,
            subject,
            revocation,
            read: &[],
            checked: None,
            enrolment: None,
            attributes: None,
        }
    }
}

/// With the attributes, all four are read, whichever are kept.
fn read(always: &[&'static str], attributes: Option<&Attributes>) -> Vec<&'static str> {
    let attributes: &[_] = match attributes {
        Some(_) => &["name", "address", "birth-date", "sex"],
        None => &[],
    };
    [always, attributes].concat()
}

/// Verifies that a card is there whose face was compared: the institution signed for this nonce once, for
/// that card, by a bridge's word; and where the holder is enrolled, it must be the card surface that was.
/// Asks whether its certificate was revoked.
async fn compared(
    app: &App,
    sender: &Sender<'_>,
    (nonce, token, check): (&str, &Token, &str),
    now: SystemTime,
) -> Result<Authentication, Failure> {
    let expected = Expected { origin: &app.origin, nonce, method: Method::Terminal, now };
    let authentication = verify(token, &expected, &app.trust)?;
    let answer = app.check_revocation(authentication.certificate()).await?;
    let authentication = authentication.with_revocation(answer)?;
    let digest = app.keys.digest(nonce.as_bytes());
    let compared = app.portal.matched_card(check, sender.account, &digest, now).await?;
    let compared = compared.ok_or(Failure::FORBIDDEN)?;
    let subject = authentication.subject(&app.keys.pairwise);
    match app.portal.enrolment(&subject).await? {
        Some(enrolment) if enrolment.card_surface_key() != compared => {
            Err(ErrorCode::EnrolmentMismatch.into())
        }
        _ => Ok(authentication),
    }
}

/// Verifies that an enrolled card is there, and asks whether its certificate was revoked.
pub(super) async fn present(
    app: &App,
    nonce: &str,
    proof: &PresenceProof,
    now: SystemTime,
) -> Result<Presence, Failure> {
    // To find the enrolment; it is verified with the rest of the proof.
    let certificate = proof
        .unverified_certificate()
        .ok_or(PresenceProof::malformed("the portal takes the whole certificate"))?;
    let certificate = Certificate::user_authentication(certificate)?;
    let subject = app.keys.pairwise.subject(&certificate);
    refuse_suspended(app, &subject).await?;
    let enrolment: Option<Enrolment> = app.portal.enrolment(&subject).await?;
    let enrolment = &enrolment.ok_or(Failure::from(ErrorCode::EnrolmentMismatch))?;
    let presence = verify_presence(
        proof,
        &ExpectedPresence { origin: &app.origin, nonce, enrolment, now },
        &app.trust,
        &app.cv_trust,
        &app.keys.pairwise,
    )?;
    let answer = app.check_revocation(presence.certificate()).await?;
    let presence = presence.with_revocation(answer)?;
    let hidden = app.keys.hidden(&subject, presence.certificate().der());
    app.portal.renew_gate_tag(&subject, &hidden).await?;
    Ok(presence)
}

/// `YYYY-MM-DD`.
fn with_dashes(date: &BirthDate) -> String {
    let digits = str::from_utf8(date.digits()).unwrap_or_default();
    let (year, rest) = digits.split_at_checked(4).unwrap_or_default();
    let (month, day) = rest.split_at_checked(2).unwrap_or_default();
    format!("{year}-{month}-{day}")
}

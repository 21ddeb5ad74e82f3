//! What a reception desk asks: who has arrived, and that a visit be recorded.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::terminal::{Base64, TerminalRequest};
use kazashi_server::Method;
use kazashi_verify::{
    BirthDate, Certificate, Enrolment, Expected, ExpectedCardFace, ExpectedEnrolment,
    ExpectedPresence, Presence, Revocation, verify, verify_card_face, verify_enrolment,
    verify_presence,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Body;
use super::once::{Once, once};
use crate::app::App;
use crate::calendar::rfc_3339;
use crate::caller::Staff;
use crate::failure::Failure;
use crate::store::check::{Decision, NewCheck};
use crate::store::deletion::NewDeletion;
use crate::store::rate;
use crate::store::visit::{Attributes, NewEnrolment, NewVisit, RecordedVisit, Road};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArrivalRequest {
    certificate: Base64,
}

/// Says what is known of the holder of a certificate. Whoever read it off a card can ask: that the
/// card is there shows later. Nothing is stored.
pub(super) async fn arrival(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(ArrivalRequest { certificate }): Body<ArrivalRequest>,
) -> Result<Response, Failure> {
    let now = SystemTime::now();
    app.portal.admit(rate::ARRIVALS, &staff.session.digest(), now).await?;
    let certificate = Certificate::user_authentication(certificate.as_bytes())?;
    app.trust.verify(&certificate, now)?;
    let subject = app.keys.pairwise.subject(&certificate);
    let enrolment = app.portal.enrolment(&subject).await?;
    let acquaintance = app.portal.acquaintance(&subject).await?;
    Ok(Json(ArrivalAnswer {
        known: enrolment.is_some() || acquaintance.visits > 0,
        enrolled: enrolment.is_some(),
        birth_date: enrolment.map(|enrolment| with_dashes(enrolment.birth_date())),
        visits: acquaintance.visits,
        last_visit: acquaintance.last_visit.map(rfc_3339),
    })
    .into_response())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArrivalAnswer {
    known: bool,
    enrolled: bool,
    /// What the card wants to know; only of those who are enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    visits: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_visit: Option<String>,
}

/// A request that a visit be recorded.
#[derive(Deserialize)]
#[serde(tag = "road", rename_all = "kebab-case", deny_unknown_fields)]
enum VisitRequest {
    Pin {
        #[serde(rename = "id")]
        _id: Uuid,
        nonces: PinNonces,
        token: Value,
        proof: Option<Value>,
        consent: Consent,
        attributes: Option<Attributes>,
    },
    Presence {
        #[serde(rename = "id")]
        _id: Uuid,
        nonce: String,
        proof: Value,
    },
    Visual {
        #[serde(rename = "id")]
        _id: Uuid,
        nonce: String,
        token: Value,
        check: Uuid,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinNonces {
    pin: String,
    presence: Option<String>,
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

/// Records a visit, by whichever road.
pub(super) async fn record_visit(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    let request = Once::<VisitRequest>::read(&app, "visit", &body)?;
    let (id, digest) = (&request.id, &request.digest);
    let at = SystemTime::now();
    let day = app.calendar.day(at);
    let reception = Reception { app: &app, staff: &staff, id, digest, at, day };
    let act = async {
        match request.body {
            VisitRequest::Pin { nonces, token, proof, consent, attributes, .. } => {
                let agreed = agreed(&consent, attributes)?;
                match (nonces.presence, proof, consent.remember) {
                    (None, None, false) => reception.by_pin(&nonces.pin, &token, agreed).await,
                    (Some(presence), Some(proof), true) => {
                        let nonces = [nonces.pin.as_str(), &presence];
                        reception.by_pin_and_enrolment(nonces, &token, &proof, agreed).await
                    }
                    _ => Err(Failure::INVALID),
                }
            }
            VisitRequest::Presence { nonce, proof, .. } => {
                reception.by_presence(&nonce, &proof).await
            }
            VisitRequest::Visual { nonce, token, check, .. } => {
                reception.by_eye(&nonce, &token, &check.to_string()).await
            }
        }
    };
    once(|| app.portal.visit(id, digest), act).await
}

/// The attributes that there are to keep, if the visitor agreed to each of them, and they can be
/// what they are said to be.
fn agreed(
    consent: &Consent,
    attributes: Option<Attributes>,
) -> Result<Option<Attributes>, Failure> {
    let Some(attributes) = attributes else { return Ok(None) };
    let Attributes { name, address, birth_date, sex, integrity } = &attributes;
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
    staff: &'a Staff,
    id: &'a str,
    digest: &'a str,
    at: SystemTime,
    day: String,
}

impl Reception<'_> {
    async fn by_pin(
        &self,
        nonce: &str,
        token: &Value,
        attributes: Option<Attributes>,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let &Self { app, at: now, .. } = self;
        let expected = Expected { origin: &app.origin, nonce, method: Method::Pin, now };
        let authentication = verify(token.to_string().as_bytes(), &expected, &app.trust)?;
        let revocation = app.revocation.check(authentication.certificate()).await;
        let authentication = authentication.with_revocation(revocation)?;
        let subject = authentication.subject(&app.keys.pairwise);
        let visit = NewVisit {
            nonces: &[(Method::Pin, nonce)],
            read: &read(&["user-certificate", "signature"], attributes.as_ref()),
            attributes: attributes.as_ref(),
            ..self.visit(Road::Pin, &subject, authentication.revocation())
        };
        Ok(app.portal.record_visit(&visit).await?)
    }

    async fn by_pin_and_enrolment(
        &self,
        [pin_nonce, presence_nonce]: [&str; 2],
        token: &Value,
        proof: &Value,
        attributes: Option<Attributes>,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let &Self { app, at: now, .. } = self;
        let expected = ExpectedEnrolment { origin: &app.origin, pin_nonce, presence_nonce, now };
        let enrolled = verify_enrolment(
            token.to_string().as_bytes(),
            proof.to_string().as_bytes(),
            &expected,
            &app.trust,
            &app.cv_trust,
            &app.keys.pairwise,
        )?;
        let revocation = app.revocation.check(enrolled.authentication().certificate()).await;
        let enrolled = enrolled.with_revocation(revocation)?;
        let (authentication, enrolment) = (enrolled.authentication(), enrolled.enrolment());
        // The card itself said when its holder was born.
        let said = attributes.as_ref().and_then(|attributes| attributes.birth_date.as_deref());
        if said.is_some_and(|said| said != with_dashes(enrolment.birth_date())) {
            return Err(Failure::INVALID);
        }
        let certificate = authentication.certificate();
        let visit = NewVisit {
            nonces: &[(Method::Pin, pin_nonce), (Method::Presence, presence_nonce)],
            read: &read(&["user-certificate", "age-record", "signature"], attributes.as_ref()),
            enrolment: Some(NewEnrolment {
                enrolment,
                gate_tag: app.keys.gate_tag(certificate.der()),
                expires_at: certificate.not_after(),
            }),
            attributes: attributes.as_ref(),
            ..self.visit(Road::Pin, enrolment.subject(), authentication.revocation())
        };
        Ok(app.portal.record_visit(&visit).await?)
    }

    async fn by_presence(
        &self,
        nonce: &str,
        proof: &Value,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let presence = present(self.app, nonce, proof, self.at).await?;
        let visit = NewVisit {
            nonces: &[(Method::Presence, nonce)],
            read: &["user-certificate", "age-record", "signature"],
            ..self.visit(Road::Presence, presence.subject(), presence.revocation())
        };
        Ok(self.app.portal.record_visit(&visit).await?)
    }

    /// That the face that was compared and the token came from one card is the bridge's word; but
    /// where the visitor is enrolled, it must be the card surface that was.
    async fn by_eye(
        &self,
        nonce: &str,
        token: &Value,
        check: &str,
    ) -> Result<Option<RecordedVisit>, Failure> {
        let &Self { app, staff, at: now, .. } = self;
        let expected = Expected { origin: &app.origin, nonce, method: Method::Terminal, now };
        let authentication = verify(token.to_string().as_bytes(), &expected, &app.trust)?;
        let revocation = app.revocation.check(authentication.certificate()).await;
        let authentication = authentication.with_revocation(revocation)?;
        let subject = authentication.subject(&app.keys.pairwise);
        let digest = app.keys.digest(nonce.as_bytes());
        let compared = app.portal.matched_card(check, &staff.session, &digest, now).await?;
        let compared = compared.ok_or(Failure::FORBIDDEN)?;
        if let Some(enrolment) = app.portal.enrolment(&subject).await?
            && enrolment.card_surface_key() != compared
        {
            return Err(ErrorCode::EnrolmentMismatch.into());
        }
        let visit = NewVisit {
            nonces: &[(Method::Terminal, nonce)],
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
            session: &self.staff.session,
            account: &self.staff.account,
            at: self.at,
            day: &self.day,
            road,
            nonces: &[],
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

/// Verifies that an enrolled card is there, and asks whether its certificate was revoked.
pub(super) async fn present(
    app: &App,
    nonce: &str,
    proof: &Value,
    now: SystemTime,
) -> Result<Presence, Failure> {
    // To find the enrolment; it is verified with the rest of the proof.
    let certificate = proof.get("unverifiedCertificate").cloned().unwrap_or_default();
    let certificate = Base64::deserialize(certificate)
        .map_err(|_| Failure::from(ErrorCode::PresenceProofMalformed))?;
    let certificate = Certificate::user_authentication(certificate.as_bytes())?;
    let subject = app.keys.pairwise.subject(&certificate);
    let enrolment: Option<Enrolment> = app.portal.enrolment(&subject).await?;
    let enrolment = &enrolment.ok_or(Failure::from(ErrorCode::EnrolmentMismatch))?;
    let presence = verify_presence(
        proof.to_string().as_bytes(),
        &ExpectedPresence { origin: &app.origin, nonce, enrolment, now },
        &app.trust,
        &app.cv_trust,
        &app.keys.pairwise,
    )?;
    let revocation = app.revocation.check(presence.certificate()).await;
    Ok(presence.with_revocation(revocation)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CheckRequest {
    #[serde(rename = "id")]
    _id: Uuid,
    face_nonce: String,
    face: Value,
    terminal_nonce: String,
    decision: Decision,
}

/// Records that staff compared a visitor with the face on a genuine card, and what they decided.
pub(super) async fn record_check(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    let request = Once::<CheckRequest>::read(&app, "check", &body)?;
    let (id, digest, check) = (&request.id, &request.digest, &request.body);
    let act = async {
        let expected = ExpectedCardFace { origin: &app.origin, nonce: &check.face_nonce };
        let face = verify_card_face(check.face.to_string().as_bytes(), &expected, &app.cv_trust)?;
        let check = NewCheck {
            id,
            request: digest,
            session: &staff.session,
            account: &staff.account,
            at: SystemTime::now(),
            decision: check.decision,
            face_nonce: &check.face_nonce,
            terminal_nonce: &app.keys.digest(check.terminal_nonce.as_bytes()),
            card_surface_key: &face.card_surface_key(&app.keys.pairwise),
        };
        Ok(app.portal.record_check(&check).await?)
    };
    once(|| app.portal.check(id, digest), act).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureRequest {
    nonce: String,
    request: TerminalRequest,
}

/// Signs a card's challenge for the institution: only for a nonce before which, in this session,
/// staff found that the visitor is who is on the card.
pub(super) async fn terminal_signature(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(SignatureRequest { nonce, request }): Body<SignatureRequest>,
) -> Result<Response, Failure> {
    let now = SystemTime::now();
    let terminal = app.terminal.as_ref().ok_or(Failure::TERMINAL_NOT_SIGNED)?;
    let digest = app.keys.digest(nonce.as_bytes());
    if !app.portal.is_matched(&staff.session, &digest, now).await? {
        return Err(Failure::TERMINAL_NOT_SIGNED);
    }
    let signature = terminal.sign(&staff.session, &request, &nonce, now).await?;
    Ok(Json(json!({ "signature": Base64::from(signature) })).into_response())
}

/// A holder's wish to be forgotten, shown by their card.
#[derive(Deserialize)]
#[serde(tag = "road", rename_all = "kebab-case", deny_unknown_fields)]
enum DeletionRequest {
    Presence {
        #[serde(rename = "id")]
        _id: Uuid,
        nonce: String,
        proof: Value,
    },
    Pin {
        #[serde(rename = "id")]
        _id: Uuid,
        nonce: String,
        token: Value,
    },
}

/// Forgets the holder of the card.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    let request = Once::<DeletionRequest>::read(&app, "deletion", &body)?;
    let (id, digest, now) = (&request.id, &request.digest, SystemTime::now());
    let act = async {
        let (method, nonce, subject) = match &request.body {
            DeletionRequest::Presence { nonce, proof, .. } => {
                let presence = present(&app, nonce, proof, now).await?;
                (Method::Presence, nonce, presence.subject().to_owned())
            }
            DeletionRequest::Pin { nonce, token, .. } => {
                let expected = Expected { origin: &app.origin, nonce, method: Method::Pin, now };
                let authentication = verify(token.to_string().as_bytes(), &expected, &app.trust)?;
                (Method::Pin, nonce, authentication.subject(&app.keys.pairwise))
            }
        };
        let deletion = NewDeletion {
            id,
            request: digest,
            session: &staff.session,
            account: &staff.account,
            at: now,
            method,
            nonce,
            subject: &subject,
        };
        Ok(app.portal.forget_visitor(&deletion).await?)
    };
    once(|| app.portal.deletion(id, digest), act).await
}

/// `YYYY-MM-DD`.
fn with_dashes(date: &BirthDate) -> String {
    let digits = str::from_utf8(date.digits()).unwrap_or_default();
    let (year, rest) = digits.split_at_checked(4).unwrap_or_default();
    let (month, day) = rest.split_at_checked(2).unwrap_or_default();
    format!("{year}-{month}-{day}")
}

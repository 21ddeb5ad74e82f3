//! Signing staff in by OpenID Connect: the authorization code flow (Core 1.0, clause 3.1) with PKCE
//! (RFC 7636).
//!
//! Nothing is kept between question and answer: `state`, `nonce` and the code verifier are derived
//! from the session that asks, so that an answer is good in that session only, at every server. The
//! provider is asked for its keys each time, since they change.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use axum::body::{Body, to_bytes};
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, ValueEnum};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kazashi_server::SessionId;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, TokenResponse,
};
use serde_json::Value;
use thiserror::Error as ThisError;
use tokio::time::timeout;

use crate::keys::Keys;
use crate::permission::Role;

/// Where the provider sends people back to: a place of the page, which asks the server.
const RETURN_PATH: &str = "/sign-in";

/// How long the provider may take for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer of a provider.
const LONGEST: usize = 256 * 1024;

/// Those by which nobody but the provider can have signed: not `none`, and none with a shared secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
];

#[derive(Args, Debug)]
pub(crate) struct OpenIdOptions {
    /// OpenID Connect: the provider by which staff signs in too, `https://login.example`
    #[arg(
        long,
        value_name = "URL",
        value_parser = |url: &str| IssuerUrl::new(url.to_owned()),
        requires_all = ["openid_client_id", "openid_client_secret", "openid_role"]
    )]
    openid_issuer: Option<IssuerUrl>,
    /// OpenID Connect: how the provider knows this portal
    #[arg(long, value_name = "ID", requires = "openid_issuer")]
    openid_client_id: Option<String>,
    /// OpenID Connect: the file with the secret that the provider gave out for it
    #[arg(long, value_name = "FILE", requires = "openid_issuer")]
    openid_client_secret: Option<PathBuf>,
    /// OpenID Connect: the claim that names the account
    #[arg(long, value_name = "CLAIM", default_value = "preferred_username")]
    openid_name_claim: String,
    /// OpenID Connect: the claim that says what somebody may do
    #[arg(long, value_name = "CLAIM", default_value = "roles")]
    openid_role_claim: String,
    /// OpenID Connect: a role, and the value of that claim that stands for it. The first that somebody
    /// has is theirs
    #[arg(long, value_name = "ROLE=VALUE", value_parser = role_of_value, requires = "openid_issuer")]
    openid_role: Vec<(Role, String)>,
}

fn role_of_value(text: &str) -> Result<(Role, String), String> {
    let (role, value) = text.split_once('=').ok_or("write ROLE=VALUE")?;
    Ok((Role::from_str(role, false)?, value.to_owned()))
}

/// The provider that says who somebody is.
#[derive(Debug)]
pub(crate) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    /// Where people come back to.
    returning: RedirectUrl,
    name_claim: String,
    role_claim: String,
    roles: Vec<(Role, String)>,
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

/// Somebody whom the provider knows and who has a role here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// The reason why the provider signs nobody in.
#[derive(Debug, ThisError)]
pub(crate) enum OpenIdError {
    #[error("the provider cannot be asked: {because}")]
    Unavailable { because: String },
    #[error("the provider's answer does not hold: {because}")]
    Refused { because: String },
    #[error("the provider names nobody who has a role here")]
    NoRole,
}

impl Provider {
    /// Reads how the provider is reached, if there is one.
    pub(crate) fn open(
        options: &OpenIdOptions,
        origin: &str,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        let OpenIdOptions {
            openid_issuer: Some(issuer),
            openid_client_id: Some(client_id),
            openid_client_secret: Some(secret),
            ..
        } = options
        else {
            return Ok(None);
        };
        let is_here = matches!(issuer.url().host_str(), Some("localhost" | "127.0.0.1"));
        if issuer.url().scheme() != "https" && !is_here {
            return Err("--openid-issuer: a provider is reached by https".into());
        }
        let connector = HttpsConnectorBuilder::new().with_native_roots()?;
        let connector = connector.https_or_http().enable_http1().build();
        let read = fs::read_to_string(secret);
        let read = read.map_err(|error| format!("{}: {error}", secret.display()))?;
        Ok(Some(Self {
            issuer: issuer.clone(),
            client_id: ClientId::new(client_id.clone()),
            client_secret: ClientSecret::new(read.trim().to_owned()),
            returning: RedirectUrl::new(format!("{origin}{RETURN_PATH}"))?,
            name_claim: options.openid_name_claim.clone(),
            role_claim: options.openid_role_claim.clone(),
            roles: options.openid_role.clone(),
            client: Client::builder(TokioExecutor::new()).build(connector),
        }))
    }

    /// The address at which the provider asks people who they are, for this session.
    pub(crate) async fn address(
        &self,
        session: &SessionId,
        keys: &Keys,
    ) -> Result<String, OpenIdError> {
        let metadata = self.metadata().await?;
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), None)
            .set_redirect_uri(self.returning.clone());
        let Attempt { state, nonce, verifier } = Attempt::of(session, keys);
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (address, ..) = client
            .authorize_url(flow, || CsrfToken::new(state), || nonce)
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(address.into())
    }

    /// Who it is, by the provider's answer to this session.
    pub(crate) async fn person(
        &self,
        session: &SessionId,
        keys: &Keys,
        (state, code): (&str, String),
        now: SystemTime,
    ) -> Result<Person, OpenIdError> {
        let attempt = Attempt::of(session, keys);
        if state != attempt.state {
            return Err(refused("it is for another session"));
        }
        let metadata = self.metadata().await?;
        let secret = Some(self.client_secret.clone());
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), secret)
            .set_redirect_uri(self.returning.clone());
        let exchange = client.exchange_code(AuthorizationCode::new(code));
        let exchange = exchange.map_err(|error| unavailable(&error))?;
        let exchange = exchange.set_pkce_verifier(attempt.verifier);
        let tokens = exchange.request_async(&self.fetch()).await.map_err(not_exchanged)?;
        let token = tokens.id_token().ok_or_else(|| refused("it has no ID token"))?;
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let verifier = verifier.set_time_fn(move || now.into());
        token.claims(&verifier, &attempt.nonce).map_err(|error| refused(&error.to_string()))?;
        // Verified as a whole: what an institution's own claims are, no library knows.
        self.named(&claims(&token.to_string()).ok_or_else(|| refused("its claims are none"))?)
    }

    /// The person of these claims.
    fn named(&self, claims: &Value) -> Result<Person, OpenIdError> {
        let held = match claims.get(&self.role_claim) {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(value)) => vec![value.as_str()],
            _ => Vec::new(),
        };
        let role = self.roles.iter().find(|(_, value)| held.contains(&value.as_str()));
        let name = claims.get(&self.name_claim).and_then(Value::as_str);
        match (name, role) {
            (Some(name), Some(&(role, _))) => Ok(Person { name: name.to_owned(), role }),
            _ => Err(OpenIdError::NoRole),
        }
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, OpenIdError> {
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.fetch()).await;
        found.map_err(|error| unavailable(&error))
    }

    fn fetch(&self) -> impl Fn(HttpRequest) -> Fetching + use<> {
        let client = self.client.clone();
        move |request| Box::pin(fetched(client.clone(), request))
    }
}

type Fetching = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send>>;

/// What derives from a session that asks the provider: known to that session's server alone.
struct Attempt {
    state: String,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Attempt {
    fn of(session: &SessionId, keys: &Keys) -> Self {
        let derived = |what| keys.digest(format!("openid {what} {}", session.as_str()).as_bytes());
        Self {
            state: derived("state"),
            nonce: Nonce::new(derived("nonce")),
            verifier: PkceCodeVerifier::new(derived("verifier")),
        }
    }
}

#[derive(Debug, ThisError)]
enum FetchError {
    #[error("no answer in time")]
    Late,
    #[error(transparent)]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error(transparent)]
    Answer(#[from] axum::Error),
}

/// Fetches one answer. Redirects are not followed: a provider says where it is.
async fn fetched(
    client: Client<HttpsConnector<HttpConnector>, Body>,
    request: HttpRequest,
) -> Result<HttpResponse, FetchError> {
    let exchange = async {
        let (head, body) = client.request(request.map(Body::from)).await?.into_parts();
        let body = to_bytes(Body::new(body), LONGEST).await?;
        Ok(Response::from_parts(head, body.to_vec()))
    };
    timeout(PATIENCE, exchange).await.unwrap_or(Err(FetchError::Late))
}

/// The claims of an ID token (RFC 7519).
fn claims(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn unavailable(error: &dyn Error) -> OpenIdError {
    let because =
        error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
    OpenIdError::Unavailable { because }
}

fn refused(because: &str) -> OpenIdError {
    OpenIdError::Refused { because: because.to_owned() }
}

/// Of what the provider says, its code alone: the rest is free text, about a person perhaps.
fn not_exchanged(
    error: RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>,
) -> OpenIdError {
    match error {
        RequestTokenError::ServerResponse(answer) => refused(answer.error().as_ref()),
        RequestTokenError::Request(error) => unavailable(&error),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => refused("it is no token"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn provider() -> Provider {
        let file = tempfile::NamedTempFile::new().unwrap();
        let options = OpenIdOptions {
            openid_issuer: Some(IssuerUrl::new("https://login.example".to_owned()).unwrap()),
            openid_client_id: Some("portal".to_owned()),
            openid_client_secret: Some(file.path().to_owned()),
            openid_name_claim: "preferred_username".to_owned(),
            openid_role_claim: "roles".to_owned(),
            openid_role: ["administrator=portal-admins", "staff=reception"]
                .map(|text| role_of_value(text).unwrap())
                .to_vec(),
        };
        Provider::open(&options, "https://portal.example").unwrap().unwrap()
    }

    #[test]
    fn the_first_role_that_somebody_has_is_theirs() {
        let provider = provider();
        for (roles, expected) in [
            (json!(["reception"]), Role::Staff),
            (json!("reception"), Role::Staff),
            (json!(["x", "reception", "portal-admins", 7]), Role::Administrator),
        ] {
            let claims = json!({ "preferred_username": "hana", "roles": roles });
            let person = provider.named(&claims).unwrap();
            assert_eq!(person, Person { name: "hana".to_owned(), role: expected });
        }
    }

    #[test]
    fn who_has_no_role_here_or_no_name_is_nobody() {
        for claims in [
            json!({ "preferred_username": "hana" }),
            json!({ "preferred_username": "hana", "roles": ["Reception", "reception "] }),
            json!({ "preferred_username": "hana", "roles": { "reception": true } }),
            json!({ "roles": ["reception"] }),
            json!({ "preferred_username": 7, "roles": ["reception"] }),
        ] {
            let named = provider().named(&claims);
            assert!(matches!(named, Err(OpenIdError::NoRole)), "{claims}: {named:?}");
        }
    }
}

//! Commands of a page, which go on in the next transaction where they left off.

use crate::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use crate::error_code::ErrorCode;
use crate::flow::{Error, command};
use crate::guard::policy::{self, CardState, Needs, Reading};
use crate::guard::session::{Bookmark, Lapsed, Session, selects_application};
use crate::value::{Scope, Scopes};
use crate::wire::Failure;

/// What the card answers where something must be presented first.
const CLOSED: StatusWord = StatusWord::SECURITY_STATUS_NOT_SATISFIED;

impl Session<'_> {
    /// Carries a page's command, if the policy and the scopes of its origin allow it.
    pub fn transmit(
        &mut self,
        command: &CommandApdu,
        scopes: &Scopes,
    ) -> Result<ResponseApdu, Failure> {
        if selects_application(command) {
            // It stands by itself, and begins anew.
            self.page.lapsed = Lapsed::default();
        } else {
            self.return_to_page(command)?;
        }
        let allowed = match self.state.judge(command) {
            Ok(Needs::Lease) => true,
            Ok(Needs::Scope(scope)) => scopes.allow(scope),
            Err(_) => false,
        };
        let is_raw = !allowed && scopes.allow(Scope::RawApdu) && policy::is_raw(command);
        if !(allowed || is_raw) {
            let has_run_out = self.page.lapsed.response && policy::is_get_response(command);
            let code = if has_run_out { ErrorCode::Timeout } else { ErrorCode::NotPermitted };
            return Err(code.into());
        }
        let loads_certificate = policy::loads_certificate(command);
        if loads_certificate && self.page.lapsed.certificates {
            return Err(ErrorCode::Timeout.into());
        }
        let reading = match is_raw {
            true => Some(Reading::raw(self.state.application())),
            false => self.state.reading(command),
        };
        let response = self.exchange(command)?;
        self.reading = reading;
        if is_raw {
            // What it did to the card is not followed.
            self.forget();
            self.state = CardState::after_raw(response.status());
        }
        self.certificates |= loads_certificate && response.status() == StatusWord::OK;
        self.page.application = self.state.application();
        self.page.ef = self.state.current_ef();
        match response.status() {
            CLOSED if self.page.lapsed.verified.is_some() => Err(ErrorCode::Timeout.into()),
            _ => Ok(response),
        }
    }

    /// Selects again what a command of the page takes for granted: its own application, and its file.
    fn return_to_page(&mut self, command: &CommandApdu) -> Result<(), Failure> {
        let Bookmark { application, ef, .. } = self.page;
        if application != self.state.application() {
            self.select(application)?;
        }
        if let Some(ef) = ef.filter(|_| policy::means_current_ef(command))
            && self.state.current_ef().is_none()
        {
            let select = command::select_file(ef);
            let status = self.exchange(&select)?.status();
            if status != StatusWord::OK {
                return Err(Error::Refused { ins: select.ins(), status }.into());
            }
        }
        Ok(())
    }

    /// Reading by the page's last command.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        self.reading
    }
}

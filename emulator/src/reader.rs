//! Emulated reader: carries commands to a card, and fails as readers and cards do.
//!
//! It implements core's trait of who carries commands, [`CardTransaction`], and uses nothing that
//! judges them: the card shares no rule with the guard, so each can be tested against the other.

use std::cell::{RefCell, RefMut};
use std::fmt;
use std::rc::Rc;

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{CardTransaction, Ending};
use rand_core::CryptoRngCore;

use crate::{Card, Deed};

/// Reader with a card on it. A clone is the same reader, so that a test keeps hold of what a
/// session has.
#[derive(Clone)]
pub struct Reader(Rc<RefCell<State>>);

/// Transaction with the card that lies there now. It finds the card gone once that is taken off.
#[derive(Clone, Debug)]
pub struct Transaction {
    reader: Reader,
    insertion: u32,
}

/// Misfortune of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The card never gets the command, and the reader reports a fault of communication.
    CommandLost,
    /// The card performs the command, but the reader reports a fault of communication.
    ResponseLost,
    /// The card is taken off before the command.
    Removed,
    /// The card loses its power before the command and gets it back, unnoticed.
    PowerCut,
    /// The card is reset before the command, unnoticed.
    Reset,
    /// The card does not perform the command, and this is reported: only `9000` would be believed.
    Refused(StatusWord),
    /// The card performs the command, but this is reported.
    Misreported(StatusWord),
    /// The response's data ends after so many bytes.
    Truncated(usize),
    /// The bytes of the response's data differ by this.
    Altered(u8),
    /// The response's data comes in parts: so many bytes at first, the others by GET RESPONSE.
    InParts(usize),
}

struct State {
    card: Card,
    random: Box<dyn CryptoRngCore>,
    plan: Box<Plan>,
    insertion: u32,
    commands: usize,
    /// Rest of a response in parts, and what the card did to have it.
    rest: Option<(Vec<u8>, Option<Deed>)>,
    deeds: Vec<Deed>,
    ending: Option<Ending>,
}

type Plan = dyn FnMut(usize, &CommandApdu) -> Option<Fault>;

impl Reader {
    /// A reader of which nothing fails, with this card on it, which has its random bytes from here.
    #[must_use]
    pub fn new(mut card: Card, random: impl CryptoRngCore + 'static) -> Self {
        card.power_on();
        Self(Rc::new(RefCell::new(State {
            card,
            random: Box::new(random),
            plan: Box::new(|_, _| None),
            insertion: 0,
            commands: 0,
            rest: None,
            deeds: Vec::new(),
            ending: None,
        })))
    }

    /// Has commands fail by this plan from now on: it is asked about each command of a transaction,
    /// and told its number, counted from 0 over all transactions.
    pub fn set_plan(&self, plan: impl FnMut(usize, &CommandApdu) -> Option<Fault> + 'static) {
        self.0.borrow_mut().plan = Box::new(plan);
    }

    /// Has the next command fail, and no other.
    pub fn fail_next(&self, fault: Fault) {
        let next = self.commands();
        self.set_plan(move |number, _| (number == next).then_some(fault));
    }

    /// Number of commands that came in transactions.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.0.borrow().commands
    }

    /// Begins a transaction: nobody else speaks to the card until it ends.
    #[must_use]
    pub fn transaction(&self) -> Transaction {
        let mut state = self.0.borrow_mut();
        state.deeds.clear();
        Transaction { reader: self.clone(), insertion: state.insertion }
    }

    /// The way in which the last transaction ended.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.0.borrow().ending
    }

    /// Has the card perform a command of another program, as it is, whatever the plan says.
    pub fn send(&self, command: &[u8]) -> ResponseApdu {
        self.0.borrow_mut().perform(command)
    }

    /// The deeds of the card since this was last asked, or since the transaction began.
    #[must_use]
    pub fn take_deeds(&self) -> Vec<Deed> {
        std::mem::take(&mut self.0.borrow_mut().deeds)
    }

    /// The card that lies there.
    #[must_use]
    pub fn card(&self) -> RefMut<'_, Card> {
        RefMut::map(self.0.borrow_mut(), |state| &mut state.card)
    }

    /// Takes the card off, and puts it there again.
    pub fn remove(&self) {
        self.0.borrow_mut().remove();
    }

    /// Takes the card off, and puts another one there.
    pub fn swap(&self, card: Card) {
        let mut state = self.0.borrow_mut();
        state.card = card;
        state.remove();
    }
}

impl State {
    fn carry(
        &mut self,
        command: &CommandApdu,
        fault: Option<Fault>,
    ) -> Result<ResponseApdu, ErrorCode> {
        match fault {
            Some(Fault::CommandLost) => return Err(ErrorCode::CommunicationError),
            Some(Fault::Removed) => {
                self.remove();
                return Err(ErrorCode::RemovedCard);
            }
            Some(Fault::Refused(status)) => return Ok(ResponseApdu::new([], status)),
            Some(Fault::PowerCut) => self.power_cycle(),
            Some(Fault::Reset) => self.card.reset(),
            _ => {}
        }
        let response = self.perform(&command.to_bytes());
        let (data, status) = (response.data(), response.status());
        Ok(match fault {
            Some(Fault::ResponseLost) => return Err(ErrorCode::CommunicationError),
            Some(Fault::Misreported(status)) => ResponseApdu::new(data, status),
            Some(Fault::Truncated(length)) => {
                ResponseApdu::new(data.get(..length).unwrap_or(data), status)
            }
            Some(Fault::Altered(mask)) => {
                let altered: Vec<_> = data.iter().map(|byte| byte ^ mask).collect();
                ResponseApdu::new(altered, status)
            }
            Some(Fault::InParts(length)) if status == StatusWord::OK => {
                let deed = self.card.deed().cloned();
                self.hand_over(data.to_vec(), length, deed)
            }
            _ => response,
        })
    }

    fn perform(&mut self, command: &[u8]) -> ResponseApdu {
        // A rest is there for the next command only.
        if let (Some((rest, deed)), [0x00, 0xC0, 0x00, 0x00, ne]) = (self.rest.take(), command) {
            self.deeds.extend(deed.clone());
            let ne = if *ne == 0x00 { 256 } else { usize::from(*ne) };
            return self.hand_over(rest, ne, deed);
        }
        let response = self.card.transmit(command, &mut *self.random);
        self.deeds.extend(self.card.deed().cloned());
        ResponseApdu::from_bytes(&response).expect("a card answers with a status word at least")
    }

    fn hand_over(&mut self, mut data: Vec<u8>, length: usize, deed: Option<Deed>) -> ResponseApdu {
        let rest = data.split_off(length.min(data.len()));
        if rest.is_empty() {
            return ResponseApdu::new(data, StatusWord::OK);
        }
        let left = u8::try_from(rest.len()).unwrap_or(0x00);
        self.rest = Some((rest, deed));
        ResponseApdu::new(data, StatusWord(u16::from_be_bytes([0x61, left])))
    }

    fn remove(&mut self) {
        self.insertion += 1;
        self.power_cycle();
    }

    fn power_cycle(&mut self) {
        self.card.power_off();
        self.card.power_on();
        self.rest = None;
    }
}

impl CardTransaction for Transaction {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let state = &mut *self.reader.0.borrow_mut();
        if self.insertion != state.insertion {
            return Err(ErrorCode::RemovedCard);
        }
        let fault = (state.plan)(state.commands, command);
        state.commands += 1;
        state.carry(command, fault)
    }

    fn end(self: Box<Self>, ending: Ending) {
        let mut state = self.reader.0.borrow_mut();
        state.ending = Some(ending);
        if ending == Ending::UnpowerCard && self.insertion == state.insertion {
            state.power_cycle();
        }
    }
}

/// Shows nothing of the card.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

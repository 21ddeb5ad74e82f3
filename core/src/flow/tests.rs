use super::{Flow, Question, Step};
use crate::flow::Error;

#[test]
fn a_question_is_answered_by_the_server() {
    let question = Question::BirthDate { certificate: vec![0x30, 0x00] };
    let asked = question.clone();
    let flow = Flow::new(async |card| Ok(card.ask_server(asked).await));
    let Ok(Step::AskServer(shown, waiting)) = flow.start() else { panic!("a step to ask") };
    assert_eq!(shown, question);
    let answer = b"1980-02-17".to_vec();
    assert!(matches!(waiting.resume(answer.clone()), Ok(Step::Done(a)) if a == answer));
}

#[test]
fn an_error_ends_the_flow() {
    let flow: Flow<()> = Flow::new(async |_| Err(Error::PinBlocked));
    assert_eq!(flow.start().unwrap_err(), Error::PinBlocked);
}

#[test]
fn what_a_flow_brings_back_can_be_made_into_something_else() {
    let question = Question::BirthDate { certificate: vec![0x30, 0x00] };
    let flow =
        Flow::new(async |card| Ok(card.ask_server(question).await)).map(|answer| answer.len());
    let Ok(Step::AskServer(_, waiting)) = flow.start() else { panic!("a step to ask") };
    assert!(matches!(waiting.resume(b"1980-02-17".to_vec()), Ok(Step::Done(10))));
}

#[test]
fn flows_can_move_to_the_thread_of_a_reader() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&crate::card::jpki::pin_status());
}

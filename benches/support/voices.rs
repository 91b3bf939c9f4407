//! The callers' sound on a thread of its own, as if on other machines.

use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bellhop::edge::clock::Clock;
use bellhop::edge::precedence::prefer_this_thread;

use super::Trouble;
use super::rtp_callers::RtpCallers;

const SOCKETS: usize = 16;
const TURN: Duration = Duration::from_millis(1);

type Question = Box<dyn FnOnce(&mut RtpCallers) + Send>;

pub struct Voices {
    questions: Option<Sender<Question>>,
    thread: Option<JoinHandle<()>>,
    addresses: Vec<SocketAddr>,
}

impl Voices {
    pub fn start(host: IpAddr, clock: Clock) -> Result<Self, Trouble> {
        let mut callers = RtpCallers::new(host, SOCKETS, clock)?;
        let addresses = (0..SOCKETS).map(|n| callers.address_of(n)).collect::<Result<_, _>>()?;
        let (questions, to_answer) = channel();
        let thread = thread::Builder::new().name("voices".into()).spawn(move || {
            prefer_this_thread();
            while answer(&mut callers, &to_answer) {
                callers.run_for(TURN);
            }
        })?;
        Ok(Self { questions: Some(questions), thread: Some(thread), addresses })
    }

    /// Does something between two turns, and waits for it.
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut RtpCallers) -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let (say, said) = channel();
        let question = Box::new(move |callers: &mut RtpCallers| drop(say.send(question(callers))));
        if let Some(questions) = &self.questions {
            questions.send(question)?;
        }
        Ok(said.recv()?)
    }

    /// Where the next one will listen.
    pub fn next_address(&self) -> Result<SocketAddr, Trouble> {
        let next = self.ask(|callers| callers.next())?;
        Ok(self.addresses[next % self.addresses.len()])
    }

    pub fn add(&self, server: SocketAddr) -> Result<usize, Trouble> {
        self.ask(move |callers| callers.add(server, 8))
    }

    pub fn leave(&self, n: usize) -> Result<(), Trouble> {
        self.ask(move |callers| callers.leave(n))
    }
}

/// False when nobody asks any more.
fn answer(callers: &mut RtpCallers, questions: &Receiver<Question>) -> bool {
    loop {
        match questions.try_recv() {
            Ok(question) => question(callers),
            Err(TryRecvError::Empty) => return true,
            Err(TryRecvError::Disconnected) => return false,
        }
    }
}

impl Drop for Voices {
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

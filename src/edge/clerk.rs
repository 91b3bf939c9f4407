//! The clerk: reads and changes the office's settings file on a thread of its
//! own. No call waits for a disk.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::domain::administration::{Groups, Objection, Outcome, Wish};
use crate::edge::ctl::{Answer, Asked};
use crate::exchange::settings::Settings;

/// Tasks that wait; whoever comes with more is told to come again.
const WAITING_MAX: usize = 16;

const GONE_WRONG: &str = "the server has a fault here, nothing holds that did not: see its log";

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Read the settings anew.
    Reload,
    /// A change of a tenant's groups, or a look at them. Without a domain it
    /// is the only tenant's.
    Groups { domain: Option<String>, wish: Wish },
}

/// Who hears what became of it.
#[derive(Debug)]
pub enum Asker {
    /// Whoever reads the log.
    Log,
    /// An administrator's console, through the office.
    Console {
        domain: String,
        number: u64,
    },
    Socket(Asked),
}

/// The new state of things.
#[derive(Clone, Debug)]
pub struct Change {
    /// What holds from now on, of all tenants. None: as it was.
    pub settings: Option<Vec<Settings>>,
    pub groups: Groups,
    /// What whoever asked should know.
    pub remarks: Vec<String>,
}

pub struct Done {
    pub asker: Asker,
    pub task: Task,
    pub result: Result<Change, Vec<Objection>>,
}

pub type Work = Box<dyn FnMut(&Task) -> Result<Change, Vec<Objection>> + Send>;

/// Where tasks are handed in, and what has been done comes out.
pub struct Clerk {
    tasks: SyncSender<(Task, Asker)>,
    refused: UnboundedSender<Done>,
    done: UnboundedReceiver<Done>,
}

impl Clerk {
    /// # Errors
    /// The system gives no thread.
    pub fn start(work: Work) -> io::Result<Self> {
        let (tasks, waiting) = sync_channel(WAITING_MAX);
        let (tell, done) = unbounded_channel();
        let refused = tell.clone();
        let run = move || run(work, &waiting, &tell);
        thread::Builder::new().name("clerk".into()).spawn(run)?;
        Ok(Self { tasks, refused, done })
    }

    /// Every task is answered, one way or the other.
    pub fn give(&self, task: Task, asker: Asker) {
        let (task, asker, words) = match self.tasks.try_send((task, asker)) {
            Ok(()) => return,
            Err(TrySendError::Full((task, asker))) => (task, asker, "other changes are being made"),
            Err(TrySendError::Disconnected((task, asker))) => {
                (task, asker, "the settings can no longer be changed: see the log")
            }
        };
        let result = Err(vec![Objection::new("", words)]);
        // The receiver is our own.
        let _ = self.refused.send(Done { asker, task, result });
    }

    pub async fn done(&mut self) -> Done {
        match self.done.recv().await {
            Some(done) => done,
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }
}

fn run(mut work: Work, waiting: &Receiver<(Task, Asker)>, tell: &UnboundedSender<Done>) {
    while let Ok((task, asker)) = waiting.recv() {
        // One task that goes wrong is not the last: the next begins afresh.
        let result = catch_unwind(AssertUnwindSafe(|| work(&task)));
        let result = result.unwrap_or_else(|_| Err(vec![Objection::new("", GONE_WRONG)]));
        if tell.send(Done { asker, task, result }).is_err() {
            return;
        }
    }
}

impl Done {
    /// As the office tells a console.
    pub fn outcome(&self) -> Outcome {
        match &self.result {
            Ok(change) => Outcome::Done(change.groups.clone()),
            Err(objections) => Outcome::Refused(objections.clone()),
        }
    }

    /// As the socket tells whoever runs `bellhop ctl`.
    pub fn answer(&self) -> Answer {
        match (&self.result, &self.task) {
            (Err(objections), _) => Answer::Refused(objections.clone()),
            (Ok(change), Task::Reload) => Answer::Reloaded { remarks: change.remarks.clone() },
            (Ok(change), Task::Groups { .. }) => Answer::Groups(change.groups.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_goes_wrong_is_refused_and_the_next_is_done() {
        let work: Work = Box::new(|task| {
            assert_eq!(*task, Task::Reload, "as a fault would");
            Ok(Change { settings: None, groups: Groups::default(), remarks: Vec::new() })
        });
        let mut clerk = Clerk::start(work).unwrap();
        clerk.give(Task::Groups { domain: None, wish: Wish::List }, Asker::Log);
        let wrong = clerk.done.blocking_recv().unwrap();
        assert_eq!(wrong.answer(), Answer::refused(GONE_WRONG));
        clerk.give(Task::Reload, Asker::Log);
        let right = clerk.done.blocking_recv().unwrap();
        assert_eq!(right.answer(), Answer::Reloaded { remarks: Vec::new() });
    }
}

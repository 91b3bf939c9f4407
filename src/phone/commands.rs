//! What the person at the desk wants, one line each.

use crate::domain::codes::Dialled;
use crate::domain::time::Moment;
use crate::media::control::DeskSound;
use crate::phone::Phone;
use crate::phone::line::Call;
use crate::phone::messages::{Command, Event, LineId, Target, Wanted};

impl Phone {
    pub(super) fn command(&mut self, command: Command, now: Moment) {
        match command {
            Command::Dial { to } => self.dial_or_understand(to, now),
            Command::Answer { line } => self.answer_or_resume(line, now),
            Command::HangUp { line } => self.hang_up(line, now),
            Command::Hold { line } => self.hold(line, now),
            Command::Resume { line } => self.resume(line, now),
            Command::Park { line, at } => self.park(line, at, now),
            Command::GroupPark { line } => self.group_park(line, now),
            Command::Retrieve { which } => self.retrieve(which, now),
            Command::ParkAgain { line } => self.park_again(line, now),
            Command::Transfer { line, to } => self.transfer(line, to, now),
            Command::Note { line, note } => self.note(line, note),
            Command::NoteParked { which, note } => self.note_parked(which, &note, now),
            Command::SendDigit { line, digit } => self.send_digit(line, digit),
            Command::Mute { on } => self.mute(on),
            Command::PickUp { at } => self.pick_up(at, now),
            Command::DoNotDisturb { on } => self.do_not_disturb(on, now),
            Command::Administer { wish } => self.administer(wish, now),
            Command::Leave => self.leave(now),
        }
    }

    /// Codes typed as a number mean what their keys mean.
    fn dial_or_understand(&mut self, to: Target, now: Moment) {
        let understood = match &to {
            Target::Typed(text) => self.account.understand(text),
            Target::Number(_) => return self.dial(to, now),
        };
        match (understood, self.to_park()) {
            (Dialled::Park(at), Some(line)) => self.park(line, at, now),
            (Dialled::GroupPark, Some(line)) => self.group_park(line, now),
            (Dialled::Retrieve(None), _) => self.retrieve(Wanted::Mine, now),
            (Dialled::Retrieve(Some(at)), _) => self.retrieve(Wanted::OldestAt(at), now),
            (Dialled::RetrieveKey(place, key), _) => {
                self.retrieve(Wanted::Call { place, key }, now);
            }
            (Dialled::PickUp(at), _) => self.pick_up(at, now),
            (Dialled::DoNotDisturb(on), _) => self.do_not_disturb(on, now),
            _ => self.dial(to, now),
        }
    }

    /// The call in the ear; else the only one on hold.
    fn to_park(&self) -> Option<LineId> {
        let up = |wanted: fn(&Call) -> bool| {
            let fits = move |call: &Call| call.is_up() && !call.hidden && wanted(call);
            self.calls.iter().filter(move |(_, call)| fits(call)).map(|(line, _)| *line)
        };
        let mut held = up(|call| call.held);
        let only_held = held.next().filter(|_| held.next().is_none());
        up(|call| !call.held).next().or(only_held)
    }

    fn answer_or_resume(&mut self, line: LineId, now: Moment) {
        match self.calls.get(&line).map(Call::is_ringing) {
            Some(true) => self.answer(line, now),
            Some(false) => self.resume(line, now),
            None => {}
        }
    }

    fn send_digit(&mut self, line: LineId, digit: char) {
        let is_digit = digit.is_ascii_digit() || matches!(digit, '*' | '#' | 'A'..='D');
        let Some(call) = self.calls.get(&line).filter(|call| is_digit && call.is_in_the_ear())
        else {
            return;
        };
        if let Some(port) = call.port {
            self.play(DeskSound::SendDigit { stream: port.stream, digit });
        }
    }

    fn mute(&mut self, on: bool) {
        self.play(DeskSound::Mute(on));
        self.tell(Event::MuteChanged { on });
    }
}

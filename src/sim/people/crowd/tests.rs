//! Two persons and no office between them: each is the other's server.

use super::*;
use crate::sim::people::ear::Sound;
use crate::sim::people::letter::Shown;
use crate::sim::people::person::messages::Manners;

const ANN: PersonId = PersonId(0);
const BEN: PersonId = PersonId(1);
/// On the way.
const DELAY: Duration = Duration::from_millis(3);

/// The network between them: every `loses`th SIP datagram does not arrive.
struct Street {
    crowd: Crowd,
    on_the_way: BTreeMap<(Moment, usize), (SocketAddr, SocketAddr, Vec<u8>)>,
    sent: usize,
    loses: usize,
    news: Vec<(PersonId, News)>,
    now: Moment,
}

impl Street {
    fn new(loses: usize) -> Self {
        let mut crowd = Crowd::new(Chance::from_seed(7));
        crowd.join(identity("Ann \"A\" Ochs", 1));
        crowd.join(identity("Ben", 2));
        let on_the_way = BTreeMap::new();
        Self { crowd, on_the_way, sent: 0, loses, news: Vec::new(), now: Moment::START }
    }

    fn tell(&mut self, who: PersonId, deed: Deed) {
        let effects = self.crowd.tell(who, deed, self.now);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects<CrowdEffect>) {
        for effect in effects {
            match effect {
                CrowdEffect::Send { from, to, bytes } => self.post(from, to, bytes),
                CrowdEffect::Report { who, news } => self.news.push((who, news)),
            }
        }
    }

    fn post(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.sent += 1;
        let is_sip = from.port() == 5060;
        if !(is_sip && self.loses > 0 && self.sent.is_multiple_of(self.loses)) {
            self.on_the_way.insert((self.now + DELAY, self.sent), (from, to, bytes));
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let arrival = self.on_the_way.keys().next().map(|(at, _)| *at);
            let wakeup = self.crowd.next_wakeup().map(|wakeup| wakeup.at);
            let Some(next) = arrival.into_iter().chain(wakeup).min().filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            let effects = match self.on_the_way.first_entry().filter(|it| it.key().0 <= self.now) {
                Some(entry) => {
                    let (from, to, bytes) = entry.remove();
                    self.crowd.handle(to, from, &bytes, self.now)
                }
                None => self.crowd.handle_wakeup(self.now),
            };
            self.carry_out(effects);
        }
        self.now = end;
    }

    fn happened(&self, who: PersonId) -> Vec<Happened> {
        let of_him = self.news.iter().filter(|(whose, _)| *whose == who);
        let happened = of_him.filter_map(|(_, news)| match news {
            News::Happened(happened) => Some(happened.clone()),
            _ => None,
        });
        happened.collect()
    }

    fn hears(&self, who: PersonId) -> Option<Sound> {
        self.crowd.hears(who, 0, self.now)
    }

    fn saw(&self, who: PersonId, wanted: impl Fn(&Happened) -> bool) -> bool {
        self.happened(who).iter().any(wanted)
    }
}

fn identity(name: &str, host: u8) -> Identity {
    let at = |host: u8, port: u16| SocketAddr::from(([10, 0, 0, host], port));
    Identity {
        name: name.to_owned(),
        user: format!("10{host}"),
        domain: "street.example".to_owned(),
        password: None,
        at: at(host, 5060),
        sound_at: core::array::from_fn(|slot| at(host, 4000 + 2 * slot as u16)),
        server: at(3 - host, 5060),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
    }
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn connected(happened: &Happened) -> bool {
    matches!(happened, Happened::Connected { .. })
}

fn ended(happened: &Happened) -> bool {
    matches!(happened, Happened::Ended { .. })
}

#[test]
fn a_call_is_answered_and_each_hears_the_other_s_voice_until_one_hangs_up() {
    for loses in [0, 3, 4] {
        let mut street = Street::new(loses);
        street.tell(BEN, Deed::Behave(Manners::AnswersAfter(s(1))));
        street.tell(ANN, Deed::Call { to: "102".to_owned() });
        street.pass(s(9));
        let ann = Shown { name: "Ann \"A\" Ochs".to_owned(), number: "101".to_owned() };
        assert!(
            street.saw(BEN, |it| matches!(it, Happened::Rang { who, .. } if *who == ann)),
            "{:?}",
            street.happened(BEN)
        );
        assert!(street.saw(ANN, connected) && street.saw(BEN, connected));
        assert_eq!(street.hears(ANN), Some(Sound::Voice(Pitch(1))));
        assert_eq!(street.hears(BEN), Some(Sound::Voice(Pitch(0))));
        street.tell(ANN, Deed::HangUp);
        street.pass(s(400));
        assert!(street.saw(ANN, ended) && street.saw(BEN, ended), "loses {loses}");
        assert_eq!(street.crowd.next_wakeup(), None, "loses {loses}");
    }
}

#[test]
fn a_declined_and_a_given_up_call_end_for_both() {
    let mut street = Street::new(0);
    street.tell(BEN, Deed::Behave(Manners::Declines { status: 603 }));
    street.tell(ANN, Deed::Call { to: "102".to_owned() });
    street.pass(s(1));
    assert!(street.saw(ANN, |it| matches!(it, Happened::Refused { status: 603, .. })));
    street.tell(BEN, Deed::Behave(Manners::Waits));
    street.tell(ANN, Deed::Call { to: "102".to_owned() });
    street.pass(s(2));
    street.tell(ANN, Deed::HangUp);
    street.pass(s(2));
    let ends = street.happened(BEN).into_iter().filter(|it| matches!(it, Happened::Ended { .. }));
    assert_eq!(ends.count(), 2);
    assert!(!street.crowd.person(ANN).unwrap().is_in_a_call());
    assert!(!street.crowd.person(BEN).unwrap().is_in_a_call());
}

#[test]
fn who_holds_is_not_heard_and_hears_nobody_until_he_resumes() {
    let mut street = Street::new(0);
    street.tell(BEN, Deed::Behave(Manners::AnswersAfter(s(0))));
    street.tell(ANN, Deed::Call { to: "102".to_owned() });
    street.pass(s(2));
    street.tell(ANN, Deed::Hold);
    street.pass(s(1));
    let silence = Some(Sound::Silence);
    assert_eq!((street.hears(ANN), street.hears(BEN)), (silence, silence));
    street.tell(ANN, Deed::Resume);
    street.pass(s(3));
    assert_eq!(street.hears(ANN), Some(Sound::Voice(Pitch(1))));
    assert_eq!(street.hears(BEN), Some(Sound::Voice(Pitch(0))));
}

#[test]
fn a_transfer_is_asked_for_after_a_moment_of_silence_and_a_refusal_leaves_the_call() {
    let mut street = Street::new(0);
    street.tell(BEN, Deed::Behave(Manners::AnswersAfter(s(0))));
    street.tell(ANN, Deed::Call { to: "102".to_owned() });
    street.pass(s(2));
    street.tell(ANN, Deed::Transfer { to: "*68".to_owned() });
    street.pass(s(1));
    assert!(street.saw(ANN, |it| matches!(it, Happened::TransferAsked { to, .. } if to == "*68")));
    assert!(street.saw(ANN, |it| matches!(it, Happened::TransferAnswered { status: 603, .. })));
    street.pass(s(1));
    assert_eq!(street.hears(BEN), Some(Sound::Voice(Pitch(0))));
}

#[test]
fn a_lamp_is_subscribed_to_and_shown_as_its_notifications_say() {
    let mut crowd = Crowd::new(Chance::from_seed(7));
    let ann = crowd.join(identity("Ann", 1));
    let (at, server) = (identity("", 1).at, identity("", 1).server);
    let sent = crowd.tell(ann, Deed::WatchLamp { number: "701".to_owned() }, Moment::START);
    let asked = sent.into_iter().find_map(|effect| match effect {
        CrowdEffect::Send { bytes, .. } => letter::read(&bytes),
        CrowdEffect::Report { .. } => None,
    });
    let Some(Letter::Request(asked)) = asked else { panic!("nothing was asked") };
    assert_eq!(asked.uri.user(), Some("701"));
    assert_eq!(asked.event().as_deref(), Some("dialog"));
    for (state, busy) in [("confirmed", true), ("terminated", false)] {
        let body =
            format!("<dialog-info><dialog id=\"1\"><state>{state}</state></dialog></dialog-info>");
        let notify = format!(
            "NOTIFY sip:101@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK{state}\r\n\
             From: <sip:701@h>;tag=1\r\nTo: <sip:101@h>;tag={}\r\nCall-ID: {}\r\nCSeq: 1 NOTIFY\r\n\
             Event: dialog\r\nContent-Length: {}\r\n\r\n{body}",
            asked.sender_tag().unwrap(),
            asked.call_id().unwrap(),
            body.len(),
        );
        let shown = crowd.handle(at, server, notify.as_bytes(), Moment::START);
        let news = News::Happened(Happened::LampShown { busy });
        assert!(
            shown.into_iter().any(|it| it == CrowdEffect::Report { who: ann, news: news.clone() })
        );
    }
}

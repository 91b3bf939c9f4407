//! Offer and answer for one audio stream (RFC 3264): our own descriptions,
//! and what a pair of them means for the stream.

mod formats;

use core::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::media::control::{Agreed, Codec};
use crate::sip::sdp::{Direction, Fault, Host, Media, Origin, Session};

use formats::{Offered, PTIME_MS, ptime_ms};

/// Our end of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Local<'a> {
    pub address: IpAddr,
    pub port: u16,
    /// What we can do, best first. An answer follows the offerer's order
    /// instead, but for `prefer`.
    pub codecs: &'a [Codec],
    /// Taken if offered, whatever its place: what the other leg speaks, so
    /// that nothing need be converted.
    pub prefer: Option<Codec>,
    /// What we want; [`Direction::SendRecv`] but for a hold of our own.
    pub direction: Direction,
}

/// The identity of our side's description through a call's life. One for each
/// call leg; it also keeps the media lines' order, which offers must not
/// change (RFC 3264 §8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SdpVersion {
    pub id: u64,
    /// Rises by one whenever what we say differs from what we last said.
    pub version: u64,
    last: Option<Session>,
}

/// Why there is no stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Malformed(#[from] Fault),
    #[error("the session description has no audio over plain RTP")]
    NoAudio,
    #[error("the session descriptions have no codec in common")]
    NoCommonCodec,
    #[error("the session description names no address that packets could go to")]
    NoAddress,
}

impl SdpVersion {
    /// `id` is any number that no other call's description bears.
    pub fn new(id: u64) -> Self {
        // Some phones read it into a signed number.
        Self { id: id & (u64::MAX >> 1), version: 0, last: None }
    }

    /// What we last said, to say it again: a provisional answer's final one,
    /// a session refresh.
    pub fn last(&self) -> Option<String> {
        self.last.as_ref().map(Session::to_string)
    }

    fn say(&mut self, address: IpAddr, media: Vec<Media>) -> String {
        let host = Host::Address(address);
        let origin = Origin {
            username: "bellhop".into(),
            session_id: self.id,
            version: self.version,
            host: host.clone(),
        };
        let mut session = Session { origin, connection: Some(host), direction: None, media };
        if self.last.as_ref() != Some(&session) {
            self.version += 1;
            session.origin.version = self.version;
        }
        self.last.insert(session).to_string()
    }
}

/// Our offer, first or new. Media lines of earlier descriptions keep their
/// places, refused.
pub fn offer(local: &Local<'_>, session: &mut SdpVersion) -> String {
    let audio = formats::offered(local);
    let mut media: Vec<Media> = match &session.last {
        Some(last) => last.media.iter().map(refused).collect(),
        None => Vec::new(),
    };
    match session.last.as_ref().and_then(audio_index) {
        Some(index) => media[index] = audio,
        None => media.push(audio),
    }
    session.say(local.address, media)
}

/// Answers an offer: the first audio line that we can do is taken, all others
/// are refused in their places.
///
/// # Errors
/// Nothing was said and `session` is as it was; SIP's answer is 488
/// (Not Acceptable Here), or 400 for a malformed one.
pub fn answer(
    offer: impl AsRef<[u8]>,
    local: &Local<'_>,
    session: &mut SdpVersion,
) -> Result<(String, Agreed), Refusal> {
    let offer = Session::read(offer.as_ref())?;
    let index = audio_index(&offer).ok_or(Refusal::NoAudio)?;
    let audio = &offer.media[index];
    let codec = chosen(&formats::read(audio), local).ok_or(Refusal::NoCommonCodec)?;
    let dtmf = formats::telephone_event(audio);
    let (remote, theirs) = address_and_direction(&offer, audio)?;
    let ours = theirs.mirrored().and(local.direction);

    let mut media: Vec<Media> = offer.media.iter().map(refused).collect();
    media[index] = formats::answered(audio, local.port, codec, dtmf, ours);
    let agreed = Agreed {
        codec: codec.codec,
        payload_type: codec.payload_type,
        receive_payload_type: codec.payload_type,
        dtmf_payload_type: dtmf,
        receive_dtmf_payload_type: dtmf,
        ptime_ms: ptime_ms(audio),
        remote,
        send: ours.sends(),
        receive: ours.receives(),
    };
    Ok((session.say(local.address, media), agreed))
}

/// What the answer to our offer means. `our_offer` is the text sent.
///
/// # Errors
/// There is no stream: the far end refused it or answered nonsense. The
/// call is to be ended, or, for a new offer, to stay as it was.
pub fn accept_answer(
    our_offer: impl AsRef<[u8]>,
    answer: impl AsRef<[u8]>,
) -> Result<Agreed, Refusal> {
    let ours = Session::read(our_offer.as_ref())?;
    let theirs = Session::read(answer.as_ref())?;
    let index = audio_index(&ours).ok_or(Refusal::NoAudio)?;
    let our_audio = &ours.media[index];
    let audio = answered_line(&theirs, index).ok_or(Refusal::NoAudio)?;
    let offered = formats::read(our_audio);
    let (sent, received) = common(&formats::read(audio), &offered).ok_or(Refusal::NoCommonCodec)?;
    let dtmf = formats::telephone_event(audio);
    let (remote, direction) = address_and_direction(&theirs, audio)?;
    let direction = direction.mirrored().and(ours.direction_of(our_audio));
    Ok(Agreed {
        codec: sent.codec,
        payload_type: sent.payload_type,
        receive_payload_type: received.payload_type,
        dtmf_payload_type: dtmf,
        receive_dtmf_payload_type: dtmf.and(formats::telephone_event(our_audio)),
        ptime_ms: ptime_ms(audio),
        remote,
        send: direction.sends(),
        receive: direction.receives(),
    })
}

/// The peer has put us on hold: by its direction or, as RFC 2543 had it, by
/// an address of zeros (RFC 3264 §8.4).
pub fn is_hold(agreed: &Agreed) -> bool {
    !agreed.send
}

/// The first audio line over plain RTP that is not refused.
fn audio_index(session: &Session) -> Option<usize> {
    session.media.iter().position(is_audio)
}

fn is_audio(media: &Media) -> bool {
    let plain = ["RTP/AVP", "RTP/AVPF"].iter().any(|p| media.protocol.eq_ignore_ascii_case(p));
    media.kind.eq_ignore_ascii_case("audio") && plain && media.port != 0
}

/// By its place; some peers leave refused lines out and shift it.
fn answered_line(answer: &Session, index: usize) -> Option<&Media> {
    let in_place = answer.media.get(index).filter(|media| is_audio(media));
    in_place.or_else(|| answer.media.iter().find(|media| is_audio(media)))
}

/// The same line with port 0 (RFC 3264 §6).
fn refused(media: &Media) -> Media {
    Media {
        kind: media.kind.clone(),
        port: 0,
        protocol: media.protocol.clone(),
        formats: media.formats.iter().take(1).cloned().collect(),
        ..Media::default()
    }
}

fn chosen(offered: &[Offered], local: &Local<'_>) -> Option<Offered> {
    let preferred = offered.iter().find(|o| Some(o.codec) == local.prefer);
    let possible = |o: &&Offered| local.codecs.contains(&o.codec);
    preferred.filter(possible).or_else(|| offered.iter().find(possible)).copied()
}

/// The answer's first codec that we offered, as numbered by each side.
fn common(answered: &[Offered], offered: &[Offered]) -> Option<(Offered, Offered)> {
    answered.iter().find_map(|theirs| {
        let ours = offered.iter().find(|ours| ours.codec == theirs.codec)?;
        Some((*theirs, *ours))
    })
}

/// Where packets go, and the direction as the describing side sees it.
fn address_and_direction(
    session: &Session,
    media: &Media,
) -> Result<(SocketAddr, Direction), Refusal> {
    let direction = session.direction_of(media);
    let Some(Host::Address(address)) = session.host_of(media) else {
        return Err(Refusal::NoAddress);
    };
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if address.is_multicast() || broadcast {
        return Err(Refusal::NoAddress);
    }
    let remote = SocketAddr::new(*address, media.port);
    match address.is_unspecified() {
        true => Ok((remote, direction.and(Direction::SendOnly))),
        false => Ok((remote, direction)),
    }
}

/// What we ask for in every description: 20 ms a packet.
pub const OUR_PTIME_MS: u8 = PTIME_MS;

#[cfg(test)]
mod tests;

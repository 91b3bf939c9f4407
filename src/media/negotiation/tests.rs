//! Offer and answer, both sides of it.

use super::*;
use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};

const BOTH: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

fn local(direction: Direction) -> Local<'static> {
    let address = "192.0.2.7".parse().unwrap();
    Local { address, port: 10_000, codecs: &BOTH, prefer: None, direction }
}

fn their(media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}")
}

fn answered(media: &str, local: &Local<'_>) -> Result<(String, Agreed), Refusal> {
    answer(their(media), local, &mut SdpVersion::new(84))
}

fn agreed(media: &str) -> Agreed {
    answered(media, &local(SendRecv)).unwrap().1
}

#[test]
fn two_of_us_agree_on_the_first_codec_in_common() {
    let (mut caller, mut callee) = (SdpVersion::new(1 << 40), SdpVersion::new(2));
    let offer = offer(&local(SendRecv), &mut caller);
    let them = Local {
        address: "2001:db8::1".parse().unwrap(),
        port: 20_000,
        codecs: &[Codec::Pcmu],
        prefer: None,
        direction: SendRecv,
    };
    let (answer, at_callee) = answer(&offer, &them, &mut callee).unwrap();
    let at_caller = accept_answer(&offer, &answer).unwrap();
    let expected = Agreed {
        codec: Codec::Pcmu,
        payload_type: 0,
        receive_payload_type: 0,
        dtmf_payload_type: Some(101),
        receive_dtmf_payload_type: Some(101),
        ptime_ms: 20,
        remote: "[2001:db8::1]:20000".parse().unwrap(),
        send: true,
        receive: true,
    };
    assert_eq!(at_caller, expected);
    assert_eq!(at_callee, Agreed { remote: "192.0.2.7:10000".parse().unwrap(), ..expected });
}

#[test]
fn an_answer_keeps_every_line_in_its_place_and_refuses_all_but_one() {
    let (text, _) = answered(
        "m=video 6000 RTP/AVP 31\r\nm=audio 5000 RTP/SAVP 0\r\nm=audio 5002 RTP/AVPF 0 8 96\r\n\
         a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\nm=audio 5004 RTP/AVP 0\r\n",
        &local(SendRecv),
    )
    .unwrap();
    assert_eq!(
        text,
        "v=0\r\no=bellhop 84 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
         m=video 0 RTP/AVP 31\r\nm=audio 0 RTP/SAVP 0\r\nm=audio 10000 RTP/AVPF 0 96\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\n\
         a=ptime:20\r\na=sendrecv\r\nm=audio 0 RTP/AVP 0\r\n"
    );
}

#[test]
fn the_offerers_order_counts_unless_the_other_leg_speaks_another_codec() {
    assert_eq!(agreed("m=audio 5 RTP/AVP 0 8\r\n").codec, Codec::Pcmu);
    assert_eq!(agreed("m=audio 5 RTP/AVP 9 8 0\r\n").codec, Codec::Pcma);
    let prefer = Local { prefer: Some(Codec::Pcma), ..local(SendRecv) };
    let (_, agreed) = answered("m=audio 5 RTP/AVP 0 8\r\n", &prefer).unwrap();
    assert_eq!(agreed.codec, Codec::Pcma);
    let (_, agreed) = answered("m=audio 5 RTP/AVP 0\r\n", &prefer).unwrap();
    assert_eq!(agreed.codec, Codec::Pcmu);
    let only_u = Local { codecs: &[Codec::Pcmu], ..prefer };
    let (_, agreed) = answered("m=audio 5 RTP/AVP 8 0\r\n", &only_u).unwrap();
    assert_eq!(agreed.codec, Codec::Pcmu);
}

#[test]
fn payload_types_may_be_dynamic_and_differ_by_direction() {
    let lines = "m=audio 5 RTP/AVP 97 98 100\r\na=rtpmap:97 opus/48000/2\r\n\
        a=rtpmap:98 pcmu/8000\r\na=rtpmap:100 telephone-event/8000\r\n";
    let got = agreed(lines);
    assert_eq!((got.codec, got.payload_type), (Codec::Pcmu, 98));
    assert_eq!(got.dtmf_payload_type, Some(100));

    let offer = offer(&local(SendRecv), &mut SdpVersion::new(1));
    let got = accept_answer(&offer, their(lines)).unwrap();
    assert_eq!((got.payload_type, got.receive_payload_type), (98, 0));
    assert_eq!((got.dtmf_payload_type, got.receive_dtmf_payload_type), (Some(100), Some(101)));
}

#[test]
fn a_static_number_that_is_mapped_to_something_else_is_something_else() {
    let refusal = answered("m=audio 5 RTP/AVP 0\r\na=rtpmap:0 G729/8000\r\n", &local(SendRecv));
    assert_eq!(refusal, Err(Refusal::NoCommonCodec));
}

#[test]
fn without_telephone_event_there_are_no_events() {
    let wide = "m=audio 5 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/48000\r\n";
    for media in ["m=audio 5 RTP/AVP 0\r\n", wide] {
        let agreed = agreed(media);
        assert_eq!((agreed.dtmf_payload_type, agreed.receive_dtmf_payload_type), (None, None));
    }
}

#[test]
fn hold_is_seen_in_every_spelling_and_mirrored() {
    let held = |lines: &str| {
        let (text, agreed) = answered(lines, &local(SendRecv)).unwrap();
        let audio = Session::read(text.as_bytes()).unwrap().media[0].direction.unwrap();
        (is_hold(&agreed), agreed.receive, audio)
    };
    let line = "m=audio 5 RTP/AVP 0\r\n";
    assert_eq!(held(line), (false, true, SendRecv));
    assert_eq!(held(&format!("{line}a=sendonly\r\n")), (true, true, RecvOnly));
    assert_eq!(held(&format!("{line}a=inactive\r\n")), (true, false, Inactive));
    assert_eq!(held(&format!("{line}a=recvonly\r\n")), (false, false, SendOnly));
    assert_eq!(held(&format!("a=sendonly\r\n{line}")), (true, true, RecvOnly));
    assert_eq!(held(&format!("{line}c=IN IP4 0.0.0.0\r\n")), (true, true, RecvOnly));
    assert_eq!(held(&format!("{line}c=IN IP6 ::\r\n")), (true, true, RecvOnly));
}

#[test]
fn our_own_hold_limits_what_is_answered_and_what_an_answer_means() {
    let (text, agreed) = answered("m=audio 5 RTP/AVP 0\r\n", &local(SendOnly)).unwrap();
    assert!(text.contains("a=sendonly") && agreed.send && !agreed.receive);
    let offer = offer(&local(Inactive), &mut SdpVersion::new(1));
    // A phone that answers sendrecv to everything.
    let agreed = accept_answer(&offer, their("m=audio 5 RTP/AVP 8\r\na=sendrecv\r\n")).unwrap();
    assert!(!agreed.send && !agreed.receive);
}

#[test]
fn the_version_rises_only_with_a_change_and_lines_never_move() {
    let mut session = SdpVersion::new(1);
    let both = their("m=video 6 RTP/AVP 31\r\nm=audio 5 RTP/AVP 8\r\n");
    let (first, _) = answer(&both, &local(SendRecv), &mut session).unwrap();
    let (again, _) = answer(&both, &local(SendRecv), &mut session).unwrap();
    assert_eq!((session.version, &first), (1, &again));
    assert_eq!(session.last(), Some(first));
    let (_, _) = answer(&both, &local(SendOnly), &mut session).unwrap();
    assert_eq!(session.version, 2);
    let text = offer(&local(SendRecv), &mut session);
    assert_eq!(session.version, 3);
    assert!(text.contains("m=video 0 RTP/AVP 31\r\nm=audio 10000 RTP/AVP 8 0 101\r\n"));
    assert_eq!(offer(&local(SendRecv), &mut session), text);
}

#[test]
fn a_refused_answer_leaves_the_version_alone() {
    let mut session = SdpVersion::new(1);
    let before = session.clone();
    let offer = their("m=audio 5 RTP/AVP 9\r\n");
    assert_eq!(answer(offer, &local(SendRecv), &mut session), Err(Refusal::NoCommonCodec));
    assert_eq!(session, before);
}

#[test]
fn packet_time_is_what_the_peer_asks_within_reason() {
    let ptime = |lines: &str| agreed(&format!("m=audio 5 RTP/AVP 0\r\n{lines}")).ptime_ms;
    assert_eq!(ptime(""), 20);
    assert_eq!(ptime("a=ptime:30\r\n"), 30);
    assert_eq!(ptime("a=ptime:45\r\n"), 40);
    assert_eq!(ptime("a=ptime:150\r\n"), 60);
    assert_eq!(ptime("a=ptime:0\r\n"), 20);
    assert_eq!(ptime("a=maxptime:10\r\n"), 10);
    assert_eq!(ptime("a=ptime:40\r\na=maxptime:30\r\n"), 30);
}

#[test]
fn what_cannot_be_a_stream_is_refused_by_its_reason() {
    let refusal = |body: &str| answer(body, &local(SendRecv), &mut SdpVersion::new(1)).unwrap_err();
    assert_eq!(refusal("hello"), Refusal::Malformed(Fault::NoVersion));
    assert_eq!(refusal(&their("")), Refusal::NoAudio);
    assert_eq!(refusal(&their("m=audio 0 RTP/AVP 0\r\n")), Refusal::NoAudio);
    assert_eq!(refusal(&their("m=audio 5 UDP/TLS/RTP/SAVPF 0\r\n")), Refusal::NoAudio);
    assert_eq!(refusal("v=0\r\nm=audio 5 RTP/AVP 0\r\n"), Refusal::NoAddress);
    for host in ["IP4 pbx.example", "IP4 224.2.1.1/127", "IP4 255.255.255.255", "IP6 ff02::1"] {
        let body = their(&format!("m=audio 5 RTP/AVP 0\r\nc=IN {host}\r\n"));
        assert_eq!(refusal(&body), Refusal::NoAddress, "{host}");
    }
}

#[test]
fn an_answer_that_refuses_the_stream_is_no_stream() {
    let offer = offer(&local(SendRecv), &mut SdpVersion::new(1));
    let accept = |media: &str| accept_answer(&offer, their(media)).unwrap_err();
    assert_eq!(accept("m=audio 0 RTP/AVP 0\r\n"), Refusal::NoAudio);
    assert_eq!(accept("m=audio 5 RTP/AVP 18\r\n"), Refusal::NoCommonCodec);
}

#[test]
fn an_answer_with_the_refused_lines_left_out_is_still_understood() {
    let mut session = SdpVersion::new(1);
    let both = their("m=video 6 RTP/AVP 31\r\nm=audio 5 RTP/AVP 8\r\n");
    let (_, _) = answer(both, &local(SendRecv), &mut session).unwrap();
    let offer = offer(&local(SendRecv), &mut session);
    let agreed = accept_answer(&offer, their("m=audio 5 RTP/AVP 8\r\n")).unwrap();
    assert_eq!(agreed.codec, Codec::Pcma);
}

//! Many calls at the same moment: the port range is the limit, and nothing
//! before it.

use bellhop::sip::wire::Method;

use crate::bench::Office;
use crate::peer::Peer;

/// Two ports each; the office has a hundred.
const CALLS: usize = 48;

#[test]
fn a_burst_of_calls_rings_while_there_are_ports() {
    let office = Office::open();
    let (mut caller, mut callee) = (Peer::of(&office, "101"), Peer::of(&office, "102"));
    callee.register();
    caller.register();
    let invites: Vec<_> = (0..CALLS)
        .map(|_| {
            let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                m=audio 4000 RTP/AVP 8\r\n";
            let invite = caller.request(Method::Invite, "102").body("application/sdp", sdp);
            caller.signed(invite)
        })
        .collect();
    invites.iter().for_each(|invite| caller.send(invite));
    let answers: Vec<u16> = (0..CALLS).map(|_| caller.response().status).collect();
    assert_eq!(answers, [100; CALLS]);
}

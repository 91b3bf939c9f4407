//! RTP packets (RFC 3550 §5.1): read in place, written into what is given.

/// The header as we write it: no extension, no contributing sources.
pub const HEADER_BYTES: usize = 12;
/// Longest packet read or relayed.
pub const PACKET_BYTES_MAX: usize = 1500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The first packet of a talk spurt, or of a telephone event.
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub header: Header,
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Nothing for what is no RTP: STUN, DTLS, RTCP on the same port
    /// (RFC 5761 §4), a cut packet, lengths that point outside.
    pub fn read(datagram: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = datagram.split_first_chunk::<HEADER_BYTES>()?;
        let [first, second, ..] = *fixed;
        if first >> 6 != 2 || (192..=223).contains(&second) {
            return None;
        }
        let rest = rest.get(usize::from(first & 0x0f) * 4..)?;
        let rest = if first & 0x10 == 0 { rest } else { after_extension(rest)? };
        let payload = if first & 0x20 == 0 { rest } else { before_padding(rest)? };
        Some(Self { header: Header::from_fixed(fixed), payload })
    }
}

impl Header {
    fn from_fixed(fixed: &[u8; HEADER_BYTES]) -> Self {
        let [_, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3] = *fixed;
        Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([r0, r1, r2, r3]),
        }
    }

    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [r0, r1, r2, r3] = self.ssrc.to_be_bytes();
        let second = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        [0x80, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3]
    }

    /// Writes a whole packet; its length, or nothing if it does not fit.
    pub fn write(self, payload: &[u8], into: &mut [u8]) -> Option<usize> {
        let length = HEADER_BYTES + payload.len();
        let (head, body) = into.get_mut(..length)?.split_at_mut(HEADER_BYTES);
        head.copy_from_slice(&self.to_bytes());
        body.copy_from_slice(payload);
        Some(length)
    }
}

fn after_extension(rest: &[u8]) -> Option<&[u8]> {
    let ([_, _, high, low], rest) = rest.split_first_chunk::<4>()?;
    rest.get(usize::from(u16::from_be_bytes([*high, *low])) * 4..)
}

fn before_padding(rest: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*rest.last()?);
    if padding == 0 { None } else { rest.get(..rest.len().checked_sub(padding)?) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: Header = Header {
        marker: true,
        payload_type: 101,
        sequence: 0xfffe,
        timestamp: 0x0102_0304,
        ssrc: 0xdead_beef,
    };

    #[test]
    fn what_is_written_is_read_back() {
        let mut buffer = [0; 20];
        let length = HEADER.write(b"payload", &mut buffer).unwrap();
        let packet = Packet::read(&buffer[..length]).unwrap();
        assert_eq!(packet, Packet { header: HEADER, payload: b"payload" });
        assert_eq!(HEADER.write(&[0; 9], &mut buffer), None);
    }

    #[test]
    fn sources_extension_and_padding_are_stepped_over() {
        let mut datagram = HEADER.to_bytes().to_vec();
        datagram[0] |= 0x20 | 0x10 | 2;
        datagram.extend([0; 8]);
        datagram.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
        datagram.extend(b"sound\0\0\x03");
        assert_eq!(Packet::read(&datagram).unwrap().payload, b"sound");
    }

    #[test]
    fn other_protocols_on_the_port_are_not_taken_for_sound() {
        let sender_report = [0x80, 200, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0];
        let stun = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0];
        assert_eq!(Packet::read(&sender_report), None);
        assert_eq!(Packet::read(&stun), None);
    }

    proptest! {
        #[test]
        fn no_bytes_at_all_upset_the_reader(datagram in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(packet) = Packet::read(&datagram) {
                prop_assert!(packet.payload.len() + HEADER_BYTES <= datagram.len());
            }
        }
    }
}

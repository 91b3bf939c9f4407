//! SIP messages as these phones read and write them: plain text, cut at line
//! ends and colons. Nothing of the server's own reader or writer is in it, so
//! that a mistake of one side is not a mistake of both.
//!
//! It is stricter than phones are: what it is sent must be exact.

use std::net::SocketAddr;

use bellhop::media::control::Codec;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The request line or status line.
    pub first: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What a display shows of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Empty when there is none.
    pub name: String,
    pub number: String,
}

impl Shown {
    pub fn new(name: &str, number: &str) -> Self {
        Self { name: name.to_owned(), number: number.to_owned() }
    }
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A whole datagram, or why it is wrong.
pub fn read(datagram: &[u8]) -> Result<Message, String> {
    let wrong = |what: &str| format!("{what}:\n{}", String::from_utf8_lossy(datagram));
    let end = position(datagram, END_OF_HEAD).ok_or_else(|| wrong("no empty line"))?;
    let head = std::str::from_utf8(&datagram[..end]).map_err(|_| wrong("the head is no UTF-8"))?;
    let body = datagram[end + END_OF_HEAD.len()..].to_vec();
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    for line in lines {
        if line.contains(['\r', '\n']) {
            return Err(wrong("a line does not end in CRLF"));
        }
        let (name, value) = line.split_once(": ").ok_or_else(|| wrong("no name and value"))?;
        headers.push((name.to_owned(), value.to_owned()));
    }
    let message = Message { first, headers, body };
    let lengths: Vec<&str> = message.all("Content-Length").collect();
    if lengths != [message.body.len().to_string()] {
        return Err(wrong(&format!("{} octets, said to be {lengths:?}", message.body.len())));
    }
    if let Some(lonely) = lonely_line_end(&message.body) {
        return Err(wrong(&format!("a line end that is not CRLF in the body, at {lonely}")));
    }
    Ok(message)
}

/// The length of the first message in a stream, once all of it is there.
pub fn length_in(stream: &[u8]) -> Option<usize> {
    let end = position(stream, END_OF_HEAD)?;
    let head = String::from_utf8_lossy(&stream[..end]).into_owned();
    let said = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let body: usize = said.and_then(|said| said.trim().parse().ok()).unwrap_or(0);
    let whole = end + END_OF_HEAD.len() + body;
    (stream.len() >= whole).then_some(whole)
}

pub fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn lonely_line_end(body: &[u8]) -> Option<usize> {
    (0..body.len()).find(|&at| match body[at] {
        b'\n' => at == 0 || body[at - 1] != b'\r',
        b'\r' => body.get(at + 1) != Some(&b'\n'),
        _ => false,
    })
}

impl Message {
    pub fn new(first: &str) -> Self {
        Self { first: first.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    pub fn carrying(mut self, content_type: &str, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.with("Content-Type", content_type)
    }

    /// The answer to this request, with `tag` in a To that has none.
    pub fn answer(&self, status: u16, reason: &str, tag: &str) -> Self {
        let mut answer = Self::new(&format!("SIP/2.0 {status} {reason}"));
        for (name, value) in &self.headers {
            let copied = ["Via", "From", "To", "Call-ID", "CSeq"];
            if !copied.iter().any(|it| it.eq_ignore_ascii_case(name)) {
                continue;
            }
            let tagless = name == "To" && param(value, "tag").is_none();
            let value = if tagless { format!("{value};tag={tag}") } else { value.clone() };
            answer = answer.with(name, value);
        }
        answer
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n", self.body.len());
        [text.as_bytes(), &self.body].concat()
    }

    /// None: it is an answer.
    pub fn method(&self) -> Option<&str> {
        let (method, rest) = self.first.split_once(' ')?;
        rest.ends_with(" SIP/2.0").then_some(method)
    }

    /// None: it is a request.
    pub fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    pub fn reason(&self) -> &str {
        self.first.splitn(3, ' ').nth(2).unwrap_or_default()
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of = move |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers.iter().filter(of).map(|(_, value)| value.as_str())
    }

    pub fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    pub fn cseq(&self) -> (u32, &str) {
        let (number, method) = self.get("CSeq").split_once(' ').unwrap_or_default();
        (number.parse().unwrap_or_default(), method)
    }

    /// What names the transaction.
    pub fn branch(&self) -> &str {
        param(self.get("Via"), "branch").unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whom the sender names as the one at his end: the network's word before
    /// his own (RFC 3325).
    pub fn sender(&self) -> Shown {
        let asserted = self.get("P-Asserted-Identity");
        shown(if asserted.is_empty() { self.get("From") } else { asserted })
    }
}

/// `;name=value` of a header.
pub fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let after = &value[value.rfind('>').unwrap_or(0)..];
    let mut parts = after.split(';').skip(1).filter_map(|part| part.split_once('='));
    parts.find(|(other, _)| other.trim() == name).map(|(_, value)| value.trim())
}

/// The address between angle brackets.
pub fn address(value: &str) -> &str {
    let inside = value.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(value, |(inside, _)| inside)
}

/// Name and number of `"Alice" <sip:1@x>;tag=y`.
pub fn shown(value: &str) -> Shown {
    let name = value.rsplit_once('<').map_or("", |(name, _)| name.trim());
    let name = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => unquoted(quoted),
        None => name.to_owned(),
    };
    Shown { name, number: user(address(value)) }
}

fn unquoted(quoted: &str) -> String {
    let mut plain = String::new();
    let mut all = quoted.chars();
    while let Some(c) = all.next() {
        plain.extend(if c == '\\' { all.next() } else { Some(c) });
    }
    plain
}

/// The user part, its escapes decoded.
pub fn user(uri: &str) -> String {
    let after = uri.split_once("sip:").map_or(uri, |(_, rest)| rest);
    let user = after.split_once('@').map_or("", |(user, _)| user);
    let mut pieces = user.split('%');
    let mut plain = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        plain.extend(u8::from_str_radix(&piece[..2], 16));
        plain.extend(&piece.as_bytes()[2..]);
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// A session description of one line of sound.
pub fn offer(at: SocketAddr, codecs: &[Codec], way: &str, version: u32) -> String {
    let ip = at.ip();
    let numbers: Vec<String> = codecs.iter().map(|codec| number_of(*codec).to_string()).collect();
    let maps: String = codecs
        .iter()
        .map(|codec| format!("a=rtpmap:{} {}/8000\r\n", number_of(*codec), codec.name()))
        .collect();
    format!(
        "v=0\r\no=- 20518 {version} IN IP4 {ip}\r\ns=call\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {} RTP/AVP {} 101\r\n{maps}a=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na={way}\r\n",
        at.port(),
        numbers.join(" ")
    )
}

fn number_of(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
    }
}

/// Where sound is to go, and in which codec, of a description.
pub fn sound_to(body: &str) -> Option<(SocketAddr, Codec)> {
    let ip = body.lines().find_map(|line| line.strip_prefix("c=IN IP4 "))?;
    let media = body.lines().find_map(|line| line.strip_prefix("m=audio "))?;
    let mut words = media.split(' ');
    let port: u16 = words.next()?.parse().ok()?;
    let codec = match words.nth(1)?.trim() {
        "0" => Codec::Pcmu,
        "8" => Codec::Pcma,
        _ => return None,
    };
    Some((SocketAddr::new(ip.trim().parse().ok()?, port), codec))
}

#[test]
fn what_is_not_exact_is_not_read() {
    let right = "NOTIFY sip:1@h SIP/2.0\r\nTo: \"Z\u{fc}\" <sip:1@h>\r\nContent-Length: 4\r\n\r\nZ\u{fc}\u{20}";
    assert_eq!(read(right.as_bytes()).map(|it| it.text()), Ok("Z\u{fc} ".to_owned()));
    for wrong in [
        right.replace(": 4", ": 3"),
        right.replace("h>\r\n", "h>\n"),
        right.replace("Content-Length: 4\r\n", ""),
        right.replace("Z\u{fc}\u{20}", "Z\u{20}\n\u{20}"),
    ] {
        assert!(read(wrong.as_bytes()).is_err(), "{wrong:?}");
    }
}

#[test]
fn names_numbers_and_parameters_are_cut_out() {
    let value = "\"Tom \\\"T\\\" <x>\" <sip:%2A68103@h:5060;user=phone>;tag=a1;x=2";
    assert_eq!(shown(value), Shown::new("Tom \"T\" <x>", "*68103"));
    assert_eq!((param(value, "tag"), param(value, "user")), (Some("a1"), None));
    assert_eq!(address(value), "sip:%2A68103@h:5060;user=phone");
    assert_eq!(shown("<sip:103@h>"), Shown::new("", "103"));
}

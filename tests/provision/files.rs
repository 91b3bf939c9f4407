//! Each make's file, read back by somebody else's XML reader; whole files are
//! kept as snapshots.

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::codes::FeatureCodes;
use bellhop::domain::device::{Mac, Make};
use bellhop::domain::ids::Extension;
use bellhop::provision::{Asker, Book, Password, Phone, Way, own_file, sheet};
use bellhop::sip::flow::Transport;

const MAC: &str = "805e0c112233";
const XML_MAKES: [Make; 6] =
    [Make::Cisco, Make::Fanvil, Make::Grandstream, Make::Htek, Make::Poly, Make::Snom];

fn james(make: Make) -> Phone {
    let extension = |number: &str| Extension::parse(number).unwrap();
    let colleague = |number: &str, name: &str| (extension(number), CallerName::clean(name));
    Phone {
        make,
        mac: Mac::parse(MAC),
        extension: extension("103"),
        name: CallerName::clean("James"),
        password: Password::new("SECRET"),
        codes: FeatureCodes::default(),
        colleagues: vec![colleague("101", "Bob Reception"), colleague("102", "Alice")],
        domain: None,
        revision: 1_764_000_000,
    }
}

fn way(transport: Transport) -> Way {
    Way { address: "10.0.0.10".parse().unwrap(), port: 5060, transport }
}

fn text(phone: &Phone) -> String {
    own_file(phone, way(Transport::Udp)).unwrap().text
}

#[test]
fn each_makes_file_is_what_it_was() {
    for (name, make) in Make::NAMES {
        if let Some(paper) = own_file(&james(make), way(Transport::Udp)) {
            insta::assert_snapshot!(format!("{name}"), paper.text);
        }
    }
}

#[test]
fn what_a_phone_asks_for_beside_its_settings_is_what_it_was() {
    let asker = Asker::Vouched;
    for (make, path) in [
        (Make::Yealink, "/prov/805e0c112233.boot"),
        (Make::Yealink, "/prov/y000000000096.cfg"),
        (Make::Poly, "/prov/805e0c112233.cfg"),
    ] {
        let book = Book::new([james(make)], &[7; 32]);
        let paper = book.ask(path, &asker).unwrap().paper(way(Transport::Udp)).unwrap();
        assert!(!paper.text.contains("SECRET"), "{path}");
        insta::assert_snapshot!(path.rsplit('/').next().unwrap(), paper.text);
    }
}

#[test]
fn the_format_of_dinstar_is_not_public_and_it_gets_a_sheet() {
    let phone = james(Make::Dinstar);
    assert!(own_file(&phone, way(Transport::Udp)).is_none());
    insta::assert_snapshot!("dinstar_sheet", sheet(&phone, way(Transport::Udp)).text);
}

#[test]
fn a_server_with_several_offices_is_named_by_domain_and_reached_through_its_address() {
    for (name, make) in Make::NAMES {
        let mut phone = james(make);
        phone.domain = Some("office.example".to_owned());
        let way = way(Transport::Tcp);
        let paper = own_file(&phone, way).unwrap_or_else(|| sheet(&phone, way));
        assert!(paper.text.contains("office.example"), "{name}\n{}", paper.text);
        assert!(paper.text.contains("10.0.0.10"), "{name}\n{}", paper.text);
    }
    let mut phone = james(Make::Yealink);
    phone.domain = Some("office.example".to_owned());
    let text = own_file(&phone, way(Transport::Tcp)).unwrap().text;
    for line in [
        "account.1.sip_server.1.address = office.example\n",
        "account.1.sip_server.1.transport_type = 1\n",
        "account.1.outbound_proxy_enable = 1\n",
        "account.1.outbound_proxy.1.address = 10.0.0.10\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

/// Everything that an XML reader or a reader of lines could take for more than
/// a letter.
const HOSTILE: &str = "Tom & <b>\"Jerry\"</b> 'x' ]]> --> {{password}} # ; = \\ ä €";

#[test]
fn no_name_and_no_password_can_break_an_xml_file() {
    for make in XML_MAKES {
        let mut phone = james(make);
        phone.name = CallerName::clean(HOSTILE);
        phone.password = Password::new(HOSTILE);
        phone.colleagues = vec![(Extension::parse("101").unwrap(), CallerName::clean(HOSTILE))];
        let text = text(&phone);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{make}: {e}"));
        let whole = roxmltree_values(&document);
        assert!(whole.iter().filter(|value| *value == HOSTILE).count() >= 2, "{make}\n{text}");
        let plain = self::text(&james(make));
        let plain = roxmltree::Document::parse(&plain).unwrap();
        let (ours, theirs) = (document.descendants().count(), plain.descendants().count());
        // One colleague instead of two, and nothing more.
        assert!(ours <= theirs, "{make}: {ours} nodes instead of {theirs}");
    }
}

fn roxmltree_values(document: &roxmltree::Document<'_>) -> Vec<String> {
    let nodes = document.descendants();
    let texts = nodes.clone().filter_map(|node| node.text());
    let attributes = nodes.flat_map(|node| node.attributes()).map(|a| a.value());
    texts.chain(attributes).map(str::to_owned).collect()
}

#[test]
fn no_name_and_no_password_can_add_a_line_to_yealinks() {
    let mut phone = james(Make::Yealink);
    let lines = text(&phone).lines().count();
    let smuggled = "x\r\naccount.1.sip_server.1.address = evil\u{2028}#!version";
    phone.name = CallerName::clean(smuggled);
    phone.password = Password::new(smuggled);
    for colleague in &mut phone.colleagues {
        colleague.1 = CallerName::clean(smuggled);
    }
    let text = text(&phone);
    assert_eq!(text.lines().count(), lines, "{text}");
    assert!(!text.lines().any(|line| line.starts_with("account.1.sip_server.1.address = evil")));
    assert!(text.starts_with("#!version:1.0.0.1\n"));
}

#[test]
fn xml_says_the_account_and_the_codes() {
    let cases: [(Make, &[(&str, &str)]); 5] = [
        (
            Make::Fanvil,
            &[("RegisterUser", "103"), ("CallParkNum", "*55"), ("RegisterPort", "5060")],
        ),
        (Make::Grandstream, &[("P47", "10.0.0.10:5060"), ("P34", "SECRET"), ("P60069", "*55")]),
        (Make::Htek, &[("Account1_SipUserId", "103"), ("CallPark_DParkCode", "*55")]),
        (Make::Snom, &[("user_name", "103"), ("callpark_park_fac", "*55")]),
        (Make::Cisco, &[("User_ID_1_", "103"), ("Call_Park_Code", "*55")]),
    ];
    for (make, wanted) in cases {
        let mut phone = james(make);
        phone.codes.park = "*55".to_owned();
        let text = text(&phone);
        let document = roxmltree::Document::parse(&text).unwrap();
        for (element, value) in wanted {
            let node = document.descendants().find(|node| node.has_tag_name(*element));
            assert_eq!(node.and_then(|node| node.text()), Some(*value), "{make} {element}");
        }
        assert!(!text.contains("*68"), "{make}");
    }
}

#[test]
fn no_hole_is_left_open_and_each_guess_is_marked() {
    for (name, make) in Make::NAMES {
        for transport in [Transport::Udp, Transport::Tcp] {
            let phone = james(make);
            let sheet = sheet(&phone, way(transport));
            let paper = own_file(&phone, way(transport)).unwrap_or(sheet);
            assert!(!paper.text.contains("{{") && !paper.text.contains("}}"), "{name}");
            assert!(paper.text.contains("not tried on a real phone"), "{name}");
        }
    }
}

#[test]
fn every_value_a_template_names_is_filled() {
    for entry in std::fs::read_dir("assets/provision").unwrap() {
        let path = entry.unwrap().path();
        let template = std::fs::read_to_string(&path).unwrap();
        for name in template.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
            let known = [
                "make",
                "mac",
                "extension",
                "name",
                "password",
                "server",
                "proxy",
                "address",
                "port",
                "transport",
                "transport_capitals",
                "transport_digit",
                "transport_only",
                "park",
                "group_park",
                "retrieve",
                "dnd_on",
                "dnd_off",
                "revision",
                "number",
                "colleague",
                "colleagues",
            ];
            let bare = name.trim_start_matches(['#', '/']);
            assert!(
                known.contains(&bare) || bare.starts_with("key+"),
                "{}: {name}",
                path.display()
            );
        }
    }
}

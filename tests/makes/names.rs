//! Names with any characters, no name, and no number: octet for octet in what
//! phones are told, and right on their displays.

use crate::bodies::Lamp;
use crate::office::Office;
use crate::persona::SNOM;
use crate::phone::Phone;
use crate::support::ear::Sound;
use crate::text::Shown;

struct Case {
    from: &'static str,
    privacy: bool,
    /// The body's element, in the octets that it must have.
    told: &'static str,
    pop_up: (&'static str, &'static str),
    shown: (&'static str, &'static str),
}

const CASES: [Case; 4] = [
    Case {
        from: "\"Zo\u{eb} M\u{fc}ller\" <sip:0049891234@carrier.example>",
        privacy: false,
        told: "<identity display=\"Zo\u{eb} M\u{fc}ller\">sip:0049891234@10.0.0.10;user=phone</identity>",
        pop_up: ("Zo\u{eb} M\u{fc}ller", "0049891234"),
        shown: ("Zo\u{eb} M\u{fc}ller", "0049891234"),
    },
    Case {
        from: r#""Tom & <Jerry> \"Tee\"" <sip:004420555@carrier.example>"#,
        privacy: false,
        told: "<identity display=\"Tom &amp; &lt;Jerry&gt; &quot;Tee&quot;\">sip:004420555@10.0.0.10;user=phone</identity>",
        pop_up: ("Tom & <Jerry> \"Tee\"", "004420555"),
        shown: ("Tom & <Jerry> \"Tee\"", "004420555"),
    },
    Case {
        from: "<sip:003312345@carrier.example>",
        privacy: false,
        told: "<identity display=\"\">sip:003312345@10.0.0.10;user=phone</identity>",
        pop_up: ("", "003312345"),
        shown: ("", "003312345"),
    },
    Case {
        from: "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
        privacy: true,
        told: "<identity display=\"\">sip:anonymous@anonymous.invalid</identity>",
        pop_up: ("", "anonymous"),
        shown: ("Anonymous", "anonymous"),
    },
];

#[test]
fn m1_every_name_is_told_shown_and_kept_as_it_was_said() {
    let office = Office::of(&SNOM);
    let [bob, _carol, james] = office.phones();
    for case in &CASES {
        let privacy: &[(&str, &str)] = if case.privacy { &[("Privacy", "id")] } else { &[] };
        let caller = Phone::outside(&office, case.from, privacy);
        let shown = Shown::new(case.shown.0, case.shown.1);
        caller.calls("101");
        bob.rings_for(&shown);
        bob.answers();
        caller.hears(bob.voice());
        bob.parks_at("103");
        caller.hears(Sound::HoldMusic);
        james.is_alerted(case.pop_up.0, case.pop_up.1);
        let who = Shown::new(case.pop_up.0, case.pop_up.1);
        james.has_lamp("{park}103", Lamp::Held, Some(&who));
        let told = james.told("call-info");
        let body = told.last().unwrap().text();
        assert!(body.contains(case.told), "{body}");
        james.fetches_from("103");
        james.shows_by("UPDATE", &shown);
        james.hears(caller.voice());
        caller.hangs_up();
        james.is_hung_up_on();
        james.is_calm();
    }
}

//! The phones that are listed, and who may have which file of theirs.

use std::collections::BTreeMap;

use crate::domain::device::{Mac, Make};
use crate::domain::ids::Extension;
use crate::provision::files::{self, File, Paper};
use crate::provision::phone::{Phone, Way};
use crate::provision::secret::{is_same, secret_of};

/// Octets of the longest path looked at; the longest we ever gave is shorter.
const PATH_MAX: usize = 200;

/// Every listed phone that can be handed settings.
#[derive(Clone, Debug)]
pub struct Book(BTreeMap<Mac, Listed>);

#[derive(Clone, Debug)]
pub struct Listed {
    pub phone: Phone,
    pub mac: Mac,
    secret: String,
}

/// What is known of whoever asks, beside what he says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// In our own network, where his hardware address is seen. Several: the
    /// machine has more than one network with his address in it.
    Neighbour(Vec<Mac>),
    /// In a network whose phones the office trusts unseen.
    Vouched,
    /// From anywhere.
    Stranger,
}

/// A file that may be given.
#[derive(Clone, Copy, Debug)]
pub struct Found<'b> {
    pub listed: &'b Listed,
    pub file: File,
}

/// All of these look alike to whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotGiven {
    /// There is no such path, or no such phone.
    Unknown,
    /// A listed phone asks for what we do not have.
    NoSuchFile { mac: Mac, make: Make },
    /// Somebody asks for the file of a listed phone, and is not known to be it.
    NotYours { mac: Mac, make: Make, extension: Extension },
}

impl Book {
    /// Phones without a hardware address cannot be listed, and are left out.
    pub fn new(phones: impl IntoIterator<Item = Phone>, key: &[u8; 32]) -> Self {
        let listed = phones.into_iter().filter_map(|phone| {
            let mac = phone.mac.clone()?;
            let secret = secret_of(&mac, key);
            Some((mac.clone(), Listed { phone, mac, secret }))
        });
        Self(listed.collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, mac: &Mac) -> Option<&Listed> {
        self.0.get(mac)
    }

    /// What `GET` of this path gives: `/prov/FILE` to a phone that is seen to
    /// be the one, `/prov/SECRET/FILE` to whoever knows its secret. The path is
    /// compared, never opened.
    ///
    /// # Errors
    /// Nothing is given, for any of several reasons.
    pub fn ask(&self, path: &str, asker: &Asker) -> Result<Found<'_>, NotGiven> {
        let (secret, name) = parts(path).ok_or(NotGiven::Unknown)?;
        let keeper = match secret {
            Some(secret) => Some(self.keeper_of(secret).ok_or(NotGiven::Unknown)?),
            None => None,
        };
        if files::is_model_file(&name) {
            let listed = keeper.or_else(|| self.one_of(Make::Yealink, asker));
            let listed = listed.filter(|listed| listed.phone.make == Make::Yealink);
            return listed
                .map(|listed| Found { listed, file: File::Model })
                .ok_or(NotGiven::Unknown);
        }
        let listed = mac_in(&name).and_then(|mac| self.0.get(&mac)).ok_or(NotGiven::Unknown)?;
        let (mac, make) = (listed.mac.clone(), listed.phone.make);
        let may = match keeper {
            Some(keeper) => keeper.mac == listed.mac,
            None => is_known(asker, &listed.mac),
        };
        if !may {
            let extension = listed.phone.extension.clone();
            return Err(NotGiven::NotYours { mac, make, extension });
        }
        let file = files::named(make, &mac, &name).ok_or(NotGiven::NoSuchFile { mac, make })?;
        Ok(Found { listed, file })
    }

    fn keeper_of(&self, secret: &str) -> Option<&Listed> {
        // Compared with all of them: the time it takes tells nothing.
        self.0.values().fold(None, |keeper, listed| match is_same(&listed.secret, secret) {
            true => Some(listed),
            false => keeper,
        })
    }

    fn one_of(&self, make: Make, asker: &Asker) -> Option<&Listed> {
        let mut known = self.0.values().filter(|listed| is_known(asker, &listed.mac));
        known.find(|listed| listed.phone.make == make)
    }
}

impl Found<'_> {
    pub fn paper(&self, way: Way) -> Option<Paper> {
        files::paper(&self.listed.phone, self.file, way)
    }
}

fn is_known(asker: &Asker, mac: &Mac) -> bool {
    match asker {
        Asker::Neighbour(seen) => seen.contains(mac),
        Asker::Vouched => true,
        Asker::Stranger => false,
    }
}

/// The secret, if there is one, and the file's name in lower case: `/prov/` and
/// one or two plain words. Doubled slashes are met with, and overlooked.
fn parts(path: &str) -> Option<(Option<&str>, String)> {
    let path = path.split('?').next().filter(|path| path.len() <= PATH_MAX)?;
    let mut words = path.split('/').filter(|word| !word.is_empty());
    let (root, first, second, none) = (words.next()?, words.next()?, words.next(), words.next());
    let (secret, name) = match second {
        Some(name) => (Some(first), name),
        None => (None, first),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let fits = root == "prov" && none.is_none() && name.bytes().all(plain);
    fits.then(|| (secret, name.to_ascii_lowercase()))
}

/// The first twelve hexadecimal digits in a row that are no part of more.
fn mac_in(name: &str) -> Option<Mac> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.flat_map(|word| [Some(word), word.strip_prefix("cfg")]).flatten().find_map(Mac::parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::caller_name::CallerName;
    use crate::domain::codes::FeatureCodes;
    use crate::provision::phone::Password;

    fn book(phones: &[(Make, &str)]) -> Book {
        let phones = phones.iter().map(|(make, mac)| Phone {
            make: *make,
            mac: Mac::parse(mac),
            extension: Extension::parse("101").unwrap(),
            name: CallerName::clean("Bob"),
            password: Password::new("secret"),
            codes: FeatureCodes::default(),
            colleagues: Vec::new(),
            domain: None,
            revision: 1,
        });
        Book::new(phones, &[1; 32])
    }

    fn seen(mac: &str) -> Asker {
        Asker::Neighbour(vec![Mac::parse(mac).unwrap()])
    }

    #[test]
    fn each_make_finds_its_file_under_the_names_it_knows() {
        for (make, mac, names) in [
            (Make::Yealink, "805e0c112233", &["805e0c112233.cfg", "805e0c112233.boot"][..]),
            (Make::Fanvil, "0c383e557eb1", &["0c383e557eb1.cfg", "0C383E557EB1.cfg"]),
            (Make::Grandstream, "c074ad0b63ee", &["cfgc074ad0b63ee.xml", "cfgc074ad0b63ee"]),
            (Make::Htek, "001fc1000001", &["cfg001fc1000001.xml", "001fc1000001.cfg"]),
            (Make::Snom, "000413112233", &["snomD785-000413112233.htm", "000413112233.xml"]),
            (Make::Poly, "64167f112233", &["64167f112233.cfg", "64167f112233-bellhop.cfg"]),
            (Make::Cisco, "2c31241122aa", &["2c31241122aa.xml", "2C31241122AA.cfg"]),
        ] {
            let book = book(&[(make, mac)]);
            for name in names {
                let found = book.ask(&format!("/prov/{name}"), &seen(mac));
                assert!(found.is_ok(), "{make} {name}: {found:?}");
            }
            assert!(book.ask(&format!("/prov/x{mac}.cfg"), &seen(mac)).is_err(), "{make}");
        }
    }

    #[test]
    fn a_neighbour_is_given_his_own_and_a_stranger_nothing() {
        let book = book(&[(Make::Yealink, "805e0c112233"), (Make::Fanvil, "0c383e557eb1")]);
        let give = |path: &str, asker: &Asker| book.ask(path, asker).map(|found| found.file);
        let (yealink, fanvil) = (seen("805e0c112233"), seen("0c383e557eb1"));
        assert_eq!(give("/prov/805e0c112233.cfg", &yealink), Ok(File::Settings));
        let not_yours = NotGiven::NotYours {
            mac: Mac::parse("805e0c112233").unwrap(),
            make: Make::Yealink,
            extension: Extension::parse("101").unwrap(),
        };
        for asker in [&fanvil, &Asker::Stranger, &Asker::Neighbour(Vec::new())] {
            assert_eq!(give("/prov/805e0c112233.cfg", asker), Err(not_yours.clone()));
            assert_eq!(give("/prov/y000000000096.cfg", asker), Err(NotGiven::Unknown));
        }
        assert_eq!(give("/prov/y000000000096.cfg", &yealink), Ok(File::Model));
        assert_eq!(give("/prov/805e0c112233.cfg", &Asker::Vouched), Ok(File::Settings));
    }

    #[test]
    fn a_secret_opens_its_own_phones_files_from_anywhere_and_no_others() {
        let book = book(&[(Make::Yealink, "805e0c112233"), (Make::Fanvil, "0c383e557eb1")]);
        let secret = secret_of(&Mac::parse("805e0c112233").unwrap(), &[1; 32]);
        let give = |path: String| book.ask(&path, &Asker::Stranger).map(|found| found.file);
        assert_eq!(give(format!("/prov/{secret}/805e0c112233.cfg")), Ok(File::Settings));
        assert_eq!(give(format!("/prov/{secret}/y000000000096.cfg")), Ok(File::Model));
        assert!(give(format!("/prov/{secret}/0c383e557eb1.cfg")).is_err());
        assert!(give(format!("/prov/{secret}")).is_err());
        assert!(give(format!("/prov/{}/805e0c112233.cfg", secret.to_uppercase())).is_err());
        assert!(give(format!("/prov/{}x/805e0c112233.cfg", &secret[..31])).is_err());
        // It does not make a neighbour out of a phone that has another's.
        let fanvil = seen("0c383e557eb1");
        assert!(book.ask(&format!("/prov/{secret}/0c383e557eb1.cfg"), &fanvil).is_err());
    }

    #[test]
    fn no_path_is_more_than_two_plain_words() {
        let book = book(&[(Make::Yealink, "805e0c112233")]);
        for path in [
            "",
            "/",
            "prov",
            "/prov/../prov/805e0c112233.cfg",
            "/prov/a/b/805e0c112233.cfg",
            "/prov/805e0c112233%2ecfg",
            "/prov/805e0c112233.cfg\0",
            "/Prov/805e0c112233.cfg",
            &format!("/prov/{}805e0c112233.cfg", "/".repeat(300)),
        ] {
            assert_eq!(book.ask(path, &Asker::Vouched).err(), Some(NotGiven::Unknown), "{path}");
        }
        assert!(book.ask("/prov//805e0c112233.cfg?v=1", &Asker::Vouched).is_ok());
    }
}

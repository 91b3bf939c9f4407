//! `bellhop pictures`: the screens, drawn from a simulated office whose day is
//! decided by a seed. A test fails when the files differ from the program.

mod office;
mod png;
mod svg;

use std::fs;
use std::io;
use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::app::Trouble;
use crate::app::cli::PicturesArgs;
use crate::console::state::State;
use crate::console::view::{self, Cursor};
use crate::domain::time::Moment;

pub use office::{Scene, scene};

/// One screen, drawn.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The name of its files, without the extension.
    pub name: &'static str,
    pub svg: String,
    pub png: Vec<u8>,
}

const PICTURES: [(&str, Scene, u16, u16); 13] = [
    ("desk-80x24", Scene::Busy, 80, 24),
    ("desk-160x45", Scene::Busy, 160, 45),
    ("park-80x24", Scene::ParkingAtDev, 80, 24),
    ("recall-80x24", Scene::Recall, 80, 24),
    ("help-80x24", Scene::Help, 80, 24),
    ("groups-80x24", Scene::GroupForm, 80, 24),
    ("groups-160x45", Scene::GroupMembers, 160, 45),
    ("small-40x10", Scene::Busy, 40, 10),
    ("keys-dinstar-80x24", Scene::PhoneKeys("dinstar"), 80, 24),
    ("keys-fanvil-80x24", Scene::PhoneKeys("fanvil"), 80, 24),
    ("keys-grandstream-80x24", Scene::PhoneKeys("grandstream"), 80, 24),
    ("keys-htek-80x24", Scene::PhoneKeys("htek"), 80, 24),
    ("keys-yealink-80x24", Scene::PhoneKeys("yealink"), 80, 24),
];

/// Draws or, with `--check`, compares.
///
/// # Errors
/// The folder cannot be written, or the files in it are out of date.
pub fn run(args: &PicturesArgs) -> Result<(), Trouble> {
    let folder = args.out.display();
    if !args.check {
        return draw(&args.out).map_err(|error| Trouble::new(format!("{folder}: {error}")));
    }
    match drifted(&args.out).as_slice() {
        [] => Ok(()),
        files => {
            let files = files.join(", ");
            Err(Trouble::new(format!(
                "{folder}: not what the program draws: {files}; `bellhop pictures` draws them anew"
            )))
        }
    }
}

/// Every picture, the same on every machine.
///
/// # Errors
/// The PNG writer refuses; it writes to memory, so that is a fault of ours.
pub fn render() -> io::Result<Vec<Picture>> {
    let picture = |drawn: Drawn| {
        let png = png::encode(&drawn.canvas)?;
        Ok(Picture { name: drawn.name, svg: drawn.svg, png })
    };
    drawn().map(picture).collect()
}

/// Writes every picture into `folder`, which is made if need be.
///
/// # Errors
/// The folder or a file cannot be written.
pub fn draw(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for picture in render()? {
        fs::write(folder.join(picture.name).with_extension("svg"), picture.svg)?;
        fs::write(folder.join(picture.name).with_extension("png"), picture.png)?;
    }
    Ok(())
}

/// The files in `folder` that are missing or are not what the program draws:
/// SVGs are compared by their text, PNGs by their pixels.
pub fn drifted(folder: &Path) -> Vec<String> {
    let mut drifted = Vec::new();
    for picture in drawn() {
        let file = |extension| folder.join(picture.name).with_extension(extension);
        if fs::read_to_string(file("svg")).ok().as_ref() != Some(&picture.svg) {
            drifted.push(format!("{}.svg", picture.name));
        }
        let kept = fs::read(file("png")).ok().and_then(|bytes| png::decode(&bytes).ok());
        if kept.as_ref() != Some(&picture.canvas) {
            drifted.push(format!("{}.png", picture.name));
        }
    }
    drifted
}

/// A picture before it is packed.
struct Drawn {
    name: &'static str,
    svg: String,
    canvas: png::Canvas,
}

fn drawn() -> impl Iterator<Item = Drawn> {
    PICTURES.into_iter().map(|(name, scene, columns, rows)| {
        let (state, now) = office::scene(scene);
        let (buffer, cursor) = screen(&state, now, columns, rows);
        let (svg, canvas) = (svg::draw(&buffer, cursor), png::paint(&buffer, cursor));
        Drawn { name, svg, canvas }
    })
}

pub fn screen(state: &State, now: Moment, columns: u16, rows: u16) -> (Buffer, Cursor) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let cursor = view::draw(state, now, &mut buffer);
    (buffer, cursor)
}

/// Red, green, blue.
type Rgb = [u8; 3];

const BACKGROUND: Rgb = [0x16, 0x19, 0x20];
const FOREGROUND: Rgb = [0xd9, 0xde, 0xe8];

/// One cell as it is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Paint {
    ink: Rgb,
    ground: Rgb,
    bold: bool,
}

/// What a terminal with a dark background shows for a cell.
fn paint_of(cell: &ratatui::buffer::Cell) -> Paint {
    let ink = rgb(cell.fg, FOREGROUND);
    let ground = rgb(cell.bg, BACKGROUND);
    let bold = cell.modifier.contains(Modifier::BOLD);
    if cell.modifier.contains(Modifier::REVERSED) {
        Paint { ink: ground, ground: ink, bold }
    } else {
        Paint { ink, ground, bold }
    }
}

/// The sixteen colours of the pictures' terminal; we use these alone.
fn rgb(colour: Color, default: Rgb) -> Rgb {
    match colour {
        Color::Black => [0x2a, 0x2f, 0x3a],
        Color::Red => [0xf4, 0x6d, 0x75],
        Color::Green => [0x8e, 0xd0, 0x6f],
        Color::Yellow => [0xf0, 0xc6, 0x5c],
        Color::Blue => [0x76, 0xae, 0xf9],
        Color::Magenta => [0xd8, 0x93, 0xf2],
        Color::Cyan => [0x62, 0xc4, 0xcd],
        _ => default,
    }
}

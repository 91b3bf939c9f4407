//! Cells to PNG, with a bitmap font: the same pixels on every machine.

use std::collections::BTreeSet;
use std::io::{self, Cursor as Reader};

use noto_sans_mono_bitmap::{
    FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width,
};
use ratatui::buffer::Buffer;

use super::{BACKGROUND, FOREGROUND, Paint, Rgb, paint_of};
use crate::console::view::Cursor;

const HEIGHT: RasterHeight = RasterHeight::Size24;
const CELL_WIDTH: usize = get_raster_width(FontWeight::Regular, HEIGHT);
const CELL_HEIGHT: usize = 26;
/// From the top of a cell to the top of its letter.
const LETTER_TOP: usize = 1;
const MARGIN: usize = 16;

/// An image in memory, three bytes a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: BACKGROUND.repeat(width * height) }
    }

    fn fill(&mut self, x: usize, y: usize, width: usize, height: usize, colour: Rgb) {
        for y in y..(y + height).min(self.height) {
            for x in x..(x + width).min(self.width) {
                self.set(x, y, colour);
            }
        }
    }

    fn set(&mut self, x: usize, y: usize, colour: Rgb) {
        let at = (y * self.width + x) * 3;
        if let Some(pixel) = self.pixels.get_mut(at..at + 3) {
            pixel.copy_from_slice(&colour);
        }
    }
}

pub fn paint(buffer: &Buffer, cursor: Cursor) -> Canvas {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let width = columns * CELL_WIDTH + 2 * MARGIN;
    let mut canvas = Canvas::new(width, rows * CELL_HEIGHT + 2 * MARGIN);
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            draw_cell(&mut canvas, origin(x, y), cell.symbol(), paint_of(cell));
        }
    }
    if cursor.visible {
        let (x, y) = origin(cursor.position.x, cursor.position.y);
        canvas.fill(x, y + CELL_HEIGHT - 4, CELL_WIDTH, 2, FOREGROUND);
    }
    canvas
}

fn origin(column: u16, row: u16) -> (usize, usize) {
    (MARGIN + usize::from(column) * CELL_WIDTH, MARGIN + usize::from(row) * CELL_HEIGHT)
}

fn draw_cell(canvas: &mut Canvas, (x, y): (usize, usize), symbol: &str, paint: Paint) {
    canvas.fill(x, y, CELL_WIDTH, CELL_HEIGHT, paint.ground);
    match symbol {
        // The font has no lines; ours meet at the cells' edges.
        "─" => canvas.fill(x, y + CELL_HEIGHT / 2, CELL_WIDTH, 1, paint.ink),
        "│" => canvas.fill(x + CELL_WIDTH / 2, y, 1, CELL_HEIGHT, paint.ink),
        "…" => {
            for dot in [1, CELL_WIDTH / 2 - 1, CELL_WIDTH - 3] {
                canvas.fill(x + dot, y + 19, 2, 2, paint.ink);
            }
        }
        letter => draw_letter(canvas, (x, y), letter, paint),
    }
}

/// What the font lacks is an empty box, as on any terminal.
fn draw_letter(canvas: &mut Canvas, (x, y): (usize, usize), letter: &str, paint: Paint) {
    let Some(letter) = letter.chars().next().filter(|c| *c != ' ') else {
        return;
    };
    let weight = if paint.bold { FontWeight::Bold } else { FontWeight::Regular };
    match get_raster(letter, weight, HEIGHT) {
        Some(raster) => draw_raster(canvas, (x, y + LETTER_TOP), &raster, paint),
        None => canvas.fill(x + 2, y + 6, CELL_WIDTH - 4, CELL_HEIGHT - 12, paint.ink),
    }
}

fn draw_raster(canvas: &mut Canvas, (x, y): (usize, usize), raster: &RasterizedChar, paint: Paint) {
    for (dy, row) in raster.rows().enumerate() {
        for (dx, strength) in row.iter().enumerate().filter(|(_, strength)| **strength > 0) {
            canvas.set(x + dx, y + dy, mixed(paint, *strength));
        }
    }
}

fn mixed(paint: Paint, strength: u8) -> Rgb {
    // Sixteen steps are enough for the eye, and make for few colours.
    let part = u16::from(strength) / 16 * 17;
    let mix = |ink: u8, ground: u8| {
        let sum = u16::from(ink) * part + u16::from(ground) * (255 - part);
        u8::try_from(sum / 255).unwrap_or(u8::MAX)
    };
    std::array::from_fn(|at| mix(paint.ink[at], paint.ground[at]))
}

/// With a palette: our screens have few colours.
///
/// # Errors
/// The PNG writer refuses.
pub fn encode(canvas: &Canvas) -> io::Result<Vec<u8>> {
    let colours: BTreeSet<&[u8]> = canvas.pixels.chunks_exact(3).collect();
    let colours: Vec<&[u8]> = colours.into_iter().collect();
    let size = |length| u32::try_from(length).map_err(io::Error::other);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size(canvas.width)?, size(canvas.height)?);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    if colours.len() > 256 {
        encoder.set_color(png::ColorType::Rgb);
        return finish(encoder, &canvas.pixels).map(|()| bytes);
    }
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(colours.concat());
    let indices = canvas.pixels.chunks_exact(3).map(|pixel| {
        let index = colours.binary_search(&pixel).unwrap_or_default();
        u8::try_from(index).unwrap_or_default()
    });
    let indices: Vec<u8> = indices.collect();
    finish(encoder, &indices).map(|()| bytes)
}

fn finish(encoder: png::Encoder<&mut Vec<u8>>, data: &[u8]) -> io::Result<()> {
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    Ok(writer.finish()?)
}

/// The pixels of a file of ours, whatever packed them.
///
/// # Errors
/// Not a PNG.
pub fn decode(bytes: &[u8]) -> io::Result<Canvas> {
    let mut decoder = png::Decoder::new(Reader::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let size = reader.output_buffer_size().ok_or_else(|| io::Error::other("too large"))?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels)?;
    let size = |length| usize::try_from(length).map_err(io::Error::other);
    Ok(Canvas { width: size(info.width)?, height: size(info.height)?, pixels })
}

//! Cells to SVG: one text for each run of one style, lines drawn as lines.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use super::{BACKGROUND, FOREGROUND, Paint, Rgb, paint_of};
use crate::console::view::Cursor;

const CELL_WIDTH: u32 = 10;
const CELL_HEIGHT: u32 = 20;
const BASELINE: u32 = 15;
const MARGIN: u32 = 14;

pub fn draw(buffer: &Buffer, cursor: Cursor) -> String {
    let (columns, rows) = (u32::from(buffer.area.width), u32::from(buffer.area.height));
    let (width, height) = (columns * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + 2 * MARGIN);
    let mut svg = String::new();
    // Writing to a String does not fail.
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-size=\"16\" xml:space=\"preserve\" \
         font-family=\"'DejaVu Sans Mono','Noto Sans Mono',Menlo,Consolas,monospace\">"
    )
    .ok();
    writeln!(
        svg,
        "<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{}\"/>",
        hex(BACKGROUND)
    )
    .ok();
    for y in 0..buffer.area.height {
        for run in runs(buffer, y) {
            draw_run(&run, u32::from(y), &mut svg);
        }
    }
    if cursor.visible {
        let (x, y) = origin(u32::from(cursor.position.x), u32::from(cursor.position.y));
        let ink = hex(FOREGROUND);
        writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{}\" width=\"{CELL_WIDTH}\" height=\"2\" fill=\"{ink}\"/>",
            y + CELL_HEIGHT - 3
        )
        .ok();
    }
    svg.push_str("</svg>\n");
    svg
}

/// Neighbours of one style.
struct Run {
    column: u32,
    columns: u32,
    text: String,
    paint: Paint,
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        let columns = u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
        let paint = paint_of(cell);
        match runs.last_mut() {
            Some(run) if run.paint == paint && is_line(&run.text) == is_line(cell.symbol()) => {
                run.text += cell.symbol();
                run.columns += u32::from(columns);
            }
            _ => runs.push(Run {
                column: u32::from(x),
                columns: u32::from(columns),
                text: cell.symbol().to_owned(),
                paint,
            }),
        }
        x = x.saturating_add(columns);
    }
    runs
}

fn is_line(text: &str) -> bool {
    text.starts_with(['─', '│'])
}

fn draw_run(run: &Run, row: u32, svg: &mut String) {
    let (x, y) = origin(run.column, row);
    let width = run.columns * CELL_WIDTH;
    let Paint { ink, ground, bold } = run.paint;
    if ground != BACKGROUND {
        let ground = hex(ground);
        writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CELL_HEIGHT}\" fill=\"{ground}\"/>").ok();
    }
    if run.text.starts_with('─') {
        let middle = y + CELL_HEIGHT / 2;
        writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{middle}\" width=\"{width}\" height=\"1\" fill=\"{}\"/>",
            hex(ink)
        )
        .ok();
    } else if run.text.starts_with('│') {
        let middle = x + CELL_WIDTH / 2;
        writeln!(
            svg,
            "<rect x=\"{middle}\" y=\"{y}\" width=\"1\" height=\"{CELL_HEIGHT}\" fill=\"{}\"/>",
            hex(ink)
        )
        .ok();
    } else if !run.text.trim().is_empty() {
        draw_text(run, x, y + BASELINE, ink, bold, svg);
    }
}

fn draw_text(run: &Run, x: u32, y: u32, ink: Rgb, bold: bool, svg: &mut String) {
    let lead = run.text.len() - run.text.trim_start().len();
    let text = run.text.trim();
    let x = x + u32::try_from(lead).unwrap_or_default() * CELL_WIDTH;
    let length = u32::try_from(text.width()).unwrap_or_default() * CELL_WIDTH;
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let (ink, text) = (hex(ink), escaped(text));
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\" fill=\"{ink}\"{weight}>{text}</text>"
    )
    .ok();
}

fn origin(column: u32, row: u32) -> (u32, u32) {
    (MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT)
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Spaces inside a run are kept whatever the viewer makes of `xml:space`.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace(' ', "\u{a0}")
}

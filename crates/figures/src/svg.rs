//! A scene as an SVG document: what the bitmap shows, with the value behind each part as its title, which every viewer
//! shows on hover.

use std::fmt::Write as _;

use super::scene::{Anchor, Area, Datum, Mark, Scene, Text};
use super::style::{FAMILY, INK, PAPER, hex};

/// The document; `millimetres` wide where that is given, else a pixel of the scene is one of the page.
pub fn svg(scene: &Scene, millimetres: Option<f64>) -> Result<String, String> {
    let (width, height) = (scene.width.ceil(), scene.height.ceil());
    if !(1.0..1e6).contains(&width) || !(1.0..1e6).contains(&height) {
        return Err(format!("a figure of {width} by {height} pixels cannot be drawn"));
    }
    let (wide, high) = match millimetres {
        Some(mm) => (format!("{}mm", number(mm)), format!("{}mm", number(mm * height / width))),
        None => (number(width), number(height)),
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         font-family=\"{}\" fill=\"{}\">\n<title>{}</title>\n<path fill=\"{}\" d=\"M0 0h{}v{}H0z\"/>\n",
        number(width),
        number(height),
        escape(FAMILY),
        hex(INK),
        escape(&scene.title),
        hex(PAPER),
        number(width),
        number(height),
    );
    for mark in &scene.marks {
        one(&mut out, mark);
        out.push('\n');
    }
    if !scene.data.is_empty() {
        out.push_str("<g class=\"data\" fill=\"none\" pointer-events=\"all\">\n");
        scene.data.iter().for_each(|datum| hover(&mut out, datum));
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    Ok(out)
}

fn one(out: &mut String, mark: &Mark) {
    // Writing to a string cannot fail.
    let _ = match mark {
        Mark::Fill { area, colour, .. } => write!(out, "<path fill=\"{}\" d=\"{}\"/>", hex(*colour), outline(area)),
        Mark::Line { from, to, width, colour } => write!(
            out,
            "<path stroke=\"{}\" stroke-width=\"{}\" d=\"M{} {}L{} {}\"/>",
            hex(*colour),
            number(*width),
            number(from.0),
            number(from.1),
            number(to.0),
            number(to.1)
        ),
        Mark::Polygon { points, colour } => {
            let corners: Vec<String> = points.iter().map(|(x, y)| format!("{} {}", number(*x), number(*y))).collect();
            write!(out, "<path fill=\"{}\" d=\"M{}z\"/>", hex(*colour), corners.join("L"))
        }
        Mark::Text(text) => line(out, text),
    };
}

fn line(out: &mut String, text: &Text) -> std::fmt::Result {
    let (x, y) = (number(text.at.0), number(text.at.1));
    write!(out, "<text font-size=\"{}\"", number(text.face.size))?;
    if text.upwards {
        write!(out, " transform=\"translate({x} {y}) rotate(-90)\"")?;
    } else {
        write!(out, " x=\"{x}\" y=\"{y}\"")?;
    }
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
        Anchor::End => out.push_str(" text-anchor=\"end\""),
    }
    if text.face.bold {
        out.push_str(" font-weight=\"bold\"");
    }
    if text.colour != INK {
        write!(out, " fill=\"{}\"", hex(text.colour))?;
    }
    out.push('>');
    if let Some(full) = &text.full {
        write!(out, "<title>{}</title>", escape(full))?;
    }
    write!(out, "{}</text>", escape(&text.text))
}

/// A part that shows nothing and catches the pointer.
fn hover(out: &mut String, datum: &Datum) {
    let lines: Vec<String> = datum.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let _ = writeln!(out, "<path d=\"{}\"><title>{}</title></path>", outline(&datum.area), escape(&lines.join("\n")));
}

fn outline(area: &Area) -> String {
    let (x, y, wide, high) = (number(area.left), number(area.top), number(area.width()), number(area.height()));
    format!("M{x} {y}h{wide}v{high}h-{wide}z")
}

/// To a hundredth of a pixel, as short as that can be.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text between tags or quotes; characters that XML does not know become blanks.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

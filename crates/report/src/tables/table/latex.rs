//! Text and tables as LaTeX that compiles with pdfLaTeX, XeLaTeX and LuaLaTeX and needs only the package `booktabs`.

use super::Table;

/// Number of characters of an entry above which its column breaks lines.
const LONG: usize = 40;
/// Number of characters of a line that fit on a page at the usual size, and in small print.
const FITS: usize = 70;
const FITS_SMALL: usize = 95;
/// Largest number of characters of a caption. LaTeX measures a caption as a single line and fails if that is longer
/// than six metres.
const LONGEST_CAPTION: usize = 2000;

/// A floating table for each part. The caption holds the title and the notes; notes that do not fit stand below the
/// table. A table that is too wide for the page is shrunk if the document loads `graphicx`.
pub fn table(table: &Table) -> String {
    let mut pieces = table.pieces();
    for piece in &mut pieces {
        piece.title = match piece.title.as_str() {
            "" => table.title.clone(),
            title if title == table.title => title.to_string(),
            title => format!("{}: {title}", table.title),
        };
        piece.notes = piece.footnotes();
    }
    if let Some(first) = pieces.first_mut() {
        first.notes.extend(table.notes.iter().cloned());
    }
    let floats: Vec<String> = pieces.iter().map(float).collect();
    format!("% needs \\usepackage{{booktabs}}\n{}", floats.join("\n"))
}

fn float(table: &Table) -> String {
    let entry = |at: (usize, usize)| {
        let text = cell(&table.rows[at.0][at.1]);
        let level = if table.level.contains(&at) { "\\ensuremath{\\approx} " } else { "" };
        let marked = if table.best.contains(&at) { format!("\\textbf{{{text}}}") } else { format!("{level}{text}") };
        marked + &self::text(&table.remarked(at))
    };
    let row = |line: usize| {
        let cells: Vec<String> = (0..table.headers.len()).map(|column| entry((line, column))).collect();
        format!("    {} \\\\\n", cells.join(" & "))
    };
    let headings: Vec<String> = (0..table.headers.len()).map(|column| cell(&table.heading(column))).collect();
    let rows: String = (0..table.rows.len()).map(row).collect();
    let (columns, width) = columns(table);
    let (caption, below) = words(table);
    let tabular = format!(
        "  \\begin{{tabular}}{{{columns}}}\n    \\toprule\n    {} \\\\\n    \\midrule\n{rows}    \\bottomrule\n  \\end{{tabular}}",
        headings.join(" & ")
    );
    let (size, tabular) = match width {
        0..=FITS => ("", tabular),
        _ if width <= FITS_SMALL => ("  \\footnotesize\n", tabular),
        _ => ("  \\footnotesize\n", shrunk(&tabular)),
    };
    format!("\\begin{{table}}\n  \\centering\n{size}  \\caption{{{caption}}}\n{tabular}\n{below}\\end{{table}}\n")
}

/// Title and notes: the part that a caption holds, and the rest as a paragraph.
fn words(table: &Table) -> (String, String) {
    let mut caption = text(&format!("{}.", table.title));
    let mut notes = table.notes.iter().map(|note| text(note)).peekable();
    while let Some(note) = notes.next_if(|note| caption.len() + note.len() < LONGEST_CAPTION) {
        caption.push(' ');
        caption.push_str(&note);
    }
    let rest: Vec<String> = notes.collect();
    if rest.is_empty() {
        return (caption, String::new());
    }
    (caption, format!("  \\par\\smallskip\\parbox{{\\linewidth}}{{\\footnotesize {}}}\n", rest.join(" ")))
}

/// Scales a table down to the width of the page, if the document can scale.
fn shrunk(tabular: &str) -> String {
    format!(
        "  \\sbox0{{%\n{tabular}%\n  }}%\n  \\ifdim\\wd0>\\linewidth\\ifdefined\\resizebox\\resizebox{{\\linewidth}}{{!}}{{\\usebox0}}%\n  \
         \\else\\usebox0\\fi\\else\\usebox0\\fi"
    )
}

/// The column specification of the tabular, and the number of characters of its lines.
fn columns(table: &Table) -> (String, usize) {
    let longest = |i: usize| {
        let cells = table.rows.iter().map(|row| row[i].chars().count());
        cells.chain([table.headers[i].chars().count()]).max().unwrap_or(0)
    };
    let lengths: Vec<usize> = (0..table.headers.len()).map(longest).collect();
    let long = |i: usize| i < table.names && lengths[i] > LONG;
    // Long columns share the remaining width in proportion to the square root of their length.
    let weight = |i: usize| (lengths[i] as f64).sqrt();
    let short: usize = (0..lengths.len()).filter(|&i| !long(i)).map(|i| lengths[i] + 2).sum();
    let room = (1.0 - short as f64 / FITS_SMALL as f64).max(0.3);
    let all: f64 = (0..lengths.len()).filter(|&i| long(i)).map(weight).sum();
    let column = |i: usize| match (long(i), i < table.names) {
        (true, _) => format!("p{{{:.2}\\linewidth}}", room * weight(i) / all),
        (false, true) => "l".to_string(),
        (false, false) => "r".to_string(),
    };
    let width = if all > 0.0 { short.max(FITS + 1) } else { short };
    ((0..lengths.len()).map(column).collect(), width)
}

/// An entry of a table, protected so that a preceding `\\` does not take it for its argument.
fn cell(entry: &str) -> String {
    let escaped = text(entry);
    if escaped.starts_with(['[', '*']) { format!("{{}}{escaped}") } else { escaped }
}

/// Text with LaTeX's special characters escaped, with `code` in typewriter type, and with commands for characters that
/// the fonts lack.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    let mut in_code = false;
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        match c {
            '`' if in_code => {
                out.push('}');
                in_code = false;
            }
            '`' if chars[i + 1..].contains(&'`') => {
                out.push_str("\\texttt{");
                in_code = true;
            }
            '-' if begins_number(&chars, i) => out.push_str("\\ensuremath{-}"),
            c if script(c).is_some() => {
                let (mark, _) = script(c).unwrap_or(('_', ' '));
                let run: String =
                    chars[i..].iter().map_while(|c| script(*c).filter(|(m, _)| *m == mark)).map(|(_, c)| c).collect();
                out.push_str(&format!("\\ensuremath{{{mark}{{{run}}}}}"));
                i += run.chars().count() - 1;
            }
            c => escape(&mut out, c),
        }
        i += 1;
    }
    out
}

/// A hyphen that is a minus sign.
fn begins_number(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| chars[before]);
    let opens = before.is_none_or(|c| c.is_whitespace() || "[(,".contains(c));
    opens && chars.get(at + 1).is_some_and(char::is_ascii_digit)
}

/// The mark of a superscript or subscript character, and the character itself.
fn script(c: char) -> Option<(char, char)> {
    let plain = "0123456789+-";
    let raised = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻".chars().zip(plain.chars()).find(|(of, _)| *of == c);
    let lowered = "₀₁₂₃₄₅₆₇₈₉₊₋".chars().zip(plain.chars()).find(|(of, _)| *of == c);
    raised.map(|(_, c)| ('^', c)).or(lowered.map(|(_, c)| ('_', c)))
}

fn escape(out: &mut String, c: char) {
    match c {
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
        '\\' => out.push_str("\\textbackslash{}"),
        '~' => out.push_str("\\textasciitilde{}"),
        '^' => out.push_str("\\textasciicircum{}"),
        '`' => out.push_str("\\char96{}"),
        '<' => out.push_str("\\textless{}"),
        '>' => out.push_str("\\textgreater{}"),
        '|' => out.push_str("\\textbar{}"),
        '–' => out.push_str("--"),
        '…' => out.push_str("\\dots{}"),
        '\u{a0}' => out.push('~'),
        c if c.is_control() => out.push(' '),
        c => match command(c) {
            Some(command) => out.push_str(&format!("\\ensuremath{{{command}}}")),
            None if c.is_ascii() || known(c) => out.push(c),
            // Engines that read Unicode set the character if the font has it; pdfLaTeX reports which character it is.
            None => out.push_str(&format!("{{\\ifdefined\\Umathchar {c}\\else U+{:04X}\\fi}}", c as u32)),
        },
    }
}

/// Mathematical signs and Greek letters.
fn command(c: char) -> Option<&'static str> {
    Some(match c {
        '±' => "\\pm",
        '→' => "\\rightarrow",
        '↑' => "\\uparrow",
        '↓' => "\\downarrow",
        '←' => "\\leftarrow",
        '↔' => "\\leftrightarrow",
        '×' => "\\times",
        '·' => "\\cdot",
        '−' => "-",
        '≤' => "\\leq",
        '≥' => "\\geq",
        '≠' => "\\neq",
        '≈' => "\\approx",
        '√' => "\\surd",
        '∞' => "\\infty",
        '°' => "^{\\circ}",
        'α' => "\\alpha",
        'β' => "\\beta",
        'γ' => "\\gamma",
        'δ' => "\\delta",
        'ε' => "\\varepsilon",
        'η' => "\\eta",
        'θ' => "\\theta",
        'κ' => "\\kappa",
        'λ' => "\\lambda",
        'μ' | 'µ' => "\\mu",
        'ν' => "\\nu",
        'π' => "\\pi",
        'ρ' => "\\rho",
        'σ' => "\\sigma",
        'τ' => "\\tau",
        'φ' => "\\varphi",
        'χ' => "\\chi",
        'ψ' => "\\psi",
        'ω' => "\\omega",
        'Γ' => "\\Gamma",
        'Δ' => "\\Delta",
        'Θ' => "\\Theta",
        'Λ' => "\\Lambda",
        'Π' => "\\Pi",
        'Σ' => "\\Sigma",
        'Φ' => "\\Phi",
        'Ψ' => "\\Psi",
        'Ω' => "\\Omega",
        'ᵀ' => "^{T}",
        '★' => "\\star",
        _ => return None,
    })
}

/// Letters with accents that every LaTeX sets without further packages.
fn known(c: char) -> bool {
    let lacking = "ÐðÞþ÷ĐđĦħĸŊŋŦŧŉſĿŀĄąĘęĮįŲųĲĳ";
    ('\u{c0}'..='\u{17f}').contains(&c) && !lacking.contains(c)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn sample() -> Table {
        Table {
            title: "Figures of a_b: 100% & more".into(),
            headers: vec!["method".into(), "Γ₉₀ (τ ≥ 0.5)".into(), "10⁻⁶".into()],
            names: 1,
            rows: vec![
                vec!["NA".into(), "0.179 ± 0.076".into(), "-0.2 [-0.3, -0.1]".into()],
                vec!["[x] a_b & c".into(), "p < 0.001".into(), "Δ⁺ − μ|σ".into()],
            ],
            notes: vec!["Stand-in data: `massive_10` in place of `x`; one ` alone.".into()],
            ..Table::default()
        }
    }

    #[test]
    fn what_latex_would_take_for_commands_is_escaped() {
        let tex = table(&sample());
        for wanted in [
            "{}[x] a\\_b \\& c & p \\textless{} 0.001 & \\ensuremath{\\Delta}\\ensuremath{^{+}} \\ensuremath{-} ",
            "0.179 \\ensuremath{\\pm} 0.076 & \\ensuremath{-}0.2 [\\ensuremath{-}0.3, \\ensuremath{-}0.1] \\\\",
            "\\ensuremath{\\Gamma}\\ensuremath{_{90}} (\\ensuremath{\\tau} \\ensuremath{\\geq} 0.5)",
            "10\\ensuremath{^{-6}}",
            "Figures of a\\_b: 100\\% \\& more.",
            "\\texttt{massive\\_10} in place of \\texttt{x}; one \\char96{} alone.",
        ] {
            assert!(tex.contains(wanted), "{wanted} in {tex}");
        }
        assert_eq!(text("日"), "{\\ifdefined\\Umathchar 日\\else U+65E5\\fi}");
        assert_eq!(tex.matches("\\begin").count(), tex.matches("\\end{").count());
    }

    #[test]
    fn notes_too_long_for_a_caption_stand_below() {
        let mut noted = sample();
        noted.notes = vec!["how ± is meant".into(), "x ".repeat(LONGEST_CAPTION), "the last".into()];
        let tex = table(&noted);
        let (caption, below) = tex.split_once("\\bottomrule").expect("a table");
        assert!(caption.contains("is meant}") && !caption.contains("x x"), "{caption}");
        assert!(below.contains("x x") && below.contains("the last}"), "{below}");
    }

    #[test]
    fn the_best_is_bold_and_every_part_is_a_table() {
        let mut parts = sample();
        parts.best.insert((0, 1));
        parts.level.insert((1, 1));
        parts.remark((1, 2), "no item counts");
        let tex = table(&parts);
        assert!(tex.contains("\\textbf{0.179 \\ensuremath{\\pm} 0.076} &"), "{tex}");
        assert!(tex.contains("& \\ensuremath{\\approx} p \\textless{} 0.001 &"), "{tex}");
        assert!(
            tex.contains("\\ensuremath{^{1}} no item counts") && tex.contains("\\sigma}\\ensuremath{^{1}} "),
            "{tex}"
        );
        parts.parts = vec![crate::tables::table::Part { title: "Second".into(), from: 2 }];
        let tex = table(&parts);
        assert_eq!(tex.matches("\\begin{table}").count(), 2, "{tex}");
        assert!(tex.contains("\\caption{Figures of a\\_b: 100\\% \\& more: Second. "), "{tex}");
    }

    #[test]
    fn long_entries_get_lines_and_wide_tables_are_shrunk() {
        let long = "a claim of the paper that takes more than a line of a table to say, and then some more";
        let mut claims = sample();
        claims.names = 2;
        claims.rows[0][1] = long.into();
        assert!(table(&claims).contains("{lp{"), "{}", table(&claims));
        let mut wide = sample();
        wide.headers = (0..20).map(|i| format!("measure {i}")).collect();
        wide.rows = vec![vec!["0.123 ± 0.456".into(); 20]];
        assert!(table(&wide).contains("\\resizebox"));
        assert!(!table(&sample()).contains("\\resizebox"));
    }

    /// A complete document with these tables.
    fn document(tables: &[String]) -> String {
        format!(
            "\\documentclass{{article}}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n{}\n\\end{{document}}\n",
            tables.join("\n\\clearpage\n")
        )
    }

    #[test]
    fn a_real_latex_takes_them() {
        if Command::new("pdflatex").arg("--version").output().is_err() {
            let why = "SKIPPED: pdflatex is not here; apt-get install texlive-latex-recommended";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
            eprintln!("{why}");
            return;
        }
        let mut odd = sample();
        let letters: String = ('\u{c0}'..='\u{17f}').filter(|c| known(*c)).collect();
        let signs: String = ('\u{80}'..='\u{2fff}').filter(|c| command(*c).is_some() || script(*c).is_some()).collect();
        let ascii: String = (' '..='~').collect();
        odd.rows.push(vec![ascii, letters, format!("{signs} 日本語 đę")]);
        let mut wide = sample();
        wide.headers = (0..20).map(|i| format!("measure {i}")).collect();
        wide.rows = vec![vec!["0.123 ± 0.456".into(); 20]];
        let mut long = sample();
        long.names = 2;
        long.rows[0][1] = "words ".repeat(60);
        let folder = tempfile::tempdir().expect("a folder");
        let text = document(&[table(&sample()), table(&odd), table(&wide), table(&long)]);
        std::fs::write(folder.path().join("t.tex"), text).expect("writable");
        let run = Command::new("pdflatex")
            .args(["-interaction=nonstopmode", "-halt-on-error", "t.tex"])
            .current_dir(folder.path())
            .output()
            .expect("it is there");
        let log = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{}", &log[log.find("\n!").unwrap_or(0)..]);
    }
}

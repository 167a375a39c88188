//! Comparison of two runs: the same methods by the same measures, with the paired interval of the difference if both
//! runs judged the same items.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use files::Fault;
use serde::Serialize;
use serde_json::json;
use tasks::Contrast;
use tasks::multiple::holm;

use super::page::{Facts, facts, stars};
use super::sheet::{Entered, Sheet};
use super::{folder, template};
use crate::samples::{Sample, Samples};
use crate::tables::MISSING;
use crate::tables::comparison::{draw, ends, p_value};
use crate::tables::summary::{Group, Measure, Summary};
use crate::tables::table::Table;
use grid::settings::Setting;
use store::cells::StoredSeries;
use store::durable::write_file;
use store::record::Record;
use store::slug;

/// One of the two runs.
struct Side<'a> {
    name: String,
    samples: Samples<'a>,
}

impl<'a> Side<'a> {
    fn summary(&self) -> &Summary<'a> {
        self.samples.summary()
    }
}

/// One line: a method by a measure in both runs.
struct Pair<'a> {
    group: &'a Group,
    measure: &'a Measure,
    values: [f64; 2],
    /// The value of the second run minus that of the first, or the reason why the two are not paired.
    difference: Result<Contrast, String>,
    adjusted: Option<f64>,
}

#[derive(Serialize)]
struct Page {
    title: String,
    problems: Vec<String>,
    sheet_of_pairs: Sheet,
    /// The costs of both runs.
    facts: Vec<(String, Facts)>,
}

/// Writes `compare_<b>.html` into the folder `a`, and the same content as a table.
///
/// # Errors
/// The same folder twice; folders without records, or with times of fits without scores; stored scores that cannot be read; a
/// folder that cannot be written.
pub fn write(a: &Path, b: &Path) -> Result<Vec<PathBuf>> {
    if let (Ok(one), Ok(other)) = (a.canonicalize(), b.canonicalize())
        && one == other
    {
        let found = format!("{} and {} are one folder; name another run to compare it with", a.display(), b.display());
        bail!(Fault::usage(found));
    }
    let _turn = folder::turn(a)?;
    let (first, second) = (folder::open(a)?, folder::open(b)?);
    folder::check_scored(a, &first.1)?;
    folder::check_scored(b, &second.1)?;
    let name =
        |store: &store::cells::Store| store.root().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names = [name(&first.0), name(&second.0)];
    if names[0] == names[1] {
        // The two folders hold the same grid, so the paths of the folders distinguish them.
        names = [a, b].map(|path| path.display().to_string());
    }
    // A setting has the same name in both runs, and two settings have different names.
    let found = |records: &[Record]| {
        let mut seen = HashSet::new();
        let keys = records.iter().filter_map(Record::method_key).filter(|key| seen.insert(key.clone()));
        keys.map(|key| Setting::of(&key)).collect::<Vec<_>>()
    };
    let settings = [first.2.settings.clone(), second.2.settings.clone(), found(&first.1), found(&second.1)].concat();
    let sides = [
        Side { name: names[0].clone(), samples: Samples::named(&first.1, &first.0, &settings) },
        Side { name: names[1].clone(), samples: Samples::named(&second.1, &second.0, &settings) },
    ];
    let (pairs, problems) = pairs(&sides)?;
    let table = table(&sides, &pairs, &problems);
    let title = format!("{} against {}", names[0], names[1]);
    let stem = format!("compare_{}", slug(&names[1]));
    let [of_first, of_second] = names;
    let page = Page {
        title,
        problems,
        sheet_of_pairs: sheet(&table, &pairs),
        facts: vec![(of_first, facts(&first.1, &first.2)), (of_second, facts(&second.1, &second.2))],
    };
    let html = template::render("compare.html", &page, &json!({ "name": stem }))?;
    let path = first.0.root().join(format!("{stem}.html"));
    write_file(&path, |file| Ok(std::io::Write::write_all(file, html.as_bytes())?))?;
    let mut files = table.write(&first.0.root().join("tables").join(stem))?;
    files.push(path);
    files.sort();
    Ok(files)
}

/// The lines, and notes on settings and values that only one of the runs has.
fn pairs<'a>(sides: &'a [Side<'_>; 2]) -> Result<(Vec<Pair<'a>>, Vec<String>)> {
    let [first, second] = sides;
    let (mut pairs, mut problems) = (Vec::new(), Vec::new());
    for group in &first.summary().groups {
        if !second.summary().groups.contains(group) {
            problems.push(format!("{} is in {} alone.", named(group), first.name));
            continue;
        }
        let scores = [scores(first, group)?, scores(second, group)?];
        let same = same_items(first.summary().of(group).next(), second.summary().of(group).next());
        for measure in first.summary().measures().iter().filter(|m| second.summary().measures().contains(m)) {
            let stat = |side: &Side<'_>| side.summary().stat(group, measure).map(|stat| stat.mean);
            let (Some(a), Some(b)) = (stat(first), stat(second)) else { continue };
            for side in sides {
                if let Some(without) = side.summary().left_out(group, measure) {
                    let what = side.summary().title(measure);
                    problems.push(format!("{what} of {} in {}: {without}.", named(group), side.name));
                }
            }
            let difference = match (&same, &scores) {
                (Err(why), _) => Err(why.clone()),
                (Ok(()), [Some(of_first), Some(of_second)]) => {
                    let of = |side: &Side<'_>, scores| side.samples.sample_in(scores, group, measure);
                    difference(of(first, of_first)?, of(second, of_second)?)?
                }
                _ => Err("no stored scores".into()),
            };
            pairs.push(Pair { group, measure, values: [a, b], difference, adjusted: None });
        }
    }
    let alone = second.summary().groups.iter().filter(|group| !first.summary().groups.contains(group));
    problems.extend(alone.map(|group| format!("{} is in {} alone.", named(group), second.name)));
    let p: Vec<f64> = pairs.iter().filter_map(|pair| Some(pair.difference.as_ref().ok()?.p)).collect();
    let tested = pairs.iter_mut().filter(|pair| pair.difference.is_ok());
    tested.zip(holm(&p)).for_each(|(pair, p)| pair.adjusted = Some(p));
    Ok((pairs, problems))
}

fn named(group: &Group) -> String {
    format!("{} on `{}`{}", group.label(), group.view_set, group.condition.in_full())
}

/// The value; `None` for a cell that failed.
fn scores(side: &Side<'_>, group: &Group) -> Result<Option<Vec<Vec<StoredSeries>>>> {
    if side.summary().of(group).any(|record| record.metric.is_none()) {
        return Ok(None);
    }
    side.samples.scores(group).map(Some)
}

/// Whether two cells were judged on the same items, by the checksum of their data.
fn same_items(a: Option<&Record>, b: Option<&Record>) -> Result<(), String> {
    let (Some(a), Some(b)) = (a, b) else { return Err("no records".into()) };
    let parts = [
        ("data", a.data_sha256 == b.data_sha256),
        ("views", a.views == b.views),
        ("pairing", a.pairing == b.pairing),
        ("widths", a.widths == b.widths),
    ];
    match parts.iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(format!("other {what}")),
        None => Ok(()),
    }
}

type Sampled = Result<Sample, String>;

fn difference(a: Sampled, b: Sampled) -> Result<Result<Contrast, String>> {
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    if a.items != b.items {
        return Ok(Err(format!("{} items and {}", a.items, b.items)));
    }
    if a.drawn() != b.drawn() || a.units() < 2 {
        return Ok(Err("other groups of items, or one alone".into()));
    }
    if a.places() != b.places() {
        return Ok(Err(format!("values of {} views or pairs and of {}", a.places().len(), b.places().len())));
    }
    let difference = draw(&[&a, &b])?.difference(1, 0);
    Ok(difference.ok_or_else(|| "undefined: no item counts".into()))
}

fn table(sides: &[Side<'_>; 2], pairs: &[Pair<'_>], problems: &[String]) -> Table {
    let (first, second) = (&sides[0].name, &sides[1].name);
    let row = |pair: &Pair<'_>| {
        let [a, b] = pair.values.map(|value| format!("{value:.4}"));
        let (difference, p) = match (&pair.difference, pair.adjusted) {
            (Ok(contrast), Some(p)) => {
                let i = &contrast.interval;
                (format!("{:+.4} {}", i.estimate, ends(i, 4, true)), p_value(p))
            }
            (Err(why), _) => (format!("{:+.4}", pair.values[1] - pair.values[0]), format!("not paired: {why}")),
            (Ok(_), None) => (MISSING.into(), MISSING.into()),
        };
        let group = pair.group;
        let measure = sides[0].summary().title(pair.measure);
        vec![group.view_set.clone(), group.condition.to_string(), group.label(), measure, a, b, difference, p]
    };
    let headers = ["views", "noise", "method", "measure", first, second, "difference", "p (Holm)"];
    let mut notes = vec![format!(
        "Difference: {second} minus {first}, with its 95% bootstrap interval over the items that both were judged on, paired, \
         and over seeds where there are several; p is two-sided, Holm-adjusted over the table."
    )];
    notes.extend(problems.iter().cloned());
    Table {
        title: format!("{first} against {second}"),
        headers: headers.into_iter().map(str::to_string).collect(),
        names: 4,
        rows: pairs.iter().map(row).collect(),
        notes,
        ..Table::default()
    }
}

/// The table with marks for its tests and bars for its intervals.
fn sheet(table: &Table, pairs: &[Pair<'_>]) -> Sheet {
    let mut sheet = Sheet::plain("comparison", table);
    sheet.notes.truncate(1);
    sheet.notes.push("* p < 0.05, ** p < 0.01, *** p < 0.001.".into());
    sheet.headers.insert(7, "interval".into());
    let intervals = || pairs.iter().filter_map(|pair| pair.difference.as_ref().ok()).map(|contrast| contrast.interval);
    // Zero is in the middle of every bar.
    let reach = intervals().flat_map(|i| [i.low.abs(), i.high.abs()]).fold(0.0, f64::max).max(1e-12);
    let part = |value: f64| (50.0 + 50.0 * value / reach).round();
    for (row, pair) in sheet.rows.iter_mut().zip(pairs) {
        let bar = match &pair.difference {
            Ok(contrast) => {
                let i = &contrast.interval;
                let bar = Some([i.low, i.estimate, i.high].map(part));
                Entered { bar, ..Entered::text(format!("{:+.4}", i.estimate)) }
            }
            Err(_) => Entered::default(),
        };
        if let Some(p) = pair.adjusted {
            row[7] = Entered { small: stars(p).into(), ..Entered::text(p_value(p)) };
        }
        row.insert(7, bar);
    }
    sheet
}

//! The filter `--only method=gcpa,views=en+fr,seed=0`, which selects cells of a plan.

use std::fmt;
use std::str::FromStr;

use align::Method;
use anyhow::{Result, bail};
use data::nearest;
use files::Fault;

use crate::plan::Cell;

/// Conditions on cells: keys are ANDed, values of one key ORed. A method is named by its name, which stands for all of its
/// settings, or by the alias of one of them. A seed may be a range, `seed=0..2` for 0, 1 and 2. A subset of
/// views is named by its name, or by its views in any order, joined by `+`: `views=en+fr`. A number of training rows is
/// `fit_rows=100` or `fit_rows=all`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    conditions: Vec<(Key, Wanted)>,
    /// As it was given.
    text: String,
}

/// A value, or the seeds from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Value(String),
    Seeds(u64, u64),
}

impl Wanted {
    fn text(&self) -> String {
        match self {
            Self::Value(wanted) => wanted.clone(),
            Self::Seeds(first, last) => format!("{first}..{last}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Method,
    Views,
    Noise,
    FitRows,
    Seed,
}

impl Key {
    const ALL: [(&'static str, Self); 5] = [
        ("method", Self::Method),
        ("views", Self::Views),
        ("noise", Self::Noise),
        ("fit_rows", Self::FitRows),
        ("seed", Self::Seed),
    ];

    /// What a cell has, for messages.
    fn of(self, cell: &Cell) -> String {
        match self {
            Self::Method if cell.setting.is_alias => format!("{} ({})", cell.setting.label, cell.method.name()),
            Self::Method => cell.method.name().to_string(),
            Self::Views => format!("{} ({})", cell.view_set, cell.views.join("+")),
            Self::Noise => cell.noise.name().to_string(),
            Self::FitRows => cell.fit_rows.to_string(),
            Self::Seed => cell.seed.to_string(),
        }
    }

    /// Whether a cell has what is wanted.
    fn has(self, cell: &Cell, wanted: &Wanted) -> bool {
        match (self, wanted) {
            (Self::Method, Wanted::Value(wanted)) => {
                let setting = &cell.setting;
                cell.method.name() == wanted || setting.label == *wanted || setting.short == *wanted
            }
            (Self::Views, Wanted::Value(wanted)) => cell.view_set == *wanted || are_views(wanted, &cell.views),
            (Self::Noise, Wanted::Value(wanted)) => cell.noise.name() == wanted,
            (Self::FitRows, Wanted::Value(wanted)) => cell.fit_rows.to_string() == *wanted,
            (Self::Seed, Wanted::Value(wanted)) => cell.seed.to_string() == *wanted,
            (Self::Seed, Wanted::Seeds(first, last)) => (*first..=*last).contains(&cell.seed),
            (Self::Method | Self::Views | Self::Noise | Self::FitRows, Wanted::Seeds(..)) => false,
        }
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, key)| *key == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for Only {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut before: Option<&str> = None;
        let conditions: Result<Vec<(Key, Wanted)>> = text
            .split(',')
            .map(|part| {
                let Some((name, value)) = part.split_once('=') else {
                    // A comma ends the list of views and begins the next condition.
                    let views = before.filter(|before| before.trim_start().starts_with("views="));
                    let hint = views.map(|before| {
                        format!("; join the views of a subset with `+`, as in `{}+{}`", before.trim(), part.trim())
                    });
                    bail!("`{part}` is not key=value{}; keys are {}", hint.unwrap_or_default(), names());
                };
                before = Some(part);
                let Some((_, key)) = Key::ALL.iter().find(|(known, _)| *known == name.trim()) else {
                    let hint = nearest(name, Key::ALL.iter().map(|(n, _)| *n));
                    let hint = hint.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                    bail!("no key `{name}`{hint} keys are {}", names());
                };
                let value = value.trim();
                let wanted = match value.split_once("..").filter(|_| *key == Key::Seed) {
                    None => Wanted::Value(value.to_string()),
                    Some((first, last)) => {
                        let last = last.strip_prefix('=').unwrap_or(last);
                        let Some((first, last)) = first.parse().ok().zip(last.parse().ok()).filter(|(a, b)| a <= b)
                        else {
                            bail!("found `{part}`, expected a range of seeds such as seed=0..2, which is 0, 1 and 2");
                        };
                        Wanted::Seeds(first, last)
                    }
                };
                Ok((*key, wanted))
            })
            .collect();
        Ok(Self { conditions: conditions?, text: text.to_string() })
    }
}

/// Whether a text is these views joined by `+`, in any order.
fn are_views(text: &str, views: &[String]) -> bool {
    let mut named: Vec<&str> = text.split('+').map(str::trim).collect();
    let mut views: Vec<&str> = views.iter().map(String::as_str).collect();
    // The name of a view may contain the sign.
    text == views.join("+") || {
        named.sort_unstable();
        views.sort_unstable();
        named == views
    }
}

fn names() -> String {
    Key::ALL.map(|(name, _)| format!("`{name}`")).join(", ")
}

impl Only {
    /// The cells that meet all conditions.
    ///
    /// # Errors
    /// A value that no cell has, with those there are.
    pub fn pick<'a>(&self, cells: &'a [Cell]) -> Result<Vec<&'a Cell>> {
        for (key, wanted) in &self.conditions {
            let mut there: Vec<String> = cells.iter().map(|cell| key.of(cell)).collect();
            if !cells.iter().any(|cell| key.has(cell, wanted)) {
                there.sort();
                there.dedup();
                let wanted = wanted.text();
                if let Some(renamed) = Method::renamed(&wanted).filter(|_| *key == Key::Method) {
                    bail!(Fault::usage(format!("--only method={wanted}: {renamed}")));
                }
                let found = format!("--only {}={wanted}: no cell has that; there are {}", key.name(), there.join(", "));
                bail!(Fault::usage(found));
            }
        }
        let meets = |cell: &&Cell| {
            Key::ALL.iter().all(|(_, key)| {
                let mut wanted = self.conditions.iter().filter(|(k, _)| k == key).peekable();
                wanted.peek().is_none() || wanted.any(|(_, wanted)| key.has(cell, wanted))
            })
        };
        Ok(cells.iter().filter(meets).collect())
    }
}

impl fmt::Display for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use tasks::noise::Noise;

    use super::*;
    use crate::FitRows;
    use crate::settings::SettingName;

    fn cell(method: &str, view_set: &str, views: &[&str]) -> Cell {
        Cell {
            index: 0,
            id: String::new(),
            view_set: view_set.into(),
            views: views.iter().map(|view| view.to_string()).collect(),
            method: method.parse().expect("known"),
            setting: Default::default(),
            fit_rows: FitRows::All,
            noise: Noise::default(),
            seed: 0,
            data_sha256: String::new(),
            size: align::FitSize::of_views(views.len()),
        }
    }

    #[test]
    fn a_subset_is_named_by_its_name_or_by_its_views() {
        let cells = [cell("gpa", "two", &["a", "b"]), cell("gpa", "all", &["a", "b", "c+d"])];
        let picked = |text: &str| -> Vec<String> {
            let only: Only = text.parse().expect("conditions");
            only.pick(&cells).expect("some").iter().map(|cell| cell.view_set.clone()).collect()
        };
        assert_eq!(picked("views=two"), ["two"]);
        assert_eq!(picked("views=a+b"), ["two"]);
        assert_eq!(picked("views=b + a"), ["two"]);
        assert_eq!(picked("views=a+b+c+d"), ["all"]);
        assert_eq!(picked("views=a+b,views=all"), ["two", "all"]);
        let none =
            "views=a".parse::<Only>().expect("a condition").pick(&cells).expect_err("no such subset").to_string();
        assert_eq!(none, "--only views=a: no cell has that; there are all (a+b+c+d), two (a+b)");
        let error = "views=a,b".parse::<Only>().expect_err("no key").to_string();
        assert_eq!(
            error,
            "`b` is not key=value; join the views of a subset with `+`, as in `views=a+b`; keys are `method`, `views`, `noise`, `fit_rows`, `seed`"
        );
    }

    #[test]
    fn a_method_is_named_by_its_name_or_by_an_alias() {
        let named = |label: &str, seed: u64| {
            let setting =
                SettingName { label: label.into(), short: label.into(), is_alias: true, ..SettingName::default() };
            Cell { setting: setting.into(), seed, ..cell("gcca", "all", &["a", "b"]) }
        };
        let cells = [cell("gpa", "all", &["a", "b"]), named("tuned", 1), named("wide", 2)];
        let picked = |text: &str| -> Vec<u64> {
            let only: Only = text.parse().expect("conditions");
            only.pick(&cells).expect("some").iter().map(|cell| cell.seed).collect()
        };
        assert_eq!(
            (picked("method=tuned"), picked("method=gcca"), picked("method=gpa")),
            (vec![1], vec![1, 2], vec![0])
        );
        let none = "method=tunde".parse::<Only>().expect("a condition").pick(&cells).expect_err("no such").to_string();
        assert_eq!(none, "--only method=tunde: no cell has that; there are gpa, tuned (gcca), wide (gcca)");
    }

    #[test]
    fn a_number_of_training_rows_is_named_as_in_the_grid() {
        let cells = [FitRows::Count(10), FitRows::Count(100), FitRows::All]
            .map(|fit_rows| Cell { fit_rows, ..cell("gpa", "all", &["a", "b"]) });
        let picked = |text: &str| -> Vec<FitRows> {
            let only: Only = text.parse().expect("conditions");
            only.pick(&cells).expect("some").iter().map(|cell| cell.fit_rows).collect()
        };
        assert_eq!(picked("fit_rows=10"), [FitRows::Count(10)]);
        assert_eq!(picked("fit_rows=all,fit_rows=100"), [FitRows::Count(100), FitRows::All]);
        let none = "fit_rows=30".parse::<Only>().expect("a condition").pick(&cells).expect_err("no such").to_string();
        assert_eq!(none, "--only fit_rows=30: no cell has that; there are 10, 100, all");
    }

    #[test]
    fn conditions_are_read_or_refused_with_the_nearest_key() {
        assert!("method=gpa,method=gcca,seed=0".parse::<Only>().is_ok());
        let error = "metod=gpa".parse::<Only>().unwrap_err().to_string();
        assert_eq!(
            error,
            "no key `metod`; did you mean `method`? keys are `method`, `views`, `noise`, `fit_rows`, `seed`"
        );
        let error = "gpa".parse::<Only>().unwrap_err().to_string();
        assert_eq!(error, "`gpa` is not key=value; keys are `method`, `views`, `noise`, `fit_rows`, `seed`");
        let old = "method=hub".parse::<Only>().expect("a condition").pick(&[]).unwrap_err().to_string();
        assert_eq!(old, "--only method=hub: `hub` is called `pivot` since 0.2");
        let only: Only = "method=gcpa,seed=1..3,seed=7".parse().expect("conditions");
        let cells: Vec<Cell> = [0, 1, 3, 4, 7].map(|seed| Cell { seed, ..cell("gcpa", "all", &["a", "b"]) }).to_vec();
        let seeds: Vec<u64> = only.pick(&cells).expect("some").iter().map(|cell| cell.seed).collect();
        assert!(seeds == [1, 3, 7] && only.to_string() == "method=gcpa,seed=1..3,seed=7");
        let error = "seed=3..1".parse::<Only>().unwrap_err().to_string();
        assert_eq!(error, "found `seed=3..1`, expected a range of seeds such as seed=0..2, which is 0, 1 and 2");
    }
}

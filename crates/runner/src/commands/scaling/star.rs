//! The sizes to time: a star around a centre, read from a file.

use std::path::Path;

use align::synthetic::Synthetic;
use align::{Method, Views};
use anyhow::Result;
use data::DataError;
use data::yaml::Located;
use files::checksum;
use serde::Deserialize;
use serde_json::json;

use grid::figure_spec::{STEM, is_stem};
use grid::keys::canonical;
use grid::plan::RECORDS_VERSION;

/// A star of sizes around a centre.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Star {
    /// Name of the output folder.
    pub(super) name: String,
    pub(super) centre: Size,
    /// M along its axis.
    pub(super) views: Vec<usize>,
    /// N along its axis.
    pub(super) items: Vec<usize>,
    /// d along its axis.
    pub(super) widths: Vec<usize>,
    /// Sizes beyond the axes that are timed once.
    #[serde(default)]
    pub(super) once: Once,
    /// Number of timed fits of every method at every size.
    pub(super) repeats: usize,
    pub(super) methods: Vec<Method>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Once {
    pub(super) views: Vec<usize>,
    pub(super) items: Vec<usize>,
    pub(super) widths: Vec<usize>,
}

/// M views of N items in d dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Size {
    pub(super) views: usize,
    pub(super) items: usize,
    pub(super) width: usize,
}

/// The quantity that grows along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Views,
    Items,
    Width,
}

impl Axis {
    pub(super) const ALL: [Self; 3] = [Self::Views, Self::Items, Self::Width];

    pub(super) fn letter(self) -> &'static str {
        match self {
            Self::Views => "M",
            Self::Items => "N",
            Self::Width => "d",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Views => "views M",
            Self::Items => "items N",
            Self::Width => "width d",
        }
    }

    pub(super) fn of(self, size: Size) -> usize {
        match self {
            Self::Views => size.views,
            Self::Items => size.items,
            Self::Width => size.width,
        }
    }
}

impl Size {
    pub(super) fn with(self, axis: Axis, value: usize) -> Self {
        match axis {
            Axis::Views => Self { views: value, ..self },
            Axis::Items => Self { items: value, ..self },
            Axis::Width => Self { width: value, ..self },
        }
    }

    pub(super) fn label(self) -> String {
        format!("M {} N {} d {}", self.views, self.items, self.width)
    }

    pub(super) fn data(self) -> Result<Views> {
        let recipe = Synthetic {
            widths: vec![self.width; self.views],
            fit_rows: self.items,
            test_rows: 1,
            ..Synthetic::default()
        };
        Ok(recipe.generate(1)?.train.views)
    }
}

impl Star {
    pub(super) fn read(path: &Path) -> Result<Located<Self>, DataError> {
        let (star, aliases): (Located<Self>, _) = grid::read_spelled(path, |_| ())?;
        if let Some(alias) = aliases.first() {
            let found = "aliases are of grids; timings name a method by its parameters, so remove `as`";
            return Err(star.error(&alias.key, found));
        }
        let value = &star.value;
        let mut errors: Vec<DataError> = Vec::new();
        // The name is a folder below `--out`: it must not lead elsewhere.
        if !is_stem(&value.name) {
            errors.push(star.error("name", format!("`{}` names a folder; {STEM}", value.name)));
        }
        for (key, numbers) in [
            ("views", &value.views),
            ("items", &value.items),
            ("widths", &value.widths),
            ("once.views", &value.once.views),
            ("once.items", &value.once.items),
            ("once.widths", &value.once.widths),
        ] {
            if let Some(at) = numbers.iter().position(|&number| number < 2) {
                errors.push(star.error(&format!("{key}[{at}]"), format!("found {}, expected at least 2", numbers[at])));
            }
        }
        if value.repeats == 0 {
            errors.push(star.error("repeats", "found 0, expected at least 1"));
        }
        for (i, method) in value.methods.iter().enumerate() {
            let refused = method.validate().err();
            errors.extend(refused.map(|e| star.error(&format!("methods[{i}].{}", method.name()), e.to_string())));
            // Records and rows of the table are told apart by the method: the fits of one listed twice would be one row.
            if let Some(first) = value.methods[..i].iter().position(|earlier| earlier == method) {
                let found = format!("the same as `methods[{first}]`; remove one of the two");
                errors.push(star.error(&format!("methods[{i}]"), found));
            }
        }
        DataError::none_of(errors)?;
        Ok(star)
    }

    /// The sizes with the number of times each is timed, the centre first.
    pub(super) fn sizes(&self, quick: bool) -> Vec<(Size, usize)> {
        let repeats = if quick { 1 } else { self.repeats };
        let mut sizes = vec![(self.centre, repeats)];
        let axes = [&self.views, &self.items, &self.widths];
        let once = [&self.once.views, &self.once.items, &self.once.widths];
        for (lists, times) in [(axes, repeats), (once, if quick { 0 } else { 1 })] {
            for (axis, values) in Axis::ALL.into_iter().zip(lists) {
                let further = values.iter().map(|&value| (self.centre.with(axis, value), times));
                for (size, times) in further.filter(|(_, times)| *times > 0) {
                    if !sizes.iter().any(|(known, _)| *known == size) {
                        sizes.push((size, times));
                    }
                }
            }
        }
        sizes
    }

    /// The hash of everything that can change the timings of a size.
    pub(super) fn id(&self, size: Size, times: usize, threads: usize) -> String {
        let methods: Vec<_> = self.methods.iter().map(|m| json!({"method": m, "version": m.version()})).collect();
        let identity = json!({
            "scaling": [size.views, size.items, size.width],
            "times": times,
            "threads": threads,
            "methods": methods,
            "records": RECORDS_VERSION,
        });
        checksum::sha256(canonical(&identity).as_bytes())[..16].to_string()
    }
}

//! What holds for every figure, whatever its values and its width: drawn at random and checked mark by mark.

use super::scene::{Area, Mark, Part};
use super::series::{DISTINCT, StyleKey};
use super::style::{self, PAPER, contrast};
use super::*;

/// A sequence of numbers that depends on its seed alone (xorshift).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Values of any magnitude and sign, all of one figure in one range.
    fn range(&mut self) -> (f64, f64) {
        let size = 10f64.powi(self.below(16) as i32 - 8);
        let start = [0.0, 0.0, -0.5, 0.9, 1e3][self.below(5)] * size;
        (start, start + size * (0.001 + self.part()))
    }

    fn value(&mut self, (low, high): (f64, f64)) -> f64 {
        low + (high - low) * self.part()
    }

    fn name(&mut self, at: usize) -> String {
        match self.below(5) {
            0 => format!("v{at}"),
            1 => format!("GCCA (rank {})", at * 17),
            2 => format!("GCCA (decoder least_squares, rank {at}, ridge 0.01, whiten inverse_singular)"),
            3 => format!("a_view_with_one_unbreakable_long_name_{at}"),
            _ => format!("{:.3}", at as f64 * 0.075),
        }
    }

    fn names(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|at| self.name(at)).collect()
    }

    fn point(&mut self, range: (f64, f64)) -> Option<Point> {
        let value = self.value(range);
        let half = (range.1 - range.0) * 0.1 * self.part();
        (self.below(12) > 0).then_some(Point { value, interval: Some((value - half, value + half)) })
    }

    fn curves(&mut self) -> Curves {
        let (panels, lines, positions) = (1 + self.below(3), 1 + self.below(24), 1 + self.below(24));
        let mut range = self.range();
        let logarithmic = self.below(3) == 0;
        if logarithmic {
            range = (range.0.abs().max(1e-9), range.1.abs().max(1e-9) * 10f64.powi(self.below(8) as i32));
        }
        let ticks: Vec<String> = match self.below(3) {
            0 => self.names(positions),
            1 => (0..positions).map(|i| (1_u64 << i.min(40)).to_string()).collect(),
            _ => (0..positions).map(|i| format!("{}", (i * i) as f64 / 1000.0)).collect(),
        };
        let places: Vec<f64> = match ticks.iter().map(|tick| tick.parse().ok()).collect() {
            Some(places) if self.below(2) == 0 => places,
            _ => Vec::new(),
        };
        let labels = self.names(lines);
        let mut panel = |title: usize| CurvePanel {
            title: format!("panel {title} with a title"),
            ticks: ticks.clone(),
            places: places.clone(),
            lines: (0..lines)
                .map(|line| Line {
                    label: labels[line].clone(),
                    style: StyleKey { name: format!("{line}"), slot: None },
                    values: (0..positions).map(|_| self.point(range)).collect(),
                    ..Line::default()
                })
                .collect(),
        };
        Curves {
            title: "A sweep: Rank-1".into(),
            subtitle: None,
            x_label: "rank".into(),
            y_label: "Rank-1".into(),
            y_spacing: if logarithmic { Spacing::Logarithmic } else { Spacing::Linear },
            panels: (0..panels).map(&mut panel).collect(),
            ..Curves::default()
        }
    }

    fn bars(&mut self) -> GroupedBars {
        let (groups, series) = (1 + self.below(12), 1 + self.below(24));
        let range = self.range();
        let labels = self.names(series);
        let one = |(at, label): (usize, String), draws: &mut Self| BarSeries {
            label,
            style: StyleKey { name: format!("{at}"), slot: (at < 5).then_some(at) },
            values: (0..groups)
                .map(|_| draws.point(range).map(|p| Bar { value: p.value, spread: p.interval, reference: None }))
                .collect(),
        };
        GroupedBars {
            title: "Bars".into(),
            y_label: "score".into(),
            groups: self.names(groups),
            series: labels.into_iter().enumerate().map(|label| one(label, self)).collect(),
            ..GroupedBars::default()
        }
    }

    fn heat(&mut self) -> Heatmaps {
        let (panels, rows, columns) = (1 + self.below(5), 1 + self.below(20), 1 + self.below(20));
        let range = self.range();
        let (row_names, column_names) = (self.names(rows), self.names(columns));
        let mut panel = |at: usize| Panel {
            title: format!("setting {at}"),
            rows: row_names.clone(),
            columns: column_names.clone(),
            values: (0..rows).map(|_| (0..columns).map(|_| self.point(range).map(|p| p.value)).collect()).collect(),
        };
        Heatmaps {
            title: "Heat".into(),
            panels: (0..panels).map(&mut panel).collect(),
            row_label: "query view".into(),
            column_label: "gallery view".into(),
            value_label: "Rank-1".into(),
            ..Heatmaps::default()
        }
    }

    fn scatter(&mut self) -> Scatter {
        let count = 1 + self.below(30);
        let (x, y) = (self.range(), self.range());
        let labels = self.names(count);
        let dot = |(at, label): (usize, String), draws: &mut Self| Dot {
            style: StyleKey { name: label.clone(), slot: None },
            label,
            path: (at % 5 == 0).then(|| "path".into()),
            x: draws.point(x).unwrap_or_default(),
            y: draws.point(y).unwrap_or_default(),
        };
        Scatter {
            title: "Points".into(),
            x_label: "distortion".into(),
            y_label: "Rank-1".into(),
            dots: labels.into_iter().enumerate().map(|label| dot(label, self)).collect(),
            ..Scatter::default()
        }
    }

    fn forest(&mut self) -> Forest {
        let (panels, series, rows) = (1 + self.below(3), 1 + self.below(3), 1 + self.below(24));
        let ranges: Vec<(f64, f64)> = (0..panels).map(|_| self.range()).collect();
        let labels = self.names(rows);
        let row = |label: String, draws: &mut Self| ForestRow {
            label,
            points: ranges.iter().map(|&range| (0..series).map(|_| draws.point(range)).collect()).collect(),
        };
        Forest {
            title: "Rows".into(),
            panels: self.names(panels),
            series: (0..series).map(|at| format!("measure {at}")).collect(),
            x_label: "Rank-1".into(),
            rows: labels.into_iter().map(|label| row(label, self)).collect(),
            ..Forest::default()
        }
    }

    fn figure(&mut self) -> Box<dyn Draw> {
        match self.below(5) {
            0 => Box::new(self.bars()),
            1 => Box::new(self.heat()),
            2 => Box::new(self.scatter()),
            3 => Box::new(self.forest()),
            _ => Box::new(self.curves()),
        }
    }
}

/// A little smaller, against rounding.
fn inner(area: Area) -> Area {
    Area::new(area.left + 0.01, area.top + 0.01, area.right - 0.01, area.bottom - 0.01)
}

/// All scenes of many figures: as wide as they want to be, and of the widths of a page.
fn scenes(seed: u64, count: usize) -> impl Iterator<Item = (String, Scene)> {
    (0..count).flat_map(move |i| {
        let figure = || Draws(seed + 7919 * (i as u64 + 1)).figure();
        let natural = (format!("figure {i}"), figure().scene());
        let columns = Column::ALL.map(|c| (format!("figure {i}, {c:?}"), figure().scene_within(c.pixels())));
        std::iter::once(natural).chain(columns)
    })
}

#[test]
fn no_two_texts_of_any_figure_overlap_and_none_leaves_the_canvas() {
    for (name, scene) in scenes(1, 150) {
        let whole = Area::new(0.0, 0.0, scene.width, scene.height);
        let texts: Vec<_> = scene.texts().map(|text| (text, inner(text.area()))).collect();
        for (i, (text, area)) in texts.iter().enumerate() {
            let across = area.left >= whole.left && area.right <= whole.right;
            assert!(
                across && area.top >= whole.top && area.bottom <= whole.bottom,
                "{name}: `{}` at {area:?} leaves {whole:?}",
                text.text
            );
            for (other, taken) in &texts[..i] {
                assert!(!area.overlaps(taken), "{name} ({}): `{}` overlaps `{}`", scene.title, text.text, other.text);
            }
        }
    }
}

#[test]
fn a_text_that_is_cut_is_there_in_full() {
    let mut cut = 0;
    for (name, scene) in scenes(2, 100) {
        for text in scene.texts().filter(|text| text.text.contains('…')) {
            let full = text.full.as_ref().unwrap_or_else(|| panic!("{name}: `{}` is nowhere in full", text.text));
            let (head, tail) = text.text.split_once('…').unwrap();
            assert!(full.contains(head.trim()) && full.contains(tail.trim()), "{name}: `{}` of `{full}`", text.text);
            cut += 1;
        }
        let svg = document(&scene).unwrap();
        let titles = scene.texts().filter(|text| text.full.is_some()).count();
        assert_eq!(svg.matches("><title>").count() - scene.data.len(), titles, "{name}");
    }
    assert!(cut > 0);
}

#[test]
fn every_series_is_told_by_its_colour_or_its_marker_and_none_is_pale() {
    for (name, scene) in scenes(3, 100) {
        for mark in &scene.marks {
            let drawn = match mark {
                Mark::Polygon { colour, .. } | Mark::Fill { colour, part: Part::Bar, .. } => *colour,
                _ => continue,
            };
            assert!(drawn == PAPER || contrast(drawn, PAPER) >= 3.0, "{name}: {drawn:?}");
        }
    }
    let twenty = |count: usize| {
        let line = |at: usize| Line {
            label: format!("GCCA (rank {at})"),
            style: StyleKey { name: format!("{at}"), slot: None },
            values: vec![Some(Point { value: at as f64, interval: None })],
            ..Line::default()
        };
        let panel =
            CurvePanel { ticks: vec!["1".into()], lines: (0..count).map(line).collect(), ..CurvePanel::default() };
        Curves { panels: vec![panel], ..Curves::default() }.scene()
    };
    let said = |scene: &Scene| scene.texts().any(|text| text.text.contains("share 12 colours"));
    assert!(said(&twenty(20)) && !said(&twenty(DISTINCT)));
}

#[test]
fn a_value_in_a_cell_is_read_on_its_ground() {
    for seed in 0..40 {
        let scene = Draws(seed * 77 + 5).heat().scene();
        let cells: Vec<(&Area, style::Rgb)> = scene.fills(Part::Cell).collect();
        for text in scene.texts() {
            let (x, y) = (text.at.0, text.at.1 - 2.0);
            let on =
                |(area, _): &&(&Area, style::Rgb)| x > area.left && x < area.right && y > area.top && y < area.bottom;
            if let Some((_, ground)) = cells.iter().find(on) {
                assert!(contrast(text.colour, *ground) >= 4.5, "`{}` on {ground:?}", text.text);
            }
        }
    }
}

#[test]
fn a_colour_scale_says_its_range_and_its_metric() {
    let draws = |seed: u64| Draws(seed * 131 + 3).heat();
    for seed in 0..40 {
        let figure = draws(seed);
        let values = figure.panels.iter().flat_map(|panel| panel.values.iter().flatten().flatten());
        let ends =
            values.fold(None, |ends: Option<(f64, f64)>, &v| Some(ends.map_or((v, v), |(a, b)| (a.min(v), b.max(v)))));
        let Some((low, high)) = ends else { continue };
        let scene = figure.scene();
        let axis = axis::Axis::holding(low, high);
        let labels = axis.labels();
        let right = scene.fills(Part::Key).map(|(area, _)| area.right).fold(0.0, f64::max);
        let beside: Vec<&str> = scene.texts().filter(|text| text.at.0 > right).map(|text| text.text.as_str()).collect();
        for wanted in [labels[0].as_str(), labels[labels.len() - 1].as_str(), "Rank-1"] {
            assert!(beside.contains(&wanted), "{seed}: {wanted} in {beside:?}");
        }
    }
}

//! Layout and files of whole figures, ordinary and extreme.

use super::scene::{Area, Part};
use super::series::{Style, StyleKey};
use super::*;

const NOTE: &str = "stand-in data: ten locales of MASSIVE, other encoders, 4,000 training rows";
const VIEWS: [&str; 10] = ["en", "ar", "he", "ru", "ko", "it", "ja", "es", "zh", "fr"];
const KEYS: [&str; 6] = ["na", "pairwise", "gpa", "gcca", "gcpa", "mine"];

/// All but the last have a style of their own.
pub(super) fn key(i: usize) -> StyleKey {
    StyleKey { name: KEYS[i].to_owned(), slot: (i < 5).then_some(i) }
}

/// A number in 0..1 that depends on `i` alone.
fn number(i: usize) -> f64 {
    (i.wrapping_mul(2_654_435_761) % 1009) as f64 / 1009.0
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Bars of which `value` gives series and group.
fn bars(groups: &[&str], series: usize, value: impl Fn(usize, usize) -> Option<Bar>) -> GroupedBars {
    let one = |s: usize| BarSeries {
        label: KEYS[s].to_uppercase(),
        style: key(s),
        values: (0..groups.len()).map(|g| value(s, g)).collect(),
    };
    GroupedBars {
        title: "Crosslingual: ARI per view".to_owned(),
        subtitle: Some(NOTE.to_owned()),
        y_label: "ARI".to_owned(),
        reference_label: "published".to_owned(),
        groups: names(groups),
        series: (0..series).map(one).collect(),
    }
}

fn bar(value: f64, deviation: f64, reference: Option<f64>) -> Option<Bar> {
    Some(Bar { value, spread: Some((value - deviation, value + deviation)), reference })
}

fn heat(panels: usize, views: &[&str], value: impl Fn(usize, usize, usize) -> Option<f64>) -> Heatmaps {
    let panel = |p: usize| Panel {
        title: format!("{} (universe)", KEYS[p % 6]),
        rows: names(views),
        columns: names(views),
        values: (0..views.len()).map(|i| (0..views.len()).map(|j| value(p, i, j)).collect()).collect(),
    };
    Heatmaps {
        title: "Crosslingual: Rank-1 by pair".to_owned(),
        subtitle: Some(NOTE.to_owned()),
        panels: (0..panels).map(panel).collect(),
        row_label: "query view".to_owned(),
        column_label: "gallery view".to_owned(),
        value_label: "Rank-1".to_owned(),
    }
}

fn off_diagonal(p: usize, i: usize, j: usize) -> Option<f64> {
    (i != j).then(|| number(p * 100 + i * 10 + j))
}

fn curves(panels: usize, lines: usize, ticks: &[&str], value: impl Fn(usize, usize) -> Option<f64>) -> Curves {
    let line = |l: usize| Line {
        label: format!("{} line {l}", KEYS[l % 6]),
        style: key(l % 6),
        values: (0..ticks.len())
            .map(|i| value(l, i).map(|value| Point { value, interval: Some((value - 0.02, value + 0.02)) }))
            .collect(),
        ..Line::default()
    };
    let panel = |p: usize| CurvePanel {
        title: format!("{} pair", ["mean", "worst", "each"][p % 3]),
        places: Vec::new(),
        ticks: names(ticks),
        lines: (0..lines).map(line).collect(),
    };
    Curves {
        title: "Language scaling: Rank-1".to_owned(),
        subtitle: Some(NOTE.to_owned()),
        x_label: "languages".to_owned(),
        y_label: "Rank-1".to_owned(),
        panels: (0..panels).map(panel).collect(),
        ..Curves::default()
    }
}

fn scatter(dots: usize, label: impl Fn(usize) -> String, value: impl Fn(usize) -> (f64, f64)) -> Scatter {
    let point = |value: f64| Point { value, interval: Some((value - 0.02, value + 0.03)) };
    let dot = |i: usize| Dot {
        label: label(i),
        style: key(i % 6),
        path: (i % 6 == 2).then(|| "sweep".to_owned()),
        x: point(value(i).0),
        y: point(value(i).1),
    };
    Scatter {
        title: "Retrieval against distortion".to_owned(),
        subtitle: Some(NOTE.to_owned()),
        x_label: "distortion".to_owned(),
        y_label: "Rank-1".to_owned(),
        better: (false, true),
        dots: (0..dots).map(dot).collect(),
    }
}

fn forest(rows: usize, panels: usize, value: impl Fn(usize, usize, usize) -> Option<f64>) -> Forest {
    let point = |value: f64| Point { value, interval: Some((value - 0.01, value + 0.02)) };
    let row = |r: usize| ForestRow {
        label: format!("{} row {r}", KEYS[r % 6]),
        points: (0..panels).map(|p| (0..2).map(|s| value(r, p, s).map(point)).collect()).collect(),
    };
    Forest {
        title: "Leaderboard: Rank-1".to_owned(),
        subtitle: Some(NOTE.to_owned()),
        panels: (0..panels).map(|p| format!("set {p}")).collect(),
        series: names(&["cosine", "CSLS"]),
        x_label: "Rank-1".to_owned(),
        rows: (0..rows).map(row).collect(),
    }
}

/// As in the paper's first table: three metrics, four methods, published values for two metrics.
fn table() -> GroupedBars {
    bars(&["ARI", "NMI", "Rank-1"], 4, |s, g| {
        let published = (g < 2).then_some(0.3 + 0.1 * s as f64);
        if (s, g) == (0, 2) { None } else { bar(0.2 + 0.15 * s as f64 + 0.05 * g as f64, 0.05, published) }
    })
}

/// Everything the layout has to survive.
fn scenes() -> Vec<(&'static str, Scene)> {
    let long = "a multilingual sentence encoder of the averyveryverylongunbreakablename family, revision 7";
    let mut wordy = bars(&[long, long, "x", long, long], 5, |s, g| bar(number(s * 7 + g), 0.1, Some(number(s + g))));
    wordy.title = [long; 4].join(" ");
    wordy.subtitle = Some([NOTE; 3].join("; "));
    wordy.y_label = [long; 3].join(" ");
    wordy.reference_label = long.to_owned();
    wordy.series.iter_mut().for_each(|series| series.label = format!("{} {long}", series.label));

    let mut nameless = bars(&["", " ", "\n"], 2, |_, _| bar(0.5, 0.1, None));
    (nameless.title, nameless.subtitle, nameless.y_label) = (String::new(), None, String::new());
    nameless.series.iter_mut().for_each(|series| series.label.clear());

    let mut wordy_heat = heat(4, &[long; 10], |p, i, j| off_diagonal(p, i, j).map(|v| v * 30.0 - 10.0));
    wordy_heat.row_label = [long; 3].join(" ");
    wordy_heat.column_label = [long; 3].join(" ");
    wordy_heat.value_label = [long; 3].join(" ");
    wordy_heat.panels.iter_mut().for_each(|panel| panel.title = long.to_owned());

    let mut ragged = heat(3, &VIEWS[..4], off_diagonal);
    ragged.panels[0].values.truncate(2);
    ragged.panels[1].rows.clear();
    ragged.panels[2].columns.truncate(1);

    let many: Vec<&str> = (0..40).map(|i| VIEWS[i % 10]).collect();
    let twelve: Vec<&str> = (0..12).map(|i| ["translated", "universe", "en"][i % 3]).collect();
    let nothing: GroupedBars = GroupedBars::default();
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX];
    vec![
        ("table", table().scene()),
        ("views", bars(&VIEWS, 4, |s, g| bar(number(s * 10 + g), 0.03, None)).scene()),
        ("references on ten views", bars(&VIEWS, 4, |s, g| bar(number(s + g), 0.03, Some(number(g)))).scene()),
        ("gaps", bars(&VIEWS, 4, |s, g| if (s + g) % 3 == 0 || g == 7 { None } else { bar(0.4, 0.1, None) }).scene()),
        ("nothing", nothing.scene()),
        ("no groups", bars(&[], 4, |_, _| None).scene()),
        ("no series", bars(&VIEWS, 0, |_, _| None).scene()),
        ("one bar", bars(&["en"], 1, |_, _| bar(0.42, 0.1, Some(0.5))).scene()),
        ("all absent", bars(&VIEWS, 4, |_, _| None).scene()),
        ("all zero", bars(&VIEWS[..3], 4, |_, _| bar(0.0, 0.0, None)).scene()),
        ("negative", bars(&VIEWS[..3], 4, |s, g| bar(-number(s + g), 0.2, Some(-0.9))).scene()),
        ("both signs", bars(&VIEWS[..2], 3, |s, g| bar(number(s * 5 + g) - 0.5, 0.2, Some(0.1))).scene()),
        ("twelve by six", bars(&twelve, 6, |s, g| bar(number(s * 12 + g), 0.05, None)).scene()),
        ("twelve by six, absent", bars(&twelve, 6, |s, _| if s > 2 { None } else { bar(0.5, 0.0, None) }).scene()),
        ("forty groups", bars(&many, 6, |s, g| bar(number(s * 12 + g), 0.05, None)).scene()),
        ("long", wordy.scene()),
        ("nameless", nameless.scene()),
        ("large", bars(&["fit"], 3, |s, _| bar(10f64.powi(3 * s as i32), 1.0, None)).scene()),
        ("huge", bars(&["fit"], 3, |s, _| bar(1e299 * s as f64, 1e298, None)).scene()),
        ("tiny", bars(&["fit"], 3, |s, _| bar(1e-320 * s as f64, 0.0, None)).scene()),
        ("odd", bars(&VIEWS[..4], 1, |_, g| bar(odd[g], 0.1, None)).scene()),
        ("curves", curves(2, 5, &["3", "3 diverse", "5", "5 diverse", "10"], |l, i| Some(number(l * 5 + i))).scene()),
        ("curves, close", curves(2, 10, &VIEWS, |l, i| Some(0.5 + 0.001 * number(l * 7 + i))).scene()),
        ("curves, one point", curves(1, 3, &["m9"], |_, _| Some(0.4)).scene()),
        ("curves, gaps", curves(1, 3, &VIEWS, |l, i| if (l + i) % 3 == 0 { None } else { Some(0.1) }).scene()),
        ("curves, nothing", curves(2, 0, &VIEWS, |_, _| None).scene()),
        ("curves, absent", curves(1, 3, &VIEWS, |_, _| None).scene()),
        ("curves, no panel", curves(0, 3, &VIEWS, |_, _| None).scene()),
        ("curves, odd", curves(1, 4, &VIEWS[..4], |_, i| Some(odd[i])).scene()),
        ("curves, long", curves(3, 6, &[long; 6], |l, i| Some(number(l + i))).scene()),
        ("heat", heat(4, &VIEWS, off_diagonal).scene()),
        ("heat, no panel", heat(0, &VIEWS, off_diagonal).scene()),
        ("heat, one panel", heat(1, &VIEWS, off_diagonal).scene()),
        ("heat, small", heat(7, &VIEWS[..2], off_diagonal).scene()),
        ("heat, one cell", heat(1, &VIEWS[..1], |_, _, _| Some(0.5)).scene()),
        ("heat, absent", heat(2, &VIEWS[..3], |_, _, _| None).scene()),
        ("heat, odd", heat(2, &VIEWS[..4], |_, i, _| Some(odd[i])).scene()),
        ("heat, equal", heat(2, &VIEWS[..4], |_, _, _| Some(1.0)).scene()),
        ("heat, huge", heat(2, &VIEWS[..4], |_, i, j| Some((i as f64 - j as f64) * 2e299)).scene()),
        ("heat, large", heat(2, &many, off_diagonal).scene()),
        ("heat, long", wordy_heat.scene()),
        ("heat, ragged", ragged.scene()),
        ("scatter", scatter(8, |i| format!("method {i}"), |i| (number(i), number(i + 50))).scene()),
        ("scatter, same place", scatter(14, |i| format!("method {i}"), |_| (0.5, 0.5)).scene()),
        ("scatter, crowd", scatter(60, |i| format!("{long} {i}"), |i| (number(i), number(i * 3))).scene()),
        ("scatter, nothing", scatter(0, |_| String::new(), |_| (0.0, 0.0)).scene()),
        ("scatter, odd", scatter(4, |i| format!("{i}"), |i| (odd[i], 0.1)).scene()),
        ("scatter, huge", scatter(3, |i| format!("{i}"), |i| (1e299 * i as f64, 1.0)).scene()),
        ("forest", forest(15, 3, |r, p, s| Some(number(r * 7 + p * 3 + s))).scene()),
        ("forest, gaps", forest(4, 2, |r, p, _| if (r + p) % 2 == 0 { None } else { Some(0.4) }).scene()),
        ("forest, one", forest(1, 1, |_, _, _| Some(0.4)).scene()),
        ("forest, nothing", forest(0, 2, |_, _, _| None).scene()),
        ("forest, no panel", forest(3, 0, |_, _, _| None).scene()),
        ("forest, odd", forest(4, 2, |r, _, _| Some(odd[r])).scene()),
    ]
}

/// A little smaller, against rounding.
fn inner(area: Area) -> Area {
    Area::new(area.left + 0.01, area.top + 0.01, area.right - 0.01, area.bottom - 0.01)
}

#[test]
fn nothing_overlaps_and_nothing_leaves_the_figure() {
    for (name, scene) in scenes() {
        let texts: Vec<_> = scene.texts().collect();
        let whole = Area::new(0.0, 0.0, scene.width, scene.height);
        for (i, text) in texts.iter().enumerate() {
            let area = inner(text.area());
            let within = area.left >= whole.left && area.right <= whole.right && area.top >= whole.top;
            assert!(within && area.bottom <= whole.bottom, "{name}: `{}` at {area:?} leaves {whole:?}", text.text);
            for other in &texts[..i] {
                assert!(!area.overlaps(&inner(other.area())), "{name}: `{}` overlaps `{}`", text.text, other.text);
            }
            for part in [Part::Bar, Part::Key] {
                let hit = scene.fills(part).find(|(other, _)| area.overlaps(&inner(**other)));
                assert!(hit.is_none(), "{name}: `{}` at {area:?} overlaps the {part:?} {hit:?}", text.text);
            }
        }
        for (key, _) in scene.fills(Part::Key) {
            let hit = scene.fills(Part::Bar).chain(scene.fills(Part::Cell)).find(|(area, _)| area.overlaps(key));
            assert!(hit.is_none(), "{name}: a key overlaps {hit:?}");
        }
    }
}

#[test]
fn every_coordinate_is_a_number_and_inside() {
    for (name, scene) in scenes() {
        assert!(scene.width.is_finite() && scene.height.is_finite() && scene.height > 0.0, "{name}");
        for part in [Part::Bar, Part::Cell, Part::Key] {
            for (area, _) in scene.fills(part) {
                let inside = area.left >= 0.0 && area.right <= scene.width && area.top >= 0.0;
                assert!(inside && area.bottom <= scene.height, "{name}: {part:?} {area:?}");
                assert!(area.width() >= 0.0 && area.height() >= 0.0, "{name}: {part:?} {area:?}");
            }
        }
        let svg = svg::svg(&scene, None).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{name}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count(), "{name}");
        assert_eq!(svg.matches("<text").count(), scene.texts().count(), "{name}");
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name}");
    }
}

/// Every figure of the project, as a column of a printed page has it.
fn figures() -> Vec<(&'static str, Box<dyn Draw>)> {
    let nine = ["ARI", "NMI", "Rank-1", "accuracy (probing, protocol released)", "CMC-1", "mAP", "Γ₉₀", "Δ⁺", "drift"];
    vec![
        ("table", Box::new(table())),
        ("overview", Box::new(bars(&nine, 6, |s, g| bar(number(s * 9 + g), 0.05, None)))),
        ("views", Box::new(bars(&VIEWS, 6, |s, g| bar(number(s * 10 + g), 0.03, None)))),
        ("heat", Box::new(heat(4, &VIEWS, off_diagonal))),
        ("heat, small", Box::new(heat(7, &VIEWS[..4], off_diagonal))),
        ("heat, one", Box::new(heat(1, &VIEWS, off_diagonal))),
        ("curves", Box::new(curves(2, 5, &["3", "3 diverse", "5", "5 diverse", "10"], |l, i| Some(number(l * 5 + i))))),
    ]
}

#[test]
fn columns_of_a_page_keep_their_width_and_their_text_readable() {
    for (name, figure) in figures() {
        for column in Column::ALL {
            let scene = figure.scene_within(column.pixels());
            assert!(scene.width <= column.pixels() + 0.01, "{name}, {column:?}: {} pixels", scene.width);
            let points = |size: f64| size * 72.0 / 96.0;
            for text in scene.texts() {
                let area = text.area();
                assert!(area.left >= -0.01 && area.right <= scene.width + 0.01, "{name}, {column:?}: `{}`", text.text);
                // Titles, legends and axes are read; a value in a cell may be smaller, and is left out before it is too small.
                let value = text.text.chars().all(|c| c.is_ascii_digit() || "−.–e".contains(c)) || text.text == "n/a";
                let least = if value { 5.0 } else { 5.25 };
                assert!(points(text.face.size) >= least, "{name}, {column:?}: `{}` {}", text.text, text.face.size);
            }
            let sizes = scene.texts().map(|text| points(text.face.size));
            let body = sizes.filter(|size| *size >= 6.9).count();
            assert!(2 * body >= scene.texts().filter(|t| t.text.chars().any(char::is_alphabetic)).count(), "{name}");
        }
    }
}

#[test]
fn a_page_loses_no_value_of_the_figure() {
    for (name, figure) in figures() {
        let values = |scene: Scene| {
            let mut values: Vec<Vec<(String, String)>> = scene.data.into_iter().map(|datum| datum.fields).collect();
            values.sort();
            values
        };
        let natural = values(figure.scene());
        assert!(!natural.is_empty(), "{name}");
        for column in Column::ALL {
            assert_eq!(values(figure.scene_within(column.pixels())), natural, "{name}, {column:?}");
        }
    }
}

#[test]
fn an_svg_says_its_values_on_hover() {
    let svg = document(&heat(1, &VIEWS[..2], off_diagonal).scene()).unwrap();
    let wanted = format!(
        "<title>panel: na (universe)\nquery view: en\ngallery view: ar\nRank-1: {}</title>",
        axis::precise(number(1))
    );
    assert!(svg.contains(&wanted), "{wanted} in {svg}");
    assert_eq!(svg.matches("\nRank-1: ").count(), 2, "one for each value, none for what is hatched");
    let svg = document(&table().scene()).unwrap();
    assert!(svg.contains("low: ") && svg.contains("published: 0.3"), "{svg}");
}

#[test]
fn bars_have_their_keys_colours_and_what_is_absent_is_said() {
    let scene = table().scene();
    let colours: Vec<_> = (0..4).map(|s| Style::of_slot(s).colour).collect();
    for (s, colour) in colours.iter().enumerate() {
        let count = scene.fills(Part::Bar).filter(|(_, found)| found == colour).count();
        assert_eq!(count, if s == 0 { 2 } else { 3 });
    }
    let said = |text: &str| scene.texts().filter(|found| found.text == text).count();
    assert_eq!((said("n/a"), said("published"), said("0.65"), said(NOTE)), (1, 1, 1, 1));
}

#[test]
fn what_is_not_finite_is_absent() {
    let odd = [f64::NAN, f64::INFINITY, 0.5];
    let drawn = bars(&VIEWS[..3], 1, |_, g| bar(odd[g], 0.1, Some(f64::NAN))).scene();
    assert_eq!(drawn.fills(Part::Bar).count(), 1);
    assert_eq!(drawn.texts().filter(|text| text.text == "n/a").count(), 2);
    assert!(drawn.texts().all(|text| text.text != "published"));
    let cells = heat(1, &VIEWS[..3], |_, i, _| Some(odd[i])).scene();
    assert_eq!(cells.texts().filter(|text| text.text == "0.50").count(), 3);
}

#[test]
fn values_are_written_where_they_fit() {
    let written = |scene: &Scene| scene.texts().filter(|text| text.text == "0.40" || text.text == ".40").count();
    let (few, many) = (bars(&VIEWS[..3], 4, |_, _| bar(0.4, 0.0, None)), bars(&VIEWS, 4, |_, _| bar(0.4, 0.0, None)));
    assert_eq!((written(&few.scene()), written(&many.scene())), (12, 0));
    let cells = |views: usize| {
        let of: Vec<&str> = (0..views).map(|i| VIEWS[i % 10]).collect();
        heat(1, &of, |_, _, _| Some(0.637)).scene()
    };
    let count = |scene: &Scene, text: &str| scene.texts().filter(|found| found.text == text).count();
    assert_eq!(count(&cells(10), "0.64"), 100);
    assert_eq!(count(&cells(16), ".64"), 256);
    assert_eq!(count(&cells(30), "0.64") + count(&cells(30), ".64"), 0);
}

#[test]
fn ten_views_fit_a_column() {
    // scaled to a column of 3.5 inches, the group labels have at least six points
    let scene = bars(&VIEWS, 4, |s, g| bar(number(s * 10 + g), 0.03, None)).scene();
    let scale = 3.5 * 72.0 / scene.width;
    for view in VIEWS {
        let label = scene.texts().find(|text| text.text == view).unwrap();
        assert!(label.face.size * scale >= 6.0 && !label.upwards, "{view}: {}", label.face.size * scale);
    }
}

#[test]
fn a_scatter_names_its_points_and_draws_who_is_not_beaten() {
    // Two that nothing beats, two that are.
    let places = [(0.1, 0.3), (0.4, 0.6), (0.5, 0.5), (0.2, 0.2)];
    let mut figure = scatter(4, |i| format!("method {i}"), |i| places[i]);
    let scene = figure.scene();
    for i in 0..4 {
        assert_eq!(scene.texts().filter(|text| text.text == format!("method {i}")).count(), 1);
    }
    let lines = |scene: &Scene| scene.marks.iter().filter(|mark| matches!(mark, scene::Mark::Line { .. })).count();
    let with_front = lines(&scene);
    // Where one is the best in both there is no front to draw.
    figure.dots[1].x.value = 0.05;
    assert!(lines(&figure.scene()) + 10 < with_front, "the steps are dashes");
    // All points of one key have its colour.
    let two = scatter(12, |i| format!("{i}"), |i| (number(i), number(i + 20))).scene();
    let discs = |i: usize| {
        let wanted = Style::of_slot(i).colour;
        let is = |mark: &&scene::Mark| matches!(mark, scene::Mark::Polygon { colour, .. } if *colour == wanted);
        two.marks.iter().filter(is).count()
    };
    assert_eq!((discs(2), discs(4)), (2, 2));
}

#[test]
fn panels_break_into_even_lines() {
    for (count, expected) in [(1, [1, 1]), (3, [3, 1]), (4, [2, 2]), (5, [3, 2]), (6, [3, 2]), (7, [3, 3])] {
        let scene = heat(count, &VIEWS[..2], off_diagonal).scene();
        let titles: Vec<(f64, f64)> =
            scene.texts().filter(|text| text.text.ends_with("(universe)")).map(|text| text.at).collect();
        let distinct = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.dedup();
            values.len()
        };
        let found = [titles.iter().map(|at| at.0).collect(), titles.iter().map(|at| at.1).collect()].map(distinct);
        assert_eq!((titles.len(), found), (count, expected));
    }
}

#[test]
fn files_are_readable_and_the_same_each_time() {
    let figure = bars(&["a < b & \"c\""], 1, |_, _| bar(0.4, 0.05, Some(0.5)));
    let stem = Path::new("figures/ari.by_view");
    let files = draw(&figure, stem).unwrap();
    let paths: Vec<_> = files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["figures/ari.by_view.svg", "figures/ari.by_view.png"]);
    assert_eq!(draw(&figure, stem).unwrap(), files);
    let columns = draw_columns(&figure, stem).unwrap();
    assert_eq!((columns.len(), columns[0].path.as_path()), (4, Path::new("figures/single/ari.by_view.svg")));
    let of_single = String::from_utf8(columns[0].bytes.clone()).unwrap();
    assert!(of_single.contains("mm\" height=\""), "{of_single}");

    let svg = String::from_utf8(files[0].bytes.clone()).unwrap();
    for label in ["a &lt; b &amp; &quot;c&quot;", NOTE, "ARI", "published", "0.40"] {
        assert!(svg.contains(label), "{label}");
    }
    let png = &files[1].bytes;
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[png.len() - 8..png.len() - 4], b"IEND");
    let side = |at: usize| f64::from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
    let scene = figure.scene();
    assert_eq!((side(16), side(20)), (3.0 * scene.width.ceil(), 3.0 * scene.height.ceil()));
}

#[test]
fn a_heat_map_is_the_same_each_time() {
    let figure = heat(2, &VIEWS[..2], off_diagonal);
    let draw = || (svg::svg(&figure.scene(), None).unwrap(), render::png(&figure.scene()).unwrap());
    assert!(draw() == draw());
}

#[test]
fn an_error_names_the_file() {
    struct Endless;
    impl Draw for Endless {
        fn scene(&self) -> Scene {
            Scene::new("endless", 1e7)
        }
    }
    let error = draw(&Endless, Path::new("figures/ari")).unwrap_err().to_string();
    assert!(error.starts_with("figures/ari.") && error.contains("cannot be drawn"), "{error}");
}

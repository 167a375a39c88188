//! The page of an upgrade: the decision, the reasons for it, the scores, the choice of the map, the pairs, the cost.

use data::grouped;
use figures::series::StyleKey;
use figures::{CurvePanel, Curves, Line, Point, Spacing};
use report::pages::document::{Document, Piece, Section};
use report::tables::MISSING;
use report::tables::table::Table;
use tasks::upgrade::{Advice, COVERAGES, Evidence, SMALLEST_GAIN};
use tasks::{Contrast, Interval};

use super::answer::Upgraded;
use super::confidence::{Confidence, DISTANCE, Worth};
use super::judge::{Strategy, Worst};
use super::pairs::PairCurveSize;

/// A share of the upgrade below which a map is called small.
const SMALL_SHARE: f64 = 0.5;

/// The whole page.
pub(super) fn of(upgraded: &Upgraded) -> Document {
    let Upgraded { request, counts, manifest, .. } = upgraded;
    let (old, new) = (&request.from, &request.to);
    let about = format!(
        "`{}`: {} documents, {} queries with a relevant one, {} pairs. The map is chosen and fitted by the pairs; the queries \
         only judge it.",
        manifest.name,
        grouped(counts.documents),
        upgraded.judged.compared.queries,
        counts.pairs
    );
    let mut sections = vec![
        scores(upgraded),
        choice(upgraded),
        pairs(upgraded),
        confidence(upgraded),
        cost(upgraded),
        worst(upgraded),
    ];
    if !upgraded.warnings.is_empty() {
        sections.push(Section::new("warnings", "Warnings").with(Piece::List(upgraded.warnings.clone())));
    }
    sections.push(next(upgraded));
    Document {
        title: format!("Upgrade of {old} to {new}"),
        about,
        verdict: verdict(upgraded.decision.advice).to_string(),
        good: upgraded.decision.evidence == Evidence::Shown,
        lead: lead(upgraded),
        sections,
    }
}

fn verdict(advice: Advice) -> &'static str {
    match advice {
        Advice::Stay => "Stay: keep the old queries and the old documents",
        Advice::Map => "Map: serve new queries through the map, keep the old documents",
        _ => "Re-embed: embed the documents with the new model",
    }
}

/// The sentences behind the decision.
pub(super) fn lead(upgraded: &Upgraded) -> Vec<String> {
    let Upgraded { judged, decision, cost, .. } = upgraded;
    let compared = &judged.compared;
    let (upgrade, gain, rest) = (difference(&compared.upgrade), difference(&compared.gain), difference(&compared.rest));
    let queries = compared.queries;
    let price = cost.in_words().map(|cost| format!(", at {cost}")).unwrap_or_default();
    match decision.advice {
        Advice::Stay => {
            let mut lines = vec![
                format!(
                    "There is no upgrade here: re-embed − stay of nDCG@10 is {upgrade} over {queries} queries, not above 0 beyond its 95% interval."
                ),
                evidence(decision.evidence, &compared.upgrade, queries, "re-embedding"),
            ];
            lines.push(match compared.gain.interval.low > 0.0 {
                true => format!("The map gains all the same: mapped − stay is {gain}. A map that beats re-embedding fits these documents by chance or the new model has trouble with them; look at the queries before you trust either."),
                false => format!("The map does not help either: mapped − stay is {gain}."),
            });
            lines
        }
        Advice::Map => {
            let mut lines = vec![format!(
                "Mapped queries beat the old model: mapped − stay of nDCG@10 is {gain} over {queries} queries, above 0 beyond its 95% interval."
            )];
            if let Ok(kept) = &compared.shares.kept {
                let small = if kept.estimate < SMALL_SHARE {
                    " That is a small share: the map is better than nothing, not a replacement for re-embedding."
                } else {
                    ""
                };
                lines.push(format!(
                    "The map keeps {} of the upgrade (re-embed − stay is {upgrade}).{small}",
                    percent(kept)
                ));
            }
            lines.push(match compared.rest.interval.low > 0.0 {
                true => format!("Re-embedding would add {rest} to the map{price}."),
                false => {
                    format!("Re-embedding is not shown to add anything to the map: re-embed − mapped is {rest}{price}.")
                }
            });
            lines
        }
        _ => {
            let mut lines = vec![
                format!(
                    "The new model is better: re-embed − stay of nDCG@10 is {upgrade} over {queries} queries, above 0 beyond its 95% interval{price}."
                ),
                format!("No map keeps this: mapped − stay is {gain} for the map that the pairs chose."),
            ];
            lines.push(match compared.gain.interval.high < 0.0 {
                true => "The map is worse than the old model, so until the documents are embedded the old queries serve better.".to_string(),
                false => evidence(decision.evidence, &compared.gain, queries, "the map"),
            });
            lines
        }
    }
}

/// How far the queries settle it that something does not gain.
fn evidence(evidence: Evidence, contrast: &Contrast, queries: usize, what: &str) -> String {
    let high = contrast.interval.high;
    match evidence {
        Evidence::TooFew { wanted, queries: needed } => format!(
            "{queries} queries are too few to know: a gain of {what} of up to {high:+.3} is possible. To show a gain of {wanted:.3} in \
             four of five repetitions, about {} judged queries are needed.",
            grouped(two_digits(needed as f64) as usize)
        ),
        _ => format!("This is settled: the interval ends at {high:+.3}, below a gain of {SMALLEST_GAIN}."),
    }
}

fn scores(upgraded: &Upgraded) -> Section {
    let compared = &upgraded.judged.compared;
    let row = |strategy: &Strategy| {
        let over = strategy.over_stay.as_ref();
        vec![
            strategy.name.to_string(),
            interval(&strategy.ndcg),
            over.map_or_else(|| MISSING.to_string(), difference),
            format!("{:.3}", strategy.recall),
            format!("{:.3}", strategy.reciprocal),
        ]
    };
    let (old, new) = (&upgraded.request.from, &upgraded.request.to);
    let mut notes = vec![
        format!(
            "stay: queries and documents of {old}. mapped: queries of {new}, mapped, on documents of {old}. re-embed: queries and documents of {new}."
        ),
        format!(
            "Means over {} queries. [..]: 95% intervals over queries; those of differences are paired.",
            compared.queries
        ),
    ];
    notes.extend(
        upgraded.judged.strategies.iter().any(|s| s.name == "naive").then(|| {
            format!("naive: queries of {new} on documents of {old}, without a map; both have the same width.")
        }),
    );
    let table = Table {
        title: "Strategies".into(),
        headers: ["strategy", "nDCG@10", "minus stay", "Recall@10", "MRR@10"].map(String::from).to_vec(),
        names: 1,
        rows: upgraded.judged.strategies.iter().map(row).collect(),
        notes,
        ..Table::default()
    };
    let share = |of: &Result<Interval, String>| match of {
        Ok(share) => percent(share),
        Err(reason) => format!("undefined: {reason}"),
    };
    let lines = vec![
        format!("share of the upgrade kept, (mapped − stay) / (re-embed − stay): {}", share(&compared.shares.kept)),
        format!("share of re-embedding, mapped / re-embed: {}", share(&compared.shares.of_reembedding)),
        format!("re-embed − mapped: {}", difference(&compared.rest)),
    ];
    Section::new("scores", "Scores").with(Piece::Table(table)).with(Piece::List(lines))
}

fn choice(upgraded: &Upgraded) -> Section {
    let found = &upgraded.recommendation;
    let rows = found.methods.iter().enumerate().map(|(at, method)| {
        let mark = match (at == found.recommended, method.as_good) {
            (true, _) => "*",
            (false, true) => "=",
            _ => "",
        };
        let spread = method.spread.interval.map(|(it, _)| interval(&Interval { estimate: method.mean, ..it }));
        let spread = spread.unwrap_or_else(|| format!("{:.3}", method.mean));
        let name = method.candidate.method.name().to_string();
        vec![mark.into(), name, method.parameters_text(), spread, format!("{:.1}", method.seconds)]
    });
    let mut notes = vec![
        format!(
            "overlap@10: share of the first ten that a pair's row of the new model, mapped, finds among the old model's rows and that the new model finds among its own; mean over {} folds of the {} pairs.",
            found.folds, found.items
        ),
        "* the map of this page: the cheapest of those at most one standard error from the best (=).".into(),
    ];
    notes.extend(found.not_tried.iter().map(|it| format!("without a score: {}: {}", it.method, it.reason)));
    let table = Table {
        title: "Maps by the pairs".into(),
        headers: ["chosen", "method", "parameters", "overlap@10", "s"].map(String::from).to_vec(),
        names: 3,
        rows: rows.collect(),
        notes,
        ..Table::default()
    };
    Section::new("map", "Choice of the map").with(Piece::Table(table))
}

fn pairs(upgraded: &Upgraded) -> Section {
    let curve = &upgraded.curve;
    let full = curve.sizes.last().and_then(|size| size.ndcg.as_ref().ok()).map(|ndcg| ndcg.estimate);
    let row = |size: &PairCurveSize| {
        let (ndcg, share) = match &size.ndcg {
            Ok(ndcg) => (interval(ndcg), full.filter(|full| *full > 0.0).map(|full| ndcg.estimate / full)),
            Err(reason) => (reason.clone(), None),
        };
        let share = share.map_or_else(|| MISSING.to_string(), |share| format!("{:.0}%", 100.0 * share));
        vec![grouped(size.pairs), ndcg, share, format!("{:.2}", size.seconds)]
    };
    let table = Table {
        title: "Pairs".into(),
        headers: ["pairs", "nDCG@10, mapped", "of all pairs", "fit s"].map(String::from).to_vec(),
        names: 1,
        rows: curve.sizes.iter().map(row).collect(),
        notes: vec!["Each part of the pairs is a part of the next. The method and its parameters are those that all pairs chose.".into()],
        ..Table::default()
    };
    let mut lines: Vec<String> = curve
        .needed
        .iter()
        .map(|(share, pairs)| match pairs {
            Ok(pairs) => format!(
                "{:.0}% of the score with all pairs needs about {} pairs",
                100.0 * share,
                grouped(two_digits(*pairs) as usize)
            ),
            Err(reason) => format!("{:.0}% of the score with all pairs: {reason}", 100.0 * share),
        })
        .collect();
    lines.push(match &curve.twice {
        Ok(gain) => format!(
            "twice the pairs would give about {:+.3} [{:+.3}, {:+.3}]",
            gain.gain.estimate, gain.gain.low, gain.gain.high
        ),
        Err(reason) => format!("the gain from twice the pairs is not known: {reason}"),
    });
    Section::new("pairs", "How many pairs")
        .with(Piece::Table(table))
        .with(Piece::List(lines))
        .with(Piece::Figure("upgrade_pairs".into(), Box::new(figure(upgraded))))
}

/// nDCG@10 of the map by the number of pairs, between stay and re-embed.
fn figure(upgraded: &Upgraded) -> Curves {
    let sizes = &upgraded.curve.sizes;
    let drawn = |interval: &Interval| Point { value: interval.estimate, interval: Some((interval.low, interval.high)) };
    let line = |label: &str, values| Line {
        label: label.into(),
        values,
        style: StyleKey { name: label.into(), slot: None },
        ..Line::default()
    };
    let mut lines = vec![line("mapped", sizes.iter().map(|size| size.ndcg.as_ref().ok().map(drawn)).collect())];
    for strategy in upgraded.judged.strategies.iter().filter(|strategy| strategy.name != "mapped") {
        let point = Point { value: strategy.ndcg.estimate, interval: None };
        lines.push(line(strategy.name, vec![Some(point); sizes.len()]));
    }
    let panel = CurvePanel {
        title: String::new(),
        ticks: sizes.iter().map(|size| size.pairs.to_string()).collect(),
        places: sizes.iter().map(|size| size.pairs as f64).collect(),
        lines,
    };
    Curves {
        title: "nDCG@10 of mapped queries by the number of pairs".into(),
        subtitle: Some("error bars: 95% intervals over queries".into()),
        x_label: "pairs".into(),
        y_label: "nDCG@10".into(),
        x_spacing: Spacing::Logarithmic,
        panels: vec![panel],
        ..Curves::default()
    }
}

fn confidence(upgraded: &Upgraded) -> Section {
    let section = Section::new("confidence", "Confidence in single queries");
    let known = || upgraded.confidence.iter().filter_map(|(_, confidence)| confidence.as_ref().ok());
    let signed = |it: &Confidence| difference(&it.worth.aurc.gain);
    let mut rows: Vec<Vec<String>> = known()
        .map(|it| {
            let half = format!("{:.3}", it.worth.half);
            vec![it.name.to_string(), interval(&it.worth.aurc.aurc), signed(it), half]
        })
        .collect();
    if let Some(Worth { aurc, oracle, .. }) = known().next().map(|it| &it.worth) {
        let of_half = COVERAGES.iter().position(|coverage| *coverage == 0.5).map_or(f64::NAN, |at| 1.0 - oracle[at]);
        let row = |name: &str, area: f64, gain: f64, half: f64| {
            vec![name.to_string(), format!("{area:.3}"), format!("{gain:+.3}"), format!("{half:.3}")]
        };
        rows.push(row("random order", aurc.random, 0.0, 1.0 - aurc.random));
        rows.push(row("oracle: the order by risk", aurc.oracle, aurc.random - aurc.oracle, of_half));
    }
    let mut notes = vec![
        "Risk: 1 − nDCG@10 of mapped queries. AURC: area under the risk of the most confident share of the queries; smaller is better. \
         random − AURC above 0 beyond its interval: the confidence says something."
            .to_string(),
        "distance to the pairs: the nearest queries first, as pairs the map was fitted on lie in the new model's space. agreement of two \
         halves: cosine between the images of a query under maps of two halves of the pairs."
            .to_string(),
    ];
    let missing = upgraded.confidence.iter().filter_map(|(name, it)| Some((name, it.as_ref().err()?)));
    notes.extend(missing.map(|(name, reason)| format!("without a value: {name}: {reason}")));
    let table = Table {
        title: "Risk and coverage".into(),
        headers: ["confidence", "AURC", "random − AURC", "nDCG@10 of the surer half"].map(String::from).to_vec(),
        names: 1,
        rows,
        notes,
        ..Table::default()
    };
    let mut section = section.with(Piece::Table(table));
    if let Some(distances) = known().find(|it| it.name == DISTANCE) {
        let mean = distances.values.iter().sum::<f64>() / distances.values.len() as f64;
        let text = format!("The queries lie at a mean distance of {mean:.2} to the pairs, the pairs themselves at 1.");
        section = section.with(Piece::Text(text));
    }
    match known().next() {
        Some(_) => section.with(Piece::Figure("upgrade_confidence".into(), Box::new(coverage(upgraded)))),
        None => section,
    }
}

/// Risk of the most confident share of the queries.
fn coverage(upgraded: &Upgraded) -> Curves {
    let point = |value: &f64| Some(Point { value: *value, interval: None });
    let line = |label: &str, values: &[f64]| Line {
        label: label.into(),
        values: values.iter().map(point).collect(),
        style: StyleKey { name: label.into(), slot: None },
        ..Line::default()
    };
    let known: Vec<&Confidence> = upgraded.confidence.iter().filter_map(|(_, it)| it.as_ref().ok()).collect();
    let mut lines: Vec<Line> = known.iter().map(|it| line(it.name, &it.worth.curve)).collect();
    if let Some(first) = known.first() {
        lines.push(line("random order", &[first.worth.aurc.random; COVERAGES.len()]));
        lines.push(line("oracle", &first.worth.oracle));
    }
    let panel = CurvePanel {
        title: String::new(),
        ticks: COVERAGES.iter().map(|coverage| format!("{:.0}%", 100.0 * coverage)).collect(),
        places: COVERAGES.to_vec(),
        lines,
    };
    Curves {
        title: "Risk of mapped queries by coverage".into(),
        subtitle: Some("mean of 1 − nDCG@10 over the most confident share of the queries".into()),
        x_label: "share of the queries that are answered".into(),
        y_label: "risk".into(),
        panels: vec![panel],
        ..Curves::default()
    }
}

fn cost(upgraded: &Upgraded) -> Section {
    let Upgraded { cost, fit_seconds, counts, .. } = upgraded;
    let fit = format!("The fit of the map on {} pairs took {fit_seconds:.2} s here.", grouped(counts.pairs));
    let words = match cost.in_words() {
        Some(words) => format!("Re-embedding: {words}. {fit}"),
        None => format!(
            "{fit} `--price-per-million`, `--seconds-per-thousand` and `--documents` add the cost of re-embedding."
        ),
    };
    let mut lines = vec![words];
    let share = counts.pairs as f64 / cost.documents.max(1) as f64;
    if cost.in_words().is_some() && counts.pairs as u64 <= cost.documents {
        lines.push(format!(
            "The pairs alone, documents that the new model embedded for the map, are {:.2}% of that.",
            100.0 * share
        ));
    }
    Section::new("cost", "Cost").with(Piece::List(lines))
}

fn worst(upgraded: &Upgraded) -> Section {
    let section = Section::new("worst", "Queries that lose most");
    let worst = &upgraded.judged.worst;
    if worst.is_empty() {
        return section.with(Piece::Text("No query loses by the map.".into()));
    }
    let row = |it: &Worst| {
        let name = it.id.map_or_else(|| format!("row {}", it.row), |id| id.to_string());
        let values = [it.stay, it.mapped, it.reembed].map(|value| format!("{value:.3}"));
        [vec![name], values.to_vec()].concat()
    };
    let head = if worst.iter().all(|it| it.id.is_some()) { "query (id)" } else { "query" };
    let table = Table {
        title: "Queries that the map serves worst".into(),
        headers: [head, "stay", "mapped", "re-embed"].map(String::from).to_vec(),
        names: 1,
        rows: worst.iter().map(row).collect(),
        notes: vec!["nDCG@10 of single queries, ordered by mapped − stay.".into()],
        ..Table::default()
    };
    section.with(Piece::Table(table))
}

fn next(upgraded: &Upgraded) -> Section {
    let (old, new) = (&upgraded.request.from, &upgraded.request.to);
    let map = upgraded.map.display().to_string();
    let translate =
        ["runner", "translate", &map, "--from", new, "--to", old, "--input", "queries.npy", "--out", "mapped.npy"];
    let export = ["runner", "export-map", &map, "--from", new, "--to", old, "--format", "onnx", "--out", "map.onnx"];
    let commands = vec![files::shell::command(translate), files::shell::command(export)];
    let section = Section::new("next", "What next");
    let text = match upgraded.decision.advice {
        Advice::Stay => {
            "Nothing to do. Ask again with more judged queries, or with another model. The map is written all the same:"
        }
        Advice::Map => "Embed queries with the new model and map them before the search; the index stays as it is:",
        _ => "Embed the documents with the new model, and search with its queries. The map is written all the same:",
    };
    section.with(Piece::Text(text.into())).with(Piece::Commands(commands))
}

fn difference(contrast: &Contrast) -> String {
    let Interval { estimate, low, high } = contrast.interval;
    format!("{estimate:+.3} [{low:+.3}, {high:+.3}]")
}

fn interval(interval: &Interval) -> String {
    let Interval { estimate, low, high } = interval;
    format!("{estimate:.3} [{low:.3}, {high:.3}]")
}

fn percent(interval: &Interval) -> String {
    let [estimate, low, high] = [interval.estimate, interval.low, interval.high].map(|share| 100.0 * share);
    format!("{estimate:.0}% [{low:.0}%, {high:.0}%]")
}

/// A number with two significant digits: an extrapolation has no more.
fn two_digits(number: f64) -> f64 {
    let unit = 10f64.powf((number.max(1.0).log10().floor() - 1.0).max(0.0));
    (number / unit).round() * unit
}

//! The output of commands with `--format json`. The keys are stable; docs/formats.md describes them.

use std::path::Path;

use select::{CurveSize, MethodScore, Spread};
use serde_json::{Value, json};
use tasks::upgrade::Evidence;
use tasks::{Contrast, Interval};

use crate::commands::list::{Experiment, ListedData, Named};
use crate::commands::sets::datasets::Looked;
use crate::commands::show::Shown;
use crate::commands::status::{Standing, Status};
use crate::commands::universe::upgrade::{Confidence, PairCurveSize, Strategy, Upgraded, Worst};
use crate::commands::universe::{RecommendRequest, Recommended, Written, reason};
use crate::commands::verify::{Request, TOLERANCE, Verified};
use crate::engine::state::Phase;
use crate::event::CellToRun;

/// A dry run, on one line, because a file can have several grids.
pub fn cells_to_run(cells: &[CellToRun], folder: &Path) -> Value {
    let cell = |CellToRun { id, label, done }: &CellToRun| json!({ "id": id, "label": label, "state": if *done { "done" } else { "to do" } });
    json!({
        "folder": folder,
        "to_do": cells.iter().filter(|cell| !cell.done).count(),
        "cells": cells.iter().map(cell).collect::<Vec<_>>(),
    })
}

/// The state of a grid.
pub fn status(status: &Status) -> Value {
    let count = |standing| status.cells.iter().filter(|cell| cell.standing == standing).count();
    let counts: serde_json::Map<String, Value> =
        Standing::ALL.into_iter().map(|standing| (standing.name().to_string(), count(standing).into())).collect();
    let cells: Vec<Value> = status
        .cells
        .iter()
        .map(|cell| {
            let live = cell.live.as_ref().map(|live| {
                let phase = if live.phase == Phase::Running { "running" } else { "queued" };
                json!({ "phase": phase, "attempt": live.attempt, "text": live.text })
            });
            json!({
                "index": cell.index,
                "id": cell.id,
                "label": cell.label,
                "state": cell.standing.name(),
                "at_work": live,
                "why": cell.why,
                "log": cell.log,
            })
        })
        .collect();
    let others: Vec<Value> = status.others.iter().map(|job| json!({ "kind": job.kind, "text": job.text })).collect();
    json!({ "grid": status.name, "counts": counts, "cells": cells, "others": others, "resume": status.resume })
}

/// The result of a verification.
pub fn verified(found: &Verified, request: &Request) -> Value {
    json!({
        "cells": found.cells,
        "done": found.done,
        "damaged": found.damaged,
        "recomputed": found.again,
        "exact": found.exact,
        "tolerance": TOLERANCE,
        "seed": request.seed,
        "problems": found.problems,
    })
}

/// A cell.
pub fn shown(cell: &Shown) -> Value {
    let first = &cell.first;
    let text = |value: Option<String>| value.as_deref().map(parsed);
    let scores: Vec<Value> = cell
        .records
        .iter()
        .map(|record| {
            json!({
                "task": record.task,
                "metric": record.metric.map(|metric| metric.to_string()),
                "space": record.space.map(|space| space.name()),
                "source": record.source,
                "target": record.target,
                "value": record.value,
                "n": record.n,
                "error": record.error,
            })
        })
        .collect();
    json!({
        "cell": cell.id,
        "grid": cell.grid,
        "folder": cell.folder,
        "data": first.data,
        "stand_in": first.stand_in,
        "data_sha256": first.data_sha256,
        "view_set": first.views.name,
        "views": first.views.views,
        "method": first.method,
        "method_version": first.method_version,
        "params": text(first.params.as_ref().map(ToString::to_string)),
        "noise": first.noise.as_ref().map(ToString::to_string),
        "fit_rows": grid::FitRows::from_count(first.fit_rows),
        "pairing": first.pairing,
        "widths": first.widths,
        "seed": first.seed,
        "fit_seconds": first.fit_seconds,
        "fit_cpu_seconds": first.fit_cpu_seconds,
        "stop": first.stop,
        "iterations": first.iterations,
        "objective": first.objective,
        "optimality_gap": first.optimality_gap,
        "warnings": first.warnings.as_deref().map(|lines| lines.lines().collect::<Vec<_>>()).unwrap_or_default(),
        "maps": first.maps,
        "parameters": first.parameters,
        "peak_rss_mb": first.peak_rss_mb,
        "git": first.git,
        "lock_sha256": first.lock_sha256,
        "grid_git": first.grid_git,
        "finished_at": first.finished_at,
        "host": first.host,
        "cpu": first.cpu,
        "threads": first.threads,
        "node": first.node,
        "restarts": first.restarts,
        "scores": scores,
    })
}

/// JSON in a column of records.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// The result of a check of a data set.
pub fn checked(looked: &Looked) -> Value {
    let Looked { manifest, checked, unmatched } = looked;
    let [low, middle, high] = ["smallest", "median", "largest"];
    let views: Vec<Value> = checked
        .views
        .iter()
        .map(|view| {
            let [smallest, median, largest] = view.norms;
            json!({
                "split": view.split.name(),
                "view": view.view,
                "rows": view.rows,
                "columns": view.columns,
                "effective_rank": view.effective_rank,
                "norms": { low: smallest, middle: median, high: largest },
            })
        })
        .collect();
    let classes: Vec<Value> = checked
        .classes
        .iter()
        .map(|class| {
            let [smallest, median, largest] = class.sizes;
            json!({
                "split": class.split.name(),
                "name": class.name,
                "classes": class.classes,
                "sizes": { low: smallest, middle: median, high: largest },
            })
        })
        .collect();
    let pair = |(split, pair): &(data::SplitName, String)| json!({ "split": split.name(), "text": pair });
    json!({
        "name": manifest.name,
        "title": manifest.title,
        "licence": manifest.licence,
        "source": manifest.source,
        "views": views,
        "classes": classes,
        "sampled": checked.sampled,
        "warnings": checked.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "unmatched": unmatched.iter().map(pair).collect::<Vec<_>>(),
    })
}

/// A recommendation, and the file of the fitted method.
pub fn recommended(found: &Recommended, request: &RecommendRequest, written: &Written) -> Value {
    let (it, options) = (&found.recommendation, &request.options);
    let method = |method: &MethodScore| {
        let Spread { interval, share } = method.spread;
        json!({
            "method": method.candidate.method.name(),
            "title": method.candidate.method.title(),
            "settings": method.candidate.method,
            "values": method.candidate.values.iter().cloned().collect::<serde_json::Map<_, _>>(),
            "score": method.mean,
            "interval": interval.map(|(it, _)| [it.low, it.high]),
            "interval_over": interval.map(|(_, over)| over.name()),
            "standard_error": method.standard_error,
            "folds": method.folds,
            "share_best": share,
            "within_one_standard_error": method.as_good,
            "candidates": method.candidates,
            "left_out": method.left_out,
            "parameters": method.parameters,
            "work": method.cost,
            "seconds": method.seconds,
        })
    };
    let size = |size: &CurveSize| {
        json!({
            "rows": size.rows,
            "score": size.score,
            "standard_error": size.standard_error,
            "problem": size.problem,
        })
    };
    let (from, to) = it.curve.range();
    let twice = match &it.curve.gain {
        Ok(gain) => {
            json!({ "from": from, "to": to, "gain": gain.gain.estimate, "interval": [gain.gain.low, gain.gain.high] })
        }
        Err(problem) => json!({ "from": from, "to": to, "problem": problem }),
    };
    json!({
        "data": found.manifest.name,
        "views": found.views,
        "rows": it.items,
        "groups": it.groups,
        "task": it.criterion.task,
        "metric": it.criterion.metric.name(),
        "folds": it.folds,
        "budget": options.budget,
        "seed": options.seed,
        "warnings": found.warnings,
        "methods": it.methods.iter().map(method).collect::<Vec<_>>(),
        "without_score":
            it.not_tried.iter().map(|it| json!({ "method": it.method, "reason": it.reason })).collect::<Vec<_>>(),
        "recommended": it.chosen().candidate.method.name(),
        "reason": reason(found),
        "curve": it.curve.sizes.iter().map(size).collect::<Vec<_>>(),
        "twice": twice,
        "seconds": it.seconds,
        "universe": { "file": request.out, "fit_seconds": written.seconds },
    })
}

/// The decision on an upgrade, and everything behind it.
pub fn upgraded(upgraded: &Upgraded) -> Value {
    let ends = |it: &Interval| json!([it.low, it.high]);
    let shown = |it: &Interval| json!({ "estimate": it.estimate, "interval": ends(it) });
    let share = |it: &Result<Interval, String>| match it {
        Ok(it) => shown(it),
        Err(problem) => json!({ "problem": problem }),
    };
    let difference = |it: &Contrast| {
        json!({
            "estimate": it.interval.estimate,
            "interval": ends(&it.interval),
            "p": it.p,
            "standard_error": it.standard_error,
            "detectable": it.detectable,
        })
    };
    let strategy = |it: &Strategy| {
        json!({
            "strategy": it.name,
            "ndcg10": it.ndcg.estimate,
            "interval": ends(&it.ndcg),
            "recall10": it.recall,
            "mrr10": it.reciprocal,
            "over_stay": it.over_stay.as_ref().map(difference),
        })
    };
    let method = |it: &MethodScore| {
        json!({
            "method": it.candidate.method.name(),
            "settings": it.candidate.method,
            "score": it.mean,
            "interval": it.spread.interval.map(|(it, _)| [it.low, it.high]),
            "within_one_standard_error": it.as_good,
            "candidates": it.candidates,
            "seconds": it.seconds,
        })
    };
    let size = |it: &PairCurveSize| {
        let (ndcg, problem) = (it.ndcg.as_ref().ok(), it.ndcg.as_ref().err());
        json!({
            "pairs": it.pairs,
            "ndcg10": ndcg.map(|it| it.estimate),
            "interval": ndcg.map(ends),
            "problem": problem,
            "fit_seconds": it.seconds,
        })
    };
    let needed = |(share, pairs): &(f64, Result<f64, String>)| match pairs {
        Ok(pairs) => json!({ "share": share, "pairs": pairs }),
        Err(problem) => json!({ "share": share, "problem": problem }),
    };
    let twice = match &upgraded.curve.twice {
        Ok(gain) => shown(&gain.gain),
        Err(problem) => json!({ "problem": problem }),
    };
    let worst =
        |it: &Worst| json!({ "row": it.row, "id": it.id, "stay": it.stay, "mapped": it.mapped, "reembed": it.reembed });
    let confidence = |(name, it): &(&str, Result<Confidence, String>)| match it {
        Err(problem) => json!({ "confidence": name, "problem": problem }),
        Ok(Confidence { values, worth, .. }) => json!({
            "confidence": name,
            "aurc": worth.aurc.aurc.estimate,
            "interval": ends(&worth.aurc.aurc),
            "random": worth.aurc.random,
            "oracle": worth.aurc.oracle,
            "gain": difference(&worth.aurc.gain),
            "ndcg10_of_half": worth.half,
            "values": values,
        }),
    };
    let needed_queries = match upgraded.decision.evidence {
        Evidence::TooFew { wanted, queries } => json!({ "gain": wanted, "queries": queries }),
        _ => Value::Null,
    };
    let (compared, found, request) = (&upgraded.judged.compared, &upgraded.recommendation, &upgraded.request);
    json!({
        "data": upgraded.manifest.name,
        "from": request.from,
        "to": request.to,
        "decision": upgraded.decision.advice.name(),
        "settled": upgraded.decision.evidence == Evidence::Shown,
        "needed_queries": needed_queries,
        "documents": upgraded.counts.documents,
        "queries": compared.queries,
        "pairs": upgraded.counts.pairs,
        "strategies": upgraded.judged.strategies.iter().map(strategy).collect::<Vec<_>>(),
        "upgrade": difference(&compared.upgrade),
        "gain": difference(&compared.gain),
        "rest": difference(&compared.rest),
        "share_kept": share(&compared.shares.kept),
        "reembed_share": share(&compared.shares.of_reembedding),
        "methods": found.methods.iter().map(method).collect::<Vec<_>>(),
        "without_score":
            found.not_tried.iter().map(|it| json!({ "method": it.method, "reason": it.reason })).collect::<Vec<_>>(),
        "chosen": upgraded.chosen().candidate.method,
        "curve": upgraded.curve.sizes.iter().map(size).collect::<Vec<_>>(),
        "needed_pairs": upgraded.curve.needed.iter().map(needed).collect::<Vec<_>>(),
        "twice": twice,
        "cost":
            json!({ "documents": upgraded.cost.documents, "price": upgraded.cost.price, "hours": upgraded.cost.hours }),
        "confidence": upgraded.confidence.iter().map(confidence).collect::<Vec<_>>(),
        "worst": upgraded.judged.worst.iter().map(worst).collect::<Vec<_>>(),
        "warnings": upgraded.warnings,
        "seed": request.seed,
        "fit_seconds": upgraded.fit_seconds,
        "map": upgraded.map,
        "files": upgraded.files,
    })
}

/// Methods or tasks.
pub fn named(items: &[Named]) -> Value {
    let item = |item: &Named| {
        let parameters: Vec<Value> = item
            .parameters
            .iter()
            .map(|it| json!({ "name": it.name, "default": it.default, "domain": it.domain, "about": it.about }))
            .collect();
        json!({ "name": item.name, "title": item.title, "summary": item.summary, "parameters": parameters })
    };
    items.iter().map(item).collect()
}

/// Data sets.
pub fn data_sets(sets: &[ListedData]) -> Value {
    let set = |set: &ListedData| {
        let present = set.missing.is_empty();
        json!({ "name": set.name, "title": set.title, "present": present, "missing_files": set.missing, "views": set.views })
    };
    sets.iter().map(set).collect()
}

/// Grids, leaderboards and paper files.
pub fn experiments(files: &[Experiment]) -> Value {
    let file = |it: &Experiment| json!({ "command": it.command, "file": it.file, "title": it.title });
    files.iter().map(file).collect()
}

//! The report as a file: what stands in it, that it is drawn again from files alone, and two runs side by side. What it does
//! in a browser is tested in `browser/`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use report::pages::about::About;
use report::pages::contents::Report;
use store::cells::Store;
use store::record::Record;
use tempfile::TempDir;

fn runner(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(folder).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const GRID: &str = "\
name: tiny
data:
  synthetic:
    seed: 3
    recipe: {widths: [12, 12, 12], fit_rows: 120, test_rows: 60, classes: 4}
methods: [na, pairwise, gpa, gcca]
tasks: [retrieval, clustering: {restarts: 1, seeds: [0]}, consistency]
primary: {metric: rank1, compare: [gpa, gcca]}
";

/// A folder with a grid that has run, into `results/`.
fn ran(grid: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("grid.yaml"), grid).unwrap();
    let run = runner(folder.path(), &["--grid", "grid.yaml"]);
    assert!(run.status.code().is_some_and(|code| code < 2), "{}", text(&run.stderr));
    folder
}

/// The plan, the locks and what a run remembers of its outputs are the run's.
fn drawn_again(file: &Path) -> bool {
    let lock = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".lock"));
    !lock && !["plan.json", "outputs.json"].iter().any(|name| file.ends_with(name))
}

fn report(folder: &Path) -> String {
    fs::read_to_string(folder.join("results/tiny/report.html")).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_grid_ends_in_a_report_that_files_alone_draw_again_to_the_byte() {
    let folder = ran(GRID);
    let results = folder.path().join("results/tiny");
    let html = report(folder.path());
    for wanted in [
        "No cell failed, no fit warns, and nothing is odd about the data.",
        "Methods compared by Rank-1",
        "The comparison that the grid was made for.",
        "<code>runner run grid.yaml</code>",
        "--only method=gcca,views=all,noise=none,seed=42",
        "default-src &#x27;none&#x27;",
        "class=\"data\"",
        "\"pictures\":[{",
        "id=\"scatter\"",
    ] {
        let plain = wanted.replace("&#x27;", "'");
        assert!(html.contains(&plain), "{wanted}");
    }
    assert!(!html.contains("src=\"http") && !html.contains("href=\"http"), "nothing is linked to elsewhere");
    let drawn: Vec<PathBuf> = files(&results)
        .into_iter()
        .filter(|file| !file.starts_with(results.join("cells")))
        .filter(|file| drawn_again(file))
        .collect();
    let before: Vec<Vec<u8>> = drawn.iter().map(|file| fs::read(file).unwrap()).collect();
    for file in drawn.iter().filter(|file| !file.ends_with("records.parquet") && !file.ends_with("about.json")) {
        fs::remove_file(file).unwrap();
    }
    let again = runner(folder.path(), &["report", "results/tiny"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    for (file, before) in drawn.iter().zip(before) {
        assert!(fs::read(file).unwrap() == before, "{} is not the same", file.display());
    }
}

#[test]
fn a_run_and_its_report_say_what_comes_of_the_grid() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("grid.yaml"), GRID).unwrap();
    let run = runner(folder.path(), &["--grid", "grid.yaml"]);
    let said = text(&run.stdout);
    let findings: Vec<&str> = said.lines().rev().take_while(|line| !line.is_empty()).collect();
    assert_eq!(findings.len(), 3, "a sentence for each task, last of all: {said}");
    let retrieval = findings[2];
    assert!(retrieval.contains(" retrieves best on the mean: Rank-1 0.9"), "{retrieval}");
    assert!(
        retrieval.contains(", level with ") && retrieval.contains("; the first clearly behind is NA ("),
        "{retrieval}"
    );
    assert!(findings.iter().any(|line| line.contains(" clusters best")), "{findings:?}");
    let results = folder.path().join("results/tiny");
    let short = fs::read_to_string(results.join("report.md")).unwrap();
    let html = report(folder.path());
    for line in &findings {
        assert!(
            short.contains(&format!("- {line}\n")) && html.contains(&line.replace('<', "&lt;").replace('/', "&#x2f;")),
            "{line}"
        );
    }
    assert!(html.find("id=\"findings\"").unwrap() < html.find("id=\"problems\"").unwrap(), "on top");
    // Again with nothing to do: as true as before.
    assert!(text(&runner(folder.path(), &["--grid", "grid.yaml"]).stdout).contains(retrieval));
}

#[test]
fn tables_have_intervals_the_best_in_bold_and_each_reason_once() {
    let folder = ran(GRID);
    let read = |name: &str| fs::read_to_string(folder.path().join("results/tiny/tables").join(name)).unwrap();
    let summary = read("summary.md");
    assert!(!summary.contains('±'), "a spread over views is no uncertainty: {summary}");
    assert!(summary.contains(" Rank-1 ↑ |") && summary.contains(" Δ⁺ ↓ |"), "{summary}");
    assert!(summary.contains("*Retrieval*\n") && summary.contains("*Counts and cost of a fit*\n"), "{summary}");
    let bold = summary.lines().filter(|line| line.contains("| **0.") || line.contains("| **1.")).count();
    assert!(bold >= 3, "a best in every table: {summary}");
    assert_eq!(summary.matches("¹ No value: pairwise maps share no space to cluster in.").count(), 1, "{summary}");
    let ari = summary.lines().find(|line| line.starts_with("| PW ")).expect("the first table");
    assert!(ari.matches("n/a¹").count() == 2, "{ari}");
    assert!(read("summary.csv").starts_with("method,ARI,NMI,Rank-1,"), "one table, plain headings");
    assert!(read("summary.tex").contains("\\textbf{0.") && read("summary.tex").contains("\\uparrow"));
    let html = report(folder.path());
    assert!(html.contains("<a href=\"#metric-rank1\">Rank-1</a>") && html.contains("<dt id=\"metric-rank1\">"));
    assert!(html.contains("Share of queries whose match (or a right answer") && !html.contains("id=\"metric-map\""));
}

#[test]
fn methods_are_compared_pair_of_views_by_pair() {
    let folder = ran(GRID);
    let results = folder.path().join("results/tiny");
    let table = fs::read_to_string(results.join("tables/pairs_rank_1.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "query view,gallery view,GPA,GCCA,difference,p,p (Holm)");
    assert_eq!(lines.len(), 1 + 6, "every ordered pair of three views: {table}");
    let of = |line: &str| -> (f64, f64) {
        let p: Vec<f64> = line.rsplit(',').take(2).map(|p| p.trim_start_matches("< ").parse().unwrap()).collect();
        (p[1], p[0])
    };
    assert!(lines[1..].iter().all(|line| line.contains(" [") && of(line).1 >= of(line).0), "{table}");
    let figure = fs::read_to_string(results.join("figures/pairs_rank_1.svg")).unwrap();
    assert!(figure.contains(">all pairs</text>") && figure.contains(">p (Holm) &lt; 0.05</text>"), "two panels");
    assert!(report(folder.path()).contains("Rank-1 by pair of views: GPA minus GCCA"));
}

#[test]
fn failed_cells_stand_on_top_with_a_remedy() {
    let folder = ran(&GRID.replace("clustering: {restarts: 1,", "clustering: {k: 90, restarts: 1,"));
    let html = report(folder.path());
    let at = html.find("3 failed").expect("a count");
    assert!(at < html.find("id=\"methods\"").unwrap(), "before the figures");
    assert!(html.contains("k-means: k = 90 for 60 points"), "the error");
    assert!(html.contains("Try again: <code>runner run grid.yaml --only method=gpa"), "the command");
    let short = fs::read_to_string(folder.path().join("results/tiny/report.md")).unwrap();
    assert!(short.contains("## Warnings") && short.contains("k = 90 for 60 points"), "{short}");
}

#[test]
fn a_grid_that_is_not_whole_says_so_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("grid.yaml"), GRID).unwrap();
    let run = runner(folder.path(), &["--grid", "grid.yaml", "--only", "method=gpa"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let said = "1 of 4 cells are there";
    assert!(
        text(&run.stderr).contains(&format!("warning: {said}: everything here is of these alone")),
        "{}",
        text(&run.stderr)
    );
    let fine = "No cell failed, no fit warns, and nothing is odd";
    let check = || {
        let html = report(folder.path());
        assert!(!html.contains(fine) && !html.contains("box fine"), "not green");
        let top = html.find(&format!("Not the whole grid: {said}")).expect("a line on top");
        assert!(top < html.find("id=\"findings\"").unwrap(), "before anything else");
        let at = html.find(&format!("<h3>{said}</h3>")).expect("a heading");
        assert!(at < html.find("id=\"methods\"").unwrap(), "before the figures");
        assert!(html.contains("Run the rest: <code>runner run grid.yaml</code>"), "the command");
        let short = fs::read_to_string(folder.path().join("results/tiny/report.md")).unwrap();
        assert!(short.contains(&format!("## Warnings\n\n- {said}")), "{short}");
    };
    check();
    assert!(runner(folder.path(), &["report", "results/tiny"]).status.success());
    check();
    // Again with nothing to do: it is as true as before.
    let again = runner(folder.path(), &["merge", "--plan", "results/tiny/plan.json"]);
    assert!(text(&again.stderr).contains(said), "{}", text(&again.stderr));
    let rest = runner(folder.path(), &["--grid", "grid.yaml"]);
    assert!(!text(&rest.stderr).contains("cells are there"), "{}", text(&rest.stderr));
    assert!(report(folder.path()).contains(fine));
}

/// A grid may ask for a metric that its tasks do not compute; its report must not look as if it had it.
#[test]
fn a_metric_that_no_cell_has_is_no_fine_report() {
    let folder = ran(&GRID.replace("metric: rank1", "metric: cmc1"));
    let page = report(folder.path());
    assert!(page.contains("<h3>Metrics that no cell has</h3>"), "a heading");
    assert!(page.contains("primary: no cell here has"), "its line");
    assert!(!page.contains("No cell failed, no fit warns") && !page.contains("box fine"), "not green");
}

#[test]
fn what_a_fit_warns_of_is_seen_on_the_terminal_and_in_both_reports() {
    let grid = GRID.replace("pairwise, gpa, gcca]", "gpa: {max_iter: 1}, gcca]");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("grid.yaml"), grid).unwrap();
    let run = || runner(folder.path(), &["--grid", "grid.yaml"]);
    let first = text(&run().stderr);
    let line = first.lines().find(|line| line.starts_with("warning: GPA")).unwrap_or_else(|| panic!("{first}"));
    assert!(line.contains("stopped"), "{line}");
    assert!(text(&run().stderr).contains(line), "with nothing to do it is as true as before");
    let words = line.trim_start_matches("warning: ");
    let short = fs::read_to_string(folder.path().join("results/tiny/report.md")).unwrap();
    assert!(short.contains("## Warnings") && short.contains(words), "{words}: {short}");
    let html = report(folder.path());
    // Names in backquotes are code there.
    let plain = words.split('`').next().unwrap();
    assert!(html.contains("<h3>Fits that did not converge</h3>") && html.contains(plain), "{words}");
}

#[test]
fn no_two_tables_of_the_report_share_a_heading() {
    let grid = GRID.replace("retrieval,", "retrieval, retrieval: {scoring: csls},");
    let folder = ran(&format!("{grid}noise: [none, permute: {{fraction: 0.5, views: [v0]}}]\n"));
    let html = report(folder.path());
    let headings: Vec<&str> = html
        .split("-caption\">")
        .skip(1)
        .filter_map(|rest| rest.split("</h").next())
        .filter(|heading| !heading.contains('<'))
        .collect();
    assert!(headings.len() >= 6, "{headings:?}");
    let distinct: std::collections::BTreeSet<&str> = headings.iter().copied().collect();
    assert_eq!(distinct.len(), headings.len(), "{headings:?}");
    let of = |measure: &str, what: &str| {
        let wanted = |heading: &&&str| heading.contains(measure) && heading.contains(what);
        headings.iter().filter(wanted).count()
    };
    // Two parts each: the comparison, and what stands behind its tests.
    assert_eq!((of("Rank-1", ", no noise"), of("Rank-1", ", noise permute 0.5 of v0 seed 0")), (4, 4), "{headings:?}");
}

#[test]
fn what_is_odd_about_results_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = runner(folder.path(), &["report", "results/none"]);
    assert_eq!(nothing.status.code(), Some(4));
    assert!(text(&nothing.stderr).contains("no records.parquet in results/none; name the folder of a grid"));
    let folder = ran(GRID);
    let about = folder.path().join("results/tiny/about.json");
    fs::write(&about, "{").unwrap();
    let broken = runner(folder.path(), &["report", "results/tiny"]);
    let said = text(&broken.stderr);
    assert!(said.contains("about.json is not what this version writes; run its grid again"), "{said}");
    // Results from before there was such a file, and cells from before there were pictures.
    fs::remove_file(&about).unwrap();
    for file in files(&folder.path().join("results/tiny/cells")) {
        if file.to_string_lossy().ends_with(".picture.parquet") {
            fs::remove_file(file).unwrap();
        }
    }
    assert!(runner(folder.path(), &["report", "results/tiny"]).status.success());
    assert!(report(folder.path()).contains("No picture is stored with these cells"));
}

#[test]
fn two_runs_stand_side_by_side_with_paired_intervals() {
    let (a, b) = (ran(GRID), ran(&GRID.replace("methods: [na, pairwise, gpa, gcca]", "methods: [gpa, gcca, pivot]")));
    let other = b.path().join("results/tiny");
    let run = runner(a.path(), &["report", "results/tiny", "--compare", other.to_str().unwrap()]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let written = text(&run.stdout);
    let html =
        written.lines().find(|line| line.contains("compare_") && line.ends_with(".html")).expect("a page").trim();
    let html = fs::read_to_string(html).unwrap();
    assert!(html.contains("NA on <code>all</code>, noise none is in results&#x2f;tiny alone."), "{html}");
    let table =
        written.lines().find(|line| line.contains("compare_") && line.ends_with(".md")).expect("a table").trim();
    let table = fs::read_to_string(table).unwrap();
    // The same cells: no difference, a paired test that says so, and an interval for what 60 items cannot show.
    let same = table.lines().find(|line| line.contains("| GPA ") && line.contains("| Rank-1 ")).expect("in both");
    assert!(same.contains("+0.0000 [-0.0") && same.ends_with(" 1.000 |"), "{same}");

    let c = ran(&GRID.replace("seed: 3", "seed: 4"));
    let other = c.path().join("results/tiny");
    let run = runner(a.path(), &["report", "results/tiny", "--compare", other.to_str().unwrap()]);
    let written = text(&run.stdout);
    let table =
        written.lines().find(|line| line.contains("compare_") && line.ends_with(".md")).expect("a table").trim();
    assert!(fs::read_to_string(table).unwrap().contains("not paired: other data"), "other items are not paired");
}

#[test]
fn no_name_becomes_markup() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), "g").unwrap();
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    let record = |method: &str, value: Option<f64>| Record {
        grid: hostile.into(),
        cell: format!("{method}-cell"),
        data: hostile.into(),
        views: format!("{hostile}={hostile},b").parse().unwrap(),
        method: Some(method.into()),
        params: Some("{}".parse().unwrap()),
        noise: Some("none".parse().unwrap()),
        seed: Some(1),
        task: Some("retrieval".into()),
        task_params: Some("{}".parse().unwrap()),
        space: Some(align::Coordinates::Universe),
        source: Some(hostile.into()),
        target: Some("b".into()),
        metric: value.map(|_| "rank1".parse().unwrap()),
        value,
        error: Some(hostile.into()),
        host: hostile.into(),
        cpu: hostile.into(),
        git: Some(hostile.into()),
        ..Record::default()
    };
    let records = vec![record("gpa", None), record("gcca", None)];
    let about =
        About { title: hostile.into(), notes: vec![hostile.into()], command: hostile.into(), ..About::default() };
    let written = Report::new(&store, &records, about).unwrap().write().unwrap();
    for file in written.iter().filter(|file| file.extension().is_some_and(|e| e == "html" || e == "svg")) {
        let text = fs::read_to_string(file).unwrap();
        assert!(!text.contains("<script>alert") && !text.contains("<img"), "{}", file.display());
    }
    let markdown = fs::read_to_string(folder.path().join("g/report.md")).unwrap();
    assert!(markdown.contains("\\</script>\\<script>alert(1)") && !markdown.contains(" <script"), "{markdown}");
}

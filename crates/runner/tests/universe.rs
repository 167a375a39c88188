//! Fitted methods as files, as a user meets them: fit, project, translate, add a view, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common/skip.rs"]
mod skip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use align::prep::{ConstantColumns, ZScore, cosine_rows};
use align::{Matrix, Method};
use data::{MatrixReader, universe};
use tasks::classifier::{Classifier, Converged, Labelled};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A folder for the files of one test, named in arguments by `@`.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, line: &str) -> Output {
        let folder = format!("{}/", self.0.path().display());
        // What stands between quotes is one argument.
        let mut arguments = Vec::new();
        for (i, part) in line.split('\'').enumerate() {
            if i % 2 == 1 {
                arguments.push(part.to_string());
            } else {
                arguments.extend(part.split_whitespace().map(|word| word.replace('@', &folder)));
            }
        }
        Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(root()).args(arguments).output().unwrap()
    }

    /// What a command that must work prints, and then its messages; the folder's name taken out.
    fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        let (printed, said) = (self.shortened(&output.stdout), self.shortened(&output.stderr));
        assert!(output.status.success(), "{line}: {said}");
        assert!(!printed.contains("warning: "), "{line}: a warning is no result: {printed}");
        format!("{printed}\n{said}").trim_end().to_string()
    }

    /// What a command that must fail says, likewise.
    fn error(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(matches!(output.status.code(), Some(2..=5)), "{line}: {}", String::from_utf8_lossy(&output.stdout));
        self.shortened(&output.stderr)
    }

    fn shortened(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).replace(&format!("{}/", self.0.path().display()), "").trim_end().to_string()
    }

    fn matrix(&self, member: &str) -> Matrix {
        let member = self.path(member).to_str().unwrap().parse().unwrap();
        MatrixReader::open(&member).unwrap().rows().unwrap().all().unwrap()
    }
}

fn bundled(member: &str) -> Matrix {
    let member = root().join("data/emoji").join(member).to_str().unwrap().parse().unwrap();
    MatrixReader::open(&member).unwrap().rows().unwrap().all().unwrap()
}

const TEXTS: &str = "--views text_en,text_ko,text_zh";
const TEST: &str = "--input data/emoji/text_en.safetensors#test";

fn training_rows() -> align::Views {
    let manifest = data::Manifest::read(&root().join("data-manifests/emoji.yaml")).unwrap();
    data::load(&manifest).unwrap().select(&["text_en", "text_ko", "text_zh"]).unwrap().train.views
}

#[test]
fn a_universe_projects_and_translates_as_the_fit_that_it_holds() {
    let bench = Bench::new();
    let method =
        "--method 'gcpa: {training: {fast: {epochs: 1}}}' --params '{base: {gpa: {solver: accelerated}}}' --seed 3";
    let said = bench.ok(&format!("fit emoji {method} {TEXTS} --out @u.safetensors"));
    let head = "u.safetensors: gcpa on 1253 rows of emoji, universe of width 256, views text_en (256), text_ko (256), \
                text_zh (75)";
    assert!(said.starts_with(head), "{said}");
    assert!(said.contains("\nfit: "), "{said}");

    let method = r#"{"gcpa": {"training": {"fast": {"epochs": 1}}, "base": {"gpa": {"solver": "accelerated"}}}}"#;
    let method: Method = serde_json::from_str(method).unwrap();
    let fitted = method.fit(&training_rows(), 3).unwrap().calibrated(&training_rows()).unwrap().fitted;
    let saved = universe::read(&bench.path("u.safetensors")).unwrap();
    assert_eq!(saved.fitted.parts().unwrap(), fitted.parts().unwrap(), "the same fit");
    assert_eq!(saved.origin.method, serde_json::to_value(&method).unwrap());
    assert_eq!((saved.origin.seed, saved.origin.data.as_str(), saved.origin.rows), (3, "emoji", 1253));
    assert_eq!(saved.consensus.as_ref().map(|c| c.rows()), Some(1253));

    let x = bundled("text_en.safetensors#test");
    let (z, moved) = (fitted.project("text_en", &x).unwrap(), fitted.translate("text_en", "text_zh", &x).unwrap());
    for (out, part) in [("z.npy", ""), ("z.safetensors", "#z"), ("z.parquet", ""), ("y.parquet", "#col")] {
        let command = format!("project @u.safetensors --view text_en {TEST} --out @{out}{part}");
        assert_eq!(bench.ok(&command), format!("{out}: 400 x 256"));
        assert!(bench.matrix(&format!("{out}{part}")) == z, "{out}");
    }
    let to = "--from text_en --to text_zh";
    assert_eq!(bench.ok(&format!("translate @u.safetensors {to} {TEST} --out @t.npy")), "t.npy: 400 x 75");
    assert!(bench.matrix("t.npy") == moved);
}

#[test]
fn threads_are_asked_for_and_do_not_show() {
    let bench = Bench::new();
    let method = "--method 'gcpa: {training: {fast: {epochs: 1}}}'";
    for threads in [1, 2] {
        let n = format!("--threads {threads}");
        bench.ok(&format!("fit emoji {method} {TEXTS} --out @u{threads}.safetensors {n}"));
        let on = format!("@u{threads}.safetensors {n}");
        bench.ok(&format!("project {on} --view text_en {TEST} --out @z{threads}.npy"));
        bench.ok(&format!("translate {on} --from text_en --to text_ko {TEST} --out @t{threads}.npy"));
        bench.ok(&format!("add-view {on} --view image_mobilenet --manifest emoji --out @w{threads}.safetensors"));
    }
    for name in ["z", "t"] {
        let [one, two] = [1, 2].map(|n| fs::read(bench.path(&format!("{name}{n}.npy"))).unwrap());
        assert!(one == two, "{name}");
    }
    for name in ["u", "w"] {
        let [one, two] = [1, 2].map(|n| universe::read(&bench.path(&format!("{name}{n}.safetensors"))).unwrap());
        assert!(one.fitted.parts().unwrap() == two.fitted.parts().unwrap(), "{name}");
    }
    let none = bench.run(&format!("project @u1.safetensors --view text_en {TEST} --out @n.npy --threads 0"));
    assert_eq!(none.status.code(), Some(2), "{}", String::from_utf8_lossy(&none.stderr));
}

#[test]
fn a_view_is_added_by_files_or_by_a_manifest_and_the_others_stay_as_they_are() {
    let bench = Bench::new();
    let gpa = "--method 'gpa: {solver: accelerated}'";
    bench.ok(&format!("fit emoji {gpa} {TEXTS} --out @u.safetensors"));
    let anchors = "--anchors text_en=data/emoji/text_en.safetensors#train \
                   --anchors text_zh=data/emoji/text_zh.safetensors#train";
    let new = "--view image=data/emoji/image_mobilenet.safetensors#train";
    let said = bench.ok(&format!("add-view @u.safetensors {new} {anchors} --out @w.safetensors"));
    assert!(said.contains("`image` added by 1253 rows of text_en, text_zh"), "{said}");
    assert!(said.contains("the anchors' consensus: 0.00 standard deviations from the fit's"), "{said}");

    let before = universe::read(&bench.path("u.safetensors")).unwrap();
    let after = universe::read(&bench.path("w.safetensors")).unwrap();
    let mut parts = after.fitted.parts().unwrap().arrays;
    let old = before.fitted.parts().unwrap().arrays;
    assert!(old.iter().all(|(name, array)| parts.remove(name).as_ref() == Some(array)));
    assert!(parts.keys().all(|name| name.starts_with("image.")), "{:?}", parts.keys());
    assert_eq!(after.report.maps, before.report.maps + 1);
    assert_eq!(after.origin.added.len(), 1);

    let anchors = training_rows().select(&["text_en", "text_zh"]).unwrap();
    let rows = bundled("image_mobilenet.safetensors#train");
    let wanted = before.fitted.universe().unwrap().add(&anchors, "image", &rows, align::AddForm::Scaled).unwrap();
    let x = bundled("image_mobilenet.safetensors#test");
    let input = "--input data/emoji/image_mobilenet.safetensors#test";
    bench.ok(&format!("project @w.safetensors --view image {input} --out @z.npy"));
    assert!(bench.matrix("z.npy") == wanted.project("image", &x).unwrap());
    bench.ok(&format!("translate @w.safetensors --from image --to text_zh {input} --out @t.npy"));
    assert!(bench.matrix("t.npy") == wanted.translate("image", "text_zh", &x).unwrap());

    let from = "--manifest emoji --view image_mobilenet --form orthogonal";
    let said = bench.ok(&format!("add-view @u.safetensors {from} --out @m.safetensors"));
    assert!(said.contains("`image_mobilenet` added by 1253 rows of text_en, text_ko, text_zh"), "{said}");
    let twice = bench.error(&format!("add-view @m.safetensors {from} --out @n.safetensors"));
    assert!(twice.contains("view `image_mobilenet` is given twice"), "{twice}");
    let none = bench.error(&format!("add-view @u.safetensors {new} --out @n.safetensors"));
    assert!(none.starts_with("error: no anchors: expected rows of views"), "{none}");
    let odd = "--anchors text_em=data/emoji/text_en.safetensors#train";
    let odd = bench.error(&format!("add-view @u.safetensors {new} {odd} --out @n.safetensors"));
    assert!(odd.contains("no view `text_em`; did you mean `text_en`?"), "{odd}");
    let short = "--anchors text_en=data/emoji/text_en.safetensors#test";
    let short = bench.error(&format!("add-view @u.safetensors {new} {short} --out @n.safetensors"));
    assert!(short.contains("view `image` has 1253 rows, `text_en` has 400"), "{short}");
    assert!(!said.contains("warning"), "{said}");
    fs::write(bench.path("still.csv"), format!("x0,x1\n{}", "1,2\n".repeat(1253))).unwrap();
    let by = "--anchors text_en=data/emoji/text_en.safetensors#train";
    let said = bench.ok(&format!("add-view @u.safetensors --view still=@still.csv {by} --out @s.safetensors"));
    assert!(said.contains("\nwarning: view `still` is constant on the training rows"), "{said}");
    let kept = universe::read(&bench.path("s.safetensors")).unwrap().report.warnings;
    assert!(kept.contains(&align::FitWarning::DeadView { view: "still".into() }), "{kept:?}");
}

#[test]
fn pairs_translate_and_have_no_universe_and_na_has_neither() {
    let bench = Bench::new();
    for method in ["pairwise", "cca", "na"] {
        bench.ok(&format!("fit emoji --method {method} {TEXTS} --out @{method}.safetensors"));
        let project = format!("project @{method}.safetensors --view text_en {TEST} --out @z.npy");
        let refused = bench.error(&project);
        assert!(refused.starts_with(&format!("error: {method}.safetensors: holds `{method}`: ")), "{refused}");
        let way = "--from text_en --to text_ko";
        let translate = format!("translate @{method}.safetensors {way} {TEST} --out @{method}.npy");
        if method == "na" {
            assert!(bench.error(&translate).contains("no alignment"), "{}", bench.error(&translate));
            continue;
        }
        assert!(refused.contains("use `runner translate"), "{refused}");
        bench.ok(&translate);
        let fitted = Method::from_name(method)
            .unwrap()
            .fit(&training_rows(), 42)
            .unwrap()
            .calibrated(&training_rows())
            .unwrap()
            .fitted;
        let wanted = fitted.translate("text_en", "text_ko", &bundled("text_en.safetensors#test")).unwrap();
        assert!(bench.matrix(&format!("{method}.npy")) == wanted, "{method}");
        let new = "--view image_mobilenet --manifest emoji";
        let add = format!("add-view @{method}.safetensors {new} --out @n.safetensors");
        assert!(bench.error(&add).contains("no space that all views share"), "{}", bench.error(&add));
    }
}

#[test]
fn what_cannot_be_is_refused_by_name_and_leaves_nothing_behind() {
    let bench = Bench::new();
    let fit = format!("fit emoji --method 'pivot: {{pivot: text_en}}' {TEXTS} --out @u.safetensors");
    bench.ok(&fit);
    let there = bench.error(&fit);
    assert!(there.contains("u.safetensors: is there already") && there.contains("--overwrite"), "{there}");
    bench.ok(&format!("{fit} --overwrite"));
    let files = || fs::read_dir(bench.0.path()).unwrap().count();
    let before = files();

    let project = |view: &str, input: &str| {
        bench.error(&format!("project @u.safetensors --view {view} --input {input} --out @z.npy"))
    };
    let test = "data/emoji/text_en.safetensors#test";
    let unknown = project("text_em", test);
    assert_eq!(
        unknown,
        "error: u.safetensors: no view `text_em`; did you mean `text_en`? the views here are `text_en`, `text_ko`, \
         `text_zh`"
    );
    let wide = project("text_zh", test);
    assert_eq!(
        wide,
        "error: data/emoji/text_en.safetensors: project: view `text_zh` has width 75, the given matrix has 256 columns"
    );
    let part = project("text_en", "data/emoji/text_en.safetensors#tset");
    assert!(part.contains("no tensor `tset`; did you mean `test`?"), "{part}");

    // A value that is not finite in the last piece of a long file: nothing is left of the pieces before it.
    let mut rows = Matrix::from_fn(5000, 256, |i, j| ((i * 7 + j) as f32).sin());
    rows.row_mut(4999)[3] = f32::NAN;
    let member: data::import::Member = bench.path("nan.npy").into();
    let mut sink = data::MatrixWriter::create(&member, 5000, 256).unwrap();
    sink.write(&rows).unwrap();
    sink.finish().unwrap();
    let nan = bench.error("project @u.safetensors --view text_en --input @nan.npy --out @z.npy");
    assert!(nan.contains("nan.npy: found NaN at row 4999, column 3"), "{nan}");
    assert_eq!(files(), before + 1, "nan.npy alone");

    let whole = fs::read(bench.path("u.safetensors")).unwrap();
    fs::write(bench.path("cut.safetensors"), &whole[..whole.len() - 10]).unwrap();
    let cut = bench.error(&format!("project @cut.safetensors --view text_en {TEST} --out @z.npy"));
    assert!(cut.starts_with("error: cut.safetensors: truncated: has "), "{cut}");

    // As long as the text that it takes the place of, so that the header's length stays right.
    let (old, new) = (br#"{\"format_version\":3,"#, br#"{\"format_version\":7,"#);
    let at = whole.windows(old.len()).position(|window| window == old).unwrap();
    let mut newer = whole.clone();
    newer[at..at + new.len()].copy_from_slice(new);
    fs::write(bench.path("newer.safetensors"), newer).unwrap();
    let newer = bench.error(&format!("project @newer.safetensors --view text_en {TEST} --out @z.npy"));
    assert!(newer.starts_with("error: newer.safetensors: is a universe of format 7, this program reads 4"), "{newer}");

    let csv = bench.error(&format!("project @u.safetensors --view text_en {TEST} --out @z.csv"));
    assert!(csv.contains("z.csv: embeddings are not written as csv"), "{csv}");
    let odd = bench.error(&format!("fit emoji --method gpa {TEXTS} --out @u.npy"));
    assert!(odd.contains("unknown extension `npy`; expected one of `safetensors`"), "{odd}");
    let odd = bench.error("fit emoji --method gpa --views text_en,text_eng --out @n.safetensors");
    assert!(odd.contains("no view `text_eng`; did you mean `text_en`?"), "{odd}");
    let odd = bench.error("fit emoij --method gpa --out @n.safetensors");
    assert!(odd.contains("did you mean `emoji`?"), "{odd}");
    let odd = bench.error("fit emoji --method gpaa --out @n.safetensors");
    assert!(odd.contains("did you mean `gpa`?"), "{odd}");
}

#[test]
fn rows_in_pieces_are_the_rows_of_a_long_file() {
    let bench = Bench::new();
    bench.ok(&format!("fit emoji --method gcca {TEXTS} --out @u.safetensors"));
    let fitted = universe::read(&bench.path("u.safetensors")).unwrap().fitted;
    let rows = Matrix::from_fn(9001, 75, |i, j| ((i * 31 + j * 7) as f32).sin());
    let mut sink = data::MatrixWriter::create(&bench.path("long.npy").into(), 9001, 75).unwrap();
    sink.write(&rows).unwrap();
    sink.finish().unwrap();
    let command = "project @u.safetensors --view text_zh --input @long.npy --out @z.npy";
    assert_eq!(bench.ok(command), "z.npy: 9001 x 75");
    let (got, want) = (bench.matrix("z.npy"), fitted.project("text_zh", &rows).unwrap());
    let gap = got.as_slice().iter().zip(want.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(gap < 1e-5, "{gap}");
}

/// Rank-1 by plain cosines, ties against the query.
fn rank1(queries: &Matrix, gallery: &Matrix) -> f64 {
    let (queries, gallery) = (cosine_rows(queries), cosine_rows(gallery));
    let ranks = tasks::ranks::ranks(&queries, &gallery).unwrap();
    ranks.pessimistic.iter().filter(|&&rank| rank == 1).count() as f64 / queries.rows() as f64
}

/// What of the rows of another view is right, for whoever treats them as a view's own.
struct Own {
    raw: Classifier,
    standardised: Classifier,
}

#[test]
fn translated_rows_serve_beside_the_targets_own_for_every_method() {
    let manifest = data::Manifest::read(&root().join("data-manifests/emoji.yaml")).unwrap();
    let data = data::load(&manifest).unwrap().select(&["text_en", "text_ru", "image_efficientnet"]).unwrap();
    let (train, test) = (&data.train.views, &data.test.views);
    let codes = |split: &align::Split| -> Vec<u32> { split.labels[0].values.iter().map(|&x| x as u32).collect() };
    let (train_codes, test_codes) = (codes(&data.train), codes(&data.test));
    let classes = 1 + *train_codes.iter().chain(&test_codes).max().unwrap() as usize;
    let standardise = |x: &Matrix, by: &Matrix| ZScore::fit(by, ConstantColumns::Clamp).apply(x).unwrap();
    let solve = |x: &Matrix| {
        let rows = Labelled { x, codes: &train_codes };
        Classifier::train_converged(rows, classes, Converged { l2: 1e-2 }).unwrap().classifier
    };
    let own: Vec<Own> = train
        .iter()
        .map(|s| Own { raw: solve(s.values()), standardised: solve(&standardise(s.values(), s.values())) })
        .collect();

    let fast = "gcpa: {training: {fast: {epochs: 1}}, base: {gpa: {solver: accelerated}}";
    let methods = [
        "pairwise".to_string(),
        "pairwise: {scale: true}".into(),
        "gpa: {solver: accelerated}".into(),
        "gcca".into(),
        "gcca: {whiten: inverse_singular, rank: 96}".into(),
        "gcca: {whiten: inverse_singular, rank: 96, decoder: least_squares}".into(),
        "gcca: {whiten: inverse_singular, rank: 96, decoder: pseudo_inverse}".into(),
        "cca".into(),
        "pivot".into(),
        "sumcor".into(),
        "srm".into(),
        "relative".into(),
        "consensus_ridge: {base: {gpa: {solver: accelerated}}}".into(),
        format!("{fast}}}"),
        format!("{fast}, rescale: all}}"),
        format!("{fast}, rescale: universe}}"),
        format!("add_view: {{base: {{{fast}}}}}}}"),
        format!("add_view: {{base: {{{fast}}}}}, form: orthogonal}}"),
    ];
    for name in methods {
        let method = runner::commands::universe::method(&name, None).unwrap();
        let fit = method.fit(train, 1).unwrap();
        let bare = fit.fitted.clone();
        let fitted = fit.calibrated(train).unwrap().fitted;
        let mut figures = [0.0f64; 4];
        for (s, t) in [(0, 1), (1, 2), (2, 0)] {
            let (from, to) = (train.nth(s).name(), train.nth(t).name());
            let moved = fitted.translate(from, to, test.at(s)).unwrap();
            let fair = standardise(
                &bare.translate(from, to, test.at(s)).unwrap(),
                &bare.translate(from, to, train.at(s)).unwrap(),
            );
            let accuracy = |by: &Classifier, x: &Matrix| by.accuracy(Labelled { x, codes: &test_codes }).unwrap();
            let of_pair = [
                rank1(&moved, test.at(t)),
                rank1(&fair, &standardise(test.at(t), train.at(t))),
                accuracy(&own[t].raw, &moved),
                accuracy(&own[t].standardised, &fair),
            ];
            figures.iter_mut().zip(of_pair).for_each(|(sum, x)| *sum += x / 3.0);
        }
        let [rank1, fair_rank1, accuracy, fair_accuracy] = figures;
        assert!((rank1 - fair_rank1).abs() < 0.03, "{name}: Rank-1 {rank1}, standardised {fair_rank1}");
        assert!((accuracy - fair_accuracy).abs() < 0.03, "{name}: accuracy {accuracy}, standardised {fair_accuracy}");
        assert!(accuracy > 0.3, "{name}: accuracy {accuracy}, by chance less than 0.3");
    }
}

#[test]
fn rows_that_shrink_on_the_way_are_warned_of_and_calibrated_ones_are_not() {
    let bench = Bench::new();
    let method = "--method 'gcca: {whiten: inverse_singular, rank: 40}'";
    let to = "--from text_en --to text_zh";
    let said = bench.ok(&format!("fit emoji {method} {TEXTS} --uncalibrated --out @bare.safetensors"));
    assert_eq!(said.matches("warning: rows translated to `text_").count(), 3, "{said}");
    let said = bench.ok(&format!("translate @bare.safetensors {to} {TEST} --out @t.npy"));
    assert!(said.contains("\nwarning: rows translated to `text_zh` spread "), "{said}");
    let said = bench.ok(&format!("fit emoji {method} {TEXTS} --out @u.safetensors"));
    assert!(!said.contains("warning"), "{said}");
    let said = bench.ok(&format!("translate @u.safetensors {to} {TEST} --out @t.npy --overwrite"));
    assert_eq!(said, "t.npy: 400 x 75");

    // Whitened universe vectors are as short as the training rows are many; with unit variance they are not.
    let fitted = universe::read(&bench.path("u.safetensors")).unwrap();
    let consensus = fitted.consensus.unwrap();
    let project = "project @u.safetensors --view text_en";
    bench.ok(&format!("{project} --input data/emoji/text_en.safetensors#train --out @z.npy"));
    bench.ok(&format!("{project} --input data/emoji/text_en.safetensors#train --unit-variance --out @one.npy"));
    let (plain, one) = (bench.matrix("z.npy"), bench.matrix("one.npy"));
    let variance = |x: &Matrix| ZScore::fit(x, ConstantColumns::Clamp).std().iter().map(|s| s * s).sum::<f64>() / 40.0;
    assert!(variance(&plain) < 1e-3 && (0.9..3.0).contains(&variance(&one)), "{} {}", variance(&plain), variance(&one));
    assert_eq!(one, consensus.unit_variance(&plain).unwrap());
    bench.ok(&format!("fit emoji --method cca {TEXTS} --out @pairs.safetensors"));
    let none = bench.error(&format!("project @pairs.safetensors --view text_en {TEST} --unit-variance --out @n.npy"));
    assert!(none.contains("no space that all share"), "{none}");
}

/// A Python with NumPy: the one that `.ci/run` names, or the one at hand; `None`, said aloud, where there is none.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("ALIGN_PYTHON").map(PathBuf::from);
    let candidates = named.into_iter().chain(["python3".into(), "python".into()]);
    let with_numpy = |python: &PathBuf| {
        Command::new(python).args(["-c", "import numpy"]).output().is_ok_and(|output| output.status.success())
    };
    let found = candidates.into_iter().find(with_numpy);
    if found.is_none() {
        skip::skipped("docs/universe.py", "no Python with NumPy here; `pip install numpy`");
    }
    found
}

#[test]
fn numpy_alone_projects_and_translates_as_the_runner_does() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    let cases = [
        ("gpa", "gpa: {solver: accelerated}"),
        ("gcca", "gcca: {whiten: inverse_singular, rank: 40, ridge: 0.01, decoder: least_squares}"),
        ("gcpa", "gcpa: {base: {gpa: {solver: accelerated}}, training: {fast: {epochs: 1, steps_per_epoch: 30}}}"),
        (
            "rescaled",
            "gcpa: {base: {gpa: {solver: accelerated}}, training: {fast: {epochs: 1, steps_per_epoch: 30}}, rescale: all}",
        ),
        (
            "halves",
            "gcpa: {base: {gpa: {solver: accelerated}}, training: {fast: {epochs: 1, steps_per_epoch: 30}}, rescale: universe}",
        ),
        ("pairwise", "pairwise"),
        ("cca", "cca"),
        (
            "add_view",
            "add_view: {base: {gcpa: {base: {gpa: {solver: accelerated}}, training: {fast: {epochs: 1, steps_per_epoch: 30}}}}}",
        ),
    ];
    for (name, method) in cases {
        bench.ok(&format!("fit emoji --method '{method}' {TEXTS} --out @{name}.safetensors"));
        let ways = [("text_en", None), ("text_zh", None), ("text_zh", Some("text_en")), ("text_en", Some("text_zh"))];
        for (view, target) in ways {
            if target.is_none() && ["pairwise", "cca"].contains(&name) {
                continue;
            }
            let rows = bundled(&format!("{view}.safetensors#test"));
            let mut sink = data::MatrixWriter::create(&bench.path("x.npy").into(), rows.rows(), rows.cols()).unwrap();
            sink.write(&rows).unwrap();
            sink.finish().unwrap();
            let ours = "--input @x.npy --out @ours.npy --overwrite";
            let (way, asked) = match target {
                None => (format!("project --view {view}"), view.to_string()),
                Some(target) => (format!("translate --from {view} --to {target}"), format!("{view}:{target}")),
            };
            bench.ok(&format!("{way} --universe @{name}.safetensors {ours}"));
            let output = Command::new(&python)
                .arg(root().join("docs/universe.py"))
                .arg(bench.path(&format!("{name}.safetensors")))
                .args([asked.as_ref(), bench.path("x.npy").as_os_str(), bench.path("theirs.npy").as_os_str()])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let (ours, theirs) = (bench.matrix("ours.npy"), bench.matrix("theirs.npy"));
            assert_eq!((ours.rows(), ours.cols()), (theirs.rows(), theirs.cols()));
            let size = ours.as_slice().iter().fold(1.0f32, |most, x| most.max(x.abs()));
            let gap = ours.as_slice().iter().zip(theirs.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(gap < 1e-5 * size, "{name} {view}: {gap} of {size}");
        }
    }
}

#[test]
fn a_map_is_exported_in_every_format_that_can_hold_it() {
    let bench = Bench::new();
    bench.ok(&format!("fit emoji --method 'gpa: {{solver: accelerated}}' {TEXTS} --out @gpa.safetensors"));
    let ends = "--from text_en --to text_zh";
    for format in ["npz", "safetensors", "sentence-transformers", "faiss", "onnx"] {
        let said = bench.ok(&format!("export-map @gpa.safetensors {ends} --format {format} --out @map.{format}"));
        let want =
            format!("map.{format}: {format}, `text_en` (256) to `text_zh` (75), steps affine; equals the fit to");
        assert!(said.starts_with(&want) && !said.contains("warning"), "{said}");
        assert!(bench.path(&format!("map.{format}")).exists());
    }
    let rows = bundled("text_en.safetensors#test");
    let read = |array: &str| {
        let file = bench.path("map.npz");
        data::read::matrix(&file, &fs::read(&file).unwrap(), Some(array)).unwrap()
    };
    let mapped = align::linalg::product(rows.view(), read("A").view(), align::linalg::Threads::Pool);
    let saved = universe::read(&bench.path("gpa.safetensors")).unwrap();
    let own = saved.fitted.translate("text_en", "text_zh", &rows).unwrap();
    let shift = own.at(0, 0) - mapped.at(0, 0);
    let far = (0..rows.rows()).map(|i| (own.at(i, 0) - mapped.at(i, 0) - shift).abs()).fold(0.0, f32::max);
    assert!(far < 1e-5, "{far:e}");
    let said = bench.ok("export-map @gpa.safetensors --from text_en --to universe --format onnx --out @universe.onnx");
    assert!(said.contains("to `universe` (256)"), "{said}");
}

#[test]
fn maps_that_do_not_exist_or_do_not_fit_are_refused() {
    let bench = Bench::new();
    bench.ok(&format!("fit emoji --method pairwise {TEXTS} --out @pairs.safetensors"));
    bench.ok(&format!("fit emoji --method na {TEXTS} --out @na.safetensors"));
    bench.ok(&format!("fit emoji --method 'relative: {{anchors: 64}}' {TEXTS} --out @relative.safetensors"));
    fs::write(bench.path("there.npz"), "").unwrap();
    let cases = [
        ("pairs", "text_en --to universe", "npz", "a map for every pair of views and no space that all share"),
        ("pairs", "text_em --to text_zh", "npz", "no view `text_em`; did you mean `text_en`?"),
        ("pairs", "text_en --to text_zz", "npz", "no view `text_zz`; did you mean `text_zh`?"),
        ("na", "text_en --to text_zh", "npz", "no alignment, each view in its own coordinates"),
        ("relative", "text_en --to text_zh", "faiss", "affine, unit_rows, affine, and `faiss` holds one affine map"),
        ("pairs", "text_en --to text_zh", "tensorflow", "invalid value 'tensorflow' for '--format <FORMAT>'"),
    ];
    for (fit, ends, format, want) in cases {
        let error = bench.error(&format!("export-map @{fit}.safetensors --from {ends} --format {format} --out @map"));
        assert!(error.contains(want) && !bench.path("map").exists(), "{error}");
    }
    let there = "export-map @pairs.safetensors --from text_en --to text_zh --format npz --out @there.npz";
    assert!(bench.error(there).contains("is there already"));
    bench.ok(&format!("{there} --overwrite"));
    let ends = "--from text_en --to text_zh";
    let said = bench.ok(&format!("export-map @relative.safetensors {ends} --format npz --out @relative.npz"));
    assert!(said.contains("warning: bring every row to unit length where the steps in the metadata"), "{said}");
}

#[test]
fn the_example_in_numpy_is_no_longer_than_it_says() {
    let text = fs::read_to_string(root().join("docs/universe.py")).unwrap();
    assert!(text.lines().count() <= 50, "{} lines", text.lines().count());
}

//! Every random draw of the workspace has a purpose of its own, whose number and values are part of the results.
#![allow(clippy::expect_used, reason = "a helper of tests panics like a test")]

use std::fs;
use std::path::{Path, PathBuf};

use align::rng::{Purpose, stream};

/// Number, file, constant, and the first values for seed 7, drawn for all views and for the second.
const PINNED: &[(u64, &str, &str, [u64; 2])] = &[
    (1, "align/src/methods/gpa/restarts.rs", "FIRST_START", [9019942907183673353, 11611716914158528009]),
    (2, "align/src/corrector/network.rs", "STARTING_WEIGHTS", [13987284774535459966, 7670969204757757878]),
    (3, "align/src/methods/gcpa/training.rs", "HELD_OUT_ROWS", [15255831526069730616, 9360148226261705121]),
    (4, "align/src/methods/gcpa/training.rs", "BATCHES", [42230826340000993, 12949064081378333358]),
    (5, "align/src/methods/gcpa/training.rs", "VALIDATION_DRAWS", [10402980718747459020, 6346028351051879050]),
    (6, "tasks/src/kmeans/mod.rs", "STARTS", [734526476031692596, 11301612455531860233]),
    (7, "align/src/views/synthetic.rs", "SYNTHETIC", [9005252956160650402, 2202626317578510902]),
    (8, "tasks/src/statistics/bootstrap.rs", "RESAMPLED_ITEMS", [4098395697953570339, 5122040911337357210]),
    (9, "tasks/src/noise.rs", "PERMUTED_ROWS", [4522899379083989574, 7337455039606668836]),
    (10, "align/src/views/dataset.rs", "HELD_OUT_ROWS", [11445432136958334235, 14996475877441270315]),
    (20, "tasks/src/probe.rs", "STARTING_WEIGHTS", [3878440209443970473, 10959861515597044906]),
    (21, "tasks/src/evaluations/reid.rs", "TRAIN_MATCHING", [11899698106609957311, 14345431281795924180]),
    (22, "tasks/src/noise.rs", "FEATURE_NOISE", [7602846416250826275, 12874917369115068871]),
    (23, "tasks/src/noise.rs", "MISSING_ROWS", [15618682532687275729, 15913045826106201909]),
    (24, "align/src/numerics/krylov.rs", "FIRST_BLOCK", [3574472418232185594, 7237596367393432116]),
    (25, "data/src/import/split.rs", "SPLITS", [5843299442297857011, 17917310312663524797]),
    (26, "align/src/methods/srm.rs", "START", [6757287608364811896, 8183627002436147479]),
    (27, "align/src/methods/gpa/restarts.rs", "FURTHER_STARTS", [13072243298010756854, 6632142305684543427]),
    (28, "tasks/src/evaluations/reid.rs", "TEST_MATCHING", [17910083595319838074, 11792909291530598733]),
    (29, "tasks/src/statistics/mod.rs", "FLIPPED_SIGNS", [14460058147567269198, 17958204959976991164]),
    (30, "align/src/methods/relative.rs", "ANCHOR_ITEMS", [6008906738949390982, 4852847266139009117]),
    (31, "align/src/methods/kernel_gcca.rs", "LANDMARK_ITEMS", [3533868408312890260, 13149578421851985022]),
    (40, "tasks/src/evaluations/similarity/mod.rs", "SEEN_ITEMS", [3354131053634977278, 7455593764188169027]),
    (41, "tasks/src/evaluations/similarity/null.rs", "PERMUTED_ITEMS", [908686472216488707, 8461120634482987591]),
    (42, "tasks/src/evaluations/similarity/halves.rs", "ROTATION", [13260701524883760917, 14547668715607992180]),
    (50, "select/src/folds.rs", "FOLDS", [6765930447383293846, 3254921544199349927]),
    (43, "tasks/src/statistics/bootstrap.rs", "RESAMPLED_SEEDS", [342669988049149820, 16913851013447316487]),
    (53, "select/src/recommend/curve.rs", "CURVE_ITEMS", [440188609090976241, 6796430800204045730]),
    (54, "data/src/items/work.rs", "EDGE_MAPS", [11451164045864216048, 18148290019767470180]),
    (60, "align/src/views/dataset.rs", "FIT_ROWS", [3451039397558686457, 414846101634953513]),
    (61, "tasks/src/statistics/learning_curve.rs", "REDRAWN_SCORES", [9880742613378633326, 13978490626668133726]),
    (70, "align/src/corrector/residual.rs", "RESIDUAL_WEIGHTS", [13842254172889192068, 13766227469146004133]),
    (71, "align/src/corrector/residual.rs", "LOW_RANK_WEIGHTS", [11119220254745684678, 7694718878921996614]),
    (72, "align/src/methods/adapters/training.rs", "HELD_OUT_PAIRS", [6470455073037078830, 2915400026019577527]),
    (73, "align/src/methods/adapters/training.rs", "PAIR_BATCHES", [18043349218217396333, 13408104508767247600]),
];

#[test]
fn every_stream_gives_the_values_that_the_results_were_made_with() {
    for &(number, file, name, want) in PINNED {
        let first = |view| rand::Rng::next_u64(&mut stream(7, Purpose::new(number), view));
        assert_eq!([first(None), first(Some(1))], want, "{name} of {file}: results were made with other draws");
    }
}

#[test]
fn purposes_are_declared_once_by_their_owners_with_the_numbers_that_are_pinned() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found: Vec<(u64, String, String)> = Vec::new();
    for file in sources(&crates) {
        let text = fs::read_to_string(&file).expect("a source file");
        let name = file.strip_prefix(&crates).expect("below").to_string_lossy().into_owned();
        // What tests draw is no result.
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            if let Some((constant, number)) = declared(line) {
                found.push((number, name.clone(), constant.to_string()));
            } else {
                assert!(!line.contains("Purpose::new("), "{name}: `{line}` is no constant on one line");
            }
        }
    }
    found.sort();
    let mut want: Vec<(u64, String, String)> =
        PINNED.iter().map(|&(number, file, name, _)| (number, file.to_string(), name.to_string())).collect();
    want.sort();
    assert_eq!(found, want);
    assert!(want.windows(2).all(|pair| pair[0].0 != pair[1].0), "two purposes with one number");
}

/// `const NAME: Purpose = Purpose::new(7);` as name and number.
fn declared(line: &str) -> Option<(&str, u64)> {
    let (head, value) = line.split_once(" = ")?;
    let number = value.strip_prefix("Purpose::new(").or_else(|| value.strip_prefix("Self::new("))?;
    let (name, kind) = head.rsplit_once("const ")?.1.split_once(": ")?;
    matches!(kind, "Purpose" | "Self").then_some((name, number.strip_suffix(");")?.parse().ok()?))
}

fn sources(crates: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(crates).expect("the crates").map(|entry| entry.expect("an entry").path().join("src"));
    let (mut open, mut files): (Vec<PathBuf>, Vec<PathBuf>) =
        (folders.filter(|folder| folder.is_dir()).collect(), Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

//! Items that a view misses: rows that hold no numbers, ids that a file lacks.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::collections::BTreeMap;

use align::{Matrix, Views};
use common::{Folder, npy_of};
use data::import::{Files, Import, Imported, NamedMember, Splitting, import};
use data::{DataError, ExportFormat, Loaded, Manifest, SplitName, Stream, WarningKind, export, load};

const ITEMS: usize = 60;

fn value(view: usize, item: usize, column: usize) -> f32 {
    ((view * 1000 + item * 10 + column) as f32 * 0.7).sin()
}

/// Whether a view has an item: every view misses some, and few are missed by all.
fn has(view: usize, item: usize) -> bool {
    !(item * 7 + view * 5).is_multiple_of(12)
}

/// A view as npy, `fill` in the rows that it misses.
fn write(folder: &Folder, view: usize, items: std::ops::Range<usize>, name: &str, fortran: bool, fill: f32) {
    let width = 3;
    let at = |item: usize, column: usize| if has(view, item) { value(view, item, column) } else { fill };
    let rows = items.len() as u64;
    let values: Vec<f32> = if fortran {
        (0..width).flat_map(|j| items.clone().map(move |i| (i, j))).map(|(i, j)| at(i, j)).collect()
    } else {
        items.clone().flat_map(|i| (0..width).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect()
    };
    folder.write(name, npy_of("<f4", &[rows, width as u64], fortran, &values));
}

fn named(folder: &Folder, name: &str, file: &str) -> NamedMember {
    NamedMember { name: name.to_owned(), member: folder.path(file).display().to_string().parse().unwrap() }
}

/// Three views by row, the last one with its columns one after the other, labels.
fn files(folder: &Folder, fill: f32) -> Files {
    for (view, name) in ["a", "b", "c"].into_iter().enumerate() {
        write(folder, view, 0..ITEMS, &format!("{name}.npy"), view == 2, fill);
    }
    folder.write("y.txt", (0..ITEMS).map(|item| format!("{}\n", item % 4)).collect::<String>());
    let views = ["a", "b", "c"].map(|name| named(folder, name, &format!("{name}.npy"))).to_vec();
    Files { views, labels: vec![named(folder, "y", "y.txt")], ..Files::default() }
}

fn request(folder: &Folder, files: Files, allow_missing: bool) -> Import {
    let splitting = Splitting::Shares { files, shares: vec![0.7, 0.3], seed: 1, stratify: None };
    Import { allow_missing, force: true, ..Import::new("mine", splitting, folder.path("mine.yaml")) }
}

fn imported(folder: &Folder, files: Files) -> (Imported, Loaded) {
    let done = import(&request(folder, files, true)).unwrap();
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    (done, loaded)
}

fn same(one: &Views, other: &Views) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other.iter())
            .all(|(a, b)| a.values() == b.values() && (0..one.rows()).all(|row| a.has(row) == b.has(row)))
}

#[test]
fn rows_without_numbers_are_missing_where_that_is_asked_for() {
    let folder = Folder::new();
    let message = folder.message(import(&request(&folder, files(&folder, f32::NAN), false)));
    let want = "all 3 values of row 0 are NaN; expected finite values: repair the item, drop it from every view, or \
                import it as missing";
    assert!(message.starts_with("a.npy: ") && message.ends_with(want), "{message}");
    assert!(!folder.path("mine.yaml").exists());

    let (done, loaded) = imported(&folder, files(&folder, f32::NAN));
    let mut seen = BTreeMap::new();
    for split in [&loaded.dataset.train, &loaded.dataset.test] {
        assert!(!split.views.complete());
        for (m, view) in split.views.iter().enumerate() {
            for row in 0..split.views.rows() {
                let x = view.values().row(row);
                assert!(x.iter().all(|x| x.is_finite()), "no NaN gets in");
                if view.has(row) {
                    let item = (0..ITEMS).find(|&item| x[0] == value(m, item, 0)).unwrap();
                    assert_eq!(x, [0, 1, 2].map(|j| value(m, item, j)));
                    assert_eq!(split.labels[0].values[row], item as i64 % 4, "labels follow their items");
                    *seen.entry((m, item)).or_insert(0) += 1;
                }
            }
        }
    }
    let want: Vec<(usize, usize)> =
        (0..3).flat_map(|view| (0..ITEMS).map(move |item| (view, item))).filter(|&(v, i)| has(v, i)).collect();
    assert_eq!(
        seen.into_iter().map(|(key, times)| (key, times == 1)).collect::<Vec<_>>(),
        want.iter().map(|&key| (key, true)).collect::<Vec<_>>()
    );

    let missing: usize = done.warnings.iter().filter(|w| w.kind == WarningKind::MissingRows).map(|w| w.count).sum();
    assert_eq!(missing, 3 * ITEMS - want.len());
    let zero = loaded.warnings.iter().any(|w| [WarningKind::ZeroRows, WarningKind::DuplicateRows].contains(&w.kind));
    assert!(!zero, "{:?}", loaded.warnings);
    let texts: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let test = &loaded.dataset.test.views;
    let all = (0..test.rows()).filter(|&row| test.views_of(row) == 3).count();
    let line = format!("test: {all} of {} items are in all views; first item that is not: ", test.rows());
    assert!(texts.iter().any(|text| text.starts_with(&line)), "{texts:?}");
    let misses = test.rows() - test.nth(0).observed_rows();
    let share = 100.0 * misses as f64 / test.rows() as f64;
    let line = format!("test: view `a` misses {misses} of {} items ({share:.1}%), first item ", test.rows());
    assert!(texts.iter().any(|text| text.starts_with(&line)), "{texts:?}");
    let lines = data::summarise(&loaded.warnings);
    let line = format!("items that some view misses in test: {} of {}", test.rows() - all, test.rows());
    assert!(lines.contains(&line), "{lines:?}");

    let checked = data::check(&loaded).unwrap();
    let of_a = checked.views.iter().find(|view| view.split == SplitName::Test && view.view == "a").unwrap();
    assert_eq!((of_a.rows, of_a.missing), (test.rows() - misses, misses));
    assert!(of_a.norms[0] > 0.0 && checked.views.iter().all(|view| view.effective_rank.is_finite()));
}

#[test]
fn what_stands_in_missing_rows_is_never_read() {
    let folder = Folder::new();
    let (_, want) = imported(&folder, files(&folder, f32::NAN));
    // The same manifest on files with other rows, of whose checksums nothing is said.
    let text = std::fs::read_to_string(folder.path("mine.yaml")).unwrap();
    let text: String = text.lines().filter(|line| !line.contains("sha256")).map(|line| format!("{line}\n")).collect();
    for fill in [1e30, -7.0, f32::NAN] {
        drop(files(&folder, fill));
        let got = load(&Manifest::parse(&folder.path("mine.yaml"), &text).unwrap()).unwrap();
        for (got, want) in [(&got.dataset.train, &want.dataset.train), (&got.dataset.test, &want.dataset.test)] {
            assert!(same(&got.views, &want.views) && got.labels == want.labels);
        }
        assert_eq!(got.warnings, want.warnings);
    }
}

#[test]
fn streams_and_exports_miss_the_same_rows() {
    let folder = Folder::new();
    let (done, loaded) = imported(&folder, files(&folder, f32::NAN));
    let manifest = Manifest::read(&done.manifest).unwrap();
    for (split, want) in
        [(SplitName::Train, &loaded.dataset.train.views), (SplitName::Test, &loaded.dataset.test.views)]
    {
        let stream = Stream::open(&manifest, split).unwrap();
        let mut row = 0;
        for chunk in stream.chunks(7) {
            let chunk = chunk.unwrap();
            let of_chunk: Vec<usize> = (row..row + chunk.rows()).collect();
            assert!(same(&chunk, &want.select_rows(&of_chunk)));
            row += chunk.rows();
        }
        assert_eq!(row, want.rows());
    }
    for (format, name) in [(ExportFormat::Safetensors, "s"), (ExportFormat::Npy, "n"), (ExportFormat::Parquet, "p")] {
        let path = export(&manifest, &folder.path(name), format, false).unwrap();
        let got = load(&Manifest::read(&path).unwrap()).unwrap();
        assert!(same(&got.dataset.train.views, &loaded.dataset.train.views), "{name}");
        assert!(same(&got.dataset.test.views, &loaded.dataset.test.views), "{name}");
    }
}

#[test]
fn a_row_with_some_numbers_is_an_error_with_its_place() {
    let folder = Folder::new();
    for fortran in [false, true] {
        let mut files = files(&folder, f32::NAN);
        write(&folder, 1, 0..ITEMS, "b.npy", fortran, f32::NAN);
        let mut x = data::read::matrix(&folder.path("a.npy"), &[], None).unwrap_or(Matrix::zeros(ITEMS, 3));
        for item in 0..ITEMS {
            for j in 0..3 {
                x.row_mut(item)[j] = if has(1, item) { value(1, item, j) } else { f32::NAN };
            }
        }
        let at = (1..ITEMS).find(|&item| has(1, item)).unwrap();
        x.row_mut(at)[2] = f32::NAN;
        let values: Vec<f32> = match fortran {
            false => x.as_slice().to_vec(),
            true => (0..3).flat_map(|j| (0..ITEMS).map(move |i| (i, j))).map(|(i, j)| x.at(i, j)).collect(),
        };
        folder.write("b.npy", npy_of("<f4", &[ITEMS as u64, 3], fortran, &values));
        files.views[1] = named(&folder, "b", "b.npy");
        let message = folder.message(import(&request(&folder, files, true)));
        assert!(message.starts_with(&format!("b.npy: found NaN at row {at}, column 2, expected")), "{message}");
    }
}

#[test]
fn views_that_miss_too_much_are_an_error_with_the_numbers() {
    let folder = Folder::new();
    let all = files(&folder, f32::NAN);
    folder.write("c.npy", npy_of("<f4", &[ITEMS as u64, 3], false, &[f32::NAN; 3 * ITEMS]));
    let message = folder.message(import(&request(&folder, all.clone(), true)));
    assert!(message.ends_with("view `c` misses all 42 items of `train`; expected at least 1 that it has"), "{message}");
    // The third view has a single row of train.
    let (_, loaded) = imported(&folder, files(&folder, f32::NAN));
    let train = &loaded.dataset.train.views;
    let row = (0..train.rows()).find(|&row| train.views_of(row) == 3).unwrap();
    let item = (0..ITEMS).find(|&item| train.at(2).row(row)[0] == value(2, item, 0)).unwrap();
    let test = loaded.dataset.test.views.at(2);
    let of_test = |item: usize| (0..test.rows()).any(|row| test.row(row)[0] == value(2, item, 0));
    let values: Vec<f32> = (0..ITEMS)
        .flat_map(|i| (0..3).map(move |j| (i, j)))
        .map(|(i, j)| if i == item || (has(2, i) && of_test(i)) { value(2, i, j) } else { f32::NAN })
        .collect();
    folder.write("c.npy", npy_of("<f4", &[ITEMS as u64, 3], false, &values));
    let message = folder.message(import(&request(&folder, all, true)));
    let want = "of 42 items of `train` views `a`, `b` and views `c` have at most 1 in common; a fit needs at least 2 in a \
                pair of them";
    assert!(message.ends_with(want), "{message}");
}

#[test]
fn ids_that_a_file_lacks_are_missing_rows_of_its_view() {
    let folder = Folder::new();
    // Each view lists the items that it has in an order of its own; the second has two rows for item 3.
    for (view, (name, pace)) in [("a", 1), ("b", 7), ("c", 11)].into_iter().enumerate() {
        let items = (0..ITEMS).map(|i| (i * pace) % ITEMS).filter(|&item| has(view, item));
        let line = |item: usize| format!("i{item},{},{}\n", value(view, item, 0), value(view, item, 1));
        let mut lines: String = items.map(line).collect();
        if view == 1 {
            lines.push_str("i3,0.25,0.5\n");
        }
        folder.write(&format!("{name}.csv"), format!("id,x0,x1\n{lines}"));
    }
    // The labels know of all items but two, and of one that no view has.
    let labelled = (0..ITEMS).filter(|item| ![5, 6].contains(item)).chain([99]);
    let lines: String = labelled.map(|item| format!("i{item},{}\n", item % 4)).collect();
    folder.write("y.csv", format!("id,y\n{lines}"));
    let part = |name: &str, part: &str| {
        let mut named = named(&folder, name, &format!("{name}.csv"));
        named.member.tensor = Some(part.to_owned());
        named
    };
    let files = Files {
        views: ["a", "b", "c"].map(|name| part(name, "x*")).to_vec(),
        labels: vec![part("y", "y")],
        ids: ["a", "b", "c", "y"].map(|name| part(name, "id")).to_vec(),
        ..Files::default()
    };
    let (done, loaded) = imported(&folder, files.clone());
    let left: Vec<String> = done.left_out.iter().map(ToString::to_string).collect();
    let lost = |view: usize| [5, 6].into_iter().filter(|&item| has(view, item)).count();
    let of = |view: usize| (0..ITEMS).filter(|&item| has(view, item)).count() + usize::from(view == 1);
    for (view, name) in ["a", "b", "c"].into_iter().enumerate().filter(|&(view, _)| lost(view) > 0) {
        let line = format!("{} of {} rows of `{name}` are left out: other files lack their ids", lost(view), of(view));
        assert!(left.iter().any(|text| text.starts_with(&line)), "{left:?}");
    }
    assert!(
        left.contains(&format!(
            "1 of {} rows of `y` are left out: other files lack their ids (`i99` is not in `a`)",
            ITEMS - 1
        )),
        "{left:?}"
    );

    let mut items = Vec::new();
    for split in [&loaded.dataset.train, &loaded.dataset.test] {
        assert!(split.groups[0].name == "id" && split.ids.is_none(), "item 3 is there twice");
        for row in 0..split.views.rows() {
            let told: Vec<usize> = split
                .views
                .iter()
                .enumerate()
                .filter(|(_, view)| view.has(row))
                .filter_map(|(m, view)| (0..ITEMS).find(|&item| view.values().row(row)[0] == value(m, item, 0)))
                .collect();
            assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "row i is one item: {told:?}");
            if let Some(&item) = told.first() {
                assert_eq!(split.labels[0].values[row], item as i64 % 4);
                let missing = (0..3).filter(|&m| !split.views.nth(m).has(row)).collect::<Vec<_>>();
                assert_eq!(missing, (0..3).filter(|&m| !has(m, item)).collect::<Vec<_>>());
                items.push(item);
            }
        }
    }
    items.sort_unstable();
    items.dedup();
    let want: Vec<usize> =
        (0..ITEMS).filter(|item| ![5, 6].contains(item) && (0..3).any(|view| has(view, *item))).collect();
    assert_eq!(items, want, "an item that one view has at least is there");
    // Without the flag, items are those that all files have.
    let done = import(&request(&folder, files, false)).unwrap();
    assert!(done.rows.values().sum::<usize>() < want.len());
}

#[test]
fn ids_of_another_kind_are_not_taken_for_missing_rows() {
    let folder = Folder::new();
    for (name, prefix) in [("a", "i"), ("b", "i"), ("c", "item ")] {
        let lines: String = (0..20).map(|item| format!("{prefix}{item},{},{}\n", item % 3, item % 7)).collect();
        folder.write(&format!("{name}.csv"), format!("id,x0,x1\n{lines}"));
    }
    let part = |name: &str, part: &str| {
        let mut named = named(&folder, name, &format!("{name}.csv"));
        named.member.tensor = Some(part.to_owned());
        named
    };
    let (views, ids) =
        (["a", "b", "c"].map(|name| part(name, "x*")).to_vec(), ["a", "b", "c"].map(|name| part(name, "id")).to_vec());
    let message = folder.message(import(&request(&folder, Files { views, ids, ..Files::default() }, true)));
    assert!(message.contains("no id is in all files: `c` begins with `item 0`, `a` with `i0`"), "{message}");
}

#[test]
fn test_rows_of_files_of_their_own_can_be_missing_alone() {
    let folder = Folder::new();
    let of = |split: &str, items: std::ops::Range<usize>, fill: f32| {
        for (view, name) in ["a", "b"].into_iter().enumerate() {
            write(&folder, view, items.clone(), &format!("{name}-{split}.npy"), false, fill);
        }
        let views = ["a", "b"].map(|name| named(&folder, name, &format!("{name}-{split}.npy"))).to_vec();
        Files { views, ..Files::default() }
    };
    let splits = [(SplitName::Train, of("train", 0..40, 0.5)), (SplitName::Test, of("test", 40..60, f32::NAN))];
    let import_of = |splits: [(SplitName, Files); 2]| -> Result<Imported, DataError> {
        import(&Import { splitting: Splitting::Given(splits.into()), ..request(&folder, Files::default(), true) })
    };
    let done = import_of(splits).unwrap();
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    assert!(loaded.dataset.train.views.complete());
    let test = &loaded.dataset.test.views;
    for (m, view) in test.iter().enumerate() {
        assert!((0..20).all(|row| view.has(row) == has(m, 40 + row)));
    }
}

#[test]
fn a_manifest_of_ones_own_says_minus_one() {
    let folder = Folder::new();
    folder.toy();
    let rows = common::safetensors_of(
        &[("train.b", [2_i64, -1, 0].as_slice()), ("test.b", &[1, 0])]
            .map(|(name, v)| (name, safetensors::Dtype::I64, vec![v.len()], common::le(v, |x| x.to_le_bytes()))),
    );
    folder.write("rows.safetensors", rows);
    let to = "    tensors: {train: train, test: test}\n    rows: {file: rows.safetensors, tensors: {train: train.b, test: test.b}}\nlabels";
    let loaded = folder.load(&[("    tensors: {train: train, test: test}\nlabels", to)]).unwrap();
    let train = &loaded.dataset.train.views;
    assert_eq!((0..3).map(|row| train.nth(1).has(row)).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(train.at(1).row(0), [8.0, 8.0]);
    assert_eq!((train.at(1).row(1), train.at(1).row(2)), ([0.0, 0.0].as_slice(), [2.0, 4.0].as_slice()));
}

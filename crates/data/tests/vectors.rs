//! Views that are folders with an npy file for each item.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::{Folder, npy_of};
use data::import::{Files, Import, NamedMember, Splitting, import, import_folds};
use data::{Loaded, Manifest, load};

fn vector(view: usize, item: usize) -> [f32; 3] {
    [item as f32, view as f32, ((view * 100 + item) as f32).sin()]
}

/// A folder with a vector for each of these items, named `i07.npy`, some of them as one row.
fn write(folder: &Folder, name: &str, view: usize, items: impl Iterator<Item = usize>) {
    std::fs::create_dir_all(folder.path(name)).unwrap();
    for item in items {
        let shape: &[u64] = if item % 2 == 0 { &[3] } else { &[1, 3] };
        folder.write(&format!("{name}/i{item:02}.npy"), npy_of("<f4", shape, false, &vector(view, item)));
    }
    folder.write(&format!("{name}/notes.txt"), "no item");
}

fn named(folder: &Folder, name: &str, file: &str) -> NamedMember {
    NamedMember { name: name.to_owned(), member: folder.path(file).display().to_string().parse().unwrap() }
}

fn request(folder: &Folder, files: Files) -> Import {
    let splitting = Splitting::Shares { files, shares: vec![0.5, 0.5], seed: 1, stratify: None };
    Import { force: true, ..Import::new("mine", splitting, folder.path("mine.yaml")) }
}

fn read(folder: &Folder, name: &str) -> Loaded {
    load(&Manifest::read(&folder.path(name)).unwrap()).unwrap()
}

/// The items of both splits, once every view has been seen to have the vectors of the same ones.
fn items(loaded: &Loaded) -> Vec<usize> {
    let mut items = Vec::new();
    for split in [&loaded.dataset.train, &loaded.dataset.test] {
        for row in 0..split.views.rows() {
            let told: Vec<usize> = (0..split.views.len())
                .filter(|&m| split.views.nth(m).has(row))
                .map(|m| {
                    let x = split.views.at(m).row(row);
                    assert_eq!(x, vector(m, x[0] as usize));
                    x[0] as usize
                })
                .collect();
            assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
            items.extend(told.first());
        }
    }
    items.sort_unstable();
    items
}

fn no_leftovers(folder: &Folder) {
    let left = std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn folders_are_joined_by_the_names_of_their_files() {
    let folder = Folder::new();
    write(&folder, "clip", 0, (0..20).filter(|item| *item != 4));
    write(&folder, "dino", 1, (0..20).filter(|item| *item != 9));
    let files =
        Files { views: vec![named(&folder, "clip", "clip"), named(&folder, "dino", "dino/")], ..Files::default() };
    let done = import(&request(&folder, files.clone())).unwrap();
    let loaded = read(&folder, "mine.yaml");
    assert_eq!(items(&loaded), (0..20).filter(|item| ![4, 9].contains(item)).collect::<Vec<_>>());
    assert_eq!(done.left_out.len(), 2, "{:?}", done.left_out);
    assert_eq!(
        done.left_out[0].to_string(),
        "1 of 19 rows of `clip` are left out: other files lack their ids (`i09` is not in `dino`)"
    );
    let manifest = std::fs::read_to_string(folder.path("mine.yaml")).unwrap();
    assert!(
        manifest.contains("mine.clip.npy")
            && manifest.contains("mine.dino.npy")
            && folder.path("mine.clip.npy").exists()
    );
    no_leftovers(&folder);

    // Items that a folder lacks can be missing rows, and folds share the packed files.
    let missing = Import { allow_missing: true, ..request(&folder, files) };
    import(&missing).unwrap();
    assert_eq!(items(&read(&folder, "mine.yaml")), (0..20).collect::<Vec<_>>());
    import_folds(&missing, 3).unwrap();
    for fold in 1..=3 {
        assert_eq!(items(&read(&folder, &format!("mine.fold{fold}.yaml"))), (0..20).collect::<Vec<_>>());
    }
    no_leftovers(&folder);
}

#[test]
fn a_folder_joins_a_table_by_its_ids_or_stands_beside_it_in_order() {
    let folder = Folder::new();
    write(&folder, "clip", 0, 0..20);
    let lines = |order: &dyn Fn(usize) -> usize| -> String {
        (0..20)
            .map(|i| {
                let item = order(i);
                let [x0, x1, x2] = vector(1, item);
                format!("i{item:02},{x0},{x1},{x2}\n")
            })
            .collect()
    };
    folder.write("t.csv", format!("id,x0,x1,x2\n{}", lines(&|i| (i * 7) % 20)));
    let column = |name: &str, column: &str| {
        let mut named = named(&folder, name, "t.csv");
        named.member.tensor = Some(column.to_owned());
        named
    };
    let views = || vec![named(&folder, "clip", "clip"), column("t", "x*")];
    import(&request(&folder, Files { views: views(), ids: vec![column("t", "id")], ..Files::default() })).unwrap();
    assert_eq!(items(&read(&folder, "mine.yaml")), (0..20).collect::<Vec<_>>());

    folder.write("t.csv", format!("id,x0,x1,x2\n{}", lines(&|i| i)));
    import(&request(&folder, Files { views: views(), ..Files::default() })).unwrap();
    let loaded = read(&folder, "mine.yaml");
    assert_eq!(items(&loaded), (0..20).collect::<Vec<_>>());
    assert!(loaded.dataset.train.ids.is_some(), "the files' names are the items' ids");
    no_leftovers(&folder);
}

#[test]
fn what_is_wrong_with_a_vector_is_said_with_its_file() {
    let folder = Folder::new();
    let with = |edit: &dyn Fn(&Folder)| {
        for name in ["clip", "dino"] {
            let _ = std::fs::remove_dir_all(folder.path(name));
        }
        write(&folder, "clip", 0, 0..20);
        write(&folder, "dino", 1, 0..20);
        edit(&folder);
        let views = vec![named(&folder, "clip", "clip"), named(&folder, "dino", "dino")];
        let message = folder.message(import(&request(&folder, Files { views, ..Files::default() })));
        no_leftovers(&folder);
        assert!(!folder.path("mine.yaml").exists() && !folder.path("mine.clip.npy").exists());
        message
    };
    let wide = with(&|f| drop(f.write("dino/i05.npy", npy_of("<f4", &[4], false, &[1.0_f32; 4]))));
    assert_eq!(
        wide,
        "dino/i05.npy: the vector has 4 values, that of dino/i00.npy has 3; all vectors of a folder need one width"
    );
    let double = with(&|f| drop(f.write("clip/i05.npy", npy_of("<f8", &[3], false, &[1.0_f64; 3]))));
    assert_eq!(
        double,
        "clip/i05.npy: the vector is of type f64, that of clip/i00.npy is f32; all vectors of a folder need one type"
    );
    let matrix = with(&|f| drop(f.write("clip/i05.npy", npy_of("<f4", &[2, 3], false, &[1.0_f32; 6]))));
    assert!(matrix.starts_with("clip/i05.npy: ") && matrix.contains("one vector"), "{matrix}");
    let whole = with(&|f| drop(f.write("clip/i05.npy", npy_of("<i8", &[3], false, &[1_i64; 3]))));
    assert!(whole.starts_with("clip/i05.npy: ") && whole.contains("i64"), "{whole}");
    let nan = with(&|f| drop(f.write("clip/i05.npy", npy_of("<f4", &[3], false, &[1.0, f32::NAN, 1.0]))));
    assert!(nan.starts_with("clip/i05.npy: found NaN at row 0, column 1"), "{nan}");
    let empty = with(&|f| {
        std::fs::remove_dir_all(f.path("dino")).unwrap();
        std::fs::create_dir(f.path("dino")).unwrap();
    });
    assert_eq!(empty, "dino: the folder holds no .npy file; expected one for each item, with the item's vector");
}

#[test]
fn a_packed_file_overwrites_nothing_that_is_read_or_not_to_be_lost() {
    let folder = Folder::new();
    write(&folder, "clip", 0, 0..20);
    write(&folder, "dino", 1, 0..20);
    let files =
        Files { views: vec![named(&folder, "clip", "clip"), named(&folder, "dino", "dino")], ..Files::default() };
    folder.write("mine.dino.npy", "mine");
    let careful = Import { force: false, ..request(&folder, files.clone()) };
    let message = folder.message(import(&careful));
    assert!(message.starts_with("mine.dino.npy: is there already"), "{message}");
    let values: Vec<f32> = (0..20).flat_map(|item| vector(2, item)).collect();
    folder.write("mine.dino.npy", npy_of("<f4", &[20, 3], false, &values));
    let mut more = files;
    more.views.push(named(&folder, "third", "mine.dino.npy"));
    let message = folder.message(import(&request(&folder, more)));
    assert!(message.starts_with("mine.dino.npy: "), "{message}");
    assert_eq!(std::fs::read(folder.path("mine.dino.npy")).unwrap(), npy_of("<f4", &[20, 3], false, &values));
    no_leftovers(&folder);
}

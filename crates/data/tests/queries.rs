//! Import of queries and judgements, and of folders in the form of BEIR.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;

use common::{Folder, floats, safetensors_of};
use data::import::{Beir, Files, Import, NamedMember, QueryFiles, Splitting, beir, import};
use data::{DataError, Manifest, load};

/// Six documents and three queries of two models, in the form of BEIR.
fn folder() -> Folder {
    let folder = Folder::new();
    for (name, scale) in [("old", 1.0f32), ("new", 3.0)] {
        let rows = |rows: usize, shift: f32| -> Vec<f32> { (0..2 * rows).map(|i| scale * i as f32 + shift).collect() };
        folder.write(&format!("{name}.corpus.safetensors"), safetensors_of(&[floats("x", &[6, 2], &rows(6, 0.0))]));
        folder.write(&format!("{name}.queries.safetensors"), safetensors_of(&[floats("x", &[3, 2], &rows(3, 0.5))]));
    }
    let line = |id: &str| format!("{{\"_id\": \"{id}\", \"title\": \"\", \"text\": \"of {id}\"}}\n");
    folder.write("corpus.jsonl", ["d0", "d1", "d2", "d3", "d4", "d5"].map(line).concat());
    folder.write("queries.jsonl", ["7", "8", "9"].map(line).concat());
    std::fs::create_dir(folder.path("qrels")).unwrap();
    folder.write("qrels/test.tsv", "query-id\tcorpus-id\tscore\n9\td4\t1\n7\td0\t2\n7\td5\t1\n");
    folder
}

fn request(folder: &Folder, Beir { files, queries }: Beir) -> Import {
    let splitting = Splitting::Shares { files, shares: vec![0.5, 0.5], seed: 3, stratify: None };
    Import { queries: Some(queries), ..Import::new("mine", splitting, folder.path("mine.yaml")) }
}

#[test]
fn a_folder_of_beir_becomes_documents_queries_and_judgements() {
    let folder = folder();
    let request = request(&folder, beir(&folder.path(""), None).unwrap());
    let done = import(&request).unwrap();
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    assert_eq!(loaded.view_names().collect::<Vec<_>>(), ["new", "old"]);
    let corpus = loaded.dataset.corpus.as_ref().unwrap();
    assert_eq!(corpus.documents.batch(1, 0..6).as_slice(), (0..12).map(|i| i as f32).collect::<Vec<_>>());
    assert_eq!(corpus.queries.ids, Some(vec![7, 8, 9]));
    assert_eq!(corpus.judgements.of(0), [(0, 2), (5, 1)]);
    assert_eq!((corpus.judgements.of(1), corpus.judgements.of(2)), (&[][..], &[(4, 1)][..]));
    assert_eq!(loaded.dataset.train.views.rows(), 3);
    let written = std::fs::read_to_string(folder.path("mine.judgements.tsv")).unwrap();
    assert_eq!(written, "query\tdocument\trelevance\n2\t4\t1\n0\t0\t2\n0\t5\t1\n");
    let again = folder.message(import(&request));
    assert!(again.contains("mine.yaml"), "{again}");
    import(&Import { force: true, ..request }).unwrap();
}

#[test]
fn judgements_of_trec_by_rows_are_those_of_beir_by_ids() {
    let folder = folder();
    let by_ids = import(&request(&folder, beir(&folder.path(""), None).unwrap())).unwrap();
    let first = load(&Manifest::read(&by_ids.manifest).unwrap()).unwrap();
    folder.write("trec.txt", "2 0 4 1\n0 0 0 2\n0 0 5 1\n");
    let mut of = beir(&folder.path(""), None).unwrap();
    of.files.ids.clear();
    of.queries = QueryFiles { ids: None, judgements: folder.path("trec.txt"), ..of.queries };
    let by_rows = import(&Import { manifest: folder.path("rows.yaml"), ..request(&folder, of) }).unwrap();
    let second = load(&Manifest::read(&by_rows.manifest).unwrap()).unwrap();
    let judgements = |loaded: &data::Loaded| loaded.dataset.corpus.as_ref().unwrap().judgements.clone();
    assert_eq!(judgements(&first), judgements(&second));
}

/// Files whose rows are joined by ids have no common order: documents are split after split.
#[test]
fn documents_that_are_joined_by_ids_are_judged_by_ids() {
    let folder = folder();
    let ids = |name: &str, of: &[&str]| {
        folder.write(&format!("{name}.txt"), of.join("\n"));
        NamedMember { name: name.into(), member: folder.path(&format!("{name}.txt")).into() }
    };
    let mut of = beir(&folder.path(""), None).unwrap();
    of.files.ids =
        vec![ids("new", &["d5", "d4", "d3", "d2", "d1", "d0"]), ids("old", &["d0", "d1", "d2", "d3", "d4", "d5"])];
    let done = import(&request(&folder, of)).unwrap();
    let loaded = load(&Manifest::read(&done.manifest).unwrap()).unwrap();
    let corpus = loaded.dataset.corpus.as_ref().unwrap();
    let (relevant, _) = corpus.judgements.of(2)[0];
    assert_eq!(corpus.documents.batch(1, relevant..relevant + 1).as_slice(), [8.0, 9.0], "d4 of the old model");
    assert_eq!(corpus.documents.batch(0, relevant..relevant + 1).as_slice(), [6.0, 9.0], "d4 of the new model");
}

#[test]
fn files_that_do_not_match_are_named() {
    let folder = folder();
    let whole = beir(&folder.path(""), None).unwrap();
    let message = |of: Beir| folder.message(import(&request(&folder, of)));
    let judged = |text: &str| {
        let judgements = folder.write("odd.tsv", text);
        message(Beir { queries: QueryFiles { judgements, ..whole.queries.clone() }, ..whole.clone() })
    };
    let unknown =
        "odd.tsv:2:1: there is no query `10`, expected one of the 3 ids; correct the judgement or add the query";
    assert_eq!(judged("7\td0\t1\n10\td0\t1\n"), unknown);
    let unknown =
        "odd.tsv:1:1: there is no document `d6`, expected one of the 6 ids; correct the judgement or add the document";
    assert_eq!(judged("7\td6\t1\n"), unknown);
    assert!(judged("7\td0\t1\n7\td1\tmuch\n").contains("found the relevance `much`"));
    assert!(judged("7\td0\t1\n7\td0\t1\n").contains("judged twice"));
    let lists = |file: &str| NamedMember { name: String::new(), member: folder.path(file).into() };
    folder.write("twice.txt", "7\n8\n7\n");
    folder.write("short.txt", "7\n8\n");
    let with_ids = |file: &str| {
        message(Beir { queries: QueryFiles { ids: Some(lists(file)), ..whole.queries.clone() }, ..whole.clone() })
    };
    assert!(with_ids("twice.txt").contains("id `7` stands at row 0 and again at row 2"));
    assert!(with_ids("short.txt").contains("found 2 values, and the views have 3 rows"));
    let mut views = whole.queries.views.clone();
    let last = views.pop().unwrap();
    let lacks =
        message(Beir { queries: QueryFiles { views: views.clone(), ..whole.queries.clone() }, ..whole.clone() });
    assert_eq!(lacks, "queries: view `old` has no queries; give the queries of every view: --queries old=FILE");
    views.push(NamedMember { name: "odl".into(), ..last });
    let odd = message(Beir { queries: QueryFiles { views, ..whole.queries.clone() }, ..whole.clone() });
    assert!(odd.contains("queries of `odl`, and there is no view of this name; did you mean `old`?"), "{odd}");
    folder.write("line.jsonl", "{\"_id\": \"7\"}\n{\"id\": 8}\n{\"_id\": 9}\n");
    assert!(with_ids("line.jsonl").contains("line 2: there is no field `_id`"));
    assert!(!folder.path("mine.yaml").exists() && !folder.path("mine.judgements.tsv").exists());
}

#[test]
fn a_folder_without_embeddings_says_what_it_lacks() {
    let folder = folder();
    let message = |of: Result<Beir, DataError>| of.unwrap_err().to_string();
    std::fs::remove_file(folder.path("new.queries.safetensors")).unwrap();
    assert!(message(beir(&folder.path(""), None)).contains("model `new` lacks the file `new.queries.npy`"));
    std::fs::remove_file(folder.path("new.corpus.safetensors")).unwrap();
    assert!(message(beir(&folder.path(""), None)).contains("found embeddings of 1 models, expected at least 2"));
    assert!(message(beir(Path::new("nowhere"), None)).contains("nowhere"));
    let none = Files::default();
    assert!(none.views.is_empty());
}

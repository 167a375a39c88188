//! Checks of names: each occurs once, and every split has the same names.

use super::{Files, ImportProblem, NamedMember, Splitting};
use crate::{DataError, Place};

/// Kind of a list, with its word in messages.
type Kind = (&'static str, fn(&Files) -> &[NamedMember]);

const IDS: &str = "list of ids";

const KINDS: [Kind; 4] = [
    ("view", |files| &files.views),
    ("labelling", |files| &files.labels),
    ("grouping", |files| &files.groups),
    (IDS, |files| &files.ids),
];

/// Checks the names: of two lists with one name only one could be kept, and a name that one split lacks could not be
/// requested.
pub(super) fn check(splitting: &Splitting) -> Result<(), DataError> {
    let splits = splitting.files();
    for (kind, list) in KINDS {
        for (_, files) in &splits {
            let list = list(files);
            if let Some((_, second)) =
                list.iter().enumerate().find(|(i, named)| list[..*i].iter().any(|first| first.name == named.name))
            {
                let problem = ImportProblem::NameTwice { kind, name: second.name.clone() };
                return Err(DataError::import(&second.member.place(""), problem));
            }
        }
        // A split whose files have ids must have ids for all of them, otherwise they cannot be joined.
        for (has, files) in splits.iter().filter(|_| kind != IDS) {
            for named in list(files) {
                let lacks = splits.iter().find(|(_, other)| !list(other).iter().any(|n| n.name == named.name));
                if let Some((lacks, _)) = lacks {
                    let what = format!("{kind} `{}` is", named.name);
                    let problem = ImportProblem::OnlyInSome { what, has: has.name(), lacks: lacks.name() };
                    return Err(DataError::import(&named.member.place(""), problem));
                }
            }
        }
    }
    let with_ids = splits.iter().find(|(_, files)| !files.ids.is_empty());
    let without = splits.iter().find(|(_, files)| files.ids.is_empty());
    if let (Some((has, files)), Some((lacks, _))) = (with_ids, without) {
        let place = files.ids.first().map_or_else(|| Place::nowhere("ids"), |ids| ids.member.place(""));
        let problem = ImportProblem::OnlyInSome { what: "ids are".to_owned(), has: has.name(), lacks: lacks.name() };
        return Err(DataError::import(&place, problem));
    }
    Ok(())
}

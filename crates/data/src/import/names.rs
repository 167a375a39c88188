//! Names that are given: each once, and the same for every split.

use super::{Files, ImportProblem, NamedMember, Splitting};
use crate::{DataError, Place};

/// What is named, and what it is called in messages.
type Kind = (&'static str, fn(&Files) -> &[NamedMember]);

const KINDS: [Kind; 3] =
    [("view", |files| &files.views), ("labelling", |files| &files.labels), ("grouping", |files| &files.groups)];

/// Of two with one name only one could be kept, and what one split lacks could not be asked for.
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
        for (has, files) in &splits {
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
    let with_ids = splits.iter().find(|(_, files)| files.ids.is_some());
    let without = splits.iter().find(|(_, files)| files.ids.is_none());
    if let (Some((has, files)), Some((lacks, _))) = (with_ids, without) {
        let place = files.ids.as_ref().map_or_else(|| Place::nowhere("ids"), |ids| ids.place(""));
        let problem = ImportProblem::OnlyInSome { what: "ids are".to_owned(), has: has.name(), lacks: lacks.name() };
        return Err(DataError::import(&place, problem));
    }
    Ok(())
}

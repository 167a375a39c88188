//! Chains of models: rows that are translated from model to model.

use align::{Coordinates, Fitted, Matrix, Views};

use crate::TaskError;
use crate::scores::score::check_finite;

/// Models in their order, the oldest first, as positions of views.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Chain(Vec<usize>);

impl Chain {
    /// Checks the names alone, before any data are read. The error is the message.
    pub(crate) fn check(names: &[String]) -> Result<(), String> {
        if let Some(twice) = names.iter().enumerate().find_map(|(at, name)| names[..at].contains(name).then_some(name))
        {
            return Err(format!("`chain` names view `{twice}` twice, expected every view once; remove one of them"));
        }
        match names {
            [only] => Err(format!(
                "`chain` names only view `{only}`, expected at least two, the oldest first; add newer ones or remove \
                 `chain`"
            )),
            _ => Ok(()),
        }
    }

    /// The chain of these views. The error is the message.
    pub(crate) fn of(names: &[String], views: &Views) -> Result<Self, String> {
        let find = |name: &String| {
            views.position(name).map_err(|_| {
                let known: Vec<String> = views.names().map(|name| format!("`{name}`")).collect();
                format!("`chain` names view `{name}`, expected views of the data: {}", known.join(", "))
            })
        };
        Ok(Self(names.iter().map(find).collect::<Result<_, _>>()?))
    }

    /// The models from `new` to `old`, both included; `None` if the chain does not lead from one to the other.
    pub(crate) fn way(&self, new: usize, old: usize) -> Option<Vec<usize>> {
        let place = |view| self.0.iter().position(|&other| other == view);
        match (place(new)?, place(old)?) {
            (new, old) if old < new => Some(self.0[old..=new].iter().rev().copied().collect()),
            _ => None,
        }
    }
}

/// Rows of the first view of a way, translated from view to view.
pub(crate) fn translated(fitted: &Fitted, names: &[&str], way: &[usize], rows: &Matrix) -> Result<Matrix, TaskError> {
    let mut rows = rows.clone();
    for step in way.windows(2) {
        rows = fitted.translate(names[step[0]], names[step[1]], &rows)?;
        check_finite(Coordinates::Translated, &|| names[step[0]].to_string(), &rows)?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_from_new_to_old_through_the_models_between() {
        let named = |name: &str| (name.to_string(), Matrix::from_fn(3, 2, |i, j| (i + j) as f32));
        let views = Views::new(["c", "a", "d", "b"].map(named)).expect("views");
        let chain = Chain::of(&["a", "b", "c"].map(String::from), &views).expect("known names");
        assert_eq!(chain.way(0, 1), Some(vec![0, 3, 1]), "c, b, a");
        assert_eq!(chain.way(3, 1), Some(vec![3, 1]));
        assert_eq!([chain.way(1, 0), chain.way(0, 0), chain.way(2, 1), chain.way(0, 2)], [const { None }; 4]);
        assert_eq!(Chain::default().way(0, 1), None);
    }
}

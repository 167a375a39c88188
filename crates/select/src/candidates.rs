//! Candidates: the combinations of the values that are tried, and the ones among them that a budget allows.

use std::collections::BTreeMap;

use align::Method;
use serde_json::{Map, Value, json};

use crate::SelectError;

/// Largest number of combinations from which a budget is drawn.
const MOST: usize = 100_000;

/// Values to try for several parameters, each named by its path. The first parameter varies slowest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Combinations {
    axes: Vec<(String, Vec<Value>)>,
}

/// A method with the values that make it a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The method.
    pub method: Method,
    /// Paths and values of the parameters that differ between candidates.
    pub values: Vec<(String, Value)>,
}

impl Combinations {
    /// The values of a mapping from paths to lists, or to single values.
    pub fn of(over: &BTreeMap<String, Value>) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        Self { axes: over.iter().map(|(path, values)| (path.clone(), list(values))).collect() }
    }

    /// The values that a method suggests for data of a size ([`align::Aligner::search`]), without those of parameters
    /// that are given.
    pub fn suggested(method: &Method, size: &align::FitSize, given: &Map<String, Value>) -> Self {
        let free = |path: &str| path.split('.').next().is_none_or(|first| !given.contains_key(first));
        let axes = method.search(size).into_iter().filter(|(path, _)| free(path));
        Self { axes: axes.map(|(path, values)| (path.to_string(), values)).collect() }
    }

    /// The same space with these values for the parameter at a path, in place of those that it has there.
    #[must_use]
    pub fn with(mut self, path: &str, values: Vec<Value>) -> Self {
        match self.axes.iter_mut().find(|(known, _)| known == path) {
            Some((_, known)) => *known = values,
            None => self.axes.push((path.to_string(), values)),
        }
        self
    }

    /// Number of combinations.
    pub fn size(&self) -> usize {
        self.axes.iter().map(|(_, values)| values.len()).try_fold(1usize, usize::checked_mul).unwrap_or(usize::MAX)
    }

    /// The combinations that a budget allows: all of them, or a space-filling selection in their order.
    ///
    /// The selection starts in the middle of the space and adds, one after the other, the combination whose distance to
    /// the nearest selected one is largest (a maximin design). A parameter's values count as equidistant, and every
    /// parameter as equally wide. Source: Johnson, Moore and Ylvisaker, J. Statist. Plann. Inference 26 (1990).
    ///
    /// # Errors
    /// [`SelectError::Parameter`] for a parameter without values, a budget of zero, or more than 100,000 combinations.
    pub fn draw(&self, budget: usize) -> Result<Vec<Vec<(String, Value)>>, SelectError> {
        let refused = |parameter, got, want| Err(SelectError::Parameter { parameter, got, want });
        if budget == 0 {
            return refused("budget", "0".into(), "at least 1");
        }
        if let Some((path, _)) = self.axes.iter().find(|(_, values)| values.is_empty()) {
            return refused(
                "select",
                format!("a list without values for `{path}`"),
                "at least one value for each parameter",
            );
        }
        let size = self.size();
        if size > MOST {
            return refused("select", format!("{size} combinations"), "at most 100000; give fewer values");
        }
        let chosen = if size <= budget { (0..size).collect() } else { self.spread(size, budget) };
        Ok(chosen.into_iter().map(|at| self.combination(at)).collect())
    }

    /// The candidates of a method that a budget allows ([`Combinations::draw`]), each with the parameters `with`. A parameter
    /// with a single value is the same in all candidates and is not among their [`Candidate::values`].
    ///
    /// # Errors
    /// The errors of [`Combinations::draw`] and [`Candidate::new`].
    pub fn candidates(
        &self,
        name: &str,
        with: &Map<String, Value>,
        budget: usize,
    ) -> Result<Vec<Candidate>, SelectError> {
        let differs = |path: &str| self.axes.iter().any(|(axis, values)| axis == path && values.len() > 1);
        let candidate = |values| {
            let mut candidate = Candidate::new(name, with, values)?;
            candidate.values.retain(|(path, _)| differs(path));
            Ok(candidate)
        };
        self.draw(budget)?.into_iter().map(candidate).collect()
    }

    /// Indices of the values of a combination.
    fn indices(&self, mut at: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = Vec::with_capacity(self.axes.len());
        for (_, values) in self.axes.iter().rev() {
            indices.push(at % values.len());
            at /= values.len();
        }
        indices.reverse();
        indices
    }

    fn combination(&self, at: usize) -> Vec<(String, Value)> {
        let of = |((path, values), index): (&(String, Vec<Value>), usize)| (path.clone(), values[index].clone());
        self.axes.iter().zip(self.indices(at)).map(of).collect()
    }

    fn spread(&self, size: usize, budget: usize) -> Vec<usize> {
        let place = |at: usize| -> Vec<f64> {
            let of = |((_, values), index): (&(String, Vec<Value>), usize)| {
                if values.len() > 1 { index as f64 / (values.len() - 1) as f64 } else { 0.5 }
            };
            self.axes.iter().zip(self.indices(at)).map(of).collect()
        };
        let places: Vec<Vec<f64>> = (0..size).map(place).collect();
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let middle = vec![0.5; self.axes.len()];
        let from_middle =
            |&a: &usize, &b: &usize| distance(&places[a], &middle).total_cmp(&distance(&places[b], &middle));
        let mut chosen: Vec<usize> = (0..size).min_by(from_middle).into_iter().collect();
        let mut nearest = vec![f64::INFINITY; size];
        while chosen.len() < budget {
            let last = &places[chosen[chosen.len() - 1]];
            nearest.iter_mut().zip(&places).for_each(|(nearest, place)| *nearest = nearest.min(distance(place, last)));
            let mut furthest = 0;
            (1..size).for_each(|at| furthest = if nearest[at] > nearest[furthest] { at } else { furthest });
            chosen.push(furthest);
        }
        chosen.sort_unstable();
        chosen
    }
}

impl Candidate {
    /// The method `name` with the parameters `with`, and these values at their paths.
    ///
    /// # Errors
    /// [`SelectError::Candidate`] for an unknown method, an unknown parameter, a value outside its domain, and for a
    /// value at the path of a parameter that is given.
    pub fn new(name: &str, with: &Map<String, Value>, values: Vec<(String, Value)>) -> Result<Self, SelectError> {
        let told = || values.iter().map(|(path, value)| format!("{path}: {value}")).collect::<Vec<_>>().join(", ");
        let refused = |problem: String| SelectError::Candidate { values: format!("{{{}}}", told()), problem };
        let mut parameters = Value::Object(with.clone());
        for (path, value) in &values {
            place(&mut parameters, path, value).map_err(|problem| refused(format!("`{path}`: {problem}")))?;
        }
        let method: Method =
            serde_json::from_value(json!({ name: parameters })).map_err(|error| refused(error.to_string()))?;
        method.validate().map_err(|error| refused(error.to_string()))?;
        Ok(Self { method, values })
    }
}

/// Sets the parameter at a path, such as `loss.tau`; a bare name on the path, such as `training: fast`, gets settings.
///
/// # Errors
/// A sentence on what stands there, if a value or another name is given at the path.
pub fn place(parameters: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let mut at = parameters;
    for key in path.split('.') {
        match at {
            Value::String(name) if name == key => *at = json!({ key: {} }),
            Value::Null => *at = json!({}),
            _ => {}
        }
        let Value::Object(map) = at else {
            return Err(format!("{at} is given where the path has `{key}`; remove one of the two"));
        };
        at = map.entry(key).or_insert(Value::Null);
    }
    if !at.is_null() {
        return Err(format!("the parameter is {at} beside the values to try; remove one of the two"));
    }
    *at = value.clone();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(axes: &[(&str, usize)]) -> Combinations {
        let axis = |&(path, count): &(&str, usize)| (path.to_string(), (0..count).map(Value::from).collect());
        Combinations { axes: axes.iter().map(axis).collect() }
    }

    #[test]
    fn a_budget_takes_all_combinations_or_spreads() {
        let all = space(&[("a", 2), ("b", 3)]).draw(24).expect("few");
        assert_eq!(all.len(), 6);
        assert_eq!(all[1], [("a".to_string(), 0.into()), ("b".to_string(), 1.into())]);
        let some = space(&[("a", 5), ("b", 5)]).draw(5).expect("some");
        let at = |point: &[(String, Value)]| (point[0].1.as_u64(), point[1].1.as_u64());
        let found: Vec<_> = some.iter().map(|point| at(point)).collect();
        let want = [(0, 0), (0, 4), (2, 2), (4, 0), (4, 4)].map(|(a, b)| (Some(a), Some(b)));
        assert_eq!(found, want, "the middle and the corners");
        let many = space(&[("a", 10), ("b", 10)]).draw(24).expect("some");
        assert!(many.len() == 24 && (1..24).all(|i| many[..i].iter().all(|other| *other != many[i])));
        assert!(space(&[("a", 0)]).draw(3).expect_err("empty").to_string().contains("without values for `a`"));
        assert!(
            space(&[("a", 400), ("b", 400)]).draw(3).expect_err("many").to_string().contains("160000 combinations")
        );
        assert_eq!(Combinations::default().draw(3).expect("one"), [Vec::new()]);
    }

    #[test]
    fn further_values_are_added_or_take_the_place_of_others() {
        let with = space(&[("a", 3)]).with("b", vec![7.into()]).with("a", vec![8.into(), 9.into()]);
        let all = with.draw(24).expect("few");
        let want = [8, 9].map(|a| vec![("a".to_string(), Value::from(a)), ("b".to_string(), 7.into())]);
        assert_eq!(all, want);
    }

    #[test]
    fn a_candidate_is_read_like_a_method_of_a_grid_file() {
        let with = |text: &str| serde_json::from_str::<Map<String, Value>>(text).expect("JSON");
        let values = |path: &str, value: Value| vec![(path.to_string(), value)];
        let tau = Candidate::new("gcpa", &with(r#"{"training": "fast"}"#), values("loss.tau", 0.1.into()));
        let same: Method =
            serde_json::from_str(r#"{"gcpa": {"training": "fast", "loss": {"tau": 0.1}}}"#).expect("a method");
        assert_eq!(tau.expect("a candidate").method, same);
        for (given, path, value, problem) in [
            ("{}", "rnk", 3.into(), "rnk"),
            ("{}", "rank", 0.into(), "rank"),
            (r#"{"rank": 3}"#, "rank", 4.into(), "the parameter is 3 beside the values to try"),
        ] {
            let error = Candidate::new("gcca", &with(given), values(path, value)).expect_err(path).to_string();
            assert!(error.starts_with("candidate {") && error.contains(problem), "{error}");
        }
    }
}

//! Methods that this crate does not know: registered, read, fitted and listed as the built-in ones.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

use align::moments::{Incomplete, Moments, Precision, SufficientStatistics};
use align::prep::{ConstantColumns, Standardisation};
use align::synthetic::Synthetic;
use align::{
    AlignError, Aligner, Fit, FitInput, FitReport, Fitted, Labels, Matrix, Method, MomentAligner, MomentSpec, Needs,
    Universe, ViewMap, Views,
};
use serde::{Deserialize, Serialize};

/// The first columns of every standardised view, times a factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Columns {
    width: usize,
    factor: f64,
}

impl Default for Columns {
    fn default() -> Self {
        Self { width: 2, factor: 1.0 }
    }
}

impl Aligner for Columns {
    fn name(&self) -> &'static str {
        "columns"
    }

    fn title(&self) -> &'static str {
        "First columns"
    }

    fn version(&self) -> u32 {
        7
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn validate(&self) -> Result<(), AlignError> {
        if self.width > 0 {
            return Ok(());
        }
        Err(AlignError::Own { method: "columns".into(), message: "`width` is 0, expected at least 1".into() })
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for Columns {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(Standardisation::Population(ConstantColumns::Clamp))
    }

    fn fit_moments(&self, moments: &Moments, _: u64) -> Result<Fit, AlignError> {
        let entry = |i: usize, j: usize| if i == j { self.factor as f32 } else { 0.0 };
        let view = |m: usize| {
            let map = Matrix::from_fn(moments.width(m), self.width, entry);
            ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), map)
        };
        let universe = Universe::from_views((0..moments.views()).map(view).collect())?;
        let report = FitReport::closed_form(moments.views(), 0, None);
        Ok(Fit { fitted: Fitted::Universe(universe), report })
    }
}

/// A name and a need of one's own, made by a function: what a method of another language is.
#[derive(Clone, Debug, PartialEq)]
struct Foreign {
    name: &'static str,
    given: serde_json::Value,
    needs: Needs,
}

impl Serialize for Foreign {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.given.serialize(serializer)
    }
}

impl Aligner for Foreign {
    fn name(&self) -> &'static str {
        self.name
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let message = format!("{} views, {} labels, seed {seed}", input.views.len(), input.labels.len());
        Err(AlignError::Own { method: self.name.into(), message })
    }
}

fn views() -> Views {
    Synthetic { widths: vec![6; 3], fit_rows: 60, test_rows: 4, ..Synthetic::default() }
        .generate(1)
        .expect("valid")
        .train
        .views
}

#[test]
fn a_registered_method_is_read_listed_fitted_and_written_as_the_others() {
    assert_eq!(Method::from_name("columns"), None);
    Method::register::<Columns>().unwrap();
    assert_eq!(Method::names().iter().filter(|name| **name == "columns").count(), 1);
    assert!(Method::all().contains(&Columns::default().into()));

    let bare: Method = serde_json::from_str(r#""columns""#).unwrap();
    assert_eq!((bare.name(), bare.title(), bare.version()), ("columns", "First columns", 7));
    assert_eq!(bare, "columns".parse().unwrap());
    let text = r#"{"columns":{"width":3,"factor":0.5}}"#;
    let method: Method = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&method).unwrap(), text);
    assert_eq!(method.parameters::<Columns>(), Some(&Columns { width: 3, factor: 0.5 }));
    assert!(method != bare && method == method.clone());

    let train = views();
    let fit = method.fit(&train, 1).unwrap();
    let projected = fit.fitted.project("v1", train.get("v1").unwrap()).unwrap();
    assert_eq!((projected.cols(), fit.report.maps), (3, 3));
    let sums = SufficientStatistics::of(&train, Incomplete::MeanOfPresent, Precision::Double);
    let again = method.fit_statistics(&sums, 1).unwrap().fitted.project("v1", train.get("v1").unwrap()).unwrap();
    assert!(projected.as_slice().iter().zip(again.as_slice()).all(|(a, b)| (a - b).abs() < 1e-5));

    let error = |text: &str| serde_json::from_str::<Method>(text).unwrap_err().to_string();
    assert!(error(r#"{"columns": {"widht": 3}}"#).starts_with("unknown field `widht`, expected `width` or `factor`"));
    let unknown = error(r#"{"colums": {}}"#);
    assert!(unknown.starts_with("unknown variant `colums`, expected one of `na`, `pairwise`, "), "{unknown}");
    assert!(unknown.contains("`columns`"), "{unknown}");
    let refused = |params: Columns| Method::from(params).fit(&train, 1).unwrap_err().to_string();
    assert_eq!(refused(Columns { width: 0, ..Columns::default() }), "columns: `width` is 0, expected at least 1");
    let one = train.select(&["v0"]).unwrap();
    assert_eq!(bare.fit(&one, 1).unwrap_err().to_string(), "columns: found 1 view (`v0`), expected at least 2");

    let taken = Method::register::<Columns>().unwrap_err().to_string();
    assert_eq!(taken, "no method can be registered as `columns`: another method has this name; take a different one");
}

#[test]
fn one_type_can_be_several_methods_each_with_needs_of_its_own() {
    let make = |name: &'static str, needs: Needs| {
        Method::register_with(move |given: serde_json::Value| match given.get("bad") {
            None => Ok(Foreign { name, given, needs }.into()),
            Some(_) => Err(AlignError::Own { method: name.into(), message: "`bad` is not known".into() }),
        })
    };
    make("labelled", Needs::default().labels()).unwrap();
    make("validated", Needs::default().validation()).unwrap();
    make("whole", Needs::default().complete()).unwrap();
    for (name, problem) in [("gpa", "another method"), ("Odd", "expected lower-case"), ("a b", "expected lower-case")] {
        let error = make(name, Needs::default()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("no method can be registered as `{name}`: {problem}")), "{error}");
    }
    let text = r#"{"labelled":{"k":[1,2.5]}}"#;
    let method: Method = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&method).unwrap(), text);
    let error = serde_json::from_str::<Method>(r#"{"labelled":{"bad":1}}"#).unwrap_err().to_string();
    assert_eq!(error.split(" at line").next(), Some("labelled: `bad` is not known"));

    let train = views();
    let labels = [Labels { name: "class".into(), values: vec![0; 60] }];
    let fit = |name: &str, input: FitInput<'_>| name.parse::<Method>().unwrap().fit(input, 5).unwrap_err().to_string();
    let plain = FitInput::new(&train);
    let lacks =
        |name, what| format!("{name} needs {what}, and these data have none; take other data or another method");
    assert_eq!(fit("labelled", plain), lacks("labelled", "labels of the training items"));
    assert_eq!(fit("labelled", plain.with_labels(&labels).unwrap()), "labelled: 3 views, 1 labels, seed 5");
    assert_eq!(fit("validated", plain), lacks("validated", "validation rows"));
    assert_eq!(fit("validated", plain.with_validation(&train).unwrap()), "validated: 3 views, 0 labels, seed 5");
    let missing = train.with_missing(0, &[true].repeat(60)).unwrap();
    assert_eq!(fit("whole", FitInput::new(&missing)), lacks("whole", "every item in every view"));
    let short = [Labels { name: "class".into(), values: vec![0; 59] }];
    assert!(matches!(plain.with_labels(&short), Err(AlignError::Length { got: 59, want: 60, .. })));
    let sums = SufficientStatistics::of(&train, Incomplete::MeanOfPresent, Precision::Double);
    let error = method.fit_statistics(&sums, 1).unwrap_err().to_string();
    let start = "labelled cannot be fitted from sums over rows; pairwise, gpa, gcca, cca, pivot, sumcor";
    assert!(error.starts_with(start) && error.ends_with(" can"), "{error}");
}

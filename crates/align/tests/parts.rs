//! A fit taken apart and put together is the same fit; parts that are not those of one are refused by name.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use align::linalg::{MatrixView, Threads, product};
use align::methods::add_view::{AddViewParams, Base};
use align::methods::decoder::Decoder;
use align::methods::gcca::{GccaParams, Whiten};
use align::methods::gcpa::{GcpaParams, ReleasedTraining, Training};
use align::methods::gpa::GpaParams;
use align::methods::na::{NaParams, Scale, ZscoreParams};
use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::parts::{Array, Outline, Parts, Scaling, StepOutline, Values};
use align::prep::{ConstantColumns, ZScore};
use align::synthetic::Synthetic;
use align::{
    AddForm, AlignError, Consensus, Coordinates, Dataset, Fitted, FittedMaps, Matrix, Method, OwnParts, Rescale,
};

fn synthetic() -> Dataset {
    let recipe = Synthetic { widths: vec![12, 8, 16], fit_rows: 300, test_rows: 50, ..Default::default() };
    recipe.generate(3).unwrap()
}

fn short(rescale: Rescale) -> GcpaParams {
    let training = Training::Released(ReleasedTraining { epochs: 1, steps_per_epoch: 30, ..Default::default() });
    GcpaParams { training, rescale, ..Default::default() }
}

/// Every method, and every option that changes what a fit holds.
fn methods() -> Vec<Method> {
    let mut methods: Vec<Method> = Method::all();
    for method in &mut methods {
        if method.name() == "gcpa" {
            *method = short(Rescale::None).into();
        }
    }
    let released = ConstantColumns::Released;
    methods.push(Method::from(NaParams { scale: Scale::Zscore(ZscoreParams { constant_columns: released }) }));
    methods.push(Method::from(GpaParams { constant_columns: released, ..Default::default() }));
    for decoder in [Decoder::PseudoInverse, Decoder::LeastSquares] {
        let params = GccaParams { whiten: Whiten::InverseSingular, rank: Some(5), decoder, ..Default::default() };
        methods.push(Method::from(params));
    }
    for rescale in [Rescale::All, Rescale::Universe] {
        methods.push(Method::from(short(rescale)));
    }
    for form in [AddForm::Scaled, AddForm::Orthogonal] {
        methods.push(Method::from(AddViewParams { base: Base::Gcpa(short(Rescale::None)), form }));
    }
    methods
}

/// Bits of a matrix, so that zeros of either sign and everything else count.
fn bits(result: Result<Matrix, AlignError>) -> Result<Vec<u32>, String> {
    result.map(|m| m.as_slice().iter().map(|x| x.to_bits()).collect()).map_err(|e| e.to_string())
}

#[test]
fn a_fit_knows_its_bytes() {
    let data = synthetic();
    for method in methods() {
        let fitted = method.fit(&data.train.views, 7).unwrap().fitted;
        let bytes = |array: &Array| match &array.values {
            Values::Single(values) => size_of_val(values.as_slice()),
            Values::Double(values) => size_of_val(values.as_slice()),
        };
        let kept: usize = fitted.parts().unwrap().arrays.values().map(bytes).sum();
        // What is kept has no columns of zeros, and some statistics in either form.
        let held = fitted.bytes();
        assert!(kept <= 2 * held && held <= 3 * kept, "{method:?}: {held} bytes held, {kept} kept");
    }
}

#[test]
fn every_method_comes_back_to_the_last_bit() {
    let data = synthetic();
    for method in methods() {
        let fit = method.fit(&data.train.views, 7).unwrap();
        for fitted in [fit.fitted.clone(), fit.calibrated(&data.train.views).unwrap().fitted] {
            let parts = fitted.parts().unwrap();
            let again = Fitted::from_parts(parts.clone()).unwrap_or_else(|e| panic!("{method:?}: {e}"));
            assert_eq!(again.parts().unwrap(), parts, "{method:?}");
            assert_eq!(again.views(), fitted.views());
            for space in data.test.views.iter() {
                let (name, x) = (space.name(), space.values());
                assert_eq!(bits(again.project(name, x)), bits(fitted.project(name, x)), "{method:?} {name}");
                for target in ["v0", "v1", "v2"] {
                    let (got, want) = (again.translate(name, target, x), fitted.translate(name, target, x));
                    assert_eq!(bits(got), bits(want), "{method:?} {name} to {target}");
                }
            }
        }
    }
}

#[test]
fn the_outline_survives_json_to_the_last_bit() {
    let data = synthetic();
    for method in methods() {
        let fit = method.fit(&data.train.views, 7).unwrap().calibrated(&data.train.views).unwrap();
        let outline = fit.fitted.parts().unwrap().outline;
        let text = serde_json::to_string(&outline).unwrap();
        assert_eq!(serde_json::from_str::<Outline>(&text).unwrap(), outline, "{text}");
    }
}

fn parts_of(name: &str) -> Parts {
    let method = match name {
        "gcpa" => short(Rescale::None).into(),
        name => Method::from_name(name).unwrap(),
    };
    method.fit(&synthetic().train.views, 7).unwrap().fitted.parts().unwrap()
}

fn refusal(parts: Parts) -> String {
    Fitted::from_parts(parts).unwrap_err().to_string()
}

#[test]
fn every_array_is_asked_for_and_nothing_else_is_taken() {
    for name in ["gcpa", "pairwise", "cca", "consensus_ridge"] {
        let parts = parts_of(name);
        for part in parts.arrays.keys() {
            let mut without = parts.clone();
            without.arrays.remove(part);
            assert_eq!(
                refusal(without),
                format!("array `{part}` is missing; these are not all parts of one fit, write them anew")
            );
        }
        let mut more = parts.clone();
        more.arrays.insert("v9.map".into(), Array::vector(&[1.0]));
        assert!(refusal(more).starts_with("array `v9.map` is not used by the outline"));
    }
}

#[test]
fn shapes_types_and_values_are_checked() {
    let with = |part: &str, change: &dyn Fn(&mut Array)| {
        let mut parts = parts_of("gcpa");
        change(parts.arrays.get_mut(part).unwrap());
        refusal(parts)
    };
    let turned = with("v0.map", &|array| array.shape.reverse());
    assert!(turned.starts_with("array `v0.map` is f32 [16, 12], expected f32 [12, 16]"), "{turned}");
    let short = with("v1.mean", &|array| *array = Array::vector_f64(&[0.0; 7]));
    assert!(short.starts_with("array `v1.mean` is f64 [7], expected f64 [8]"), "{short}");
    let lying = with("corrector.b1", &|array| array.values = Values::Single(vec![0.0; 3]));
    assert!(lying.starts_with("array `corrector.b1` is f32 [32], expected f32 [32]"), "{lying}");
    let single = with("v1.std", &|array| *array = Array::vector(&[1.0; 8]));
    assert!(single.starts_with("array `v1.std` is f32 [8], expected f64 [8]"), "{single}");
    let set = |at: usize, value: f64| {
        move |array: &mut Array| match &mut array.values {
            Values::Single(values) => values[at] = value as f32,
            Values::Double(values) => values[at] = value,
        }
    };
    let nan = with("corrector.w2", &set(5, f64::NAN));
    assert!(nan.starts_with("array `corrector.w2` holds NaN at position 5, expected finite values"), "{nan}");
    let infinite = with("v2.mean", &set(3, f64::INFINITY));
    assert!(infinite.starts_with("array `v2.mean` holds inf at position 3"), "{infinite}");
    let negative = with("v2.std", &set(3, -1.0));
    assert!(negative.starts_with("array `v2.std` holds -1 at position 3, expected 0 or above"), "{negative}");
    let other = with("v2.divisor", &set(0, 2.5));
    assert!(other.starts_with("array `v2.divisor` holds 2.5 at position 0"), "{other}");
}

#[test]
fn an_outline_that_contradicts_itself_is_refused() {
    let with = |change: &dyn Fn(&mut Outline)| {
        let mut parts = parts_of("gpa");
        change(&mut parts.outline);
        refusal(parts)
    };
    let twice = with(&|outline| {
        if let Outline::Universe { views, .. } = outline {
            views[1].name = "v0".into();
        }
    });
    assert_eq!(twice, "view `v0` is given twice; every view needs its own name");
    let none = with(&|outline| {
        if let Outline::Universe { views, .. } = outline {
            views.clear();
        }
    });
    assert!(none.contains("found 0 views, expected at least 1"), "{none}");
    let flat = with(&|outline| {
        if let Outline::Universe { views, .. } = outline {
            views[0].width = 0;
        }
    });
    assert!(flat.starts_with("view `v0` is 0 x 0"), "{flat}");
    let huge = with(&|outline| {
        if let Outline::Universe { width, .. } = outline {
            *width = usize::MAX;
        }
    });
    assert_eq!(huge, "universe map: view `v0` has width 18446744073709551615, the given matrix has 16 columns");
    let own = with(&|outline| {
        if let Outline::Universe { views, .. } = outline {
            let back = StepOutline::Linear { array: "v2.back".into(), width: 16, transposed: false };
            views[2].way_back.as_mut().unwrap()[0] = back;
        }
    });
    assert!(own.starts_with("array `v2.back` is missing"), "{own}");
    let zero = with(&|outline| {
        if let Outline::Universe { views, .. } = outline {
            let scaling = Scaling { epsilon: f64::NAN, constant_columns: ConstantColumns::Clamp };
            views[2].way_in[0] = StepOutline::Standardise { arrays: "v2.".into(), scaling };
        }
    });
    assert!(zero.contains("an epsilon of 0 or above"), "{zero}");
    let steps = |change: &dyn Fn(&mut Vec<StepOutline>, &mut Vec<StepOutline>)| {
        with(&|outline| {
            if let Outline::Universe { views, .. } = outline {
                let view = &mut views[1];
                change(&mut view.way_in, view.way_back.as_mut().unwrap());
            }
        })
    };
    let bare = steps(&|_, back| back.insert(1, StepOutline::Calibrate { arrays: "v1.back_".into() }));
    assert!(bare.starts_with("array `v1.back_mean` is missing"), "{bare}");
    let no_start = steps(&|way_in, _| drop(way_in.remove(0)));
    assert!(no_start.contains("view `v1`: its way in does not start with the step `standardise`"), "{no_start}");
    let no_end = steps(&|_, back| drop(back.pop()));
    assert!(no_end.contains("its way back does not end with the inverse of its first step"), "{no_end}");
    let other_end = steps(&|_, back| {
        if let Some(StepOutline::UnStandardise { arrays, .. }) = back.last_mut() {
            *arrays = "v2.".into();
        }
    });
    assert!(other_end.contains("its way back does not end with the inverse"), "{other_end}");
    let narrow = steps(&|way_in, _| {
        if let Some(StepOutline::Linear { width, .. }) = way_in.last_mut() {
            *width = 3;
        }
    });
    let huge = steps(&|way_in, _| {
        if let Some(StepOutline::Linear { width, .. }) = way_in.last_mut() {
            *width = usize::MAX;
        }
    });
    assert!(huge.starts_with("array `v1.map` is f32 [8, 16], expected f32 [8, 18446744073709551615]"), "{huge}");
    assert!(narrow.starts_with("array `v1.map` is f32 [8, 16], expected f32 [8, 3]"), "{narrow}");
    let turned = steps(&|_, back| {
        if let Some(StepOutline::Linear { transposed, .. }) = back.first_mut() {
            *transposed = false;
        }
    });
    assert_eq!(
        turned,
        "array `v1.map` is 8 x 16, expected 16 x 8 as in the outline; these are not the parts of one fit"
    );
    let corrected = steps(&|way_in, _| way_in.push(StepOutline::Corrector));
    assert!(corrected.starts_with("array `corrector.norm_scale` is missing"), "{corrected}");
    let squared = steps(&|way_in, _| way_in.push(way_in[1].clone()));
    assert_eq!(
        squared,
        "array `v1.map` is 8 x 16, expected 16 x 16 as in the outline; these are not the parts of one fit"
    );
}

#[test]
fn a_view_may_be_called_what_it_likes() {
    let data = synthetic();
    let names = ["corrector", "corrector.map", "pair.0"];
    let views = data.train.views.iter().zip(names).map(|(s, name)| (name.to_string(), s.values().clone()));
    let train = align::Views::new(views).unwrap();
    for method in methods() {
        let fitted = method.fit(&train, 7).unwrap().fitted;
        let again = Fitted::from_parts(fitted.parts().unwrap()).unwrap_or_else(|e| panic!("{method:?}: {e}"));
        assert_eq!(again.parts().unwrap(), fitted.parts().unwrap());
    }
}

#[test]
fn the_consensus_of_rows_and_of_sums_is_the_same() {
    let train = synthetic().train.views;
    let sums = SufficientStatistics::of(&train, Incomplete::MeanOfPresent, Precision::Double);
    for name in ["gpa", "gcca", "srm", "consensus_ridge"] {
        let fitted = Method::from_name(name).unwrap().fit(&train, 7).unwrap().fitted;
        let universe = fitted.universe().unwrap();
        let (rows, sums) =
            (Consensus::of(universe, &train).unwrap(), Consensus::of_statistics(universe, &sums).unwrap());
        let sums = sums.expect("linear");
        assert_eq!((rows.rows(), sums.rows()), (300, 300));
        let scale = rows.spread();
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5 * scale);
        assert!(close(rows.mean(), sums.mean()), "{name}");
        assert!(close(rows.covariance().as_slice(), sums.covariance().as_slice()), "{name}");
    }
    let gcpa = Method::from(short(Rescale::None)).fit(&train, 7).unwrap().fitted;
    assert_eq!(Consensus::of_statistics(gcpa.universe().unwrap(), &sums).unwrap(), None, "a corrector needs rows");
}

#[test]
fn the_consensus_tells_other_rows_from_those_of_the_fit() {
    let data = synthetic();
    let fitted = Method::from_name("gpa").unwrap().fit(&data.train.views, 7).unwrap().fitted;
    let universe = fitted.universe().unwrap();
    let fit = Consensus::of(universe, &data.train.views).unwrap();
    assert!(fit.shift_to(&Consensus::of(universe, &data.test.views).unwrap()) < 0.3);
    let moved = data.test.views.iter().map(|s| (s.name().to_string(), s.values().map(|&x| x + 1.0)));
    let moved = align::Views::new(moved).unwrap();
    assert!(fit.shift_to(&Consensus::of(universe, &moved).unwrap()) > 0.5);
}

#[test]
fn borrowed_rows_of_any_layout_give_the_same_bits() {
    let data = synthetic();
    let x = data.test.views.at(0);
    let (rows, cols) = (x.rows(), x.cols());
    // The rows inside of a wider and longer matrix, and as columns of another.
    let inside = Matrix::from_fn(rows + 3, cols + 5, |i, j| match (i.checked_sub(2), j.checked_sub(1)) {
        (Some(i), Some(j)) if i < rows && j < cols => x.at(i, j),
        _ => f32::NAN,
    });
    let across = Matrix::from_fn(cols, rows, |i, j| x.at(j, i));
    let layouts = [x.view(), inside.view().submatrix(2, 1, rows, cols), across.view().transpose()];
    for method in methods() {
        let fitted = method.fit(&data.train.views, 7).unwrap().fitted;
        for layout in layouts {
            if fitted.projects() {
                assert_eq!(fitted.project("v0", layout).unwrap(), fitted.project("v0", x).unwrap(), "{method}");
            }
            if fitted.translates() {
                let translated = fitted.translate("v0", "v1", layout).unwrap();
                assert_eq!(translated, fitted.translate("v0", "v1", x).unwrap(), "{method}");
            }
            let wide = fitted.prep("v0").map(|prep| prep.apply(layout).unwrap());
            assert_eq!(wide, fitted.prep("v0").map(|prep| prep.apply(x).unwrap()), "{method}");
        }
        let narrow = layouts[1].subcols(0, 3);
        let error = if fitted.projects() { fitted.project("v0", narrow) } else { fitted.translate("v0", "v1", narrow) };
        assert!(matches!(error, Err(AlignError::Width { got: 3, .. })), "{method}");
    }
}

/// A fit of a form of its own: every view standardised, turned, and then through the fit of another method.
#[derive(Debug)]
struct Turned {
    views: Vec<(String, ZScore, Matrix)>,
    shift: f64,
    inner: Option<Fitted>,
}

impl FittedMaps for Turned {
    fn views(&self) -> Vec<(&str, usize)> {
        self.views.iter().map(|(name, prep, _)| (name.as_str(), prep.width())).collect()
    }

    fn coordinates(&self) -> &'static [Coordinates] {
        &[Coordinates::Universe]
    }

    fn project(&self, view: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let (_, prep, turn) = self.views.iter().find(|(name, ..)| name == view).unwrap();
        let turned = product(prep.apply(x)?.view(), turn.view(), Threads::Pool).map(|&x| x + self.shift as f32);
        self.inner.as_ref().unwrap().project(view, &turned)
    }

    fn parts(&self) -> Option<OwnParts> {
        let parts = OwnParts::new("turned").with_array("shift", Array::vector_f64(&[self.shift]));
        let parts = parts.with_fit("inner", self.inner.as_ref()?.parts().ok()?);
        let add = |parts: OwnParts, (name, prep, turn): &(String, ZScore, Matrix)| {
            parts.with_scaling(name.as_str(), prep).with_array(format!("{name}.turn"), Array::matrix(turn))
        };
        Some(self.views.iter().fold(parts, add))
    }

    fn bytes(&self) -> usize {
        0
    }
}

fn read_turned(parts: &mut OwnParts) -> Result<Arc<dyn FittedMaps>, AlignError> {
    let mut views = Vec::new();
    for (name, _) in parts.views().to_vec() {
        views.push((name.clone(), parts.take_scaling(&name)?, parts.take_matrix(&format!("{name}.turn"))?));
    }
    let shift = parts.take_numbers("shift", 1)?[0];
    let inner = Some(Fitted::from_parts(parts.take_fit("inner")?)?);
    Ok(Arc::new(Turned { views, shift, inner }))
}

#[test]
fn a_form_of_ones_own_is_restored_by_its_registered_reader() {
    let data = Synthetic { widths: vec![6, 4], fit_rows: 80, ..Synthetic::default() }.generate(3).unwrap();
    let train = &data.train.views;
    let inner = Method::from_name("gpa").unwrap().fit(train, 1).unwrap().fitted;
    let view = |name: &str| {
        let x = train.get(name).unwrap();
        let turn = Matrix::from_fn(x.cols(), x.cols(), |i, j| f32::from(u8::from((i + 1) % x.cols() == j)));
        (name.to_string(), ZScore::fit(x, ConstantColumns::Clamp), turn)
    };
    let turned = |inner| Fitted::Own(Arc::new(Turned { views: vec![view("v0"), view("v1")], shift: 0.25, inner }));
    let fitted = turned(Some(inner));
    let parts = fitted.parts().unwrap();
    let text = serde_json::to_string(&parts.outline).unwrap();
    assert!(text.starts_with(r#"{"kind":"own","form":"turned","views":[{"name":"v0","width":6},"#), "{text}");
    let arrays = parts.arrays.clone();
    let read = |text: &str, arrays: &BTreeMap<String, Array>| {
        Fitted::from_parts(Parts { outline: serde_json::from_str(text).unwrap(), arrays: arrays.clone() })
    };

    let unknown = read(&text, &arrays).unwrap_err().to_string();
    let told = "the fit has the form `turned`, and this program has no reader of that form; use the program that wrote it, \
                or register the reader first (`Fitted::register_form`)";
    assert_eq!(unknown, told);
    Fitted::register_form("turned", read_turned).unwrap();
    let taken = Fitted::register_form("turned", read_turned).unwrap_err().to_string();
    assert!(taken.starts_with("the form `turned` of fits is registered already"), "{taken}");
    let again = read(&text, &arrays).unwrap();
    let x = data.test.views.get("v1").unwrap();
    assert_eq!(again.project("v1", x).unwrap(), fitted.project("v1", x).unwrap());
    assert_eq!(again.parts().unwrap().arrays, arrays);

    let without = |name: &str| {
        let mut arrays = arrays.clone();
        assert!(arrays.remove(name).is_some(), "{name} is not in {:?}", arrays.keys());
        read(&text, &arrays).unwrap_err().to_string()
    };
    assert!(without("own.array.v1.turn").starts_with("array `v1.turn` is missing"));
    assert!(without("own.scaling.v0.std").starts_with("array `own.scaling.v0.std` is missing"));
    assert!(without("own.fit.0.v0.map").starts_with("array `v0.map` is missing"));
    let with = |name: &str, array: Array| {
        let mut arrays = arrays.clone();
        arrays.insert(name.to_string(), array);
        read(&text, &arrays).unwrap_err().to_string()
    };
    assert!(with("own.array.more", Array::vector(&[1.0])).starts_with("array `more` is not used"));
    assert!(with("more", Array::vector(&[1.0])).starts_with("array `more` is not used"));
    let shape = with("own.array.shift", Array::vector_f64(&[1.0, 2.0]));
    assert!(shape.starts_with("array `shift` is f64 [2], expected f64 [1]"), "{shape}");
    let value = with("own.array.shift", Array::vector_f64(&[f64::NAN]));
    assert!(value.starts_with("array `shift` holds NaN at position 0, expected finite values"), "{value}");
    let renamed = read(&text.replacen(r#""name":"v1","width":4"#, r#""name":"v1","width":5"#, 1), &arrays);
    let renamed = renamed.unwrap_err().to_string();
    assert!(renamed.contains("made a fit of the views v0 (6), v1 (4), expected v0 (6), v1 (5)"), "{renamed}");

    let none = turned(None).parts().unwrap_err().to_string();
    let told = "the method has a fit of a form of its own without parts, so it cannot be stored in a file; give it parts \
                (`FittedMaps::parts`) and register their reader (`Fitted::register_form`), or fit again where the fit is used";
    assert_eq!(none, told);
}

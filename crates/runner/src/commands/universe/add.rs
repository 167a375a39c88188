//! The command `runner add-view`: adds a view to a universe. The other views do not change.

use std::path::PathBuf;

use align::{AddForm, Consensus, FitWarning, Fitted, Matrix, Views};
use anyhow::{Context, Result, bail};
use data::import::{Member, NamedMember};
use data::universe::{self, Added, Saved};
use data::{Loaded, MatrixReader};
use files::Fault;

use super::apply::lacks;
use super::fit::describe;
use super::place::{TOOL, check_extension, check_place};
use crate::commands::sets::datasets;

/// The view to add, and the rows.
#[derive(Clone, Debug)]
pub struct Add {
    /// The file of the universe.
    pub universe: PathBuf,
    /// The name of the new view.
    pub view: String,
    /// Its training rows; without a file, the rows of the manifest.
    pub rows: Option<Member>,
    /// Files of views of the universe, with the same items in the same order.
    pub anchors: Vec<NamedMember>,
    /// A data set with training rows, in place of the files or besides them.
    pub manifest: Option<String>,
    /// The map of the new view.
    pub form: AddForm,
    /// The file to write.
    pub out: PathBuf,
    /// Whether to overwrite an existing file.
    pub overwrite: bool,
}

/// Adds the view, writes a new file and returns a text about the similarity of the rows to those of the fit.
///
/// # Errors
/// A fit without a universe; a view that it has already; no anchors, or unknown ones; rows that do not match.
pub fn add_view(request: &Add) -> Result<String> {
    check_extension(&request.out)?;
    check_place(&request.out, request.overwrite)?;
    let mut saved = universe::read(&request.universe)?;
    let Fitted::Universe(universe) = &saved.fitted else {
        let what = "no space that all views share, to which another could be added";
        return Err(lacks(&saved, &request.universe, what, "fit a method with a universe, such as gpa").into());
    };
    let loaded = match &request.manifest {
        None => None,
        Some(name) => Some(data::load(&datasets::find(name)?)?),
    };
    let (anchors, rows) = gather(request, &saved, loaded.as_ref())?;
    let joined = universe.add(&anchors, &request.view, &rows, request.form);
    let joined = joined.with_context(|| format!("view `{}` to {}", request.view, request.universe.display()))?;
    let seen = Consensus::of(universe, &anchors)?;

    saved.report.maps += 1;
    saved.report.parameters += request.form.parameters(rows.cols(), universe.width());
    saved.origin.tool = TOOL.to_owned();
    saved.origin.added.push(Added {
        view: request.view.clone(),
        form: request.form,
        anchors: anchors.names().map(str::to_owned).collect(),
        rows: rows.rows(),
    });
    let view = joined.views().iter().find(|view| view.name() == request.view);
    let dead =
        view.filter(|view| view.prep().is_dead()).map(|view| FitWarning::DeadView { view: view.name().to_string() });
    saved.report.warnings.extend(dead.clone());
    saved.fitted = Fitted::Universe(joined);
    saved.write(&request.out)?;
    dead.iter().for_each(|warning| tracing::warn!("{warning}"));
    let alike = saved.consensus.as_ref().map(|fit| {
        let (shift, spread) = (fit.shift_to(&seen), seen.spread() / fit.spread().max(f64::MIN_POSITIVE));
        format!("\nthe anchors' consensus: {shift:.2} standard deviations from the fit's, {spread:.2} of its variance")
    });
    let added = format!("`{}` added by {} rows of {}", request.view, rows.rows(), names(&anchors));
    Ok(format!("{}\n{added}{}", describe(&saved, &request.out), alike.unwrap_or_default()))
}

fn names(views: &Views) -> String {
    views.names().collect::<Vec<_>>().join(", ")
}

/// Anchors and rows of the new view, from files, from a manifest, or from both.
fn gather(request: &Add, saved: &Saved, loaded: Option<&Loaded>) -> Result<(Views, Matrix)> {
    let mut anchors = Vec::new();
    for anchor in &request.anchors {
        saved.width(&anchor.name, &request.universe)?;
        anchors.push((anchor.name.clone(), read(&anchor.member)?));
    }
    let train = loaded.map(|loaded| &loaded.dataset.train.views);
    if let Some(train) = train.filter(|_| anchors.is_empty()) {
        let known = saved.views();
        let known = train.iter().filter(|space| known.iter().any(|(name, _)| name == space.name()));
        anchors.extend(known.map(|space| (space.name().to_owned(), space.values().clone())));
    }
    if anchors.is_empty() {
        let known: Vec<String> = saved.views().into_iter().map(|(name, _)| name).collect();
        let wanted = format!("rows of views that the universe has ({})", known.join(", "));
        let ways = "give them with --anchors NAME=FILE, or a --manifest that has some of the views";
        bail!(Fault::usage(format!("no anchors: expected {wanted}; {ways}")));
    }
    let rows = match (&request.rows, train) {
        (Some(member), _) => read(member)?,
        (None, Some(train)) => train.get(&request.view)?.clone(),
        (None, None) => {
            let view = &request.view;
            let ways = format!("give them with --view {view}=FILE, or a --manifest that has the view");
            bail!(Fault::usage(format!("no rows of `{view}`: {ways}")))
        }
    };
    Ok((Views::new(anchors)?, rows))
}

fn read(member: &Member) -> Result<Matrix> {
    let input = MatrixReader::open(member)?;
    let rows = input.rows()?;
    rows.warnings().iter().for_each(|line| tracing::warn!("{line}"));
    Ok(rows.all()?)
}

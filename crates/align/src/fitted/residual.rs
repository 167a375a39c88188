//! Fits with an affine map and a residual network for every ordered pair of views.

use std::sync::Arc;

use super::kinds::Coordinates;
use super::own::FittedMaps;
use super::pairs::PairMaps;
use super::row_map::{MapStep, RowMap};
use super::{Fit, Fitted};
use crate::corrector::residual::{Network, ResidualNetwork, ResidualWeights};
use crate::linalg::MatrixView;
use crate::parts::{Array, OwnParts, Values};
use crate::prep::ZScore;
use crate::views::position;
use crate::{AlignError, Matrix};

/// Name of the form in files.
pub(crate) const FORM: &str = "residual_mlp";

/// An affine map for every ordered pair, and a network that corrects what it maps, in the raw coordinates of the target.
#[derive(Clone, Debug)]
pub struct ResidualMaps {
    base: PairMaps,
    /// By source, then target, without the diagonal.
    networks: Vec<ResidualNetwork>,
    /// Unit of each view, in which networks see its rows: a power of two.
    units: Vec<f64>,
}

impl ResidualMaps {
    /// Units in which networks see the rows of each view, in the order of the views.
    pub fn units(&self) -> &[f64] {
        &self.units
    }

    /// The affine maps from which the networks start.
    pub fn base(&self) -> &PairMaps {
        &self.base
    }

    /// Weights of the network from `source` to `target`, with $W_1$ ($d \times h$), $b_1$, $W_2$ ($h \times d$), $b_2$ and,
    /// if it has one, the scale $s$, one after another, and the hidden width h.
    ///
    /// # Errors
    /// Unknown view; [`AlignError::DuplicateView`] for a view and itself.
    pub fn weights(&self, source: &str, target: &str) -> Result<(&[f32], usize), AlignError> {
        let network = self.network(source, target)?;
        let network = network.ok_or_else(|| AlignError::DuplicateView { name: source.to_string() })?;
        Ok((network.weights(), network.form().0))
    }

    fn network(&self, source: &str, target: &str) -> Result<Option<&ResidualNetwork>, AlignError> {
        let names = self.base.names();
        let at = |name: &str| position(names.iter().map(String::as_str), name);
        let (s, t) = (at(source)?, at(target)?);
        let nth = s * (names.len() - 1) + if t < s { t } else { t.saturating_sub(1) };
        Ok(if s == t { None } else { self.networks.get(nth) })
    }

    /// Restores a fit from its parts.
    ///
    /// # Errors
    /// Parts that are missing or do not fit each other.
    pub(crate) fn read(parts: &mut OwnParts) -> Result<Arc<dyn FittedMaps>, AlignError> {
        let Fitted::Pairwise(base) = Fitted::from_parts(parts.take_fit("base")?)? else {
            return Err(AlignError::MissingPart { part: "base".into() });
        };
        let form = parts.take_numbers("form", 2)?;
        let (hidden, scaled) = (form[0] as usize, form[1] != 0.0);
        let count = base.names().len();
        let mut networks = Vec::new();
        for source in 0..count {
            for target in (0..count).filter(|&target| target != source) {
                let name = format!("network.{source}.{target}");
                let stored = parts.take_matrix(&name)?;
                let width = base.preps()[target].width();
                let got = format!("{} numbers", stored.as_slice().len());
                let network = ResidualNetwork::of_weights(width, hidden, scaled, stored.into_vec());
                networks.push(network.ok_or_else(|| AlignError::PartShape {
                    part: name,
                    got,
                    want: format!("the weights of a network of width {width} with {hidden} hidden units"),
                })?);
            }
        }
        let units = parts.take_numbers("units", count)?;
        Ok(Arc::new(Self { base, networks, units }))
    }
}

impl FittedMaps for ResidualMaps {
    fn views(&self) -> Vec<(&str, usize)> {
        self.base.names().iter().zip(self.base.preps()).map(|(name, prep)| (name.as_str(), prep.width())).collect()
    }

    fn coordinates(&self) -> &'static [Coordinates] {
        &[Coordinates::Translated]
    }

    fn translate(&self, source: &str, target: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let rows = self.base.translate(source, target, x)?;
        Ok(match self.network(source, target)? {
            Some(network) => {
                let at = position(self.base.names().iter().map(String::as_str), target)?;
                let unit = self.units[at] as f32;
                network.apply(&rows.map(|x| x / unit)).map(|x| x * unit)
            }
            None => rows,
        })
    }

    fn row_map(&self, source: &str, target: Option<&str>) -> Result<Option<RowMap>, AlignError> {
        let Some(target) = target else {
            return Err(AlignError::NoSuchSpace { method: FORM, space: "universe", offers: "translated" });
        };
        let mut steps = self.base.row_map(source, target)?.steps().to_vec();
        if let Some(network) = self.network(source, target)? {
            let at = position(self.base.names().iter().map(String::as_str), target)?;
            // A power of two: the weights change without rounding.
            let unit = self.units[at] as f32;
            let ResidualWeights { w1, b1, w2, b2, scale } = network.named_weights();
            let (w1, w2) = (w1.map(|w| w / unit), w2.map(|w| w * unit));
            let b2 = b2.iter().map(|b| b * unit).collect();
            steps.push(MapStep::Residual(ResidualWeights { w1, b1, w2, b2, scale }));
        }
        RowMap::new(self.base.width(source)?, steps).map(Some)
    }

    fn prep(&self, view: &str) -> Option<&ZScore> {
        self.base.names().iter().zip(self.base.preps()).find(|(name, _)| *name == view).map(|(_, prep)| prep)
    }

    fn parts(&self) -> Option<OwnParts> {
        let base = Fitted::Pairwise(self.base.clone()).parts().ok()?;
        let (hidden, scaled) = self.networks.first().map_or((0, false), ResidualNetwork::form);
        let form = Array { shape: vec![2], values: Values::Double(vec![hidden as f64, f64::from(u8::from(scaled))]) };
        let mut parts = OwnParts::new(FORM).with_fit("base", base).with_array("form", form);
        let units = Array { shape: vec![self.units.len()], values: Values::Double(self.units.clone()) };
        parts = parts.with_array("units", units);
        let count = self.base.names().len();
        let pairs = (0..count).flat_map(|s| (0..count).filter(move |&t| t != s).map(move |t| (s, t)));
        for ((source, target), network) in pairs.zip(&self.networks) {
            let weights = network.weights().to_vec();
            let array = Array { shape: vec![1, weights.len()], values: Values::Single(weights) };
            parts = parts.with_array(format!("network.{source}.{target}"), array);
        }
        Some(parts)
    }

    fn bytes(&self) -> usize {
        self.base.bytes() + self.networks.iter().map(|network| size_of_val(network.weights())).sum::<usize>()
    }
}

/// The fit of these networks after the fit of their affine maps, with their mean loss on held-out pairs as the objective.
pub(crate) fn corrected(
    base: Fit,
    networks: Vec<ResidualNetwork>,
    units: Vec<f64>,
    losses: &[f64],
) -> Result<Fit, AlignError> {
    let Fitted::Pairwise(maps) = base.fitted else {
        return Err(AlignError::NoSuchSpace { method: FORM, space: "pairwise", offers: "others" });
    };
    let mut report = base.report;
    report.parameters += networks.iter().map(|network| network.weights().len()).sum::<usize>();
    report.objective = Some(losses.iter().sum::<f64>() / losses.len().max(1) as f64);
    report.stop = crate::Termination::IterationCap;
    Ok(Fit { fitted: Fitted::Own(Arc::new(ResidualMaps { base: maps, networks, units })), report })
}

//! Sums over rows from which moments follow, for rows in any order and in any pieces.

mod arithmetic;
pub(super) mod parts;

use std::ops::Range;

use super::incomplete::Incomplete;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::ZScore;
use crate::{AlignError, Matrix, Views};

use arithmetic::{Block, Summand};

pub use arithmetic::Precision;

/// Sums over chunks of rows: counts, column sums, and the cross-products of all columns.
///
/// Columns are summed about a reference point c in units t, `x~ = (x − c)/t`, which the first chunk sets. This keeps the
/// precision if means are large. A row that a view misses is zero. The sums can be added
/// ([`merge`](SufficientStatistics::merge): machines, shards), subtracted ([`subtract`](SufficientStatistics::subtract): a fold), narrowed
/// ([`select`](SufficientStatistics::select): some of the views) and widened ([`with_view`](SufficientStatistics::with_view): one more view). Views are
/// numbered as in a slice: a number that is too large panics.
///
/// Memory: 8·P² bytes for P columns in all, a chunk, and with [`Precision::Single`] 4·P² more. Time: N·P²
/// multiply-adds, half of which the symmetry saves.
///
/// ```
/// use align::methods::gpa::GpaParams;
/// use align::moments::{Incomplete, Precision, SufficientStatistics};
/// use align::{Method, synthetic::Synthetic};
///
/// let data = Synthetic::default().generate(1)?;
/// let rows = |range: std::ops::Range<usize>| data.train.views.select_rows(&range.collect::<Vec<_>>());
/// let mut sums = SufficientStatistics::of(&rows(0..250), Incomplete::MeanOfPresent, Precision::Double);
/// sums.add(&rows(250..400))?;
/// let fit = Method::from(GpaParams::default()).fit_statistics(&sums, 42)?;
/// assert_eq!(fit.report.maps, 3);
/// # Ok::<(), align::AlignError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SufficientStatistics {
    names: Vec<String>,
    /// First of the P stacked columns of each view, and P.
    offsets: Vec<usize>,
    incomplete: Incomplete,
    precision: Precision,
    /// c, t and 1/t of each column.
    shift: Vec<f64>,
    scale: Vec<f64>,
    reciprocal: Vec<f64>,
    /// Number of items.
    rows: usize,
    /// Number of items that views i and j share, at `i * M + j`; on the diagonal, the number of items of a view.
    shared: Vec<usize>,
    /// `Σ_i x~_i` and `Σ_i x~_i²` over the rows that a view has, by column.
    first: Vec<f64>,
    second: Vec<f64>,
    /// `Σ_i w_i x~_i x~_iᵀ` (P × P, lower triangle), w the weight of an item ([`Incomplete`]).
    gram: Matrix<f64>,
    /// `Σ_i w_i x~_i` over the items that view j has, P × M.
    along: Matrix<f64>,
    /// `Σ_i w_i` over the items that views i and j share, M × M.
    weight: Matrix<f64>,
}

/// Reference point c and unit t of each column.
pub(super) type Base = (Vec<f64>, Vec<f64>);

/// Share of a sum of squares that is rounding after most of it was subtracted.
const LEFT: f64 = 256.0 * f64::EPSILON;

impl SufficientStatistics {
    /// The sums of these rows about their own means, in units of their own standard deviations.
    pub fn of(rows: &Views, incomplete: Incomplete, precision: Precision) -> Self {
        let preps: Vec<ZScore> = rows.iter().map(|view| ZScore::fit_sample(&view.observed())).collect();
        let shift = preps.iter().flat_map(|prep| prep.mean().to_vec()).collect();
        Self::about(rows, (shift, preps.iter().flat_map(ZScore::units).collect()), incomplete, precision)
    }

    /// The sums of these rows about a given reference point, in given units.
    pub(super) fn about(rows: &Views, base: Base, incomplete: Incomplete, precision: Precision) -> Self {
        let mut sums = Self::empty(rows, base, incomplete, precision);
        sums.accumulate(rows, 0);
        sums
    }

    fn empty(like: &Views, (shift, scale): Base, incomplete: Incomplete, precision: Precision) -> Self {
        let mut offsets = vec![0];
        for width in like.widths() {
            offsets.push(offsets[offsets.len() - 1] + width);
        }
        let (views, columns) = (like.len(), offsets[like.len()]);
        Self {
            names: like.names().map(str::to_string).collect(),
            offsets,
            incomplete,
            precision,
            shift,
            reciprocal: scale.iter().map(|scale| 1.0 / scale).collect(),
            scale,
            rows: 0,
            shared: vec![0; views * views],
            first: vec![0.0; columns],
            second: vec![0.0; columns],
            gram: Matrix::zeros(columns, columns),
            along: Matrix::zeros(columns, views),
            weight: Matrix::zeros(views, views),
        }
    }

    /// The sums of all chunks, in their order; `None` without a chunk.
    ///
    /// # Errors
    /// The error of the first chunk that cannot be read; the errors of [`add`](SufficientStatistics::add).
    pub fn collect<E: From<AlignError>>(
        chunks: impl IntoIterator<Item = Result<Views, E>>,
        incomplete: Incomplete,
        precision: Precision,
    ) -> Result<Option<Self>, E> {
        let mut sums: Option<Self> = None;
        for chunk in chunks {
            let chunk = chunk?;
            match &mut sums {
                None => sums = Some(Self::of(&chunk, incomplete, precision)),
                Some(sums) => sums.add(&chunk)?,
            }
        }
        Ok(sums)
    }

    /// Adds more items of the same views.
    ///
    /// # Errors
    /// [`AlignError::OtherViews`] for other names or widths.
    pub fn add(&mut self, rows: &Views) -> Result<(), AlignError> {
        let names: Vec<String> = rows.names().map(str::to_string).collect();
        self.check_same(&names, &rows.widths())?;
        for (m, view) in rows.iter().enumerate() {
            if self.shared(m, m) > 0 {
                continue;
            }
            let prep = ZScore::fit_sample(&view.observed());
            self.settle(m, prep.mean(), &prep.units());
        }
        self.accumulate(rows, 0);
        Ok(())
    }

    /// Sets another base for the columns of a view that has no rows yet.
    fn settle(&mut self, m: usize, shift: &[f64], scale: &[f64]) {
        let columns = self.columns(m);
        self.shift[columns.clone()].copy_from_slice(shift);
        self.scale[columns.clone()].copy_from_slice(scale);
        self.reciprocal[columns].iter_mut().zip(scale).for_each(|(reciprocal, scale)| *reciprocal = 1.0 / scale);
    }

    /// Adds the sums of other items of the same views.
    ///
    /// # Errors
    /// [`AlignError::OtherViews`] for other names, widths or weights.
    pub fn merge(&mut self, other: &Self) -> Result<(), AlignError> {
        self.check_compatible(other)?;
        for m in 0..self.views() {
            if self.shared(m, m) > 0 {
                continue;
            }
            let columns = self.columns(m);
            self.settle(m, &other.shift[columns.clone()], &other.scale[columns]);
        }
        self.combine(other.clone(), |a, b| *a += b, |a, b| *a += b);
        Ok(())
    }

    /// Subtracts the sums of some of its items.
    ///
    /// # Errors
    /// [`AlignError::OtherViews`] for other names, widths or weights; [`AlignError::TooFewRows`] if the other has more
    /// items.
    pub fn subtract(&mut self, other: &Self) -> Result<(), AlignError> {
        self.check_compatible(other)?;
        if self.shared.iter().zip(&other.shared).any(|(a, b)| a < b) || self.rows < other.rows {
            return Err(AlignError::TooFewRows { method: "subtracting sums", got: self.rows, want: other.rows });
        }
        let before = self.second.clone();
        self.combine(other.clone(), |a, b| *a -= b, |a, b| *a -= b);
        // The remainder of a column that is constant in the other rows is rounding.
        for m in 0..self.views() {
            let n = self.shared(m, m).max(1) as f64;
            for c in self.columns(m) {
                let constant = self.first[c] * (self.first[c] / n);
                if self.second[c] - constant <= LEFT * before[c] {
                    self.second[c] = constant;
                }
            }
        }
        Ok(())
    }

    /// The sums of the named views alone, in this order.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`], [`AlignError::DuplicateView`]; [`AlignError::OtherViews`] if the weight of an item
    /// depends on the number of views that have it, which the removed views change.
    pub fn select(&self, names: &[&str]) -> Result<Self, AlignError> {
        self.check_weights()?;
        let mut views: Vec<usize> = Vec::with_capacity(names.len());
        for name in names {
            let view = crate::views::position(self.names.iter().map(String::as_str), name)?;
            if views.contains(&view) {
                return Err(AlignError::DuplicateView { name: (*name).to_string() });
            }
            views.push(view);
        }
        let columns: Vec<usize> = views.iter().flat_map(|&m| self.columns(m)).collect();
        let mut offsets = vec![0];
        views.iter().for_each(|&m| offsets.push(offsets[offsets.len() - 1] + self.width(m)));
        let pick = |values: &[f64]| columns.iter().map(|&c| values[c]).collect::<Vec<f64>>();
        Ok(Self {
            names: names.iter().map(|name| (*name).to_string()).collect(),
            offsets,
            incomplete: self.incomplete,
            precision: self.precision,
            shift: pick(&self.shift),
            scale: pick(&self.scale),
            reciprocal: pick(&self.reciprocal),
            rows: self.rows,
            shared: views.iter().flat_map(|&i| views.iter().map(move |&j| self.shared(i, j))).collect(),
            first: pick(&self.first),
            second: pick(&self.second),
            gram: Matrix::from_fn(columns.len(), columns.len(), |i, j| {
                let (a, b) = (columns[i].max(columns[j]), columns[i].min(columns[j]));
                self.gram.at(a, b)
            }),
            along: Matrix::from_fn(columns.len(), views.len(), |i, j| self.along.at(columns[i], views[j])),
            weight: Matrix::from_fn(views.len(), views.len(), |i, j| self.weight.at(views[i], views[j])),
        })
    }

    /// Adds one more view at the end. The chunks hold the same items, in any order, of these views and the new one.
    /// Only the new view's own blocks are computed: N·d·P multiply-adds.
    ///
    /// # Errors
    /// The error of a chunk; [`AlignError::OtherViews`] for other views before the last, for views that miss other
    /// items, and if a view misses items whose weight depends on the number of views that have them
    /// ([`Incomplete::MeanOfPresent`]), because one more view changes their weight in the existing blocks;
    /// [`AlignError::RowMismatch`] for another number of items; [`AlignError::TooFewRows`] without a chunk.
    pub fn with_view<E: From<AlignError>>(
        &self,
        chunks: impl IntoIterator<Item = Result<Views, E>>,
    ) -> Result<Self, E> {
        self.check_weights()?;
        let old = self.views();
        let mut wide: Option<Self> = None;
        let mut seen = vec![0; old * old];
        for chunk in chunks {
            let chunk = chunk?;
            let (names, widths): (Vec<String>, Vec<usize>) =
                (chunk.names().map(str::to_string).collect(), chunk.widths());
            self.check_same(&names[..names.len() - 1], &widths[..widths.len() - 1])?;
            if self.incomplete == Incomplete::MeanOfPresent && !chunk.complete() {
                return Err(other_weights().into());
            }
            let sums = wide.get_or_insert_with(|| self.widened(&chunk));
            sums.check_same(&names, &widths)?;
            sums.accumulate(&chunk, old);
            for (at, count) in seen.iter_mut().enumerate() {
                let (i, j) = (chunk.nth(at / old), chunk.nth(at % old));
                let shared = || (0..chunk.rows()).filter(|&row| i.has(row) && j.has(row)).count();
                *count += if chunk.complete() { chunk.rows() } else { shared() };
            }
        }
        let Some(wide) = wide else {
            let (method, want) = ("adding a view to sums", self.rows.max(1));
            return Err(AlignError::TooFewRows { method, got: 0, want }.into());
        };
        if wide.rows != self.rows {
            let (name, first) = (wide.names[old].clone(), self.names[0].clone());
            return Err(AlignError::RowMismatch { name, got: wide.rows, first, want: self.rows }.into());
        }
        if let Some(at) = (0..old * old).find(|&at| seen[at] != self.shared[at]) {
            let (i, j) = (&self.names[at / old], &self.names[at % old]);
            let describe = |rows: usize| format!("{rows} items that `{i}` and `{j}` share");
            return Err(AlignError::OtherViews { got: describe(seen[at]), want: describe(self.shared[at]) }.into());
        }
        Ok(wide)
    }

    /// Memory for one more view without any sums.
    fn widened(&self, chunk: &Views) -> Self {
        let (old, before) = (self.views(), self.offsets[self.views()]);
        let new = ZScore::fit_sample(&chunk.nth(old).observed());
        let base = ([&self.shift, new.mean()].concat(), [self.scale.clone(), new.units()].concat());
        let mut wide = Self::empty(chunk, base, self.incomplete, self.precision);
        wide.first[..before].copy_from_slice(&self.first);
        wide.second[..before].copy_from_slice(&self.second);
        for i in 0..before {
            wide.gram.row_mut(i)[..before].copy_from_slice(self.gram.row(i));
            wide.along.row_mut(i)[..old].copy_from_slice(self.along.row(i));
        }
        for i in 0..old {
            wide.weight.row_mut(i)[..old].copy_from_slice(self.weight.row(i));
            for j in 0..old {
                wide.shared[i * (old + 1) + j] = self.shared(i, j);
            }
        }
        wide
    }

    /// Number of views M.
    pub fn views(&self) -> usize {
        self.names.len()
    }

    /// Names of the views.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of items.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of items that two views share; for i = j the number of items of a view.
    pub fn shared(&self, i: usize, j: usize) -> usize {
        self.shared[i * self.views() + j]
    }

    /// Width d_m of a view.
    pub fn width(&self, m: usize) -> usize {
        self.offsets[m + 1] - self.offsets[m]
    }

    /// Sum of the weights of the items that two views share.
    pub(super) fn weight(&self, i: usize, j: usize) -> f64 {
        self.weight.at(i, j)
    }

    /// Weight of an item that some views miss.
    pub fn incomplete(&self) -> Incomplete {
        self.incomplete
    }

    /// Whether every view has every item.
    pub fn complete(&self) -> bool {
        self.shared.iter().all(|&shared| shared == self.rows)
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// Mean of each of a view's columns and the sum of squares about it, over the rows of the view.
    pub(super) fn statistics(&self, m: usize) -> (Vec<f64>, Vec<f64>) {
        let n = self.shared(m, m).max(1) as f64;
        let column = |c: usize| {
            let (mean, scale) = (self.first[c] / n, self.scale[c]);
            // A constant column leaves a rounding error of either sign.
            let square = (self.second[c] - self.first[c] * mean).max(0.0);
            (self.shift[c] + mean * scale, square * scale * scale)
        };
        self.columns(m).map(column).unzip()
    }

    /// The stacked columns of a view.
    pub(super) fn columns(&self, m: usize) -> Range<usize> {
        self.offsets[m]..self.offsets[m + 1]
    }

    /// Sum of squares of all columns, over the rows that exist.
    pub(super) fn squares(&self) -> f64 {
        self.second.iter().sum()
    }

    /// Sum of squares of a view's columns.
    pub(super) fn squares_of(&self, m: usize) -> f64 {
        self.second[self.columns(m)].iter().sum()
    }

    /// `Σ_i w_i x~_i x~_iᵀ`, both triangles.
    pub(super) fn into_gram(self) -> Matrix<f64> {
        let mut gram = self.gram;
        linalg::mirror_lower(&mut gram);
        gram
    }

    /// The same sums about another reference point in other units: with `x' = ρ x~ + κ`, exact to rounding.
    pub(super) fn rebased(mut self, shift: &[f64], scale: &[f64]) -> Self {
        if self.shift == shift && self.scale == scale {
            return self;
        }
        let rho: Vec<f64> = self.scale.iter().zip(scale).map(|(from, to)| from / to).collect();
        let kappa: Vec<f64> =
            self.shift.iter().zip(shift).zip(scale).map(|((from, to), scale)| (from - to) / scale).collect();
        let view: Vec<usize> = (0..self.views()).flat_map(|m| self.columns(m).map(move |_| m)).collect();
        let Self { along, weight, gram, first, second, shared, .. } = &mut self;
        let width = gram.cols();
        gram.as_mut_slice().par_chunks_mut(width).enumerate().for_each(|(i, row)| {
            for (j, entry) in row[..=i].iter_mut().enumerate() {
                let (ours, theirs) = (along.at(i, view[j]), along.at(j, view[i]));
                *entry = rho[i] * (rho[j] * *entry + kappa[j] * ours)
                    + kappa[i] * (rho[j] * theirs + kappa[j] * weight.at(view[i], view[j]));
            }
        });
        for i in 0..width {
            for (j, along) in along.row_mut(i).iter_mut().enumerate() {
                *along = rho[i] * *along + kappa[i] * weight.at(view[i], j);
            }
            let n = shared[view[i] * weight.rows() + view[i]] as f64;
            second[i] = rho[i] * (rho[i] * second[i] + 2.0 * kappa[i] * first[i]) + kappa[i] * kappa[i] * n;
            first[i] = rho[i] * first[i] + kappa[i] * n;
        }
        (self.shift, self.scale) = (shift.to_vec(), scale.to_vec());
        self.reciprocal = scale.iter().map(|scale| 1.0 / scale).collect();
        self
    }

    fn combine(&mut self, other: Self, count: impl Fn(&mut usize, usize), sum: impl Fn(&mut f64, f64)) {
        let other = other.rebased(&self.shift, &self.scale);
        count(&mut self.rows, other.rows);
        self.shared.iter_mut().zip(other.shared).for_each(|(a, b)| count(a, b));
        let pairs = [
            (self.first.as_mut_slice(), other.first.as_slice()),
            (&mut self.second, &other.second),
            (self.gram.as_mut_slice(), other.gram.as_slice()),
            (self.along.as_mut_slice(), other.along.as_slice()),
            (self.weight.as_mut_slice(), other.weight.as_slice()),
        ];
        for (ours, theirs) in pairs {
            ours.iter_mut().zip(theirs).for_each(|(a, b)| sum(a, *b));
        }
    }

    fn check_same(&self, names: &[String], widths: &[usize]) -> Result<(), AlignError> {
        let ours: Vec<String> = (0..self.views()).map(|m| format!("`{}` ({})", self.names[m], self.width(m))).collect();
        let theirs: Vec<String> = names.iter().zip(widths).map(|(name, width)| format!("`{name}` ({width})")).collect();
        if ours == theirs {
            return Ok(());
        }
        Err(AlignError::OtherViews { got: theirs.join(", "), want: ours.join(", ") })
    }

    fn check_compatible(&self, other: &Self) -> Result<(), AlignError> {
        let widths: Vec<usize> = (0..other.views()).map(|m| other.width(m)).collect();
        self.check_same(&other.names, &widths)?;
        if self.incomplete == other.incomplete {
            return Ok(());
        }
        let describe = |sums: &Self| format!("items weighted as {:?}", sums.incomplete);
        Err(AlignError::OtherViews { got: describe(other), want: describe(self) })
    }

    /// Refuses a change of views if the weight of an item depends on the number of views that have it.
    fn check_weights(&self) -> Result<(), AlignError> {
        if self.complete() || self.incomplete == Incomplete::PairwiseComplete {
            return Ok(());
        }
        Err(other_weights())
    }

    /// Adds rows to the blocks between all views and the views from `from` on.
    fn accumulate(&mut self, rows: &Views, from: usize) {
        match self.precision {
            Precision::Double => self.accumulate_in::<f64>(rows, from),
            Precision::Single => self.accumulate_in::<f32>(rows, from),
        }
    }

    fn accumulate_in<T: Summand>(&mut self, rows: &Views, from: usize) {
        let (count, width, start) = (rows.rows(), self.shift.len(), self.offsets[from]);
        let chunk = self.precision.chunk().min(count);
        let mut standardised = Matrix::<T>::zeros(chunk, width);
        let mut buffer = Vec::new();
        for top in (0..count).step_by(chunk) {
            let range = top..(top + chunk).min(count);
            self.standardise(rows, range.clone(), &mut standardised);
            let z = standardised.view().subrows(0, range.len());
            let (old, new) = (z.subcols(0, start), z.subcols(start, width - start));
            if start > 0 {
                let block = Block { rows: start..width, columns: 0..start, lower: false };
                T::accumulate(&mut self.gram, block, &mut buffer, |out, accum| {
                    linalg::gemm(out, accum, new.transpose(), old, Threads::Pool);
                });
            }
            let block = Block { rows: start..width, columns: start..width, lower: true };
            T::accumulate(&mut self.gram, block, &mut buffer, |out, accum| {
                linalg::gram_lower(out, accum, new, Threads::Pool);
            });
            self.add_columns(rows, range.clone(), from);
            self.count(rows, range, from);
        }
        self.rows += count;
    }

    /// Weight of an item.
    fn weight_of(&self, rows: &Views, row: usize) -> f64 {
        match self.incomplete {
            Incomplete::MeanOfPresent if !rows.complete() => rows.len() as f64 / rows.views_of(row).max(1) as f64,
            _ => 1.0,
        }
    }

    /// `√w x~` of these rows; zero if a view misses an item.
    fn standardise<T: Summand>(&self, rows: &Views, range: Range<usize>, out: &mut Matrix<T>) {
        let width = out.cols();
        let out = &mut out.as_mut_slice()[..range.len() * width];
        out.par_chunks_mut(width).zip(range).for_each(|(out, row)| {
            let weight = self.weight_of(rows, row).sqrt();
            for (m, view) in rows.iter().enumerate() {
                let columns = self.columns(m);
                let out = &mut out[columns.clone()];
                if view.has(row) {
                    let about = self.shift[columns.clone()].iter().zip(&self.reciprocal[columns]);
                    for ((z, &x), (shift, unit)) in out.iter_mut().zip(view.values().row(row)).zip(about) {
                        *z = T::narrow(weight * ((f64::from(x) - shift) * unit));
                    }
                } else {
                    out.fill(T::default());
                }
            }
        });
    }

    /// Column sums, always in `f64`.
    fn add_columns(&mut self, rows: &Views, range: Range<usize>, from: usize) {
        /// A view's columns in sequence: sums, squares, and sums over the rows that each view has.
        struct Columns(Vec<f64>, Vec<f64>, Vec<Vec<f64>>);
        let views = self.views();
        let add = |m: usize| {
            let (columns, view) = (self.columns(m), rows.nth(m));
            let mut sums = Columns(vec![0.0; columns.len()], vec![0.0; columns.len()], vec![Vec::new(); views]);
            // Without missing rows, the sums over another view's rows are the sums over all rows.
            let others: Vec<usize> = (0..views).filter(|&j| !rows.complete() && m.max(j) >= from).collect();
            others.iter().for_each(|&j| sums.2[j] = vec![0.0; columns.len()]);
            for row in range.clone().filter(|&row| view.has(row)) {
                let weight = self.weight_of(rows, row);
                let about = self.shift[columns.clone()].iter().zip(&self.reciprocal[columns.clone()]);
                let stored = view.values().row(row).iter().zip(about);
                let first = sums.0.iter_mut().zip(sums.1.iter_mut());
                for ((sum, square), (&x, (shift, unit))) in first.zip(stored.clone()) {
                    let x = (f64::from(x) - shift) * unit;
                    *sum += x;
                    *square += x * x;
                }
                for &j in others.iter().filter(|&&j| rows.nth(j).has(row)) {
                    for (sum, (&x, (shift, unit))) in sums.2[j].iter_mut().zip(stored.clone()) {
                        *sum += weight * ((f64::from(x) - shift) * unit);
                    }
                }
            }
            sums
        };
        let sums: Vec<Columns> = (0..views).into_par_iter().map(add).collect();
        for (m, Columns(first, second, along)) in sums.into_iter().enumerate() {
            for (c, at) in self.columns(m).enumerate() {
                if m >= from {
                    self.first[at] += first[c];
                    self.second[at] += second[c];
                }
                for j in (0..views).filter(|&j| m.max(j) >= from) {
                    self.along.row_mut(at)[j] += along[j].get(c).unwrap_or(&first[c]);
                }
            }
        }
    }

    /// Counts the items that pairs of views share.
    fn count(&mut self, rows: &Views, range: Range<usize>, from: usize) {
        let views = self.views();
        if rows.complete() {
            for (i, j) in (0..views).flat_map(|i| (0..views).map(move |j| (i, j))).filter(|&(i, j)| i.max(j) >= from) {
                self.shared[i * views + j] += range.len();
                self.weight.row_mut(i)[j] += range.len() as f64;
            }
            return;
        }
        for row in range {
            let weight = self.weight_of(rows, row);
            for (i, _) in rows.iter().enumerate().filter(|(_, a)| a.has(row)) {
                for (j, _) in rows.iter().enumerate().filter(|(j, b)| i.max(*j) >= from && b.has(row)) {
                    self.shared[i * views + j] += 1;
                    self.weight.row_mut(i)[j] += weight;
                }
            }
        }
    }
}

fn other_weights() -> AlignError {
    AlignError::OtherViews {
        got: "other views of items that some views miss, weighted by the number of views".into(),
        want: "all items in every view, or items weighted as PairwiseComplete; else sum all views anew".into(),
    }
}

//! Debiased linear CKA: `HSIC(K, L) / √(HSIC(K, K)·HSIC(L, L))` of the Gram matrices of the rows.
//!
//! HSIC is the unbiased estimate, from Gram matrices that are centred so that the diagonal has no part (U-centring).
//! Its mean is 0 for independent views, even for few items and wide views, where the plain form rises to 1. It can fall
//! below 0. Sources: Kornblith et al., ICML 2019; Song et al., JMLR 13 (2012); Székely and Rizzo, Annals of Statistics
//! 42 (2014).

use align::Matrix;
use align::linalg::{Threads, product};
use align::prep::ZScore;

use super::super::pairs::{Pairs, rounding};

/// The U-centred Gram matrix of n × d rows: the sum of two views' products over pairs of items is their CKA.
pub(crate) fn centred_gram(x: &Matrix) -> Pairs {
    let n = x.rows();
    // The estimate does not depend on a shift; products of centred rows lose fewer digits.
    let centred = ZScore::centred(x).map(|&v| f64::from(v));
    let gram = product(centred.view(), centred.view().transpose(), Threads::One);
    let sums: Vec<f64> = (0..n).map(|i| gram.row(i).iter().sum::<f64>() - gram.at(i, i)).collect();
    let (total, items) = (sums.iter().sum::<f64>(), n as f64);
    let mean = total / ((items - 1.0) * (items - 2.0));
    let trace: f64 = (0..n).map(|i| gram.at(i, i)).sum();
    // For equal rows the remainder is rounding and not variance.
    let negligible = trace.sqrt() <= rounding(x);
    Pairs::scaled(n, |i, j| if negligible { 0.0 } else { gram.at(i, j) - (sums[i] + sums[j]) / (items - 2.0) + mean })
}

//! Minimum of a smooth convex function: L-BFGS with backtracking. Source: Liu and Nocedal 1989.
//!
//! No optimisation library is used: the loop around the gradient is short, and the gradient takes all the time.

/// Number of pairs from which the curvature model is built.
const MEMORY: usize = 10;
/// Maximal number of halvings of a step.
const HALVINGS: usize = 30;

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// `y += a x`.
fn add(y: &mut [f64], a: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

/// A step, the change of the gradient over it, and 1/(step·change).
type Pair = (Vec<f64>, Vec<f64>, f64);

/// Minimises from `x` until the gradient satisfies `done`, until no step lowers the value (the rest is rounding), or
/// for `most` steps; returns the number of steps. `f` returns the value at a point and writes its gradient.
pub(super) fn minimise(
    x: &mut Vec<f64>,
    most: usize,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
    done: impl Fn(&[f64]) -> bool,
) -> usize {
    let len = x.len();
    let mut gradient = vec![0.0; len];
    let mut value = f(x, &mut gradient);
    // The newest pair is the last.
    let mut pairs: Vec<Pair> = Vec::new();
    let (mut trial, mut trial_gradient) = (vec![0.0; len], vec![0.0; len]);
    for step in 0..most {
        if done(&gradient) {
            return step;
        }
        let direction = direction(&gradient, &pairs);
        let slope = dot(&gradient, &direction);
        // The first step has no curvature model.
        let mut length = if pairs.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let mut accepted = false;
        for _ in 0..HALVINGS {
            trial.copy_from_slice(x);
            add(&mut trial, length, &direction);
            let next = f(&trial, &mut trial_gradient);
            if next <= value + 1e-4 * length * slope {
                value = next;
                accepted = true;
                break;
            }
            length *= 0.5;
        }
        if !accepted {
            return step;
        }
        let moved: Vec<f64> = trial.iter().zip(&*x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = trial_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let along = dot(&moved, &change);
        if along > 1e-12 * dot(&change, &change).sqrt() * dot(&moved, &moved).sqrt() {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((moved, change, 1.0 / along));
        }
        std::mem::swap(x, &mut trial);
        std::mem::swap(&mut gradient, &mut trial_gradient);
    }
    most
}

/// Minus the gradient, corrected by the curvature of the stored pairs (two-loop recursion).
fn direction(gradient: &[f64], pairs: &[Pair]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut factors = Vec::with_capacity(pairs.len());
    for (step, change, inverse) in pairs.iter().rev() {
        let factor = inverse * dot(step, &q);
        add(&mut q, -factor, change);
        factors.push(factor);
    }
    if let Some((_, change, inverse)) = pairs.last() {
        let scale = 1.0 / (inverse * dot(change, change));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((step, change, inverse), factor) in pairs.iter().zip(factors.iter().rev()) {
        let correction = factor - inverse * dot(change, &q);
        add(&mut q, correction, step);
    }
    q
}

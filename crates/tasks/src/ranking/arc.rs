//! Points on the arc between two unit vectors.

/// Moves `row`, at unit length or zero, to the point at the share `t` of the arc from it to `end`. If there is no single arc
/// (the ends are equal, opposite or zero), the point is on the straight line, at unit length.
pub(crate) fn slerp(row: &mut [f32], mut end: Vec<f64>, t: f64) {
    let length = end.iter().map(|x| x * x).sum::<f64>().sqrt();
    end.iter_mut().for_each(|x| *x /= length.max(f64::MIN_POSITIVE));
    let cosine: f64 = row.iter().zip(&end).map(|(&x, y)| f64::from(x) * y).sum();
    let (angle, nothing) = (cosine.clamp(-1.0, 1.0).acos(), length == 0.0 || row.iter().all(|&x| x == 0.0));
    let sine = angle.sin();
    let line = nothing || sine < 1e-6;
    let (own, other) = if line { (1.0 - t, t) } else { (((1.0 - t) * angle).sin() / sine, (t * angle).sin() / sine) };
    let point: Vec<f64> = row.iter().zip(&end).map(|(&x, y)| own * f64::from(x) + other * y).collect();
    let length = if line { point.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE) } else { 1.0 };
    row.iter_mut().zip(point).for_each(|(x, point)| *x = (point / length) as f32);
}

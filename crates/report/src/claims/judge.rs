//! Tests of claims, one function for each kind.

use anyhow::Result;
use tasks::resamples::beyond_rounding;
use tasks::{Interval, Metric, Omitted, Resamples};

use super::test::{AtMost, Better, Extension, Rises, SmallerDrop, ValueOf};
use super::{Claim, Outcome, Test, Verdict};
use crate::published::{Of, Published, lead, method_title};
use crate::samples::{Evaluated, Missing, Place, Sample, Samples, resampled};
use crate::tables::agreement::Agreement;
use grid::Condition;
use grid::figure_spec::Reduce;

/// Number of resamples behind an interval.
const RESAMPLES: usize = 1000;
/// Seed of the resamples, which makes verdicts reproducible.
const SEED: u64 = 0;

/// Result of a test: the outcome with its values, or the missing part.
type Judged = Result<Result<(Outcome, String), Missing>>;

/// Unwraps a sample, or returns the missing part.
macro_rules! there {
    ($sample:expr) => {
        match $sample {
            Ok(sample) => sample,
            Err(missing) => return Ok(Err(missing)),
        }
    };
}

/// Tests every claim.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn judge(claims: &[Claim], samples: &Samples<'_>, agreement: &Agreement<'_>) -> Result<Vec<Verdict>> {
    let verdict = |claim: &Claim| {
        let (outcome, why) = match judge_one(claim, samples, agreement)? {
            Ok(judged) => judged,
            Err(missing) => (Outcome::NotTestable, format!("{missing}.")),
        };
        let value = claim.value.as_ref().map(|value| values(value, agreement));
        Ok(Verdict { claim: claim.clone(), outcome, why, value })
    };
    claims.iter().map(verdict).collect()
}

fn judge_one(claim: &Claim, stored: &Samples<'_>, agreement: &Agreement<'_>) -> Judged {
    match &claim.test {
        Test::Better(test) => {
            let published: Vec<Published> = agreement.published().cloned().collect();
            better(test, stored, &published)
        }
        Test::SmallerDrop(test) => smaller_drop(test, stored),
        Test::Rises(test) => monotone(test, 1.0, stored),
        Test::Falls(test) => monotone(test, -1.0, stored),
        Test::Extension(test) => extension(test, stored),
        Test::AtMost(test) => at_most(test, stored),
        Test::NotTestable(test) => Ok(Err(test.reason.clone())),
    }
}

/// All training rows, without noise.
fn clean() -> Condition {
    Condition::default()
}

/// `+0.091 [+0.085, +0.097]`.
fn signed(i: &Interval) -> String {
    format!("{:+.3} [{:+.3}, {:+.3}]", i.estimate, i.low, i.high)
}

/// The outcome for values that a claim says to be above zero.
fn above_zero(intervals: &[Interval]) -> Outcome {
    if intervals.iter().any(|i| i.estimate.is_nan() || i.estimate <= 0.0) {
        Outcome::DoesNotHold
    } else if intervals.iter().all(|i| i.low > 0.0) {
        Outcome::Holds
    } else {
        Outcome::HoldsOnTheMeanOnly
    }
}

fn sentence(metric: Metric, findings: &[String]) -> String {
    format!("{} {}; paired bootstrap over test items and seeds.", metric.title(), findings.join(", "))
}

/// Whether the samples share their items, and their views or pairs; means over different ones cannot be compared.
fn paired(samples: &[&Sample]) -> Result<(), Missing> {
    same_items(samples.iter().copied())?;
    let [first, others @ ..] = samples else { return Ok(()) };
    match others.iter().find(|other| other.places() != first.places()) {
        Some(odd) => Err(format!(
            "one method has values of {} views or pairs, another of {}: their means are of different things",
            first.places().len(),
            odd.places().len()
        )),
        None => Ok(()),
    }
}

/// Whether the samples share their items.
fn same_items<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> Result<(), Missing> {
    let mut samples = samples.into_iter();
    let Some(first) = samples.next() else { return Ok(()) };
    let items = first.drawn();
    match samples.find(|sample| sample.drawn() != items) {
        Some(odd) if odd.items == items.count => Err("the methods' items are grouped differently".into()),
        Some(odd) => Err(format!("one method has {} held-out items, another {}", odd.items, items.count)),
        None => Ok(()),
    }
}

/// The intervals of all values, or the information that one has none.
fn defined(drawn: &Resamples) -> Result<Vec<Interval>, Missing> {
    let intervals: Option<Vec<Interval>> = (0..drawn.estimates().len()).map(|figure| drawn.interval(figure)).collect();
    intervals.ok_or_else(|| "a figure is undefined: no item of its views or pairs counts".into())
}

/// Sign that makes larger values better for any metric.
fn goodness(metric: Metric) -> f64 {
    if metric.higher_is_better() { 1.0 } else { -1.0 }
}

/// The published lead beside our lead: ` (published +0.010, rerun)`.
fn published_lead(
    published: &[Published],
    methods: [&str; 2],
    metric: Metric,
    of: Reduce,
    over: (&str, usize),
) -> String {
    let of = match of {
        Reduce::Mean => Of::Mean,
        Reduce::Worst => Of::Worst,
        Reduce::Each => return String::new(),
    };
    let leads = lead(published, methods, metric, of, over);
    leads.iter().map(|(kind, lead)| format!(" (published {}, {})", printed(*lead), kind.name())).collect()
}

/// A difference of published values with their number of digits: three, or four.
fn printed(lead: f64) -> String {
    let thousandths = lead * 1e3;
    let digits = if (thousandths - thousandths.round()).abs() < 1e-6 { 3 } else { 4 };
    format!("{lead:+.digits$}")
}

fn better(test: &Better, stored: &Samples<'_>, published: &[Published]) -> Judged {
    let metric = test.metric;
    let sets: Vec<String> = match test.views.as_slice() {
        [] => stored.summary().view_sets().into_iter().map(str::to_string).collect(),
        sets => sets.to_vec(),
    };
    let (mut intervals, mut findings) = (Vec::new(), Vec::new());
    for set in &sets {
        let mut samples = vec![there!(stored.sample(&test.method, metric, set, &clean())?)];
        for rival in &test.over {
            samples.push(there!(stored.sample(rival, metric, set, &clean())?));
        }
        let samples: Vec<&Sample> = samples.iter().collect();
        there!(paired(&samples));
        let drawn = resampled(&samples, RESAMPLES, SEED, |evaluated, omitted| {
            differences(evaluated, omitted, &test.of, metric)
        })?;
        let found = there!(defined(&drawn));
        let places = test.of.iter().flat_map(|of| test.over.iter().map(move |rival| (of, rival)));
        for ((of, rival), interval) in places.zip(found) {
            let over = (set.as_str(), stored.summary().views(set).len());
            let theirs = published_lead(published, [&test.method, rival], metric, *of, over);
            let of = match (of, test.of.len()) {
                (Reduce::Mean, 1) => "",
                (Reduce::Mean, _) => "mean, ",
                (Reduce::Worst, _) => "worst pair, ",
                (Reduce::Each, _) => "least of all pairs, ",
            };
            let set = if sets.len() > 1 { format!("{set}: ") } else { String::new() };
            findings.push(format!("{set}{of}over {} {}{theirs}", method_title(rival), signed(&interval)));
            intervals.push(interval);
        }
    }
    // Differences are printed in the metric's own direction and judged in the direction of the claim.
    let claimed: Vec<Interval> = intervals.iter().map(|i| directed(i, goodness(metric))).collect();
    Ok(Ok((above_zero(&claimed), sentence(metric, &findings))))
}

/// The interval of `sign` times the figure.
fn directed(i: &Interval, sign: f64) -> Interval {
    if sign > 0.0 { *i } else { Interval { estimate: -i.estimate, low: -i.high, high: -i.low } }
}

/// First sample minus each other sample, in every requested reduction.
fn differences(evaluated: &[Evaluated<'_>], omitted: Option<Omitted>, of: &[Reduce], metric: Metric) -> Vec<f64> {
    let good = goodness(metric);
    let figures: Vec<Vec<f64>> = evaluated.iter().map(|e| e.by_place(omitted).into_values().collect()).collect();
    // An undefined value makes the result undefined.
    let lower = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) };
    let least = |values: &mut dyn Iterator<Item = f64>| good * values.map(|v| good * v).fold(f64::INFINITY, lower);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let one = |of: Reduce, rival: &[f64]| match of {
        Reduce::Mean => beyond_rounding(mean(&figures[0]), mean(rival)),
        Reduce::Worst => beyond_rounding(least(&mut figures[0].iter().copied()), least(&mut rival.iter().copied())),
        Reduce::Each => least(&mut figures[0].iter().zip(rival).map(|(a, b)| beyond_rounding(*a, *b))),
    };
    of.iter()
        .flat_map(|&of| figures[1..].iter().map(move |rival| (of, rival)))
        .map(|(of, rival)| one(of, rival))
        .collect()
}

/// All training rows without noise minus fewer or noisy ones, averaged over these conditions of the grid: with noise over
/// the pairs with noise on both views, without noise over all pairs.
fn smaller_drop(test: &SmallerDrop, stored: &Samples<'_>) -> Judged {
    let metric = test.metric;
    let Some(set) = stored.summary().view_sets().first().map(|set| set.to_string()) else {
        return Ok(Err("the grid has no cells".into()));
    };
    let conditions: Vec<&Condition> = stored.summary().conditions().into_iter().filter(|c| !c.is_clean()).collect();
    if conditions.is_empty() {
        return Ok(Err("the grid has no noise and no smaller number of training rows".into()));
    }
    let mut methods: Vec<(Sample, Vec<Sample>)> = Vec::new();
    for method in std::iter::once(&test.method).chain(&test.over) {
        let clean = there!(stored.sample(method, metric, &set, &clean())?);
        let mut noisy = Vec::new();
        for &condition in &conditions {
            noisy.push(there!(stored.sample(method, metric, &set, condition)?));
        }
        methods.push((clean, noisy));
    }
    let samples: Vec<&Sample> = methods.iter().flat_map(|(clean, noisy)| std::iter::once(clean).chain(noisy)).collect();
    there!(paired(&samples));
    let drop = |evaluated: &[Evaluated<'_>], omitted: Option<Omitted>| {
        let [clean, noisy @ ..] = evaluated else { return f64::NAN };
        let drops = noisy.iter().zip(&conditions).map(|(noisy, Condition { noise, .. })| {
            let both = |(source, target): &Place| {
                noise.is_clean()
                    || (noise.touches(source) && target.as_deref().is_some_and(|target| noise.touches(target)))
            };
            clean.mean(omitted, both) - noisy.mean(omitted, both)
        });
        drops.sum::<f64>() / conditions.len() as f64
    };
    let drawn = resampled(&samples, RESAMPLES, SEED, |evaluated, omitted| {
        let drops: Vec<f64> = evaluated.chunks(1 + conditions.len()).map(|method| drop(method, omitted)).collect();
        let differences = drops[1..].iter().map(|&rival| beyond_rounding(rival, drops[0]));
        drops.iter().copied().chain(differences).collect()
    })?;
    let found = there!(defined(&drawn));
    let (drops, differences) = found.split_at(methods.len());
    let names = std::iter::once(&test.method).chain(&test.over);
    let mut findings: Vec<String> =
        names.zip(drops).map(|(name, drop)| format!("{} drops by {:.3}", method_title(name), drop.estimate)).collect();
    findings.extend(
        test.over.iter().zip(differences).map(|(rival, i)| {
            format!("{} more than {}: {}", method_title(rival), method_title(&test.method), signed(i))
        }),
    );
    Ok(Ok((above_zero(differences), sentence(metric, &findings))))
}

/// Checks that no step goes against the claimed direction (1 up, -1 down) by more than one standard error, and that the
/// last value is on the claimed side of the first.
fn monotone(test: &Rises, direction: f64, stored: &Samples<'_>) -> Judged {
    let metric = test.metric;
    let sets: Vec<String> = match test.views.as_slice() {
        [] => stored.summary().view_sets().into_iter().map(str::to_string).collect(),
        sets => sets.to_vec(),
    };
    if sets.len() < 2 {
        return Ok(Err("the grid has one subset of views; a curve needs at least two".into()));
    }
    let mut samples = Vec::new();
    for set in &sets {
        samples.push(there!(stored.sample(&test.method, metric, set, &clean())?));
    }
    there!(same_items(&samples));
    let wanted = |(source, target): &Place| {
        test.pairs.is_empty() || test.pairs.iter().any(|[s, t]| s == source && Some(t.as_str()) == target.as_deref())
    };
    let samples: Vec<&Sample> = samples.iter().collect();
    let drawn = resampled(&samples, RESAMPLES, SEED, |evaluated, omitted| {
        let curve: Vec<f64> = evaluated.iter().map(|sample| sample.mean(omitted, wanted)).collect();
        let steps = curve.windows(2).map(|pair| pair[1] - pair[0]);
        let whole = curve[curve.len() - 1] - curve[0];
        curve.iter().copied().chain(steps).chain([whole]).collect()
    })?;
    let found = there!(defined(&drawn));
    let (curve, rest) = found.split_at(sets.len());
    let (steps, whole) = rest.split_at(sets.len() - 1);
    // A 95% interval is 2 · 1.96 standard errors wide.
    let against: Vec<usize> =
        (0..steps.len()).filter(|&i| direction * steps[i].estimate < -(steps[i].high - steps[i].low) / 3.92).collect();
    let whole = [directed(&whole[0], direction)];
    let outcome = match (above_zero(&whole), against.is_empty()) {
        (outcome, true) => outcome,
        (_, false) => Outcome::DoesNotHold,
    };
    let points: Vec<String> = sets.iter().zip(curve).map(|(set, i)| format!("{set} {:.3}", i.estimate)).collect();
    let mut findings = vec![points.join(" → "), format!("last over first {}", signed(&directed(&whole[0], direction)))];
    let word = if direction > 0.0 { "falls" } else { "rises" };
    findings.extend(against.iter().map(|&i| {
        format!("{word} by more than a standard error from {} to {}: {}", sets[i], sets[i + 1], signed(&steps[i]))
    }));
    Ok(Ok((outcome, sentence(metric, &findings))))
}

/// Checks `|ADD − REFIT| <= (REFIT − PW)/2` if REFIT > PW, and ADD > PW, for every subset of views.
fn extension(test: &Extension, stored: &Samples<'_>) -> Judged {
    let metric = test.metric;
    let (mut intervals, mut findings) = (Vec::new(), Vec::new());
    for set in stored.summary().view_sets().into_iter().map(str::to_string).collect::<Vec<_>>() {
        let views = stored.summary().views(&set);
        let Some(last) = views.last() else { continue };
        let with_last = |(source, target): &Place| source == last || target.as_deref() == Some(*last);
        let mut samples = Vec::new();
        for method in [&test.added, &test.refit, &test.pairwise] {
            samples.push(there!(stored.sample(method, metric, &set, &clean())?));
        }
        let samples: Vec<&Sample> = samples.iter().collect();
        there!(paired(&samples));
        let drawn = resampled(&samples, RESAMPLES, SEED, |evaluated, omitted| {
            let value = |i: usize| evaluated[i].mean(omitted, with_last);
            let (added, refit, pairwise) = (value(0), value(1), value(2));
            vec![
                added,
                refit,
                pairwise,
                beyond_rounding(added, pairwise),
                beyond_rounding(added, refit),
                0.5 * (refit - pairwise) - (added - refit).abs(),
            ]
        })?;
        let found = there!(defined(&drawn));
        findings.push(format!(
            "{set}: ADD {:.3}, REFIT {:.3}, PW {:.3}, ADD over PW {}, ADD over REFIT {}",
            found[0].estimate,
            found[1].estimate,
            found[2].estimate,
            signed(&found[3]),
            signed(&found[4])
        ));
        intervals.push(found[3]);
        if found[1].estimate > found[2].estimate {
            intervals.push(found[5]);
        }
    }
    Ok(Ok((above_zero(&intervals), sentence(metric, &findings))))
}

fn at_most(test: &AtMost, stored: &Samples<'_>) -> Judged {
    let metric = test.metric;
    let (mut largest, mut places) = (f64::NEG_INFINITY, 0);
    for set in stored.summary().view_sets() {
        let sample = there!(stored.sample(&test.method, metric, set, &clean())?);
        let evaluated = sample.as_is();
        let figures = evaluated.by_place(None);
        places += figures.len();
        largest = figures.into_values().fold(largest, f64::max);
    }
    if places == 0 {
        return Ok(Err("the grid has no cells".into()));
    }
    let outcome = if largest <= test.bound { Outcome::Holds } else { Outcome::DoesNotHold };
    let digits = |value: f64| if value.abs() < 1e-3 { format!("{value:.1e}") } else { format!("{value:.3}") };
    let finding = format!("at most {} in {places} places, bound {}", digits(largest), digits(test.bound));
    Ok(Ok((outcome, format!("{} {finding}.", metric.title()))))
}

/// Whether the published values agree with ours within the tolerance of the paper file.
fn values(value: &ValueOf, agreement: &Agreement<'_>) -> String {
    let stated = agreement.values.iter().filter(|v| v.published.metric == value.metric);
    let stated: Vec<_> = stated.filter(|v| value.method.as_ref().is_none_or(|m| *m == v.published.method)).collect();
    agreement.verdict(&stated).unwrap_or_else(|| format!("no published {} is known.", value.metric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_difference_keeps_its_digits() {
        assert_eq!([0.7049 - 0.6954, 0.300 - 0.198, 0.617 - 0.6165].map(printed), ["+0.0095", "+0.102", "+0.0005"]);
    }

    #[test]
    fn an_outcome_follows_from_its_intervals() {
        let interval = |estimate: f64, half: f64| Interval { estimate, low: estimate - half, high: estimate + half };
        assert_eq!(above_zero(&[interval(0.2, 0.1), interval(0.3, 0.1)]), Outcome::Holds);
        assert_eq!(above_zero(&[interval(0.2, 0.1), interval(0.1, 0.2)]), Outcome::HoldsOnTheMeanOnly);
        assert_eq!(above_zero(&[interval(0.2, 0.1), interval(-0.1, 0.2)]), Outcome::DoesNotHold);
        assert_eq!(above_zero(&[interval(f64::NAN, 0.2)]), Outcome::DoesNotHold);
        assert_eq!(directed(&interval(0.5, 0.1), -1.0).high, -0.4);
    }
}

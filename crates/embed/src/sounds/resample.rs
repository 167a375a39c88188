//! Change of the rate of a sound.

use rubato::{Fft, FixedSync, Resampler, audioadapter_buffers::direct::InterleavedSlice};

use super::Wave;

/// Samples of the lower rate that the library transforms together, at least. They decide how steep its filter is.
const LENGTH: usize = 1024;

/// The sound at another rate, by a filter in `f64` without delay, of `⌈samples · rate / own rate⌉` samples. A sound that
/// has the rate is returned as it is.
pub(super) fn resample(wave: Wave, rate: u32) -> Result<Wave, String> {
    if wave.rate() == rate {
        return Ok(wave);
    }
    let failed = |error: &dyn std::fmt::Display| format!("cannot go from {} to {rate} Hz: {error}", wave.rate());
    let samples: Vec<f64> = wave.samples().iter().map(|sample| f64::from(*sample)).collect();
    let (own, new) = (wave.rate() as usize, rate as usize);
    let shared = gcd(own, new);
    // With an even number of blocks, the middle of the filter is a sample at both rates, and nothing is shifted.
    let blocks = LENGTH.div_ceil(own.min(new) / shared).next_multiple_of(2);
    let mut resampler =
        Fft::<f64>::new(own, new, blocks * own / shared, 1, FixedSync::Both).map_err(|error| failed(&error))?;
    let input = InterleavedSlice::new(&samples, 1, samples.len()).map_err(|error| failed(&error))?;
    let output = resampler.process_all(&input, samples.len(), None).map_err(|error| failed(&error))?;
    let mut samples: Vec<f32> = output.take_data().into_iter().map(|sample| sample as f32).collect();
    let wanted = (wave.samples().len() as u64 * u64::from(rate)).div_ceil(u64::from(wave.rate()));
    samples.resize(wanted as usize, 0.0);
    Ok(Wave::new(rate, samples))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

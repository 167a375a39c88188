//! Canny's detector in the integer arithmetic of OpenCV.

use crate::pictures::picture::Grey;

/// tan 22.5° in fixed point of [`SHIFT`] bits.
const TANGENT: i64 = 13573;
const SHIFT: u32 = 15;

/// State of each pixel while edges are followed.
struct Gradients {
    width: usize,
    height: usize,
    across: Vec<i64>,
    down: Vec<i64>,
}

/// 255 on edges, 0 elsewhere: Sobel gradients; squared lengths thinned along their direction; kept above 1.5 times the
/// median grey, and above 0.5 times if they touch a kept pixel.
pub(super) fn canny(grey: &Grey) -> Grey {
    let (width, height) = (grey.width(), grey.height());
    let middle = median(grey);
    let (low, high) = (0.5 * middle, (1.5 * middle).min(255.0));
    let square = |threshold: f64| (threshold * threshold).floor() as i64;
    let gradients = Gradients::of(grey);
    let ridge: Vec<i64> = places(width, height).map(|(x, y)| gradients.ridge(x, y).unwrap_or(-1)).collect();
    let weak = |i: usize| ridge[i] > square(low);
    let mut out = vec![0; width * height];
    let mut stack: Vec<usize> = (0..out.len()).filter(|i| weak(*i) && ridge[*i] > square(high)).collect();
    while let Some(i) = stack.pop() {
        if out[i] != 0 {
            continue;
        }
        out[i] = 255;
        let (x, y) = (i % width, i / width);
        for y in y.saturating_sub(1)..(y + 2).min(height) {
            for x in x.saturating_sub(1)..(x + 2).min(width) {
                let near = y * width + x;
                if weak(near) && out[near] == 0 {
                    stack.push(near);
                }
            }
        }
    }
    Grey::new(width, height, out)
}

fn places(width: usize, height: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)))
}

/// The median; the mean of the two middle values for an even number.
fn median(grey: &Grey) -> f64 {
    let mut sorted = grey.bytes().to_vec();
    sorted.sort_unstable();
    let count = sorted.len();
    match count {
        0 => 0.0,
        _ => (f64::from(sorted[(count - 1) / 2]) + f64::from(sorted[count / 2])) / 2.0,
    }
}

impl Gradients {
    /// Sobel gradients of 3 x 3; outside the border, the border is repeated.
    fn of(grey: &Grey) -> Self {
        let (width, height) = (grey.width(), grey.height());
        let near = |at: usize, step: isize, length: usize| at.saturating_add_signed(step).min(length - 1);
        let value = |x, y, dx, dy| i64::from(grey.at(near(x, dx, width), near(y, dy, height))[0]);
        let across = |(x, y)| {
            let side = |dx| value(x, y, dx, -1) + 2 * value(x, y, dx, 0) + value(x, y, dx, 1);
            side(1) - side(-1)
        };
        let down = |(x, y)| {
            let side = |dy| value(x, y, -1, dy) + 2 * value(x, y, 0, dy) + value(x, y, 1, dy);
            side(1) - side(-1)
        };
        let all = || places(width, height);
        Self { width, height, across: all().map(across).collect(), down: all().map(down).collect() }
    }

    /// Squared length; 0 outside the border.
    fn length(&self, x: usize, y: usize, dx: isize, dy: isize) -> i64 {
        match (x.checked_add_signed(dx), y.checked_add_signed(dy)) {
            (Some(x), Some(y)) if x < self.width && y < self.height => {
                let i = y * self.width + x;
                self.across[i].pow(2) + self.down[i].pow(2)
            }
            _ => 0,
        }
    }

    /// The squared length of a pixel that is longer than its neighbours in the gradient's direction (there are four
    /// directions). Of two equal pixels the left or upper one is dropped, as in OpenCV.
    fn ridge(&self, x: usize, y: usize) -> Option<i64> {
        let i = y * self.width + x;
        let own = self.length(x, y, 0, 0);
        let at = |dx, dy| self.length(x, y, dx, dy);
        let (across, down) = (self.across[i].abs(), self.down[i].abs() << SHIFT);
        let flat = across * TANGENT;
        let steep = flat + (across << (SHIFT + 1));
        let keep = if down < flat {
            own > at(-1, 0) && own >= at(1, 0)
        } else if down > steep {
            own > at(0, -1) && own >= at(0, 1)
        } else {
            let sign = if (self.across[i] ^ self.down[i]) < 0 { -1 } else { 1 };
            own > at(-sign, -1) && own > at(sign, 1)
        };
        keep.then_some(own)
    }
}

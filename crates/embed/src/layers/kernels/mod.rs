//! Matrix products, and steps between them that use all threads. The tensor library's own steps use one thread, write to new
//! memory and call functions of the mathematical library number by number.

mod attend;
mod combine;
mod finish;
mod gather;
mod heads;
mod product;
mod vector;

use rayon::prelude::*;

pub(crate) use self::attend::attend;
pub(crate) use self::combine::{add, multiply};
pub(crate) use self::finish::finish;
pub(crate) use self::gather::gather;
pub(crate) use self::heads::{Heads, split};
pub(crate) use self::product::{Kernel, product_transposed, product_under};
pub(crate) use self::vector::{gelu, gelu_tanh, norm, sigmoid_times};

/// Numbers that one thread processes at a time: few enough for its cache.
pub(crate) const CHUNK: usize = 16 * 1024;

/// Zeros to write a result to. All threads make them: one thread would need a tenth of an encoder's time for it.
pub(crate) fn zeros(count: usize) -> Vec<f32> {
    rayon::iter::repeat_n(0.0, count).with_min_len(CHUNK).collect()
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;
    use crate::{device::composed, layers::Activation};

    fn tensor(shape: &[usize]) -> Tensor {
        let values = (0..shape.iter().product()).map(|i| ((i * 7919) % 2003) as f32 / 500.0 - 2.0).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    fn values(x: Tensor) -> Vec<f32> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn near(found: Tensor, wanted: Tensor, what: &str) {
        assert_eq!(found.dims(), wanted.dims(), "{what}");
        for (a, b) in values(found).iter().zip(values(wanted)) {
            assert!((a - b).abs() <= 1e-6, "{what}: {a}, {b}");
        }
    }

    #[test]
    fn ends_of_maps() {
        // one row, rows of several chunks, a row longer than a chunk
        for (rows, width) in [(1, 1), (7, 5), (50, 3072), (2, 20_000)] {
            let bias = tensor(&[width]);
            for bias in [None, Some(&bias)] {
                for activation in [None, Some(Activation::Gelu), Some(Activation::Relu)] {
                    let end = || finish(tensor(&[rows, width]), bias, activation).unwrap();
                    near(end(), composed(end), &format!("{rows} x {width}, {activation:?}"));
                }
            }
        }
        assert!(finish(tensor(&[2, 6]), Some(&tensor(&[3])), None).is_err());
    }

    #[test]
    fn sums_and_products() {
        let wholes = [[2, 3, 5, 7], [8, 12, 49, 49], [1, 1, 1, 1], [2, 1, 1, 20_000]];
        // The other tensor: the same shape, and each dimension once or missing.
        let others = |[a, b, c, d]: [usize; 4]| {
            vec![
                vec![a, b, c, d],
                vec![1, b, c, d],
                vec![a, 1, c, d],
                vec![a, 1, 1, d],
                vec![1, b, 1, 1],
                vec![d],
                vec![1],
            ]
        };
        for whole in wholes {
            for shape in others(whole) {
                let x = tensor(&shape);
                let before = values(x.clone());
                for combined in [add, multiply] {
                    let code = || combined((tensor(&whole) * 3.0).unwrap(), &x).unwrap();
                    assert_eq!(values(code()), values(composed(code)), "{whole:?}, {shape:?}");
                }
                assert_eq!(values(x), before, "only the part is changed");
            }
        }
        // other strides: of the part, of the other tensor
        let (turned, part) = (tensor(&[4, 3]).t().unwrap(), || tensor(&[3, 4]).copy().unwrap());
        for code in [&|| add(turned.copy().unwrap(), &part()).unwrap() as Tensor, &|| add(part(), &turned).unwrap()]
            as [&dyn Fn() -> Tensor; 2]
        {
            assert_eq!(values(code()), values(composed(code)));
        }
        let half = tensor(&[5, 8]).narrow(1, 4, 4).unwrap();
        let code = || multiply(tensor(&[5, 4]), &half).unwrap();
        assert_eq!(values(code()), values(composed(code)));
        assert!(add(tensor(&[2, 3]), &tensor(&[2])).is_err());
    }

    #[test]
    fn rows_in_another_order() {
        for (rows, width) in [(1, 1), (5, 3), (40, 700)] {
            let x = tensor(&[rows, width]);
            let index: Vec<u32> = (0..2 * rows).map(|i| ((i * 7) % (rows + 1)) as u32).collect();
            let index = Tensor::new(index, &Device::Cpu).unwrap();
            let code = || gather(&x, &index).unwrap();
            assert_eq!(code().dims(), [2 * rows, width]);
            assert_eq!(values(code()), values(composed(code)), "{rows} x {width}");
        }
        let index = Tensor::new(&[3_u32], &Device::Cpu).unwrap();
        assert!(gather(&tensor(&[2, 2]), &index).is_err());
    }

    #[test]
    fn kernels_that_move_over_frames() {
        // kernel and stride, with and without overlap; more places than are copied at a time
        for (frames, channels, size, stride, out) in [
            (1, 1, 1, 1, 1),
            (50, 3, 10, 5, 4),
            (51, 4, 3, 2, 5),
            (9, 2, 2, 2, 3),
            (20, 6, 8, 1, 6),
            (7000, 2, 3, 2, 3),
        ] {
            let (x, weight, kernel) =
                (tensor(&[frames, channels]), tensor(&[out, size * channels]), Kernel { size, stride });
            let code = || product_under(&x, &weight, kernel).unwrap();
            assert_eq!(code().dims(), [kernel.places(frames), out]);
            let (found, wanted) = (values(code()), values(composed(code)));
            let what = format!("{size} by {stride}");
            assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= 1e-4), "{what}");
        }
        assert!(product_under(&tensor(&[9, 2]), &tensor(&[3, 5]), Kernel { size: 3, stride: 1 }).is_err());
    }

    #[test]
    fn products() {
        // without rows, without inner dimension
        for [n, k, m] in [[300, 70, 50], [1, 1, 1], [0, 4, 3], [2, 0, 3]] {
            let (a, b) = (tensor(&[n, k]), tensor(&[m, k]));
            let code = || product_transposed(&a, &b).unwrap();
            assert_eq!(code().dims(), [n, m]);
            let (found, wanted) = (values(code()), values(composed(code)));
            assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= 1e-4), "{n} {k} {m}");
        }
        // a factor with other strides
        let (a, b) = (tensor(&[5, 7]).t().unwrap(), tensor(&[3, 5]));
        near(product_transposed(&a, &b).unwrap(), composed(|| product_transposed(&a, &b).unwrap()), "transposed");
        assert!(product_transposed(&tensor(&[2, 4]), &tensor(&[3, 3])).is_err());
    }
}

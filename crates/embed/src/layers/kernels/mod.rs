//! Matrix products, and steps between them that use all threads. The tensor library's own steps use one thread, write to new
//! memory and call functions of the mathematical library number by number.

mod finish;
mod heads;
mod product;
mod softmax;
mod vector;

pub(crate) use self::finish::{add, finish};
pub(crate) use self::heads::{joined, split};
pub(crate) use self::product::{product, product_transposed};
pub(crate) use self::softmax::softmax;
pub(crate) use self::vector::{gelu, gelu_tanh, norm, sigmoid_times};

/// Numbers that one thread processes at a time: few enough for its cache.
pub(crate) const CHUNK: usize = 16 * 1024;

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
    fn sums() {
        for shape in [&[1, 1][..], &[7, 5], &[3, 2, 20_000]] {
            let (part, x) = (tensor(shape), (tensor(shape) * 3.0).unwrap());
            let before = values(x.clone());
            let sum = values(add(part, &x).unwrap());
            assert!(sum.iter().zip(&before).all(|(sum, x)| (sum - x * 4.0 / 3.0).abs() <= 1e-5));
            assert_eq!(values(x), before, "only the part is changed");
        }
        // a part with other strides
        let part = tensor(&[4, 3]).t().unwrap();
        let wanted = composed(|| add(part.clone(), &tensor(&[3, 4])).unwrap());
        near(add(part, &tensor(&[3, 4])).unwrap(), wanted, "transposed");
    }

    #[test]
    fn products() {
        // one product, several, without rows or inner dimension
        for (leading, [n, k, m]) in
            [(&[][..], [300, 70, 50]), (&[2, 3], [37, 8, 5]), (&[2], [0, 4, 3]), (&[2], [2, 0, 3])]
        {
            let of = |shape: [usize; 2]| tensor(&[leading, &shape].concat());
            let (a, b, c) = (of([n, k]), of([k, m]), of([m, k]));
            for code in [&|| product(&a, &b).unwrap() as Tensor, &|| product_transposed(&a, &c).unwrap()]
                as [&dyn Fn() -> Tensor; 2]
            {
                assert_eq!(code().dims(), [leading, &[n, m]].concat());
                let (found, wanted) = (values(code()), values(composed(code)));
                assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= 1e-4), "{leading:?} {n} {k} {m}");
            }
        }
        // a factor with other strides
        let (a, b) = (tensor(&[5, 7]).t().unwrap(), tensor(&[5, 3]));
        near(product(&a, &b).unwrap(), composed(|| product(&a, &b).unwrap()), "transposed");
        assert!(product(&tensor(&[2, 3]), &tensor(&[2, 3])).is_err());
        assert!(product_transposed(&tensor(&[2, 4, 3]), &tensor(&[3, 4, 3])).is_err());
    }

    #[test]
    fn heads_and_weights() {
        for (items, heads, length, width) in [(1, 1, 1, 1), (3, 2, 5, 7), (2, 12, 197, 64)] {
            let x = tensor(&[items * length, heads * width]);
            let parts = || split(&x, items, heads).unwrap();
            assert_eq!(parts().dims(), [items, heads, length, width]);
            assert_eq!(values(parts()), values(composed(parts)));
            let back = || joined(&parts()).unwrap();
            assert_eq!((values(back()), values(composed(back))), (values(x.clone()), values(x.clone())));
            let weights = || softmax(tensor(&[items, heads, length, length])).unwrap();
            near(weights(), composed(weights), "softmax");
        }
    }
}

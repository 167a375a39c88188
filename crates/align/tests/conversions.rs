//! Matrices of ndarray and of faer, there and back. Each part needs its feature.
#![allow(clippy::unwrap_used)]

/// Entry (i, j) tells its place.
#[cfg(any(feature = "ndarray", feature = "faer"))]
fn entry(i: usize, j: usize) -> f32 {
    (10 * i + j) as f32
}

#[cfg(feature = "ndarray")]
mod of_ndarray {
    use align::Matrix;
    use ndarray::{Array2, ArrayView2, Axis, s};

    use super::entry;

    fn array(rows: usize, cols: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, cols), |(i, j)| entry(i, j))
    }

    #[test]
    fn an_array_that_lies_row_by_row_is_taken_over_and_given_back() {
        let array = array(3, 4);
        let values = array.as_ptr();
        let matrix = Matrix::from(array.clone());
        assert_eq!(matrix, Matrix::from_fn(3, 4, entry));
        assert_eq!(Array2::from(matrix), array);

        let matrix = Matrix::from(array);
        assert_eq!(matrix.as_slice().as_ptr(), values, "no value was copied");
        let view = ArrayView2::from(&matrix);
        assert_eq!(view.as_ptr(), values, "no value was copied");
        assert_eq!(view[(2, 1)], 21.0);
        assert_eq!(Array2::from(matrix).as_ptr(), values, "no value was copied");
    }

    #[test]
    fn transposes_and_cut_arrays_come_in_their_logical_order() {
        assert_eq!(Matrix::from(array(3, 4).reversed_axes()), Matrix::from_fn(4, 3, |i, j| entry(j, i)));
        assert_eq!(Matrix::from(array(3, 4).t()), Matrix::from_fn(4, 3, |i, j| entry(j, i)));
        assert_eq!(Matrix::from(array(5, 4).slice_move(s![1..3, ..])), Matrix::from_fn(2, 4, |i, j| entry(i + 1, j)));
        assert_eq!(
            Matrix::from(array(5, 4).slice_move(s![1..3, 2..])),
            Matrix::from_fn(2, 2, |i, j| entry(i + 1, j + 2))
        );
        let mut backwards = array(3, 2);
        backwards.invert_axis(Axis(0));
        assert_eq!(Matrix::from(backwards), Matrix::from_fn(3, 2, |i, j| entry(2 - i, j)));
        for shape in [(0, 3), (3, 0), (0, 0)] {
            let empty = Matrix::from(Array2::<f32>::zeros(shape));
            assert_eq!((empty.rows(), empty.cols()), shape);
            assert_eq!(ArrayView2::from(&empty).dim(), shape);
        }
    }
}

#[cfg(feature = "faer")]
mod of_faer {
    use align::Matrix;
    use align::linalg::{MatrixView, Threads, product};
    use faer::{Mat, MatRef};

    use super::entry;

    #[test]
    fn matrices_are_copied_and_views_are_not() {
        let columns = Mat::from_fn(3, 4, entry);
        let matrix = Matrix::from(columns.clone());
        assert_eq!(matrix, Matrix::from_fn(3, 4, entry));
        assert_eq!(Matrix::from(columns.as_ref().transpose()), matrix.transposed());
        assert_eq!(Mat::from(&matrix), columns);

        let view = MatRef::from(&matrix);
        assert_eq!((view.as_ptr(), view[(2, 1)]), (matrix.as_slice().as_ptr(), 21.0));
        let ours = MatrixView::from(columns.as_ref());
        assert_eq!((ours.rows(), ours.cols(), ours.at(2, 1)), (3, 4, 21.0));
        assert_eq!(MatRef::from(ours).as_ptr(), columns.as_ptr());
        assert_eq!(
            product(ours.transpose(), ours, Threads::One),
            product(view.transpose().into(), view.into(), Threads::One)
        );
    }
}

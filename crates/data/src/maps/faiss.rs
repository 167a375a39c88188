//! Maps as a file of faiss: a `LinearTransform`, which computes `y = M x + b` for columns x.
//!
//! Layout, little-endian, as faiss writes and reads it (tried with 1.15.1): the letters `LTra`; a byte, whether there is a
//! bias; the number of entries of M (u64) and the entries (f32, row by row, d_out × d_in); the number of entries of b (u64)
//! and the entries (f32); d_in and d_out (i32); a byte, whether the transform is trained.

use align::fitted::AffineMap;

/// The bytes of the file.
pub(super) fn bytes(affine: &AffineMap) -> Option<Vec<u8>> {
    let AffineMap { matrix, shift } = affine;
    let widths = [i32::try_from(matrix.rows()).ok()?, i32::try_from(matrix.cols()).ok()?];
    let mut bytes = b"LTra\x01".to_vec();
    for values in [matrix.transposed().as_slice(), shift] {
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    }
    bytes.extend(widths.into_iter().flat_map(i32::to_le_bytes));
    bytes.push(1);
    Some(bytes)
}

#![no_main]

use grid::Grid;

libfuzzer_sys::fuzz_target!(|contents: &[u8]| {
    polyalign_fuzz::in_a_file("x.yaml", contents, |path| {
        if let Ok(grid) = Grid::read(path) {
            let _ = grid.value.view_sets();
        }
    });
});

//! Edge maps against OpenCV's: grey and Canny equal, the others within one level.

mod common;

use common::golden;
use embed::pictures::{
    Edges, Rgb,
    edges::{dilate, grey},
};

#[test]
fn maps_are_those_of_opencv() {
    for name in ["a", "b", "c"] {
        let read = |map: &str| {
            let picture = Rgb::open(&golden(&format!("edges/{name}_{map}.png"))).unwrap();
            picture.bytes().iter().step_by(3).copied().collect::<Vec<u8>>()
        };
        let picture = Rgb::open(&golden(&format!("pictures/{name}.png"))).unwrap();
        let grey = grey(&picture);
        assert_eq!(grey.bytes(), read("grey"), "{name}");
        for (edges, levels) in [(Edges::Canny, 0), (Edges::Scharr, 1), (Edges::DifferenceOfGaussians, 1)] {
            let undilated = edges.undilated(&grey);
            assert_eq!(dilate(&undilated), edges.of(&picture));
            for (found, map) in [(undilated, format!("{edges}_undilated")), (edges.of(&picture), edges.to_string())] {
                let pairs = found.bytes().iter().zip(read(&map)).map(|(a, b)| a.abs_diff(b));
                let (differing, largest) = pairs.fold((0, 0), |(n, most), d| (n + usize::from(d > 0), most.max(d)));
                println!("{name} {map}: {differing} pixels differ, by at most {largest}");
                assert!(largest <= levels, "{name} {map}: {largest}");
            }
        }
    }
}

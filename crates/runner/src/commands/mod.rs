//! The commands: one file or folder for each family.

pub mod cancel;
pub mod leaderboard;
pub mod list;
pub mod parts;
pub mod reproduce;
pub mod run;
pub mod scaling;
pub mod sets;
pub mod show;
pub mod status;
pub mod submit;
pub mod universe;
pub mod verify;

//! What the command line calls: a file or folder for each family of commands.

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

//! The modules of a crate, and the files of paths.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::parse::{Source, parse};

/// Place of a module: the name of the root's file, then the names of modules.
type Place = Vec<String>;

/// A crate's modules.
pub struct Tree {
    modules: BTreeMap<Place, Module>,
}

struct Module {
    file: PathBuf,
    source: Source,
}

/// One file that uses another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The file that uses.
    pub from: PathBuf,
    /// The file that is used.
    pub to: PathBuf,
    /// The line of the use, from 1.
    pub line: usize,
}

/// Largest number of re-exports of a name; more count as a circle of re-exports.
const DEEPEST: usize = 16;

impl Tree {
    /// Reads the modules below `src`, those of a library and of a program.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(src: &Path) -> io::Result<Self> {
        let mut tree = Self { modules: BTreeMap::new() };
        for root in ["lib", "main"] {
            let file = src.join(format!("{root}.rs"));
            if file.exists() {
                tree.add(vec![root.to_owned()], file, src)?;
            }
        }
        Ok(tree)
    }

    fn add(&mut self, place: Place, file: PathBuf, folder: &Path) -> io::Result<()> {
        let source = parse(&fs::read_to_string(&file)?);
        for name in &source.modules {
            let below = folder.join(name);
            let of_its_own = folder.join(format!("{name}.rs"));
            let file = if of_its_own.exists() { of_its_own } else { below.join("mod.rs") };
            self.add([place.clone(), vec![name.clone()]].concat(), file, &below)?;
        }
        self.modules.insert(place, Module { file, source });
        Ok(())
    }

    /// Uses of files by other files, each pair once. A re-export (`pub use`) and the declaration of a module are no
    /// uses.
    pub fn arrows(&self) -> Vec<Arrow> {
        let mut arrows: BTreeMap<(PathBuf, PathBuf), usize> = BTreeMap::new();
        for (place, module) in &self.modules {
            let source = &module.source;
            let uses = source.uses.iter().filter(|u| !u.public || source.words.contains(&u.name));
            // For a module that is imported by its name, the paths show which of its items are used.
            let items = uses.filter(|u| u.name == "*" || self.module(place, &u.path).is_none());
            let paths = items.map(|u| (&u.path, u.line)).chain(source.paths.iter().map(|(path, line)| (path, *line)));
            for (path, line) in paths {
                if let Some(to) = self.file(place, path, 0).filter(|to| **to != module.file) {
                    let first = arrows.entry((module.file.clone(), to.clone())).or_insert(line);
                    *first = line.min(*first);
                }
            }
        }
        arrows.into_iter().map(|((from, to), line)| Arrow { from, to, line }).collect()
    }

    /// The file that defines the item of `path`, seen from a module; `None` for an item of another crate.
    fn file(&self, at: &Place, path: &[String], depth: usize) -> Option<&PathBuf> {
        let (place, rest) = self.walk(at, path)?;
        let module = self.modules.get(&place)?;
        let Some(name) = rest.first() else { return Some(&module.file) };
        if depth > DEEPEST {
            return None;
        }
        let handed_on = module.source.uses.iter().filter(|u| !module.source.items.contains(name) && u.name == *name);
        if let Some(other) = handed_on.clone().next() {
            return self.file(&place, &[&other.path, &rest[1..]].concat(), depth + 1);
        }
        let globs = module.source.uses.iter().filter(|u| u.name == "*" && !module.source.items.contains(name));
        for glob in globs {
            if let Some((below, [])) = self.walk(&place, &glob.path)
                && let Some(found) = self.modules.get(&below).filter(|found| found.source.items.contains(name))
            {
                return Some(&found.file);
            }
        }
        // An unknown name at the head of a path is a crate, a type of the prelude, or local.
        let known_here = rest.len() < path.len() || module.source.items.contains(name);
        known_here.then_some(&module.file)
    }

    /// The module of a path that consists of names of modules.
    fn module(&self, at: &Place, path: &[String]) -> Option<Place> {
        self.walk(at, path).filter(|(place, rest)| rest.is_empty() && self.modules.contains_key(place)).map(|(p, _)| p)
    }

    /// The last module on the path, and the rest of the path.
    fn walk<'p>(&self, at: &Place, path: &'p [String]) -> Option<(Place, &'p [String])> {
        let mut place = at.clone();
        let mut rest = path;
        while let Some(name) = rest.first() {
            match name.as_str() {
                "crate" => place.truncate(1),
                "self" => {}
                "super" => drop(place.pop()),
                _ => {
                    let below = [place.clone(), vec![name.clone()]].concat();
                    if !self.modules.contains_key(&below) {
                        break;
                    }
                    place = below;
                }
            }
            rest = &rest[1..];
        }
        (!place.is_empty()).then_some((place, rest))
    }
}

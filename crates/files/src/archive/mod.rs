//! Files of tar archives from elsewhere: nothing in front of a file takes more than little memory.

mod named;

use std::{
    io::{self, Read},
    path::Path,
};

use self::named::Named;

/// Gives every regular file of a tar archive to `visit`: its path as the archive has it, its size, and its content. Links,
/// folders and devices are left out. Then the stream is read to its end, because the checksum of a compressed one lies
/// there. `broken` makes an error of this function an error of the caller.
///
/// The tar library reads the long name of a file as a whole, even if it has gigabytes; this function reads 64 KB.
///
/// # Errors
/// A damaged archive; a long name or extensions of more than 64 KB; a sparse file; the errors of `visit`.
pub fn each_file<R: Read, E>(
    from: R,
    broken: impl Fn(io::Error) -> E,
    mut visit: impl FnMut(&Path, u64, &mut dyn Read) -> Result<(), E>,
) -> Result<(), E> {
    let mut archive = tar::Archive::new(from);
    let mut named = Named::default();
    for (i, entry) in archive.entries().map_err(&broken)?.raw(true).enumerate() {
        let mut entry = entry.map_err(&broken)?;
        let Some(path) = named.path(i + 1, &mut entry).map_err(&broken)? else { continue };
        let size = entry.size();
        visit(&path, size, &mut entry)?;
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = Vec<(String, Vec<u8>)>;

    fn read(from: impl Read) -> Result<Found, String> {
        let mut found = Found::new();
        each_file(
            from,
            |error| error.to_string(),
            |path, size, content| {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
                assert_eq!(size, bytes.len() as u64);
                found.push((path.display().to_string(), bytes));
                Ok(())
            },
        )?;
        Ok(found)
    }

    fn entry(header: tar::Header, kind: tar::EntryType, name: &str, size: u64) -> tar::Header {
        let mut header = header;
        header.set_path(name).expect("a short name");
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        header
    }

    #[test]
    fn long_names_of_both_kinds_are_read() {
        let long = format!("{}/x.wav", "deep".repeat(60));
        let mut builder = tar::Builder::new(Vec::new());
        for header in [tar::Header::new_gnu(), tar::Header::new_ustar()] {
            let gnu = header.as_gnu().is_some();
            let file = entry(header, tar::EntryType::Regular, "short", 5);
            match gnu {
                true => builder.append_data(&mut file.clone(), &long, &b"words"[..]).expect("written"),
                false => {
                    builder.append_pax_extensions([("path", long.as_bytes()), ("size", &b"5"[..])]).expect("written");
                    builder.append(&file, &b"words"[..]).expect("written");
                }
            }
            builder.append(&file, &b"other"[..]).expect("written");
        }
        let archive = builder.into_inner().expect("written");
        let (words, other) = ((long, b"words".to_vec()), ("short".to_owned(), b"other".to_vec()));
        assert_eq!(read(archive.as_slice()).expect("sound"), [words.clone(), other.clone(), words, other]);
        assert!(read(&archive[..700]).is_err(), "cut off in the long name");
    }

    #[test]
    fn names_of_gigabytes_are_refused_before_they_are_read() {
        for (kind, what) in [
            (tar::EntryType::GNULongName, "entry 1 is a long name of 22000000000 bytes, expected at most 65536"),
            (tar::EntryType::XHeader, "entry 1 is a list of extensions of 22000000000 bytes, expected at most 65536"),
        ] {
            let header = entry(tar::Header::new_gnu(), kind, "x", 22_000_000_000);
            // An end of the stream would be an error of another kind.
            let stream = io::Cursor::new(header.as_bytes().to_vec()).chain(io::repeat(b'a'));
            assert_eq!(read(stream).expect_err("refused"), what);
        }
        let mut sized = tar::Builder::new(Vec::new());
        sized.append_pax_extensions([("size", &b"9"[..])]).expect("written");
        let file = entry(tar::Header::new_ustar(), tar::EntryType::Regular, "x", 5);
        sized.append(&file, &b"words"[..]).expect("written");
        let said = read(sized.into_inner().expect("written").as_slice()).expect_err("refused");
        assert_eq!(said, "entry 2 has 5 bytes and by its extensions 9");
    }
}

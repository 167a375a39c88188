"""Fails if a source distribution lacks a file that the build reads, or carries files that it does not need."""

import sys
import tarfile
from pathlib import PurePosixPath

MOST = 5_000_000

with tarfile.open(sys.argv[1]) as archive:
    names = {str(PurePosixPath(*PurePosixPath(member.name).parts[1:])) for member in archive.getmembers()}
    size = sum(member.size for member in archive.getmembers())
needed = ["pyproject.toml", "PKG-INFO", "Cargo.toml", "Cargo.lock", "crates/python/Cargo.toml", "crates/align/src/lib.rs"]
problems = [f"{name} is missing" for name in needed if name not in names]
problems += [f"{name} is not needed" for name in sorted(names) if name.startswith(("data/", "results/", "golden/", "crates/embed/"))][:5]
if size > MOST:
    problems.append(f"{size} bytes unpacked, at most {MOST}")
print(f"source distribution: {len(names)} files, {size // 1000} kB unpacked")
sys.exit("\n".join(problems) or 0)

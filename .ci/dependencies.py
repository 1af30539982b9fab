#!/usr/bin/env python3
"""Checks every dependency that is built: licence, source, and versions that are there twice.

Only the standard library and `cargo tree` are used. Known advisories that are accepted:

  RUSTSEC-2026-0192  ttf-parser is unmaintained; it comes with plotters (by ab_glyph). It parses
                     nothing but the font that is part of this package.
"""

import re
import subprocess
import sys

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}

# Crates that may be there in several versions, and why.
DUPLICATES = {
    "miniz_oxide": "flate2 is a step ahead of png",
    "syn": "maud's and clap's macros are built at different versions; not in the binary",
}


def packages():
    """(name, version, licence) of all that is built for any target, tests included."""
    command = ["cargo", "tree", "--locked", "--target", "all", "--edges", "normal,build,dev"]
    command += ["--prefix", "none", "--no-dedupe", "--format", "{p}\t{l}"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = set()
    for line in filter(None, listing.splitlines()):
        package, licence = line.split("\t")
        name, version = package.split()[:2]
        found.add((name, version.removeprefix("v"), licence.removesuffix(" (*)")))
    return sorted(found)


def is_allowed(licence):
    """Whether an SPDX expression (or the older `A/B`) can be met with allowed licences.

    Every `AND` needs one allowed choice of its `OR`s, which is all that crates use.
    """
    groups = re.split(r"\bAND\b", licence.replace("/", " OR "))
    choices = [[c.strip(" ()") for c in re.split(r"\bOR\b", group)] for group in groups]
    return all(any(choice in ALLOWED for choice in group) for group in choices)


def sources():
    """(name, source) of each package in the lock file."""
    with open("Cargo.lock", encoding="utf-8") as lock:
        for entry in lock.read().split("[[package]]")[1:]:
            values = dict(re.findall(r'^(name|source) = "(.*)"$', entry, re.MULTILINE))
            yield values["name"], values.get("source")


def mistakes():
    found = packages()
    for name, version, licence in found:
        if not is_allowed(licence):
            yield f"{name} {version}: licence `{licence}` is not among those allowed"
    versions = {}
    for name, version, _ in found:
        versions.setdefault(name, []).append(version)
    for name, several in versions.items():
        if len(several) > 1 and name not in DUPLICATES:
            yield f"{name} is built in versions {', '.join(several)}; unify them, or give a reason"
    for name in DUPLICATES:
        if len(versions.get(name, [])) < 2:
            yield f"{name} is no longer built twice: remove it from the exceptions"
    for name, source in sources():
        if name != "equipoise" and not (source or "a folder").startswith("registry+"):
            yield f"{name} does not come from the registry but from {source}"


def main():
    found = list(mistakes())
    for mistake in found:
        print(f"error: {mistake}", file=sys.stderr)
    if not found:
        print(f"{len(packages()) - 1} dependencies: licences, versions and sources are fine")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

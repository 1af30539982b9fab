#!/usr/bin/env python3
"""Fails if a notebook was committed with outputs, execution counts, or without cell ids."""

import json
import sys


def mistakes(path):
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    for number, cell in enumerate(notebook["cells"], 1):
        if not cell.get("id"):
            yield f"{path}: cell {number} has no id"
        if cell.get("outputs") or cell.get("execution_count"):
            yield f"{path}: cell {number} has outputs; clear them before committing"
    if notebook["metadata"]["kernelspec"]["name"] != "python3":
        yield f"{path}: the kernel is not python3"


def main():
    found = [mistake for path in sys.argv[1:] for mistake in mistakes(path)]
    for mistake in found:
        print(f"error: {mistake}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

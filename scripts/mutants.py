#!/usr/bin/env python3
"""Weakens every memory ordering of the modelled protocols, one at a time, and checks that the models notice.

Each `Acquire`, `Release` and `SeqCst` of these files, outside their tests, becomes the next weaker thing in a copy of the tree;
`cargo test --test models` must then fail. What survives is either not covered by a model or stronger than it need be.

Exit code: 0 if every mutant was caught, 1 if one survived, 2 if the check could not be made.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The files whose orderings the models exercise: every one of src/ring that orders anything.
FILES = [f"src/ring/{name}.rs" for name in ("spsc/index", "call", "bell", "blocks", "ready", "turns")]
WEAKER = {"Ordering::Acquire": "Ordering::Relaxed", "Ordering::Release": "Ordering::Relaxed",
          "Ordering::SeqCst": "Ordering::AcqRel"}  # fmt: skip


def mutants(text):
    """Yields (line number, ordering, mutated text) for each ordering before the file's tests."""
    end = text.find("#[cfg(test)]")
    for match in re.finditer("|".join(WEAKER), text[: end if end >= 0 else None]):
        start = text.rfind("\n", 0, match.start()) + 1
        if not text[start : match.start()].lstrip().startswith("//"):
            mutated = text[: match.start()] + WEAKER[match[0]] + text[match.end() :]
            yield text.count("\n", 0, match.start()) + 1, match[0], mutated


def models_pass(tree):
    command = ["cargo", "test", "--quiet", "--test", "models"]
    # Kept between runs: only what a mutant changes is compiled again.
    environment = os.environ | {"CARGO_TARGET_DIR": str(ROOT / "target" / "mutants")}
    outcome = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if outcome.returncode and "could not compile" in outcome.stderr:
        sys.exit(f"the tree does not compile:\n{outcome.stderr}")
    return outcome.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=FILES, metavar="FILE", help="default: " + ", ".join(FILES))
    files = parser.parse_args().files
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        tree = Path(directory) / "tree"
        ignore = shutil.ignore_patterns("target", "results", ".git")
        shutil.copytree(ROOT, tree, ignore=ignore)
        if not models_pass(tree):
            print("the models fail without a mutant", file=sys.stderr)
            return 2
        for name in files:
            file = tree / name
            original = file.read_text()
            for line, ordering, mutated in mutants(original):
                file.write_text(mutated)
                survived = models_pass(tree)
                survivors += survived
                weaker = WEAKER[ordering].removeprefix("Ordering::")
                verdict = "SURVIVED" if survived else "caught"
                print(f"{verdict:9} {name}:{line}: {ordering.removeprefix('Ordering::')} → {weaker}", flush=True)
            file.write_text(original)
    print(f"{survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make mutants`: for each package the share of small changes that its tests notice."""

import argparse
import sys
import time

from tests.mutants.accepted import read_accepted, split_accepted
from tests.mutants.packages import PACKAGES, Package
from tests.mutants.sample import choose, find_survivors, list_mutants
from tests.mutants.tree import RunFailed, make_tree


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--package", action="append", choices=PACKAGES, help="only this one; may be repeated")
    parser.add_argument("--sample", type=int, default=30, help="mutants per package (30)")
    parser.add_argument("--seed", type=int, default=1, help="which mutants: another seed, other ones (1)")
    options = parser.parse_args()
    try:
        kept = [try_package(PACKAGES[name], options) for name in options.package or PACKAGES]
    except RunFailed as failure:
        print(failure, file=sys.stderr)  # noqa: T201
        return 2
    return 0 if all(kept) else 1


def try_package(package: Package, options: argparse.Namespace) -> bool:
    """Tries a sample, prints what came of it; whether the package's goal is reached."""
    started = time.monotonic()
    tree = make_tree(package)
    tree.generate()
    mutants = list_mutants(tree.mutated)
    chosen = choose(mutants, options.sample, options.seed)
    tree.run([mutant.name for mutant in chosen])
    found = [
        mutant
        for mutant in find_survivors(tree.mutated, chosen)
        if tree.survives_alone(mutant.name, package.tests)
    ]
    accepted, survivors = split_accepted(found, read_accepted())
    tried = len(chosen) - len(accepted)
    caught = tried - len(survivors)
    percent = 100 * caught / tried if tried else 100.0
    lines = [
        f"{package.name}: caught {caught} of {tried} ({percent:.0f} %, goal {package.goal} %)"
        f", {len(accepted)} accepted; seed {options.seed}, {len(mutants):,} mutants in all"
        f", {time.monotonic() - started:.0f} s"
    ]
    for mutant in survivors:
        lines += [f"  {mutant.function}  ({mutant.name})", *(f"    {line}" for line in mutant.change)]
    print("\n".join(lines), flush=True)  # noqa: T201
    return percent >= package.goal


if __name__ == "__main__":
    sys.exit(main())

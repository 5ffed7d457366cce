"""Which of the scanners, and which of our rules, see each mistake seeded into the template. `make bench-misconfig`.

A scanner has seen a mistake when it reports something that it does not report on the template as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.template.expand import expanded
from tests.template.mutants import MUTANTS, Mutant
from tests.template.rules import findings
from tests.template.scanners import SCANNERS, scan, settle


def table() -> list[tuple[str, dict[str, bool]]]:
    """Each mistake with who sees it."""
    as_they_are = {_as_it_is(m): settle(expanded(**m.given), **m.given) for m in MUTANTS}
    found = scan(as_they_are | {m.name: settle(m.template(), **m.given) for m in MUTANTS})
    rows = []
    for mutant in MUTANTS:
        new = found[mutant.name] - found[_as_it_is(mutant)]
        seen = {scanner: any(f.scanner == scanner for f in new) for scanner in SCANNERS}
        rows.append((mutant.name, seen | {"ours": mutant.rule in findings(mutant.stack())}))
    return rows


def _as_it_is(mutant: Mutant) -> str:
    return f"the template as it is, with {sorted(mutant.given)}"


def write(rows: Sequence[tuple[str, dict[str, bool]]]) -> None:
    """As a Markdown table, with the sums below it."""
    names = [*SCANNERS, "ours"]
    lines = [f"| mistake | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    lines += [f"| {mistake} | {' | '.join('x' if seen[n] else '' for n in names)} |" for mistake, seen in rows]
    sums = [str(sum(seen[n] for _, seen in rows)) for n in names]
    lines.append(f"| **seen, of {len(rows)}** | {' | '.join(sums)} |")
    together = sum(any(seen[n] for n in SCANNERS) for _, seen in rows)
    lines.append(f"\nThe three scanners together see {together} of {len(rows)}.")
    sys.stdout.write("\n".join(lines) + "\n")


def main() -> int:
    """Exit code 1 where a mistake escapes our rules."""
    rows = table()
    write(rows)
    return 0 if all(seen["ours"] for _, seen in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

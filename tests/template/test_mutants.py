"""Every seeded mistake is seen by the rule that is there for it: rules that cannot fail prove nothing."""

import pytest

from tests.template.mutants import MUTANTS, Mutant
from tests.template.rules import RULES, findings


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_the_mistake_is_found(mutant: Mutant) -> None:
    assert list(RULES[mutant.rule](mutant.stack()))


def test_every_rule_survives_every_mistake() -> None:
    for mutant in MUTANTS:
        findings(mutant.stack())


def test_there_are_fifty_one_mistakes_and_each_is_another() -> None:
    names = {mutant.name for mutant in MUTANTS}
    assert len(names) == len(MUTANTS) == 51

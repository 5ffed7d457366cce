"""What one role may do, in its own words; tests/template/rules/access.py holds for all of them."""

from tests.template.expand import of_type


def test_aliases_are_writable_only_with_rollback_on() -> None:
    assert "aliases" in str(of_type("AWS::IAM::Role", Rollback="on")["AlertRole"])
    assert "aliases" not in str(of_type("AWS::IAM::Role")["AlertRole"])

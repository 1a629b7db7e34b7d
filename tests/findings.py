"""What a finding must say, without the words in which it says it."""

from blindspot.model.findings import Doubt, Gap


def assert_found(found: object, kind: type[Gap | Doubt], code: str, resource: str, *facts: str) -> None:
    """A gap or a doubt of that code and resource, whose message is one sentence or more that names the facts."""
    assert isinstance(found, kind)
    assert (found.code, found.resource) == (code, resource)
    assert found.message.endswith(".")
    assert "None" not in found.message
    assert [fact for fact in facts if fact not in found.message] == []

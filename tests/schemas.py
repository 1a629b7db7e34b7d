"""The shapes of the documents that people and programs read, as docs/ has them."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

DOCS = Path(__file__).parents[1] / "docs"


def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((DOCS / name).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


REMEDIATION = _validator("remediation.schema.json")
"""The remediator's document."""

REVIEW = _validator("review.schema.json")
"""The document of a review."""

ORGANIZATION = _validator("organization.schema.json")
"""The document of an organization."""

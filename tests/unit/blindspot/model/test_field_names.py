import pytest

from blindspot.model.cloudtrail_events import records
from blindspot.model.field_names import meant
from filter_pattern import EVERY, FieldPath


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("errorcode", "errorCode"),
        ("ErrorCode", "errorCode"),
        ("error_code", "errorCode"),
        ("errCode", "errorCode"),
        ("sourceIpAddress", "sourceIPAddress"),
        ("useridentity.TYPE", "userIdentity.type"),
        ("userIdentity.usrName", "userIdentity.userName"),
        ("detail.errorCode", "errorCode"),
        ("userIdentity.errorCode", "errorCode"),
        ("userName", "userIdentity.userName"),
        ("sessionIssuer.arn", "userIdentity.arn"),
        ("useridentity.sessioncontext.sessionissuer.arn", "userIdentity.sessionContext.sessionIssuer.arn"),
        ("detail.eventname", "eventName"),
        ("userIdentity.sessionContext.sessionIssuer.Arn", "userIdentity.sessionContext.sessionIssuer.arn"),
    ],
)
def test_what_was_meant(path: str, known: str) -> None:
    assert meant(tuple(path.split("."))) == tuple(known.split("."))


@pytest.mark.parametrize(
    "path",
    [
        *records(account="", region=None).fields,
        ("requestParameters", "bucketName"),
        ("requestParameters", "errorCode"),
        ("requestParameters", "policy", "eventName"),
        ("additionalEventData", "MFAUsed"),
        ("userIdentity", "onBehalfOf", "userId"),
        ("userIdentity", "sessionContext", "sourceIdentity"),
        ("eventContext",),
        ("userIdentity", "evntName"),
        ("userIdentity", "type", "errorCode"),
        ("resources", 0, "arn"),
        (EVERY, "errorcode"),
        (),
    ],
    ids=str,
)
def test_a_field_that_may_be_right_is_not_corrected(path: FieldPath) -> None:
    assert meant(path) is None

"""The local AWS keeps SSM parameters as AWS does, and refuses what AWS refuses."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


def put(aws: LocalAws, name: str, value: str = "v", **more: Any) -> int:
    version: int = aws.client("ssm").put_parameter(Name=name, Value=value, Type="String", **more)["Version"]
    return version


def value(aws: LocalAws, name: str) -> str:
    found: str = aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    return found


def test_what_is_not_to_be_overwritten_is_created_once(aws: LocalAws) -> None:
    assert put(aws, "/s/lease", "mine") == 1
    with refused("ParameterAlreadyExists"):
        put(aws, "/s/lease", "yours")
    assert value(aws, "/s/lease") == "mine"


def test_versions_grow_and_begin_anew_with_a_new_parameter(aws: LocalAws) -> None:
    assert [put(aws, "/s/lease", Overwrite=True) for _ in range(120)] == list(range(1, 121))
    aws.client("ssm").delete_parameter(Name="/s/lease")
    assert put(aws, "/s/lease") == 1


def test_a_parameter_that_is_created_needs_a_type_and_one_that_is_overwritten_does_not(aws: LocalAws) -> None:
    ssm = aws.client("ssm")
    with refused("ValidationException"):
        ssm.put_parameter(Name="/s/lease", Value="v", Overwrite=True)
    put(aws, "/s/lease")
    assert ssm.put_parameter(Name="/s/lease", Value="w", Overwrite=True)["Version"] == 2


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("/s/made/u/0", True),
        ("switch", True),
        ("/" + "/".join("abcdefghijklmno"), True),
        ("/" + "/".join("abcdefghijklmnop"), False),
        ("s/made", False),
        ("/s//made", False),
        ("/s/made/", False),
        ("/s/arn:aws", False),
        ("/s/a b", False),
        ("/aws/made", False),
        ("/AWSome/made", False),
        ("ssm-made", False),
        ("/s/" + "n" * 2000, False),
    ],
)
def test_names(aws: LocalAws, name: str, allowed: bool) -> None:
    if allowed:
        assert put(aws, name) == 1
    else:
        with refused("ValidationException"):
            put(aws, name)


@pytest.mark.parametrize(
    ("text", "allowed"), [("v" * 4096, True), ("v" * 4097, False), ("{ {", True), ("{{x}}", False), ('{"a":{{', False)]
)
def test_values(aws: LocalAws, text: str, allowed: bool) -> None:
    if allowed:
        put(aws, "/s/p", text)
        assert value(aws, "/s/p") == text
    else:
        with refused("ValidationException"):
            put(aws, "/s/p", text)


@pytest.mark.parametrize("path", ["/s/made/u", "/s/made/u/"])
def test_a_path_is_read_ten_at_a_time(aws: LocalAws, path: str) -> None:
    names = {f"/s/made/u/{number}" for number in range(23)}
    for name in (*names, "/s/made/u/deeper/1", "/s/made/u2/1", "/s/made/u"):
        put(aws, name)
    pages = list(aws.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path))
    assert [len(page["Parameters"]) for page in pages] == [10, 10, 3]
    assert {found["Name"] for page in pages for found in page["Parameters"]} == names


def test_a_path_is_read_with_what_is_below_it_where_that_is_asked_for(aws: LocalAws) -> None:
    for name in ("/s/made/u/1", "/s/made/u/deeper/1", "switch"):
        put(aws, name)

    def read(path: str) -> list[str]:
        answer = aws.client("ssm").get_parameters_by_path(Path=path, Recursive=True)
        return [found["Name"] for found in answer["Parameters"]]

    assert read("/s") == ["/s/made/u/1", "/s/made/u/deeper/1"]
    assert read("/") == ["/s/made/u/1", "/s/made/u/deeper/1", "switch"]
    assert read("/none") == []


@pytest.mark.parametrize("asked", [{"Path": "s"}, {"Path": "/s", "MaxResults": 11}])
def test_a_path_that_is_none_and_more_than_ten_are_refused(aws: LocalAws, asked: dict[str, Any]) -> None:
    with refused("ValidationException"):
        aws.client("ssm").get_parameters_by_path(**asked)


def test_what_is_gone_is_not_found(aws: LocalAws) -> None:
    parameters = aws.client("ssm")
    for call in (parameters.get_parameter, parameters.delete_parameter, parameters.get_parameter):
        with refused("ParameterNotFound"):
            call(Name="/s/p")


def test_a_dump_shows_them_without_when_and_how_often_they_were_written(aws: LocalAws) -> None:
    put(aws, "/s/p", "one")
    held = aws.dump()
    assert held == {"eu-west-1": {"parameters": {"/s/p": {"Type": "String", "Value": "one"}}}}
    put(aws, "/s/p", "one", Overwrite=True)
    assert aws.dump() == held
    aws.client("ssm").delete_parameter(Name="/s/p")
    assert aws.dump() == {}

import json
from datetime import date, timedelta

import pytest

from blindspot import settings
from blindspot.settings import Organization, SettingsError, Subscriber, load, organization, review_log_groups

TODAY = date(2026, 11, 27)


def test_an_empty_environment_is_the_default_stack_without_a_rule() -> None:
    found = settings.load({}, on=TODAY)
    assert found.profile.name == "cis-level-2"
    assert (found.excluded_regions, found.config_rule, found.report_regions) == (frozenset(), None, False)


def test_every_parameter_is_read() -> None:
    found = settings.load(
        {
            "BLINDSPOT_PROFILE": "cis-level-1",
            "BLINDSPOT_OVERRIDES": '{"calls_to_alarm": 3}',
            "BLINDSPOT_EXCLUDED_REGIONS": "us-east-1, us-gov-west-1,",
            "BLINDSPOT_CONFIG_RULE": "my-rule",
            "BLINDSPOT_REPORT_REGIONS": "true",
        },
        on=TODAY,
    )
    assert (found.profile.name, found.profile.calls_to_alarm) == ("cis-level-1", 3)
    assert found.excluded_regions == {"us-east-1", "us-gov-west-1"}
    assert (found.config_rule, found.report_regions) == ("my-rule", True)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PROFILE", "cis", "Profile is 'cis'; allowed: cis-level-1, cis-level-2"),
        ("OVERRIDES", "{", "Overrides is not JSON"),
        ("OVERRIDES", "[]", "Overrides is not an object"),
        ("EXCLUDED_REGIONS", "us-east-1 eu-west-1", "ExcludedRegions has 'us-east-1 eu-west-1'"),
        ("REPORT_REGIONS", "yes", "ReportRegions is 'yes'; allowed: true or false"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(variable: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({f"BLINDSPOT_{variable}": value}, on=TODAY)
    assert said in str(caught.value)


@pytest.mark.parametrize(("days", "excused"), [(-1, 0), (0, 0), (1, 1)])
def test_the_day_decides_which_exclusions_are_in_force(days: int, excused: int) -> None:
    entry = {"pattern": "{ $.eventName = GetObject }", "until": str(TODAY + timedelta(days))}
    environ = {"BLINDSPOT_OVERRIDES": json.dumps({"benign": [entry]})}
    for chosen in (load(environ, on=TODAY), settings.load_for_backout(environ, on=TODAY)[0]):
        assert (len(chosen.profile.exclusions), len(chosen.profile.benign)) == (1, excused)
        assert chosen.profile.on == TODAY


SUBSCRIBERS = [
    ("email", "security-team@example.com", True),
    ("", "security-team@example.com", True),
    ("email", "https://chat.example.com/hook", False),
    ("https", "https://chat.example.com/hook", True),
    ("https", "https://user:password@chat.example.com:8443?key=1", True),
    ("https", "https://[chat", False),
    ("https", "http://chat.example.com/hook", False),
    ("sqs", "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:alerts", True),
    ("sqs", "arn:aws:sqs:eu-west-1:123456789012:alerts.fifo", False),
    ("sqs", "https://sqs.eu-west-1.amazonaws.com/123456789012/alerts", False),
    ("lambda", "arn:aws:lambda:eu-west-1:123456789012:function:on-call:live", True),
    ("lambda", "on-call", False),
    ("sms", "+14155550100", True),
    ("sms", "0170 123", False),
    ("pigeon", "loft", False),
]


@pytest.mark.parametrize(("protocol", "endpoint", "fits"), SUBSCRIBERS)
def test_who_is_to_be_subscribed(protocol: str, endpoint: str, fits: bool) -> None:
    environ = {"BLINDSPOT_SUBSCRIPTION_PROTOCOL": protocol, "BLINDSPOT_SUBSCRIPTION_ENDPOINT": endpoint}
    if fits:
        assert load(environ, on=TODAY, subscribing=True).subscribers == (Subscriber(protocol or "email", endpoint),)
        return
    with pytest.raises(SettingsError, match="allowed: ") as raised:
        load(environ, on=TODAY, subscribing=True)
    assert endpoint not in str(raised.value)


def test_nobody_need_be_subscribed() -> None:
    assert load({"BLINDSPOT_SUBSCRIPTION_PROTOCOL": "sqs"}, on=TODAY, subscribing=True).subscribers == ()


LISTS: dict[str, tuple[str, str, list[str] | str]] = {
    # the protocol, the parameter, and whom that subscribes or which error it is
    "two": ("email", "a@example.com,b@example.com", ["a@example.com", "b@example.com"]),
    "spaces and a comma at the end": ("email", " a@example.com , b@example.com,", ["a@example.com", "b@example.com"]),
    "one of them twice": ("sms", "+14155550100,+14155550101,+14155550100", ["+14155550100", "+14155550101"]),
    "none": ("email", ",", []),
    "one of another protocol": ("email", "a@example.com,+14155550100", "SubscriptionEndpoint, number 2 of 2,"),
    "an address with a comma": ("https", "https://example.com/?a=1,2", "an endpoint cannot contain one"),
}


@pytest.mark.parametrize(("protocol", "endpoints", "expected"), LISTS.values(), ids=LISTS)
def test_several_are_subscribed_each_once(protocol: str, endpoints: str, expected: list[str] | str) -> None:
    environ = {"BLINDSPOT_SUBSCRIPTION_PROTOCOL": protocol, "BLINDSPOT_SUBSCRIPTION_ENDPOINT": endpoints}
    if isinstance(expected, str):
        with pytest.raises(SettingsError, match=expected) as raised:
            load(environ, on=TODAY, subscribing=True)
        assert not any(endpoint in str(raised.value) for endpoint in endpoints.split(",") if len(endpoint) > 1)
        return
    assert [subscriber.endpoint for subscriber in load(environ, on=TODAY, subscribing=True).subscribers] == expected


NAMES = [
    ("alarm", "ApiCallMonitoring", True),
    ("alarm", "security-unauthorized-blindspot", True),
    ("alarm", "my-blindspot-alarm", True),
    ("alarm", "unauthorized", False),
    ("topic", "cc-cloud-alert-sns-topic", True),
    ("topic", "ApiCallMonitoring", False),
    ("topic", "Blindspot", False),
    ("filter", "anything", True),
    ("metric", "anything", True),
]


@pytest.mark.parametrize(("key", "name", "allowed"), NAMES)
def test_a_name_that_the_role_does_not_allow_is_an_error_of_the_remediator_alone(
    key: str, name: str, allowed: bool
) -> None:
    environ = {"BLINDSPOT_OVERRIDES": json.dumps({"names": {key: name}})}
    assert getattr(load(environ, on=TODAY).profile.names, key) == name
    if allowed:
        assert getattr(load(environ, on=TODAY, subscribing=True).profile.names, key) == name
        return
    with pytest.raises(SettingsError, match=f"Overrides: names: {key} is '{name}'; allowed .*contains -blindspot"):
        load(environ, on=TODAY, subscribing=True)


TRAIL = "arn:aws:logs:eu-west-1:111122223333:log-group:trail"
AUDIT = "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/aws/a.b_c-d#1"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", ()),
        (TRAIL, (TRAIL,)),
        (f"{TRAIL}:*", (TRAIL,)),
        (f" {AUDIT}:* , {TRAIL},", (AUDIT, TRAIL)),
        (f"{TRAIL},{TRAIL}:*", (TRAIL,)),
    ],
)
def test_the_log_groups_to_review_are_named_each_once(given: str, found: tuple[str, ...]) -> None:
    assert review_log_groups({"BLINDSPOT_REVIEW_LOG_GROUP_ARNS": given}) == found


def test_without_the_setting_no_log_group_is_reviewed() -> None:
    assert review_log_groups({}) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        "trail",
        f"{TRAIL}*",
        f"{TRAIL}:log-stream:a",
        f"{TRAIL}:*:*",
        "arn:aws:logs:eu-west-1:111122223333:log-group:",
        "arn:aws:logs:eu-west-1:111122223333:log-group:*",
        "arn:aws:logs:*:111122223333:log-group:trail",
        "arn:aws:logs:eu-west-1:11112222333:log-group:trail",
        "arn:aws:logs:eu-west-1:111122223333:log-group:trÄil",
        "arn:aws:sns:eu-west-1:111122223333:trail",
        f"arn:aws:logs:eu-west-1:111122223333:log-group:{'g' * 513}",
    ],
)
def test_what_is_no_log_group_is_an_error_of_the_review_alone(wrong: str) -> None:
    environ = {"BLINDSPOT_REVIEW_LOG_GROUP_ARNS": f"{TRAIL},{wrong}"}
    with pytest.raises(SettingsError, match=r"ReviewLogGroupArns has '.*'; allowed: ARNs of log groups, separated by"):
        review_log_groups(environ)
    assert load(environ, on=TODAY).profile.name == "cis-level-2"


ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
STACK = f"arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/blindspot/{ID}"


@pytest.mark.parametrize("role", ["blindspot-member", "a", "a" * 64, "Role_1+=,.@-"])
def test_what_leads_into_the_members_is_the_roles_name_and_the_stack(role: str) -> None:
    found = organization({"BLINDSPOT_ORGANIZATION_ROLE": role, "BLINDSPOT_STACK": STACK})
    assert found == Organization("blindspot", "123456789012", "aws-us-gov", "us-gov-west-1", role, ID)
    assert found.role("222222222222") == f"arn:aws-us-gov:iam::222222222222:role/{role}"


@pytest.mark.parametrize("environ", [{}, {"BLINDSPOT_ORGANIZATION_ROLE": ""}, {"BLINDSPOT_STACK": STACK}])
def test_without_a_roles_name_there_is_no_organization(environ: dict[str, str]) -> None:
    assert organization(environ) is None


@pytest.mark.parametrize("role", ["path/name", "a b", "a" * 65, "a\n", "rôle", "arn:aws:iam::1:role/a", "*", "a*"])
def test_what_is_no_name_of_a_role_is_an_error_that_keeps_nothing_else_back(role: str) -> None:
    environ = {"BLINDSPOT_ORGANIZATION_ROLE": role, "BLINDSPOT_STACK": STACK}
    with pytest.raises(SettingsError) as caught:
        organization(environ)
    allowed = "an IAM role's name without its path, of at most 64 characters."
    assert str(caught.value) == f"OrganizationRole is {role!r}; allowed: {allowed}"
    assert load(environ, on=TODAY).profile.name == "cis-level-2"


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        ("", "OrganizationRole is set, and BLINDSPOT_STACK is not; allowed: both, as in a stack."),
        ("blindspot", "BLINDSPOT_STACK is 'blindspot'; allowed: the id of a CloudFormation stack, "),
    ],
)
def test_an_organization_needs_a_stack(stack: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        organization({"BLINDSPOT_ORGANIZATION_ROLE": "blindspot-member", "BLINDSPOT_STACK": stack})
    assert str(caught.value).startswith(told)

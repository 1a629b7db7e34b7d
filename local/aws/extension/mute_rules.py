"""CloudWatch: alarm mute rules (CloudWatch API reference, PutAlarmMuteRule, and the data types Rule and Schedule)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from moto.cloudwatch.exceptions import CloudWatchException, ResourceNotFoundException, ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.utilities.utils import get_partition

STATUSES = ("SCHEDULED", "ACTIVE", "EXPIRED")

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)")
_CRON = re.compile(r"cron\(([^ ()]+(?: [^ ()]+){4})\)")
# "The characters *, -, and , are supported in all fields. English names can be used for the month and day of week".
_CRON_FIELD = re.compile(r"(\*|\w+(-\w+)?(,\w+(-\w+)?)*)", re.IGNORECASE)
_DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?)?")


class InvalidNextToken(CloudWatchException):
    code = "InvalidNextToken"


@dataclass
class MuteRule:
    """A mute rule as it was put; `given` has PutAlarmMuteRule's parameters."""

    arn: str
    given: dict[str, Any]
    updated: datetime

    @property
    def targets(self) -> list[str]:
        names: list[str] = self.given.get("MuteTargets", {}).get("AlarmNames", [])
        return names

    def status(self, now: datetime) -> str:
        """SCHEDULED is "will become active in the future": a single window that is over is past that."""
        if (expires := self.given.get("ExpireDate")) and expires <= now:
            return "EXPIRED"
        starts = self.given.get("StartDate")
        window = _window(self.given["Rule"]["Schedule"])
        if window is None:
            # Which minutes any other cron expression means is not worked out here.
            always = self.given["Rule"]["Schedule"]["Expression"] == "cron(* * * * *)"
            return "ACTIVE" if always and (starts is None or starts <= now) else "SCHEDULED"
        begin, end = window
        if end <= now:
            return "EXPIRED"
        return "ACTIVE" if max(begin, starts or begin) <= now else "SCHEDULED"

    def summary(self) -> dict[str, Any]:
        told = {
            "AlarmMuteRuleArn": self.arn,
            "Status": self.status(datetime.now(UTC)),
            "MuteType": "RECURRING" if _window(self.given["Rule"]["Schedule"]) is None else "ONE_TIME",
            "LastUpdatedTimestamp": self.updated,
        }
        return told | {key: self.given[key] for key in ("ExpireDate",) if key in self.given}


def put_alarm_mute_rule(self: CloudWatchResponse) -> ActionResult:
    backend = self.cloudwatch_backend
    given = {
        key: self._get_param(key)
        for key in ("Name", "Description", "Rule", "MuteTargets", "StartDate", "ExpireDate")
        if self._get_param(key) is not None
    }
    given.update({key: _utc(given[key]) for key in ("StartDate", "ExpireDate") if key in given})
    _check(given["Rule"]["Schedule"])
    place = f"{get_partition(self.region)}:cloudwatch:{self.region}:{self.current_account}"
    rule = MuteRule(f"arn:{place}:alarm-mute-rule:{given['Name']}", given, datetime.now(UTC))
    if len(rule.targets) > 100:
        raise ValidationError("A mute rule can target up to 100 alarms.")
    if missing := [name for name in rule.targets if name not in backend.alarms]:
        # "The alarm names must match existing alarms in your Amazon Web Services account and region."
        raise ValidationError(f"The alarms {', '.join(missing)} do not exist.")
    mute_rules(backend)[given["Name"]] = rule
    if tags := self._get_param("Tags", []):
        backend.tagger.tag_resource(rule.arn, tags)
    return EmptyResult()


def _utc(given: datetime) -> datetime:
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def _check(schedule: dict[str, Any]) -> None:
    expression = schedule["Expression"]
    cron = _CRON.fullmatch(expression)
    if cron and not all(_CRON_FIELD.fullmatch(field) for field in cron[1].split()):
        raise ValidationError(f"The cron expression {expression} is not valid.")
    try:
        ZoneInfo(schedule.get("Timezone", "UTC"))
        window = _window(schedule)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValidationError(f"The Schedule is not valid: {error}") from error
    if not cron and not window:
        raise ValidationError(f"The expression {expression} is neither cron(...) nor at(yyyy-MM-ddThh:mm).")
    if not timedelta(minutes=1) <= _duration(schedule) <= timedelta(days=15):
        raise ValidationError("The Duration must be from PT1M to P15D.")


def _window(schedule: dict[str, Any]) -> tuple[datetime, datetime] | None:
    """When the rule mutes, if it mutes once."""
    at = _AT.fullmatch(schedule["Expression"])
    if at is None:
        return None
    begin = datetime.fromisoformat(at[1]).replace(tzinfo=ZoneInfo(schedule.get("Timezone", "UTC"))).astimezone(UTC)
    return begin, begin + _duration(schedule)


def _duration(schedule: dict[str, Any]) -> timedelta:
    found = _DURATION.fullmatch(schedule["Duration"])
    if found is None:
        raise ValueError(f"{schedule['Duration']} is no ISO 8601 duration of days, hours and minutes")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def get_alarm_mute_rule(self: CloudWatchResponse) -> ActionResult:
    name = self._get_param("AlarmMuteRuleName")
    rule = mute_rules(self.cloudwatch_backend).get(name)
    if rule is None:
        raise ResourceNotFoundException(f"The alarm mute rule {name} does not exist.")
    return ActionResult(rule.given | rule.summary())


def list_alarm_mute_rules(self: CloudWatchResponse) -> ActionResult:
    limit = self._get_param("MaxRecords") or 50
    if not 1 <= limit <= 100:
        raise ValidationError("MaxRecords must be from 1 to 100.")
    alarm, statuses = self._get_param("AlarmName"), self._get_param("Statuses", [])
    if unknown := set(statuses) - set(STATUSES):
        raise ValidationError(f"The Statuses {', '.join(sorted(unknown))} are not known.")
    wanted = [
        summary
        for _, rule in sorted(mute_rules(self.cloudwatch_backend).items())
        for summary in [rule.summary()]
        if alarm in (None, *rule.targets) and (not statuses or summary["Status"] in statuses)
    ]
    token = self._get_param("NextToken") or "0"
    if not token.isdecimal():
        raise InvalidNextToken("The next token is not valid.")
    begin = int(token)
    more = {"NextToken": str(begin + limit)} if begin + limit < len(wanted) else {}
    return ActionResult({"AlarmMuteRuleSummaries": wanted[begin : begin + limit], **more})


def delete_alarm_mute_rule(self: CloudWatchResponse) -> ActionResult:
    # "If you delete a mute rule that does not exist, the operation succeeds without returning an error."
    mute_rules(self.cloudwatch_backend).pop(self._get_param("AlarmMuteRuleName"), None)
    return EmptyResult()


def mute_rules(backend: CloudWatchBackend) -> dict[str, MuteRule]:
    """Kept on moto's backend, so that moto forgets them with everything else."""
    kept: dict[str, MuteRule] = vars(backend).setdefault("mute_rules", {})
    return kept


METHODS = {
    CloudWatchResponse: {
        "put_alarm_mute_rule": put_alarm_mute_rule,
        "get_alarm_mute_rule": get_alarm_mute_rule,
        "list_alarm_mute_rules": list_alarm_mute_rules,
        "delete_alarm_mute_rule": delete_alarm_mute_rule,
    },
}

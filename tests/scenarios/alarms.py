"""Alarms, their actions, metric math and composite alarms."""

from local.accounts import CIS
from tests.scenarios.bends import (
    ACCOUNT,
    ALWAYS,
    AWAY,
    HALVES,
    HALVES_WITH_ZEROS,
    LAMBDA,
    M1_M2,
    NO_METRIC,
    OTHER,
    PERIODS,
    SUPPRESSOR,
    a_log_alarm,
    another_metric,
    breaks,
    composite,
    holds,
    in_state,
    leaves_open,
    math,
    metric_of,
    muted,
    no_alarm,
    no_filter,
    suppressed,
    the_alarm,
    the_alarm_in,
    the_filter,
    together,
)

ALARMS = (
    breaks("no alarm", "alarm.missing", no_alarm, "A metric that no alarm watches tells nobody."),
    breaks(
        "the alarm in another region",
        "alarm.missing",
        together(no_alarm, the_alarm_in(AWAY)),
        "A metric filter publishes in its log group's region, and an alarm watches its own.",
    ),
    breaks("another namespace", "alarm.missing", the_alarm(Namespace="LogMetrics"), "It is another metric."),
    breaks(
        "dimensions that the metric lacks",
        "alarm.missing",
        the_alarm(Dimensions=[{"Name": "LogGroup", "Value": "management-events"}]),
        "A metric with dimensions is another metric.",
    ),
    breaks(
        "another unit",
        "alarm.missing",
        the_alarm(Unit="Seconds"),
        "An alarm with a unit finds no data of another and stays in INSUFFICIENT_DATA.",
    ),
    breaks("threshold ten", "alarm.insensitive", the_alarm(Threshold=10), "One call sums up to one."),
    breaks(
        "greater than one",
        "alarm.insensitive",
        the_alarm(ComparisonOperator="GreaterThanThreshold"),
        "One is not greater than one.",
    ),
    holds(
        "greater than zero",
        the_alarm(ComparisonOperator="GreaterThanThreshold", Threshold=0),
        "One is greater than zero, and zero is not.",
    ),
    holds(
        "greater than one, by the profile that says so",
        the_alarm(ComparisonOperator="GreaterThanThreshold"),
        "Two calls within one period sum up to two.",
        profile="cis-level-1",
    ),
    breaks(
        "three, where two calls may pass",
        "alarm.insensitive",
        the_alarm(Threshold=3),
        "Two calls within one period sum up to two.",
        overrides={"calls_to_alarm": 2},
    ),
    breaks(
        "less than one",
        "alarm.never-fires",
        the_alarm(ComparisonOperator="LessThanThreshold"),
        "The metric has data only where it is one or more.",
    ),
    holds("average", the_alarm(Statistic="Average"), "Where only matches publish, the average of ones is one."),
    breaks(
        "average, with a default of zero",
        "alarm.never-fires",
        together(the_filter(CIS, {"defaultValue": 0}), the_alarm(Statistic="Average")),
        "The zeros of the events that do not match keep the average below one.",
    ),
    holds("minimum", the_alarm(Statistic="Minimum"), "Where only matches publish, the least of ones is one."),
    breaks(
        "minimum, with a default of zero",
        "alarm.never-fires",
        together(the_filter(CIS, {"defaultValue": 0}), the_alarm(Statistic="Minimum")),
        "The least is the zero of an event that does not match.",
    ),
    holds(
        "maximum, with a default of zero",
        together(the_filter(CIS, {"defaultValue": 0}), the_alarm(Statistic="Maximum")),
        "One match is the largest of its period.",
    ),
    holds("sample count", the_alarm(Statistic="SampleCount"), "One match is one sample."),
    breaks(
        "sample count, with a default of zero",
        "alarm.latches",
        together(the_filter(CIS, {"defaultValue": 0}), the_alarm(Statistic="SampleCount")),
        "A zero is a sample too, and ordinary events arrive all the time.",
    ),
    leaves_open(
        "a percentile",
        "alarm.unclear",
        the_alarm(Statistic=None, ExtendedStatistic="p99"),
        "A percentile of few samples depends on what else is published.",
    ),
    breaks(
        "two of two periods, none breaching where data are missing",
        "alarm.insensitive",
        the_alarm(**PERIODS, TreatMissingData="notBreaching"),
        "One call breaches one period.",
    ),
    holds(
        "two of two periods, missing data as missing",
        the_alarm(**PERIODS),
        "Where all else is missing, one breaching datapoint is enough once it is old enough.",
    ),
    breaks(
        "two of three periods, none breaching where data are missing",
        "alarm.insensitive",
        the_alarm(EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching"),
        "One call breaches one period.",
    ),
    breaks(
        "two of two periods, with a default of zero",
        "alarm.insensitive",
        together(the_filter(CIS, {"defaultValue": 0}), the_alarm(**PERIODS)),
        "The zeros of other periods are not missing, and they do not breach.",
    ),
    holds(
        "one of three periods",
        the_alarm(EvaluationPeriods=3, DatapointsToAlarm=1, TreatMissingData="notBreaching"),
        "One breaching datapoint is enough.",
    ),
    breaks(
        "missing data ignored",
        "alarm.latches",
        the_alarm(TreatMissingData="ignore"),
        "Ignoring missing data keeps the state, and after a match there are no data.",
    ),
    holds(
        "missing data ignored, with a default of zero",
        together(the_filter(CIS, {"defaultValue": 0}), the_alarm(TreatMissingData="ignore")),
        "The next ordinary event publishes a zero, and the alarm rests.",
    ),
    breaks(
        "missing data breaching",
        "alarm.latches",
        the_alarm(TreatMissingData="breaching"),
        "Without calls there are no data, and the alarm rings.",
    ),
    leaves_open(
        "missing data breaching, with a default of zero",
        "alarm.unclear",
        together(the_filter(CIS, {"defaultValue": 0}), the_alarm(TreatMissingData="breaching")),
        "As long as ordinary events arrive no data are missing.",
    ),
    holds("missing data not breaching", the_alarm(TreatMissingData="notBreaching"), "Without calls the alarm rests."),
    holds("periods of a day", the_alarm(Period=86_400), "One call within a day sums up to one."),
    holds("periods of ten seconds", the_alarm(Period=10), "A call's minute counts in one of its periods."),
    holds("a deaf alarm beside the right one", the_alarm("second", Threshold=10), "Each alarm acts for itself."),
    holds("in ALARM just now", in_state("ALARM"), "It returns to OK or INSUFFICIENT_DATA when the calls cease."),
    leaves_open(
        "a warm-up",
        "alarm.unclear",
        the_alarm(WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 60}),
        "An alarm does not act while it warms up, and when that begins anew is not documented.",
    ),
)


ACTIONS = (
    breaks(
        "actions disabled",
        "alarm.actions-disabled",
        the_alarm(ActionsEnabled=False),
        "The alarm changes its state and acts on nothing.",
    ),
    breaks(
        "no action", "alarm.no-action", the_alarm(AlarmActions=[]), "The alarm changes its state, which nobody sees."
    ),
    breaks(
        "an action on OK alone",
        "alarm.no-action",
        the_alarm(AlarmActions=[], OKActions=["{topic}"]),
        "OKActions run when the alarm returns to OK.",
    ),
    breaks(
        "an action on missing data alone",
        "alarm.no-action",
        the_alarm(AlarmActions=[], InsufficientDataActions=["{topic}"]),
        "InsufficientDataActions run when data go missing.",
    ),
    breaks(
        "a function",
        "alarm.no-action",
        the_alarm(AlarmActions=[LAMBDA]),
        "The benchmark asks for a topic with a subscriber; what a function does with it is not seen.",
    ),
    holds(
        "a function, where that is accepted",
        the_alarm(AlarmActions=[LAMBDA]),
        "An alarm invokes a function as it notifies a topic.",
        overrides={"accepted_actions": ["sns", "lambda"]},
    ),
    holds("a function and the topic", the_alarm(AlarmActions=[LAMBDA, "{topic}"]), "Each action of an alarm runs."),
    holds(
        "one topic that is gone and one that is not",
        the_alarm(AlarmActions=["{topic}-gone", "{topic}"]),
        "Each action of an alarm runs, whatever becomes of another.",
    ),
    breaks("muted now", "alarm.muted", muted(ALWAYS), "While a mute rule is active the alarms it names do not act."),
    holds("muted later", muted("at(2099-01-01T00:00)"), "A mute rule holds within its window only."),
    holds(
        "another alarm muted",
        together(the_alarm("second", Threshold=10), muted(ALWAYS, "second")),
        "A mute rule holds for the alarms it names.",
    ),
)


MATH = (
    holds("math that is the metric", math("m1"), "The expression has the metric's own data."),
    holds("math that fills gaps", math("FILL(m1, 0)"), "Where data are missing the expression is zero, and it rests."),
    breaks(
        "math that fills gaps with ones",
        "alarm.latches",
        math("FILL(m1, 1)"),
        "Where data are missing the expression is one, and the alarm rings.",
    ),
    holds(
        "a sum of two halves, gaps filled",
        together(HALVES, math("FILL(m1, 0) + FILL(m2, 0)", *M1_M2)),
        "The sum is one where either half counts one.",
    ),
    holds(
        "SUM of two halves",
        together(HALVES, math("SUM([m1, m2])", *M1_M2)),
        "SUM of an array takes what data there are.",
    ),
    holds(
        "a sum of two halves with gaps",
        together(HALVES, math("m1 + m2", *M1_M2)),
        "Arithmetic treats missing values as 0.",
    ),
    holds(
        "a share of all calls",
        together(
            the_filter("{ $.eventName = * }", another_metric(), name="all"),
            math("m1 / m2 > 0", *M1_M2),
        ),
        "Ordinary calls make the share smaller, but do not take the alarm to ALARM by themselves.",
    ),
    holds(
        "a sum of two halves with a default of zero",
        together(HALVES_WITH_ZEROS, math("m1 + m2", *M1_M2)),
        "The half that does not match publishes its zero.",
    ),
    holds(
        "math on this account's metric, by its number",
        math("m1", metric_of("m1", AccountId=ACCOUNT)),
        "AccountId may name the account itself.",
    ),
    leaves_open("a rate", "alarm.unclear", math("RATE(m1)"), "A rate is the difference to the datapoint before."),
    leaves_open(
        "a rate alone",
        "alarm.unclear",
        math("RATE(FILL(m1, 0)) * 300"),
        "It is 0 again while as many calls are refused as in the period before.",
    ),
    holds("a number and its rate", math("FILL(m1, 0) + RATE(FILL(m1, 0))"), "One call makes it more than one."),
    holds("a condition", math("IF(m1 > 0, 1, 0)"), "One call makes it one."),
    leaves_open("a logarithm", "alarm.unclear", math("LOG10(m1)"), "Its value is not worked out."),
    leaves_open(
        "a search",
        "alarm.unclear",
        math("SUM(SEARCH('{CISBenchmark} unauthorized', 'Sum', 300))"),
        "A search finds its metrics by name.",
    ),
    breaks(
        "another account's metric",
        "alarm.missing",
        math("m1", metric_of("m1", AccountId=OTHER)),
        "It is another metric, though its name is the same.",
    ),
    leaves_open(
        "outside its usual band",
        "alarm.unclear",
        the_alarm(
            **NO_METRIC,
            Threshold=None,
            ComparisonOperator="GreaterThanUpperThreshold",
            ThresholdMetricId="band",
            Metrics=[
                metric_of("m1", ReturnData=True),
                {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
            ],
        ),
        "What is usual is learned from past data; an account that is often refused hears of nothing.",
    ),
    leaves_open(
        "an alarm on a query of the log group",
        "alarm.unclear",
        together(no_alarm, a_log_alarm),
        "A log alarm runs a query of its own on the log group, without a metric filter.",
    ),
    leaves_open(
        "an alarm on a query of the log group, no filter",
        "alarm.unclear",
        together(no_filter, a_log_alarm),
        "A log alarm needs no metric filter.",
    ),
    holds("an alarm on a query beside the right one", a_log_alarm, "Each alarm acts for itself."),
)


COMPOSITES = (
    holds("composite of the alarm", composite("ALARM({alarm})"), "It rings when the alarm does, and acts for it."),
    holds(
        "composite by ARN",
        composite(f"ALARM(arn:aws:cloudwatch:{{region}}:{ACCOUNT}:alarm:{{alarm}})"),
        "A rule names an alarm by its name or by its ARN.",
    ),
    holds(
        "composite by a name with signs",
        together(the_alarm("CIS 4.1: calls (prod)", AlarmActions=[]), composite('ALARM("CIS 4.1: calls (prod)")')),
        "A name in quotes may hold blanks, colons and parentheses.",
    ),
    holds(
        "composite of either",
        composite('ALARM("{alarm}") OR ALARM(maintenance)'),
        "OR comes true when one of them rings.",
    ),
    holds(
        "composite of at least one",
        composite('AT_LEAST(1, ALARM, ("{alarm}", maintenance))'),
        "One of them is enough.",
    ),
    breaks(
        "composite of at least two",
        "alarm.insensitive",
        composite('AT_LEAST(2, ALARM, ("{alarm}", maintenance))'),
        "The other alarm stays in OK.",
    ),
    breaks(
        "composite that is in ALARM while the alarm is OK",
        "alarm.latches",
        composite("OK({alarm})"),
        "It leaves ALARM on a refused call, and returns to it afterwards.",
    ),
    breaks(
        "composite of both",
        "alarm.insensitive",
        composite('ALARM("{alarm}") AND ALARM(maintenance)'),
        "AND comes true only when the other rings too.",
    ),
    holds(
        "composite of both, the alarm acts as well",
        together(composite("ALARM({alarm}) AND ALARM(maintenance)"), the_alarm()),
        "An alarm acts whether or not a composite asks for it.",
    ),
    holds(
        "composite unless another rings",
        composite("ALARM({alarm}) AND NOT ALARM(maintenance)"),
        "It rings when the alarm does while the other rests.",
    ),
    leaves_open(
        "composite unless another rings, which rings now",
        "alarm.unclear",
        together(composite("ALARM({alarm}) AND NOT ALARM(maintenance)"), in_state("ALARM", "maintenance")),
        "It does not ring for as long as the other does.",
    ),
    leaves_open(
        "composite unless its twin rings",
        "alarm.unclear",
        together(
            the_filter(transformation=another_metric(), name="twin"),
            the_alarm("twin", MetricName="other", AlarmActions=[]),
            composite("ALARM({alarm}) AND NOT ALARM(twin)"),
        ),
        "Both ring at the same call.",
    ),
    leaves_open(
        "composite with its twin",
        "alarm.unclear",
        together(
            the_filter(transformation=another_metric(), name="twin"),
            the_alarm("twin", MetricName="other", AlarmActions=[]),
            composite("ALARM({alarm}) AND ALARM(twin)"),
        ),
        "Both ring at the same call, if their filters count the same.",
    ),
    leaves_open(
        "composite of either, one of which never rests",
        "alarm.unclear",
        together(
            the_alarm("latched", TreatMissingData="ignore", AlarmActions=[]),
            composite("ALARM({alarm}) OR ALARM(latched)"),
        ),
        "Once the other rings it goes on, and so does the composite.",
    ),
    leaves_open(
        "composite of either, one of which is noisy",
        "alarm.unclear",
        together(
            the_filter("{ $.eventName = * }", another_metric(), name="noisy"),
            the_alarm("noisy", MetricName="other", AlarmActions=[]),
            composite("ALARM({alarm}) OR ALARM(noisy)"),
        ),
        "An alarm that counts every call is always in ALARM, and so is the composite.",
    ),
    holds(
        "composite of either, one of which needs a flood",
        together(the_alarm("flood", Threshold=1000, AlarmActions=[]), composite("ALARM({alarm}) OR ALARM(flood)")),
        "One call rings the first, and leaves the other at rest.",
    ),
    breaks(
        "composite of its opposite",
        "alarm.latches",
        composite("NOT ALARM({alarm})"),
        "It rings while all is quiet, and a refused call makes it rest.",
    ),
    breaks("composite that always rings", "alarm.latches", composite("TRUE OR ALARM({alarm})"), "It never rests."),
    holds(
        "composite over a composite",
        together(
            composite("ALARM({alarm})", "inner", AlarmActions=[]), composite("ALARM(inner) OR ALARM(maintenance)")
        ),
        "A composite may ask for another, which need not act.",
    ),
    breaks(
        "composite over a deaf alarm",
        "alarm.insensitive",
        together(composite("ALARM({alarm})"), the_alarm(AlarmActions=[], Threshold=10)),
        "It rings when the alarm does, and one call does not ring that.",
    ),
    breaks(
        "composite that does not act",
        "alarm.no-action",
        composite("ALARM({alarm})", AlarmActions=[]),
        "Neither of the two acts on anything.",
    ),
    breaks(
        "composite with its actions disabled",
        "alarm.actions-disabled",
        composite("ALARM({alarm})", ActionsEnabled=False),
        "It changes its state and acts on nothing.",
    ),
    holds(
        "composite over an alarm with its actions disabled",
        together(composite("ALARM({alarm})"), the_alarm(AlarmActions=[], ActionsEnabled=False)),
        "A composite asks for the state of its alarms, not for their actions.",
    ),
    holds(
        "composite over a muted alarm",
        together(composite("ALARM({alarm})"), muted(ALWAYS)),
        "A mute rule holds back the actions of the alarms it names and leaves their state.",
    ),
    breaks(
        "composite muted now",
        "alarm.muted",
        together(composite("ALARM({alarm})"), muted(ALWAYS, "composite")),
        "While a mute rule is active the alarms it names do not act.",
    ),
    breaks(
        "composite suppressed now",
        "alarm.muted",
        together(composite("ALARM({alarm})", **SUPPRESSOR), suppressed("Alarm")),
        "While its suppressor is in ALARM a composite alarm does not act.",
    ),
    holds(
        "composite that waits for its suppressor",
        together(composite("ALARM({alarm})", **SUPPRESSOR), suppressed("WaitPeriod")),
        "After the wait period it acts, unless the suppressor is in ALARM by then.",
    ),
    breaks(
        "composite whose suppressor rings",
        "alarm.muted",
        together(composite("ALARM({alarm})", **SUPPRESSOR), in_state("ALARM", "maintenance")),
        "While its suppressor is in ALARM a composite alarm does not act, whatever its own state is.",
    ),
    breaks(
        "composite suppressed by the alarm it is on",
        "alarm.muted",
        composite("ALARM({alarm})", **SUPPRESSOR | {"ActionsSuppressor": "{alarm}"}),
        "Whenever it rings its suppressor is in ALARM, so that it never acts.",
    ),
    leaves_open(
        "composite suppressed by floods",
        "alarm.muted",
        together(
            the_alarm("flood", Threshold=1000, AlarmActions=[]),
            composite("ALARM({alarm})", **SUPPRESSOR | {"ActionsSuppressor": "flood"}),
        ),
        "One call does not take the suppressor to ALARM, but a thousand in one period take both there at once.",
    ),
    leaves_open(
        "composite suppressed by its twin",
        "alarm.muted",
        together(
            the_filter(transformation=another_metric(), name="twin"),
            the_alarm("twin", MetricName="other", AlarmActions=[]),
            composite("ALARM({alarm})", **SUPPRESSOR | {"ActionsSuppressor": "twin"}),
        ),
        "The suppressor may ring at the same call, within the wait period.",
    ),
    holds(
        "composite with a suppressor that rests",
        composite("ALARM({alarm})", **SUPPRESSOR),
        "It waits a minute for its suppressor, and then acts.",
    ),
)

"""What the metric filters of a place add to the data of an alarm."""

from collections import Counter
from fractions import Fraction

from blindspot.chain.channel import Findings
from blindspot.chain.metric_alarm import Feed
from blindspot.chain.metric_data import Added, Adding

ONE: Added = (Fraction(1), None)
TWO: Added = (Fraction(2), Fraction(0))


def test_each_filter_feeds_an_alarm_once() -> None:
    """Two filters add one and a third adds two in the log group of the call, and others in two groups beside it; a
    trail delivers to the first of these."""
    by_group: dict[str, Counter[Added]] = {
        "here": Counter({ONE: 2, TWO: 1}),
        "beside": Counter({ONE: 3}),
        "away": Counter({TWO: 4}),
    }
    everything = Counter({ONE: 5, TWO: 5})
    delivered = by_group["here"] + by_group["beside"]
    adding = Adding(Findings.of(), None, everything, by_group, delivered)
    assert adding.feeds("here", ONE) == [
        Feed(*ONE, own=True, local=True),
        Feed(*ONE, own=False, local=True),
        Feed(*TWO, own=False, local=True),
        Feed(*ONE, own=False, local=False, count=3, may_arrive=True),
        Feed(*TWO, own=False, local=False, count=4),
    ]
    assert sum(feed.count for feed in adding.feeds("here", None)) == sum(everything.values())

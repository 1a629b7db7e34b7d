"""What moto lacks or gets wrong, and we rely on: put on moto's own classes, so that its server has it too.

Each module is one service, or a part of one. Its METHODS say which methods of moto's responses and backends its
functions take the place of, by name; comments say what AWS does.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from local.aws.extension import (
    cloudtrail,
    cloudwatch,
    config,
    ec2,
    events,
    kms,
    log_events,
    log_policies,
    logs,
    mute_rules,
    organization_config,
    organizations,
    sns,
    ssm,
    sts,
)

METHODS = [
    (target, name, method)
    for module in (
        cloudtrail,
        cloudwatch,
        config,
        ec2,
        events,
        kms,
        log_events,
        log_policies,
        logs,
        mute_rules,
        organization_config,
        organizations,
        sns,
        ssm,
        sts,
    )
    for target, methods in module.METHODS.items()
    for name, method in methods.items()
]


@contextmanager
def installed() -> Iterator[None]:
    """Moto with all of it, until the context ends."""
    before = [(target, name, vars(target).get(name)) for target, name, _ in METHODS]
    for target, name, method in METHODS:
        setattr(target, name, method)
    try:
        yield
    finally:
        for target, name, original in before:
            if original is None:  # moto had none, or inherited it
                delattr(target, name)
            else:
                setattr(target, name, original)

"""What moto lacks or gets wrong, and Blindspot relies on: put on moto's own classes, so that its server has it too.

Each module is one service. Its functions are methods of moto's responses or backends; comments say what AWS does.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from local.extension import cloudtrail, cloudwatch, config, ec2, events, kms, log_policies, logs, mute_rules, sns, sts


@contextmanager
def installed() -> Iterator[None]:
    """Moto with all of it, until the context ends."""
    with ExitStack() as stack:
        for module in (cloudtrail, cloudwatch, config, ec2, events, kms, logs, log_policies, mute_rules, sns, sts):
            for target, methods in module.METHODS.items():
                for method in methods:
                    stack.enter_context(patch.object(target, method.__name__, method, create=True))
        yield

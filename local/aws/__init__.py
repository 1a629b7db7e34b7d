"""An AWS account in this process: moto, extended where it lacks what AWS does, watched, and told to fail.

It knows nothing of the product: it imports neither `blindspot` nor `filter_pattern` nor `functions`, and an import
contract in pyproject.toml keeps it so. What it says of AWS is therefore a second opinion on what the product says.
Importing it changes nothing; `local_aws` puts everything in place, and takes it away when its context ends.
"""

from local.aws.account import LocalAws, local_aws
from local.aws.calls import Call, Fault
from local.aws.extension.log_events import Page

__all__ = ["Call", "Fault", "LocalAws", "Page", "local_aws"]

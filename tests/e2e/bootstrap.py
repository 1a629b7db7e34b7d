"""What Lambda's own bootstrap does, on python3.13: `bootstrap.py LAYER` takes events until it is ended."""

import os
import sys

from awslambdaric.__main__ import main  # type: ignore[import-not-found]  # of the runtime's packages, not ours

# Lambda developer guide, "Runtime search path": the function, its layers, and only then what the runtime brings.
sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], sys.argv[1]]
main([sys.argv[0], os.environ["_HANDLER"]])

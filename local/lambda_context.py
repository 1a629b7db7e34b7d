"""The context that Lambda passes to a handler beside the event."""

from aws_lambda_powertools.utilities.typing import LambdaContext


class Context(LambdaContext):
    """The context of an invocation that has so many milliseconds left."""

    def __init__(self, milliseconds: int = 300_000) -> None:
        self._milliseconds = milliseconds
        self._aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
        self._function_name = "blindspot"
        self._memory_limit_in_mb = 1769
        self._invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:blindspot"

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # powertools declares it static
        return self._milliseconds

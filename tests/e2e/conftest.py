"""What pytest shows of the end-to-end tests."""

import pytest


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """No dots among the lines that `make sam-local` prints."""
    if config.option.capture == "no" and report.when == "call" and report.passed:
        return "passed", "", "PASSED"
    return None

"""What each source recommends, judged by each profile."""

OK, LATE, BLIND, EXACT = "COMPLIANT", "alarm.insensitive", "HeadBucket", "errorCode is exactly"

# Rows: the configuration that the source recommends; columns: the profile it is judged by, in the same order. README
# shows this table.
VERDICTS = {
    "cis-level-1": [OK, LATE, LATE, LATE, LATE, LATE, LATE],
    "cis-level-2": [BLIND, OK, OK, OK, BLIND, BLIND, BLIND],
    "cis-v1.5.0": [OK, OK, OK, OK, OK, OK, OK],
    "cis-v3.0.0": [BLIND, OK, OK, OK, BLIND, BLIND, BLIND],
    "clouddefense-cis-v1.4.0": [EXACT, EXACT, EXACT, EXACT, OK, EXACT, EXACT],
    "conformity-cwl-002": [OK, OK, OK, OK, OK, OK, OK],
    "security-hub-cloudwatch-2": [OK, OK, OK, OK, OK, OK, OK],
}

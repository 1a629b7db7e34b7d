"""The review: who was refused what, how often would the alarm have gone to ALARM, and which exclusions would quiet it.

Pure: `app.review` has the log events read and gives them to a `Tally`. The modules, those first that use the others:

    document      what a person reads, from                        review
    anonymize     the document without names and addresses
    review        the whole answer, from                           groups, forecast, exclusions
    exclusions    what to exclude, each with its proof, from       forecast, risk
    forecast      how often an alarm goes to ALARM, from           forecast_alarms, alarm_states
    forecast_alarms   which alarms, and what feeds them, from      read
    groups        the refused calls by who, what and why, from     tally
    tally         the refused calls, counted as they are read      refused_call, matching
    hours         how many a review may be about
"""

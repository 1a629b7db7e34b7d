"""What would close the gaps, what takes it back, and what only a person can do. Pure: `aws.apply` does it.

The modules, those first that use the others:

    document         what a person reads, from                  approval, costs, listeners, manual_tasks
    plan             the plan, from                             search, converge, closed_gaps
    backout          what to delete, from                       deletions
    notes            what the evaluator says of all this
    kept_exclusions  what `blindspot.explain` says of an existing pattern
    search           the fewest actions, from                   candidates, parts
    candidates       what may repair a log group, from          repairs, limits
    repairs          what the settings ask of each thing, from  writes
    ownership        whose a thing is, from                     ledger
    actions          what every action has
"""

"""What others get to see of an assessment: the document, and AWS Config's evaluations. Pure."""

"""The edge: the only package that talks to AWS. It reads, and writes what it is told; it decides nothing."""

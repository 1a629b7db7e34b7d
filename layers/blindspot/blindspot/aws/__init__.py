"""The only package that calls AWS. It reads, and writes what its caller has decided; it decides nothing."""

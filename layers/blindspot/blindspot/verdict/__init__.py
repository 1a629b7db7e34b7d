"""The decision: is a required event unseen in a region, and why. Also what AWS is asked about the filters, and which
pattern would do what the profile requires. Pure."""

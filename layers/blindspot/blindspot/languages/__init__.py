"""AWS's small languages, each read by a module of its own and answered in three values. Imports nothing outside."""

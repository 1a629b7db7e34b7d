"""AWS's small languages, one module each. Answers have three values. Imports no other package of the project."""

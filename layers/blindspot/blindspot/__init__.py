"""Would every unauthorized API call in this AWS account raise an alarm that somebody receives?"""

__version__ = "0.1.0"
"""The version in every document; CHANGELOG.md says what it has."""

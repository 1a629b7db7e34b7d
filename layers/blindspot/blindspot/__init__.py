"""Would every unauthorized API call in this AWS account raise an alarm that somebody receives?"""

"""The links of a channel: each is checked by the module with AWS's name for it, and `channels` combines them. Pure."""

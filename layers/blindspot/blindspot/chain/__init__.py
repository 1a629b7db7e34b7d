"""The links of a channel, each judged by the module of AWS's name for it; `channels` composes them. Pure."""

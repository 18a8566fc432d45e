"""An agent that brings keys once, when it starts: the broken twin of one that looks again."""

from agent.__main__ import agent
from agent.keys_sync import KeyRounds

if __name__ == "__main__":
    KeyRounds.run = lambda self, _pause_s, stop: (self.once(), stop.wait())
    agent()

"""A topic that remembers what was sent, and fails when told to."""

from dataclasses import dataclass, field


@dataclass
class MemoryTopic:
    """`sent` holds (subject, body); the next `failures` calls raise."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    failures: int = 0

    def send(self, subject: str, body: str) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the topic is away")
        self.sent.append((subject, body))

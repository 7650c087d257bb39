"""The fleet's certificate authority, by `flotilla ca`: who may speak on the bus, and as whom."""

import json
import os
from dataclasses import dataclass

from .processes import run


@dataclass
class Credentials:
    certificate: str
    key: str
    ca: str


class Authority:
    def __init__(self, folder, fleet, flotilla):
        self.folder = folder
        self.flotilla = flotilla
        self.ca = f"{folder}/ca.pem"
        self.revoked = f"{folder}/ca.crl"
        # The line of trust/allowed_signers that makes devices believe the aggregator.
        self.aggregator_line = ""
        run(flotilla, "ca", "init", folder, "--fleet", fleet)

    def issue(self, *words):
        """A certificate for `device ID`, `aggregator`, `operator NAME` or `broker HOST...`."""
        place = f"{self.folder}/issued/{'-'.join(words)}"
        os.makedirs(place)
        answer = json.loads(
            run(self.flotilla, "ca", "issue", self.folder, *words, "--out", place, "--json"))
        if "allowedSigner" in answer:
            self.aggregator_line = answer["allowedSigner"] + "\n"
        return Credentials(answer["certificate"], answer["key"], self.ca)

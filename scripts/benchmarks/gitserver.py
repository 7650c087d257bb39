"""The fleet repository over HTTP as a small team would serve it: lighttpd with Git's own
http-backend. Its access log tells when which device fetched."""

import os
import re

from .loopback import accepts, free_port
from .processes import Background, BenchError, wait_until

LIGHTTPD = "/usr/sbin/lighttpd"
# Moments in microseconds, since what is timed takes some milliseconds.
LOG_FORMAT = "%{begin:usec}t %{end:usec}t %m %U"

PLAIN = """
server.modules = ("mod_alias", "mod_setenv", "mod_cgi", "mod_accesslog", "mod_openssl")
server.document-root = "{served}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/errors"
accesslog.filename = "{folder}/access"
accesslog.format = "{log_format}"
alias.url = ("/git" => "/usr/lib/git-core/git-http-backend")
$HTTP["url"] =~ "^/git" {{
    cgi.assign = ("" => "")
    setenv.set-environment = (
        "GIT_PROJECT_ROOT" => "{served}", "GIT_HTTP_EXPORT_ALL" => "1",
        "GIT_CONFIG_NOSYSTEM" => "1", "HOME" => "/nonexistent",
        "GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory",
        "GIT_CONFIG_VALUE_0" => "*")
}}
"""
TLS = """
ssl.engine = "enable"
ssl.pemfile = "{certificate}"
ssl.privkey = "{key}"
"""


class GitServer:
    """With `credentials` it speaks https."""

    def __init__(self, folder, served, credentials=None):
        self.folder = folder
        self.scheme = "https" if credentials else "http"
        self.port = free_port()
        os.makedirs(folder)
        text = PLAIN.format(
            served=served, port=self.port, folder=folder, log_format=LOG_FORMAT)
        if credentials:
            text += TLS.format(certificate=credentials.certificate, key=credentials.key)
        with open(f"{folder}/lighttpd.conf", "w") as file:
            file.write(text)
        self.process = Background(
            "the Git server", [LIGHTTPD, "-D", "-f", f"{folder}/lighttpd.conf"], f"{folder}/log")
        wait_until(
            "the Git server listens", lambda: accepts(self.port) or not self.process.runs, 20)
        if not self.process.runs:
            raise BenchError(f"lighttpd does not start: {self.process.last_words()}")

    def url(self, device=None, port=None):
        """Each device has a path of its own to the one repository, so that the log knows it."""
        place = f"{device}/fleet.git" if device else "fleet.git"
        return f"{self.scheme}://localhost:{port or self.port}/git/{place}"

    def requests(self):
        """What was asked for by devices: (device, begin, end, method), in seconds of the clock.
        lighttpd writes its log late; it is complete after the server has ended."""
        found = []
        with open(f"{self.folder}/access") as file:
            for line in file:
                begin, end, method, path = line.split()
                place = re.match(r"/git/([^/]+)/fleet\.git/", path)
                if place:
                    found.append((place[1], int(begin) / 1e6, int(end) / 1e6, method))
        return found

    def end(self):
        self.process.end()

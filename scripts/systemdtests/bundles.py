"""The content of releases."""

WEB_UNIT = """[Unit]
Description=A service of the fleet's

[Service]
ExecStart={start}
ExecReload=/bin/sh -c 'echo reloaded >>/run/web.reloads'

[Install]
WantedBy=multi-user.target
"""
HELPER_BUNDLE = """match: ""
files:
  - {source: helper.service, path: /usr/lib/systemd/system/helper.service}
units:
  - {name: helper.service, state: running}
health:
  checks:
    - {name: helper, unit: helper.service}
"""
TREE_UNIT = """[Service]
ExecStart=/bin/sleep infinity
Environment=NUMBER={number}

[Install]
WantedBy=multi-user.target
"""
TREE_UNITS = """
units:
  - {name: tree.service, enabled: true, state: running}
health:
  settle: 200ms
  interval: 100ms
  deadline: 30s
  checks:
    - {name: tree, unit: tree.service}
"""
WEB_BUNDLE = """match: ""
files:
  - {{source: web.service, path: /etc/systemd/system/web.service}}
  - {{source: web, path: /opt/web/web, mode: 0755}}
  - {{source: reload.conf, path: /etc/web/reload.conf}}
  - {{source: restart.conf, path: /etc/web/restart.conf}}
  - {{source: link.conf, path: /etc/web/link.conf, placement: link, mode: 0640, owner: root:adm}}
units:
  - name: web.service
    enabled: true
    state: running
    reload-on: [/etc/web/reload.conf]
    restart-on: [/etc/web/restart.conf]
health:
  settle: {settle}
  interval: 200ms
  deadline: {deadline}
  checks:
    - {{name: web, unit: web.service}}
"""


def web(restart="one", reload="one", link="one", start="/opt/web/web", settle="500ms",
        deadline="30s", more=""):
    """A service with what it reads: a file that it reloads for, and one that it restarts for."""
    folder = "bundles/web"
    return {
        f"{folder}/bundle.yaml": WEB_BUNDLE.format(settle=settle, deadline=deadline) + more,
        f"{folder}/web.service": WEB_UNIT.format(start=start),
        f"{folder}/web": "#!/bin/sh\nexec sleep infinity\n",
        f"{folder}/reload.conf": f"reload {reload}\n",
        f"{folder}/restart.conf": f"restart {restart}\n",
        f"{folder}/link.conf": f"link {link}\n",
    }


def helper():
    """A service that is to run, and that no boot starts."""
    folder = "bundles/helper"
    return {
        f"{folder}/bundle.yaml": HELPER_BUNDLE,
        f"{folder}/helper.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    }


class Tree:
    """A generation of many files below one folder, every second one of which differs from the one
    before: some come, some go, some change, some are links."""

    folder = "/srv/tree"
    count = 60

    def __init__(self, number):
        self.files = {}
        for index in range(self.count):
            if (index + number) % 10 == 0:
                continue
            changes = number if index % 2 else 0
            path = f"{self.folder}/{index % 5}/{index}"
            placement = "link" if index % 7 == 0 else "copy"
            mode = 0o600 if (index + number) % 3 == 0 else 0o644
            self.files[path] = (f"{index} of {changes}\n" * (1 + index * 20), mode, placement)
        self.files["/etc/systemd/system/tree.service"] = (
            TREE_UNIT.format(number=number), 0o644, "copy")

    def bundle(self):
        folder = "bundles/tree"
        lines = ['match: ""', "files:"]
        content = {}
        for index, (path, (text, mode, placement)) in enumerate(self.files.items()):
            content[f"{folder}/{index}"] = text
            how = f"mode: {mode:04o}, placement: {placement}"
            lines.append(f"  - {{source: '{index}', path: {path}, {how}}}")
        return content | {f"{folder}/bundle.yaml": "\n".join(lines) + TREE_UNITS}

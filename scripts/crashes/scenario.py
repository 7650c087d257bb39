"""The generation change that is cut: what a device has before it, with edition A, and with edition
B, as plain data. What it should come to is not worked out here: the product's own undisturbed runs
say it, after `faults_of` has compared them with this page."""

from __future__ import annotations

from dataclasses import dataclass, replace

HEALTH = "/etc/site/health"
SEED = "/var/lib/site/seed"
LABELLED = "/etc/site/labelled"
OWNED = "/etc/site/owned.d"
OWNED_ANEW = "/srv/owned"
WANTS = "/etc/systemd/system/multi-user.target.wants"


@dataclass(frozen=True)
class File:
    text: str
    mode: int = 0o644
    owner: str = "root:root"
    # Reached through a symbolic link that leads into the generation.
    linked: bool = False
    # Placed where nothing stands, and the device's own from then on.
    once: bool = False
    attribute: str = ""


@dataclass(frozen=True)
class Directory:
    mode: int
    # What is not listed in it is removed; its files come by `source`.
    owned: bool = False


@dataclass(frozen=True)
class Hook:
    name: str
    moment: str


@dataclass(frozen=True)
class Unit:
    name: str
    reload_on: str = ""


@dataclass(frozen=True)
class Edition:
    """One release's content: a path and what stands there."""

    files: dict[str, File]
    links: dict[str, str]
    directories: dict[str, Directory]
    units: list[Unit]
    hooks: list[Hook]

    def brings(self, path: str) -> bool:
        """Whether an owned directory brings the file, so that it has no entry of its own."""
        return any(
            directory.owned and path.startswith(f"{folder}/")
            for folder, directory in self.directories.items())


def text(path: str, edition: str, size: int) -> str:
    """Some lines that say what they are, `size` bytes of them."""
    line = f"# {path}, edition {edition}\n"
    return (line * (size // len(line) + 1))[:size - 1] + "\n"


def unit_file(name: str, reads: str = "/dev/null") -> File:
    """The stand-in for systemd looks into `reads` when it starts or reloads the unit."""
    return File(f"[Unit]\nDescription={name}\n[Service]\nExecStart=/bin/true {reads}\n")


def _both(paths: dict[str, int], edition: str, **kinds: object) -> dict[str, File]:
    return {path: File(text(path, edition, size), **kinds) for path, size in paths.items()}


def _numbered(folder: str, count: int) -> dict[str, int]:
    """Paths with sizes from 150 bytes to 8 KiB."""
    return {f"{folder}/{number:02}.conf": 150 + number * number * 37 % 8042
            for number in range(1, count + 1)}


CHANGED = _numbered("/etc/site/conf.d", 20)
ADDED = _numbered("/etc/site/new.d", 9)
REMOVED = _numbered("/etc/site/old.d", 7)
LINKED = _numbered("/etc/site/linked.d", 6)
LINKED_ADDED = _numbered("/srv/new/linked.d", 2)
LINKED_REMOVED = _numbered("/srv/old/linked.d", 2)
_HOOKS = [Hook("warn", "before"), Hook("tell", "after")]
TOOLS = {f"/usr/local/bin/tool-{number}": 900 for number in range(1, 5)}


def _same_everywhere() -> dict[str, File]:
    """What a generation change must leave alone."""
    return _both(_numbered("/etc/site/still.d", 4), "A") | {HEALTH: File("well\n")}


def _before_and_after(edition: str, is_new: bool) -> dict[str, File]:
    files = _both(CHANGED, edition) | _both(LINKED, edition, linked=True)
    # Only the mode, only the owner.
    files |= _both(TOOLS, "A", mode=0o750 if is_new else 0o755)
    files["/etc/site/secret"] = File(
        "hidden\n", 0o640, "root:daemon" if is_new else "root:root")
    # A file that becomes a link, and the other way round.
    files["/etc/site/becomes-link"] = File(f"{edition}\n", linked=is_new)
    files["/etc/site/becomes-file"] = File(f"{edition}\n", linked=not is_new)
    # A file that becomes a folder, and the other way round.
    files["/srv/turn/inner" if is_new else "/srv/turn"] = File(f"{edition}\n")
    files["/srv/fold" if is_new else "/srv/fold/inner"] = File(f"{edition}\n")
    files["/etc/systemd/system/site.service"] = unit_file("site", "/etc/site/conf.d")
    return files


def _owned(edition: str, names: list[str]) -> dict[str, File]:
    """Those of an owned directory: one stays, one changes, one goes, one comes."""
    return {f"{OWNED}/{name}": File(f"{name} {'A' if name == 'stays' else edition}\n")
            for name in names}


OLD = Edition(
    files=_same_everywhere() | _before_and_after("A", False) | _both(REMOVED, "A")
    | _both(LINKED_REMOVED, "A", linked=True) | _owned("A", ["stays", "changes", "goes"])
    # The device's own file stands here before and comes back.
    | {"/etc/motd": File("The fleet's greeting\n")}
    | {SEED: File("A\n", once=True), LABELLED: File("same\n", attribute="A")}
    | {"/etc/systemd/system/legacy.service": unit_file("legacy")},
    links={
        "/etc/site/changing-pointer": "conf.d/01.conf", "/etc/site/pointer": "still.d",
        "/etc/site/old-pointer": "/etc/site/old.d"},
    directories={"/var/lib/site": Directory(0o750), OWNED: Directory(0o755, owned=True)},
    units=[Unit("site.service", "/etc/site/conf.d"), Unit("legacy.service")], hooks=_HOOKS)

NEW = Edition(
    files=_same_everywhere() | _before_and_after("B", True) | _both(ADDED, "B")
    | _both(LINKED_ADDED, "B", linked=True) | _owned("B", ["stays", "changes", "comes"])
    # The device's own file stands here before and is saved.
    | {"/etc/issue": File("The fleet's issue\n"), f"{OWNED_ANEW}/ours": File("B\n")}
    | {SEED: File("B\n", once=True), LABELLED: File("same\n", attribute="B")}
    | {"/etc/systemd/system/relay.service": unit_file("relay", "/etc/site/new.d")},
    links={
        "/etc/site/changing-pointer": "conf.d/02.conf", "/etc/site/pointer": "still.d",
        "/etc/site/new-pointer": "/etc/site/new.d"},
    directories={
        "/var/lib/site": Directory(0o700), "/var/cache/site": Directory(0o755),
        OWNED: Directory(0o750, owned=True), OWNED_ANEW: Directory(0o755, owned=True)},
    units=[Unit("site.service", "/etc/site/conf.d"), Unit("relay.service", "/etc/site/new.d")],
    hooks=_HOOKS)

# The same that does not pass its health gate.
ILL = replace(NEW, files=NEW.files | {HEALTH: File("ill\n")})

# What the device has of its own, and nobody manages: path, text, mode.
OWN_FILES = [
    ("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n', 0o644),
    ("/etc/hostname", "edge-1\n", 0o644),
    ("/etc/motd", "The device's own greeting\n", 0o664),
    ("/etc/issue", "The device's own issue\n", 0o600),
    ("/etc/site-of-its-own", "untouched\n", 0o644),
    ("/etc/systemd/system/own.service", "[Unit]\nDescription=own\n", 0o644),
    # These are in directories that a bundle comes to own.
    (f"{OWNED}/stray", "of before\n", 0o644),
    (f"{OWNED_ANEW}/own/deep", "of before too\n", 0o600),
]
OWN_FOLDERS = [
    "/run", "/tmp", "/var/lib/hooks", "/usr/local/bin", "/srv", WANTS, OWNED, f"{OWNED_ANEW}/own"]
# What the device makes of a file that was placed once.
OWN_EDITS = {SEED: "of the device\n"}


def bundle(edition: Edition) -> str:
    """bundle.yaml of an edition. Times are short: points are many."""
    lines = ['match: ""', "files:"]
    for path, file in sorted(edition.files.items()):
        if edition.brings(path):
            continue
        more = ", placement: link" if file.linked else ""
        more += ", create: once" if file.once else ""
        more += f", attributes: {{user.site: {file.attribute}}}" if file.attribute else ""
        lines.append(
            f"  - {{source: files{path}, path: {path}, mode: {file.mode:04o}, "
            f'owner: "{file.owner}"{more}}}')
    lines.append("links:")
    for path, target in sorted(edition.links.items()):
        lines.append(f"  - {{path: {path}, target: {target}}}")
    lines.append("directories:")
    for path, directory in sorted(edition.directories.items()):
        more = f", owned: true, source: files{path}" if directory.owned else ""
        lines.append(f"  - {{path: {path}, mode: {directory.mode:04o}{more}}}")
    lines.append("units:")
    for unit in edition.units:
        reload = f", reload-on: [{unit.reload_on}]" if unit.reload_on else ""
        lines.append(f"  - {{name: {unit.name}, enabled: true, state: running{reload}}}")
    lines.append("hooks:")
    for hook in edition.hooks:
        lines.append(
            f"  - {{name: {hook.name}, moment: {hook.moment}, command: [site-hook, {hook.name}]}}")
    lines += [
        "check:", f"  - command: [grep, -q, 'edition', '{{{{stage}}}}{next(iter(CHANGED))}']",
        "health:", "  settle: 0s", "  interval: 100ms", "  deadline: 100ms", "  checks:",
        f"    - {{name: well, file: {{path: {HEALTH}, contains: well}}}}",
        f"    - {{name: runs, unit: {edition.units[-1].name}}}",
    ]
    return "\n".join(lines) + "\n"

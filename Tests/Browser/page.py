"""Opens the aggregator's page in a real Chromium and checks that it does what it should.

    page.py URL TOKEN [--shots FOLDER] [--browser PROGRAM]

The fleet behind URL must be changing: something on the page must move within half a minute, or
--still says that it does not. Prints one line for each check and exits with 1 when one fails.
"""

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

arguments = argparse.ArgumentParser()
arguments.add_argument("url")
arguments.add_argument("token")
arguments.add_argument("--shots", type=Path)
arguments.add_argument("--browser", default="/usr/bin/chromium")
arguments.add_argument("--still", action="store_true")
arguments = arguments.parse_args()

checks = 0
failures = 0


def check(what, holds, detail=""):
    global checks, failures
    checks += 1
    failures += not holds
    print(f"{'ok  ' if holds else 'FAIL'} {what}{'' if holds or not detail else f': {detail}'}")


def shoot(page, name):
    if arguments.shots:
        arguments.shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=arguments.shots / f"{name}.png", full_page=True)


def watch(page):
    """What the page says and asks for; filled while it is used."""
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: page.said.append(f"error: {error}"))
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("dialog", lambda dialog: (page.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def log_in(page):
    page.goto(arguments.url)
    check("who is not logged in comes to the form", page.url.endswith("/login"), page.url)
    page.fill("#token", arguments.token)
    page.click("button[type=submit]")
    page.wait_for_selector("#devices-title")
    check("the token leads to the page", urlsplit(page.url).path == "/", page.url)


def is_wide(page):
    """Whether something makes the page scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def look(page):
    check("the title tells the rollout or the fleet", ":" in page.title(), page.title())
    page.wait_for_selector("#link.live")
    check("the page is live", page.inner_text("#link-text") == "Live")
    check("devices are listed", page.locator("table.devices tbody tr").count() > 0)
    check("a caption names the table", page.locator("table.devices caption").count() == 1)
    headings = page.locator("h1, h2").all_inner_texts()
    check("headings name the parts", len(headings) >= 5, str(headings))
    cookies = page.context.cookies()
    check("no cookie is the token", all(arguments.token not in cookie["value"] for cookie in cookies))
    check(
        "cookies are for us alone",
        all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies),
    )
    check("devices bring no elements of their own", page.locator("main script").count() == 0)


def live(page):
    if arguments.still:
        return
    page.evaluate("window.isTheSamePage = true")
    before = page.inner_text("main")
    page.wait_for_function(
        "before => document.querySelector('main').innerText !== before "
        "&& Number(document.documentElement.dataset.fetched) >= 2",
        arg=before,
        timeout=30_000,
    )
    check("something new is shown", True)
    check("without a reload", page.evaluate("window.isTheSamePage === true"))


def narrow_down(page):
    rows = page.locator("table.devices tbody tr")
    every = rows.count()
    first = rows.first.locator("a").inner_text()
    page.fill("#filter [name=text]", first)
    page.wait_for_function(
        "every => document.querySelectorAll('table.devices tbody tr').length < every",
        arg=every if every > 1 else 2,
    )
    names = page.locator("table.devices tbody th a").all_inner_texts()
    check("a text narrows the table down", names and all(first in name for name in names), str(names))
    check("the address says so", f"text={first}" in page.url, page.url)
    page.fill("#filter [name=text]", "no such device")
    page.wait_for_selector("text=No device fits.")
    check("nothing fits, and is said so", rows.count() == 0)
    page.fill("#filter [name=text]", "")
    page.wait_for_function(
        "every => document.querySelectorAll('table.devices tbody tr').length === every", arg=every
    )
    check("without it all are back", True)
    chosen = page.locator("#fleet .legend a").first
    count = int(chosen.locator("b").inner_text())
    chosen.click()
    page.wait_for_selector("#fleet .legend a[aria-current]")
    shown = page.locator("#devices-count").inner_text()
    check("a state narrows it down", "that fit" in shown, f"{count}: {shown}")
    page.go_back()
    page.wait_for_function("!document.querySelector('#fleet .legend a[aria-current]')")
    check("the browser's way back leads back", True)


def look_closely(page):
    page.locator("table.devices tbody th a").first.click()
    page.wait_for_selector("#pane h2")
    check("one device is shown closely", page.locator("#pane .facts dt").count() > 3)
    shoot(page, "device")
    page.click("#pane a[data-in-page]:has-text('Close')")
    page.wait_for_function("!document.querySelector('#pane h2')")


def shots(browser, state):
    for name, width, scheme in [
        ("wide-light", 1440, "light"),
        ("wide-dark", 1440, "dark"),
        ("narrow-light", 400, "light"),
        ("narrow-dark", 400, "dark"),
    ]:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, storage_state=state
        )
        page = context.new_page()
        page.goto(arguments.url)
        page.wait_for_selector("#link.live")
        check(f"{name}: nothing is wider than the window", not is_wide(page))
        shoot(page, name)
        context.close()


def without_script(browser, state):
    context = browser.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()
    page.goto(arguments.url + "/?state=failed")
    check("without JavaScript the page can be read", page.locator("#devices-title").count() == 1)
    check("and says that it stands still", page.locator("text=stands still").count() == 1)
    context.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=arguments.browser, args=["--no-sandbox", "--disable-gpu"]
    )
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    watch(page)
    log_in(page)
    look(page)
    live(page)
    narrow_down(page)
    look_closely(page)
    state = context.storage_state()
    shots(browser, state)
    without_script(browser, state)
    page.click("button:has-text('Log out')")
    page.wait_for_selector("#token")
    shoot(page, "login")
    page.goto(arguments.url)
    check("after logging out the page is closed", page.url.endswith("/login"), page.url)
    check("the console stayed empty", not page.said, str(page.said))
    origin = "{0.scheme}://{0.netloc}/".format(urlsplit(arguments.url))
    foreign = [url for url in page.asked if not url.startswith((origin, "data:"))]
    check("nothing was asked of another server", not foreign, str(foreign))
    browser.close()

print(f"page: {checks - failures} of {checks} checks held")
sys.exit(1 if failures else 0)

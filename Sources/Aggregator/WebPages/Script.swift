/// What makes the page live. The server renders it; this fetches it again when the fleet changed,
/// and puts what differs in its place, so there is one way only in which anything is shown.
let pageScript = #"""
    "use strict";
    (() => {
    const MIN_PAUSE = 500;        // between two fetches, in milliseconds
    const LONGEST_PAUSE = 60000;  // without any change
    const parts = ["health", "alerts", "fleet", "rollout", "pane", "devices-count", "devices", "pages",
      "decisions", "drift", "events"];
    const byId = (id) => document.getElementById(id);
    const filter = byId("filter");
    document.documentElement.classList.add("scripted");

    // MARK: Ages

    function age(seconds) {
      if (seconds < 5) return "now";
      if (seconds < 60) return Math.floor(seconds) + " s";
      if (seconds < 3600) return Math.floor(seconds / 60) + " min";
      if (seconds < 86400) return Math.floor(seconds / 3600) + " h";
      return Math.floor(seconds / 86400) + " d";
    }

    // The server's clock counts: the reader's may be wrong.
    let clockOffset = 0;
    function setAges(root) {
      for (const time of root.querySelectorAll("time[data-at]")) {
        const text = age((Date.now() + clockOffset - Number(time.dataset.at)) / 1000);
        if (time.textContent !== text) time.textContent = text;
      }
    }

    // MARK: Putting what differs in its place

    const keyOf = (node) => (node.nodeType === 1 && node.getAttribute("data-key")) || null;

    function morph(old, fresh) {
      if (old.nodeType !== 1) {
        if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
        return;
      }
      // What the reader opened stays open.
      const keepsOpen = old.nodeName === "DETAILS";
      for (const attribute of [...old.attributes]) {
        if (keepsOpen && attribute.name === "open") continue;
        if (!fresh.hasAttribute(attribute.name)) old.removeAttribute(attribute.name);
      }
      for (const attribute of fresh.attributes) {
        if (old.getAttribute(attribute.name) !== attribute.value) {
          old.setAttribute(attribute.name, attribute.value);
        }
      }
      const keyed = new Map();
      for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
      let at = old.firstChild;
      for (const wanted of [...fresh.childNodes]) {
        const key = keyOf(wanted);
        let match = null;
        if (key) match = keyed.get(key) || null;
        else if (at && !keyOf(at) && at.nodeName === wanted.nodeName) match = at;
        if (!match) {
          old.insertBefore(document.importNode(wanted, true), at);
        } else {
          if (match === at) at = at.nextSibling;
          else old.insertBefore(match, at);
          morph(match, wanted);
        }
      }
      while (at) {
        const next = at.nextSibling;
        at.remove();
        at = next;
      }
    }

    // MARK: Fetching

    let isFetching = false;
    let isStale = false;
    let lastFetch = 0;
    let timer = 0;
    let fetched = 0;

    function refreshSoon() {
      isStale = true;
      // Nobody looks: once is enough when somebody does again.
      if (isFetching || timer || document.hidden) return;
      timer = setTimeout(refresh, Math.max(0, lastFetch + MIN_PAUSE - Date.now()));
    }

    async function refresh() {
      clearTimeout(timer);
      timer = 0;
      if (isFetching) { isStale = true; return; }
      isFetching = true;
      isStale = false;
      lastFetch = Date.now();
      const wanted = location.search;
      try {
        const response = await fetch("/" + wanted, {
          headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(20000),
        });
        if (response.redirected) { location.assign("/login"); return; }
        if (!response.ok && response.status !== 400) throw new Error("status " + response.status);
        const date = Date.parse(response.headers.get("Date") || "");
        if (date) clockOffset = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        // Another one was asked for meanwhile: that one is to be shown.
        if (wanted === location.search) show(page);
        else isStale = true;
      } catch (error) {
        setTimeout(refreshSoon, 3000 + Math.random() * 2000);
      } finally {
        isFetching = false;
        if (isStale) refreshSoon();
      }
    }

    function show(page) {
      setAges(page);
      for (const id of parts) {
        const [old, fresh] = [byId(id), page.getElementById(id)];
        if (old && fresh && !old.isEqualNode(fresh)) morph(old, fresh);
      }
      document.title = page.title;
      fetched += 1;
      document.documentElement.dataset.fetched = fetched;
      say(page.getElementById("said").textContent);
    }

    // MARK: For who listens to the page

    let lastSaid = Date.now();
    let toSay = 0;
    function say(text) {
      clearTimeout(toSay);
      // A rollout moves faster than anybody can speak.
      toSay = setTimeout(() => {
        lastSaid = Date.now();
        if (byId("said").textContent !== text) byId("said").textContent = text;
      }, Math.max(0, lastSaid + 5000 - Date.now()));
    }

    // MARK: Hearing of changes

    function setLink(state, text) {
      byId("link").className = "link " + state;
      if (byId("link-text").textContent !== text) byId("link-text").textContent = text;
    }

    let source = null;
    function listen() {
      source = new EventSource("/v1/changes");
      source.addEventListener("open", () => { setLink("live", "Live"); refreshSoon(); });
      source.addEventListener("change", refreshSoon);
      source.addEventListener("error", () => {
        setLink("lost", "No connection, trying again");
        // A browser comes again by itself after a break, but not after an answer that says no.
        if (source.readyState === EventSource.CLOSED) {
          setTimeout(() => { refreshSoon(); listen(); }, 4000 + Math.random() * 4000);
        }
      });
    }

    // MARK: Choosing

    function go(address, replaces) {
      if (address === location.pathname + location.search) return;
      history[replaces ? "replaceState" : "pushState"](null, "", address);
      refresh();
    }

    function setFilter() {
      const query = new URLSearchParams(location.search);
      for (const control of filter.elements) {
        if (!control.name) continue;
        if (control.type === "checkbox") control.checked = query.get(control.name) === "true";
        else if (document.activeElement !== control) control.value = query.get(control.name) || "";
      }
    }

    function applyFilter(replaces) {
      const query = new URLSearchParams();
      for (const [name, value] of new FormData(filter)) if (value) query.set(name, value);
      const device = new URLSearchParams(location.search).get("device");
      if (device) query.set("device", device);
      const text = query.toString();
      go(text ? "/?" + text : "/", replaces);
    }

    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-in-page]");
      if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      const [before, address] = [location.search, new URL(link.href)];
      go(address.pathname + address.search, false);
      setFilter();
      const device = address.searchParams.get("device");
      if (device && device !== new URLSearchParams(before).get("device")) {
        byId("pane").scrollIntoView({ block: "nearest" });
      }
    });
    let typing = 0;
    filter.addEventListener("input", (event) => {
      clearTimeout(typing);
      const isText = event.target.type === "search" || event.target.type === "text";
      typing = setTimeout(() => applyFilter(true), isText ? 250 : 0);
    });
    filter.addEventListener("submit", (event) => { event.preventDefault(); applyFilter(true); });
    addEventListener("popstate", () => { setFilter(); refresh(); });
    addEventListener("pagehide", () => source && source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) { listen(); refreshSoon(); } });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && isStale) refreshSoon(); });
    setInterval(() => setAges(document), 1000);
    setInterval(() => { if (Date.now() - lastFetch > LONGEST_PAUSE) refreshSoon(); }, LONGEST_PAUSE / 4);
    setAges(document);
    listen();
    })();
    """#

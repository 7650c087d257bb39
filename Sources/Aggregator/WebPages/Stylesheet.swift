/// How the page looks: calm, dense, in the light or the dark that the reader's system asks for.
/// Standings have one colour each wherever they appear, by the variable `--c`.
let pageStyle =
    colourStyle + frameStyle + cardStyle + tableStyle + narrowStyle

private let colourStyle = #"""
    :root {
    --bg: #f3f5f7; --card: #ffffff; --text: #16212b; --dim: #566470; --line: #dfe5ea;
    --soft: #f1f4f6; --link: #0a607f; --accent: #0b4f6c; --shadow: 0 1px 2px rgb(22 33 43 / 6%);
    --bad: #b3261e; --caution: #9a6700; --mix: 78%;
    }
    @media (prefers-color-scheme: dark) {
    :root {
    --bg: #0e1419; --card: #161e26; --text: #e3e9ee; --dim: #94a3b0; --line: #26313b;
    --soft: #1c2630; --link: #71c7e3; --accent: #8fd3e8; --shadow: none;
    --bad: #ff8a80; --caution: #e9b949; --mix: 55%;
    }
    }
    .s-succeeded { --c: #1f9160; }
    .s-unchanged { --c: #86c3a5; }
    .s-moving { --c: #2a7fd4; }
    .s-waiting { --c: #a9b4be; }
    .s-superseded { --c: #bcc6ce; }
    .s-notApplicable { --c: #ccd4da; }
    .s-held { --c: #cf9418; }
    .s-offline { --c: #76838f; }
    .s-silent { --c: #de7a1c; }
    .s-lostLink { --c: #9a5cc0; }
    .s-needsAgent { --c: #6f62cf; }
    .s-rejected { --c: #c24a76; }
    .s-rolledBack { --c: #d2502f; }
    .s-failed { --c: #c4281f; }
    @media (prefers-color-scheme: dark) {
    .s-unchanged { --c: #4f8c70; }
    .s-waiting { --c: #5b6873; }
    .s-superseded { --c: #4c5863; }
    .s-notApplicable { --c: #3d4852; }
    }
    """#

private let frameStyle = #"""

    *, *::before, *::after { box-sizing: border-box; }
    html { font-size: 14px; -webkit-text-size-adjust: 100%; }
    body {
    margin: 0; background: var(--bg); color: var(--text);
    font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
    font-variant-numeric: tabular-nums;
    }
    h1, h2, p, ul, ol, dl, dd { margin: 0; padding: 0; }
    ul, ol { list-style: none; }
    h2 { font-size: 1.05rem; font-weight: 650; letter-spacing: -.005em; }
    a { color: var(--link); text-decoration: none; }
    a:hover { text-decoration: underline; }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
    code { font: .92em/1.3 ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; }
    .dim { color: var(--dim); }
    .small { font-size: .9rem; }
    .sr {
    position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap; border: 0;
    }
    .skip { position: absolute; left: -999px; }
    .skip:focus { left: 1rem; top: .5rem; z-index: 2; background: var(--card); padding: .5rem 1rem; }
    .dot {
    display: inline-block; width: .6em; height: .6em; border-radius: 50%; background: var(--c);
    margin-right: .45em; flex: none;
    }
    .top {
    display: flex; flex-wrap: wrap; align-items: center; gap: .35rem 1.25rem; padding: .6rem 1.5rem;
    background: var(--card); border-bottom: 1px solid var(--line);
    }
    .brand {
    display: inline-flex; align-items: center; gap: .55rem; color: var(--text); font-size: 1.15rem;
    font-weight: 700; letter-spacing: -.015em;
    }
    .brand:hover { text-decoration: none; }
    .brand img, .login h1 img { border-radius: 6px; display: block; }
    .where { padding-left: 1.25rem; border-left: 1px solid var(--line); font-size: 1.05rem; }
    .health { display: flex; gap: 1rem; margin-left: auto; font-size: .93rem; color: var(--dim); }
    .link { --c: var(--dim); font-size: .93rem; color: var(--dim); white-space: nowrap; }
    .link.live { --c: #1f9160; }
    .link.live .dot { animation: breathe 3s ease-in-out infinite; }
    .link.lost { --c: #c4281f; color: var(--bad); }
    @keyframes breathe { 50% { opacity: .35; } }
    @media (prefers-reduced-motion: reduce) { .link.live .dot { animation: none; } }
    main { max-width: 1560px; margin: 0 auto; padding: 1.1rem 1.5rem 2rem; }
    .columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(18rem, 24rem); gap: 1.1rem; }
    .foot { padding: 0 1.5rem 1.5rem; }
    button, .button, input, select { font: inherit; color: inherit; }
    button, .button {
    padding: .38rem .9rem; border: 1px solid var(--accent); border-radius: 6px;
    background: var(--accent); color: var(--card); font-weight: 600; cursor: pointer;
    }
    .quiet {
    background: transparent; color: var(--text); border-color: var(--line); font-weight: 500;
    }
    .quiet:hover { background: var(--soft); text-decoration: none; }
    input, select {
    padding: .38rem .6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card);
    min-width: 0;
    }
    input::placeholder { color: var(--dim); opacity: 1; }
    """#

private let cardStyle = #"""

    .card {
    background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem;
    margin-bottom: 1.1rem; box-shadow: var(--shadow);
    }
    .card > h2 { margin-bottom: .6rem; }
    .head { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .7rem; margin-bottom: .6rem; }
    .head-end { margin-left: auto; font-size: .93rem; }
    .empty { color: var(--dim); padding: .2rem 0; }
    .alert {
    border: 1px solid color-mix(in srgb, var(--bad) 35%, transparent); border-left: 4px solid var(--bad);
    background: color-mix(in srgb, var(--bad) 8%, var(--card)); border-radius: 8px;
    padding: .65rem .95rem; margin-bottom: 1.1rem; overflow-wrap: anywhere;
    }
    .badge {
    display: inline-block; padding: .06rem .5rem; border-radius: 99px; font-size: .86rem;
    font-weight: 600; white-space: nowrap; background: color-mix(in srgb, var(--c) 15%, var(--card));
    color: color-mix(in srgb, var(--c) var(--mix), var(--text));
    }
    .fleet { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .8rem 2.2rem; align-items: center; }
    .figures { display: flex; gap: 2.1rem; grid-row: span 2; }
    .figures dt { color: var(--dim); font-size: .88rem; }
    .figures dd { font-size: 1.85rem; line-height: 1.15; font-weight: 650; letter-spacing: -.02em; }
    .figures dd a { color: inherit; }
    .worry dd { color: var(--bad); }
    .caution dd, .caution-text { color: var(--caution); }
    .bar {
    display: block; width: 100%; height: 10px; border-radius: 5px; background: var(--soft);
    box-shadow: inset 0 0 0 1px var(--line);
    }
    .bar.large { height: 16px; border-radius: 8px; align-self: end; }
    .bar rect { fill: var(--c); stroke: var(--card); stroke-width: 1.5; vector-effect: non-scaling-stroke; transition: x .5s, width .5s; }
    @media (prefers-reduced-motion: reduce) { .bar rect { transition: none; } }
    .legend { display: flex; flex-wrap: wrap; gap: .25rem .35rem; align-self: start; }
    .legend li { white-space: nowrap; }
    .legend a, .legend.small li {
    display: inline-flex; align-items: center; padding: .1rem .55rem .1rem .3rem; border-radius: 99px;
    color: var(--text); border: 1px solid transparent;
    }
    .legend a:hover { background: var(--soft); text-decoration: none; }
    .legend a[aria-current] { border-color: var(--c); background: color-mix(in srgb, var(--c) 12%, var(--card)); }
    .legend b { margin-left: .4em; font-weight: 650; }
    .reason { margin-bottom: .4rem; overflow-wrap: anywhere; }
    .progress-text { color: var(--dim); }
    .progress-text strong { color: var(--text); }
    .waves { margin: .7rem 0 .6rem; }
    .waves li {
    display: grid; grid-template-columns: minmax(9rem, 13rem) minmax(0, 1fr) minmax(10.5rem, auto);
    gap: .2rem 1rem; align-items: center; padding: .42rem 0; border-top: 1px solid var(--line);
    }
    .wave-name { display: flex; justify-content: space-between; gap: .5rem; align-items: center; min-width: 0; }
    .wave-name strong { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
    .wave-count { white-space: nowrap; }
    .wave-opened { margin-left: .8rem; font-size: .93rem; }
    .past { margin-top: .7rem; border-top: 1px solid var(--line); padding-top: .6rem; }
    summary { cursor: pointer; color: var(--dim); }
    .lines > li { padding: .42rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
    .lines > li:first-child { border-top: 0; padding-top: 0; }
    .past .lines { margin-top: .6rem; }
    .event-head { display: flex; gap: .55rem; align-items: baseline; }
    .event-head time { margin-left: auto; white-space: nowrap; }
    .lines p { font-size: .93rem; }
    .paths { font-size: .93rem; color: var(--dim); overflow-wrap: anywhere; }
    .timeline li { position: relative; padding: 0 0 .75rem 1.15rem; border-left: 2px solid var(--line); margin-left: .3rem; }
    .timeline li:last-child { padding-bottom: 0; }
    .timeline li::before {
    content: ""; position: absolute; left: -6px; top: .3em; width: 10px; height: 10px; border-radius: 50%;
    background: var(--card); border: 2px solid var(--dim);
    }
    .timeline li:first-child::before { background: var(--link); border-color: var(--link); }
    .timeline time { font-size: .88rem; }
    .timeline p { overflow-wrap: anywhere; }
    .pane { border-color: color-mix(in srgb, var(--link) 45%, var(--line)); }
    .verdict { font-size: 1.05rem; margin-bottom: .6rem; overflow-wrap: anywhere; }
    .steps { margin-bottom: .8rem; }
    .steps li { position: relative; padding: .18rem 0 .18rem 1.6rem; overflow-wrap: anywhere; }
    .steps li::before { position: absolute; left: .15rem; font-weight: 700; }
    .steps .good::before { content: "\2713"; color: #1f9160; }
    .steps .not-good::before { content: "\2717"; color: var(--bad); }
    .fix { color: var(--dim); }
    .facts {
    display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem 1.5rem;
    padding: .7rem 0; border-top: 1px solid var(--line); margin-bottom: .4rem;
    }
    .facts dt { color: var(--dim); font-size: .88rem; }
    .facts dd { overflow-wrap: anywhere; }
    .login { display: grid; place-items: center; min-height: 100vh; padding: 1rem; }
    .login .card { width: min(24rem, 100%); max-width: none; padding: 1.8rem; }
    .login h1 { display: flex; align-items: center; gap: .6rem; font-size: 1.4rem; letter-spacing: -.015em; margin-bottom: .4rem; }
    .login form { display: grid; gap: .4rem; margin: 1.2rem 0 1rem; }
    .login button { margin-top: .6rem; padding: .55rem; }
    .login .alert { margin: 1rem 0 0; }
    """#

private let tableStyle = #"""

    .filter { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-bottom: .7rem; }
    .filter .grow { flex: 1 1 12rem; }
    .filter .grow input { width: 100%; }
    .filter .check { white-space: nowrap; }
    .scripted .filter button { display: none; }
    .scroll { overflow-x: auto; margin: 0 -1.15rem; padding: 0 1.15rem; }
    table { width: 100%; border-collapse: collapse; }
    th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; font-weight: 400; }
    thead th {
    color: var(--dim); font-size: .88rem; border-bottom: 1px solid var(--line); padding-top: 0;
    white-space: nowrap;
    }
    tbody tr + tr > * { border-top: 1px solid var(--line); }
    tbody tr:hover > * { background: var(--soft); }
    tbody tr.chosen > * { background: color-mix(in srgb, var(--link) 10%, var(--card)); }
    tbody th { font-weight: 600; white-space: nowrap; }
    .number { text-align: right; padding-right: 1.2rem; white-space: nowrap; }
    td time, td[data-label=Wave] { white-space: nowrap; }
    .presence {
    display: inline-block; width: .6em; height: .6em; border-radius: 50%; margin-right: .5em;
    border: 1.5px solid var(--dim);
    }
    .presence.online { background: #1f9160; border-color: #1f9160; }
    .labels { display: block; margin-left: 1.1em; font-weight: 400; font-size: .86rem; color: var(--dim); white-space: normal; }
    .labels span + span::before { content: " \00b7 "; }
    .differs { color: var(--caution); }
    .problem { max-width: 26rem; }
    .problem span {
    display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
    overflow-wrap: anywhere;
    }
    .pages { display: flex; gap: .5rem; justify-content: flex-end; }
    .pages a { margin-top: .8rem; }
    """#

private let narrowStyle = #"""

    @media (max-width: 1100px) {
    .columns { grid-template-columns: minmax(0, 1fr); }
    .fleet { grid-template-columns: minmax(0, 1fr); }
    .figures { grid-row: auto; }
    }
    @media (max-width: 640px) {
    main { padding: .8rem; }
    .top { padding: .6rem .8rem; gap: .35rem .8rem; }
    .where { padding-left: .8rem; }
    .health { order: 3; margin-left: 0; }
    .link { order: 4; margin-left: auto; }
    .top form { margin-left: auto; }
    .card { padding: .85rem .9rem; margin-bottom: .8rem; }
    .columns { gap: 0; }
    .figures { justify-content: space-between; gap: .5rem; }
    .figures dd { font-size: 1.5rem; }
    .waves li { grid-template-columns: minmax(0, 1fr) auto; }
    .waves .bar { grid-column: 1 / -1; grid-row: 2; }
    .wave-name { justify-content: flex-start; }
    .wave-opened { display: none; }
    .filter > label:not(.check), .filter select { flex: 1 1 100%; width: 100%; }
    .scroll { margin: 0; padding: 0; }
    table, tbody, tr, th, td { display: block; }
    thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
    tbody tr { display: flex; flex-wrap: wrap; gap: .15rem .9rem; padding: .55rem 0; }
    tbody tr + tr { border-top: 1px solid var(--line); }
    tbody tr + tr > * { border-top: 0; }
    tbody tr:hover > * { background: none; }
    tbody th { flex: 1 1 60%; white-space: normal; overflow-wrap: anywhere; }
    tbody th, tbody td { padding: 0; }
    tbody td:empty { display: none; }
    .number { text-align: left; padding: 0; }
    td[data-label]::before { content: attr(data-label) " "; color: var(--dim); font-size: .86rem; }
    td[data-label=State]::before, td[data-label=Problem]::before { content: none; }
    .problem { flex: 1 1 100%; max-width: none; }
    }
    @media print { .top form, .filter, .pages, .link { display: none; } .card { break-inside: avoid; } }
    """#

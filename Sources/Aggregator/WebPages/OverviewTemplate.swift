/// A value's name begins with a dot where Mustache would else look for it further outside, too.
let overviewTemplate = #"""
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{title}}</title>
    <link rel="icon" href="{{icon}}" type="image/svg+xml">
    <link rel="stylesheet" href="{{stylesheet}}">
    <script src="{{script}}" defer></script>
    </head>
    <body>
    <a class="skip" href="#devices">Skip to the devices</a>
    <header class="top">
    <a class="brand" href="/"><img src="{{icon}}" alt="" width="28" height="28">Flotilla</a>
    <p class="where"><strong>{{fleet}}</strong><span class="dim"> / {{channel}}</span></p>
    <ul class="health" id="health" aria-label="The aggregator's parts">
    {{#parts}}
    <li class="{{.style}}" title="{{.name}}: {{.state}}"><span class="dot"></span>{{.name}}<span class="sr">: {{.state}}</span></li>
    {{/parts}}
    </ul>
    <p class="link" id="link" data-keep><span class="dot"></span><span id="link-text">As of {{#now}}{{.text}}{{/now}}</span></p>
    <form method="post" action="/logout"><button class="quiet" type="submit">Log out</button></form>
    </header>

    <p class="sr" id="said" role="status" aria-live="polite" data-keep>{{summary}}</p>

    <main>
    <div id="alerts">
    {{#problem}}<p class="alert" role="alert">{{.}}</p>{{/problem}}
    {{#missingDevice}}<p class="alert" role="alert">No device <code>{{.}}</code> was ever heard.</p>{{/missingDevice}}
    {{#refusal}}<p class="alert" role="alert"><strong>The channel's tip <code>{{.tip}}</code> is refused</strong> ({{.code}}): {{.reason}}</p>{{/refusal}}
    </div>

    <section class="card fleet" id="fleet" aria-labelledby="fleet-title">
    <h1 id="fleet-title" class="sr">Fleet {{fleet}}, channel {{channel}}</h1>
    <dl class="figures">
    <div><dt>Devices</dt><dd>{{devices}}</dd></div>
    <div><dt>Online</dt><dd>{{online}}</dd></div>
    <div{{#hasBad}} class="worry"{{/hasBad}}><dt>Not well</dt><dd>{{bad}}</dd></div>
    <div{{#hasDrift}} class="caution"{{/hasDrift}}><dt>Drift</dt><dd><a href="{{driftLink}}" data-in-page>{{drifting}}</a></dd></div>
    </dl>
    {{#bar}}
    <svg class="bar large" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="Devices by state: {{.text}}">
    {{#.parts}}<rect class="{{.style}}" data-key="{{.name}}" x="{{.start}}" y="0" width="{{.width}}" height="10"><title>{{.count}} {{.words}}</title></rect>{{/.parts}}
    </svg>
    <ul class="legend" aria-label="Devices by state">
    {{#.parts}}
    <li data-key="{{.name}}"><a class="{{.style}}" href="{{.link}}" data-in-page{{#.isChosen}} aria-current="true"{{/.isChosen}}><span class="dot"></span>{{.words}} <b>{{.count}}</b></a></li>
    {{/.parts}}
    {{^.parts}}<li class="dim">No device was heard yet.</li>{{/.parts}}
    </ul>
    {{/bar}}
    </section>

    <div class="columns">
    <div class="wide">

    <section class="card" id="rollout" aria-labelledby="rollout-title">
    {{#rollout}}
    <div class="head">
    <h2 id="rollout-title">Rollout <code title="{{.fullRelease}}">{{.release}}</code></h2>
    <span class="badge {{.style}}">{{.standing}}</span>
    <p class="head-end dim">{{#.since}}since <time datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.since}}</p>
    </div>
    {{#.reason}}<p class="reason">{{.}}</p>{{/.reason}}
    <p class="progress-text"><strong>{{.arrived}}</strong> of <strong>{{.affected}}</strong> affected devices have it.{{#.queued}} <span class="dim"><code>{{.}}</code> waits for the end of this one.</span>{{/.queued}}</p>
    <ol class="waves">
    {{#.waves}}
    <li data-key="wave-{{.number}}">
    <div class="wave-name"><strong>{{.name}}</strong><span class="badge {{.style}}">{{.state}}</span></div>
    {{#.bar}}<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{{.text}}">{{#.parts}}<rect class="{{.style}}" data-key="{{.name}}" x="{{.start}}" y="0" width="{{.width}}" height="10"><title>{{.count}} {{.words}}</title></rect>{{/.parts}}</svg>{{/.bar}}
    <p class="wave-count"><b>{{.arrived}}</b> / {{.devices}}<span class="dim wave-opened">{{#.opened}}opened <time datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.opened}}</span></p>
    </li>
    {{/.waves}}
    </ol>
    {{/rollout}}
    {{^rollout}}
    <div class="head"><h2 id="rollout-title">Rollout</h2></div>
    <p class="empty">Nothing is under way.{{#trusted}} The channel stands at <code title="{{fullTrusted}}">{{.}}</code>.{{/trusted}}</p>
    {{/rollout}}
    {{#hasPast}}
    <details class="past"><summary>Earlier rollouts</summary>
    <ul class="lines">
    {{#past}}
    <li><code>{{.release}}</code> <span class="badge {{.style}}">{{.standing}}</span>{{#.since}} <time class="dim" datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.since}}{{#.reason}}<p class="dim">{{.}}</p>{{/.reason}}</li>
    {{/past}}
    </ul>
    </details>
    {{/hasPast}}
    </section>

    <div id="pane">
    {{#pane}}
    <section class="card pane" aria-labelledby="pane-title">
    <div class="head">
    <h2 id="pane-title">{{.id}}</h2><span class="badge {{.style}}">{{.state}}</span><span class="dim">{{.presence}}</span>
    <p class="head-end"><a class="button quiet" href="{{.closeLink}}" data-in-page>Close</a></p>
    </div>
    {{#.verdict}}<p class="verdict">{{.}}</p>{{/.verdict}}
    <ol class="steps">
    {{#.steps}}
    <li class="{{#.isGood}}good{{/.isGood}}{{^.isGood}}not-good{{/.isGood}}"><span class="sr">{{#.isGood}}Holds: {{/.isGood}}{{^.isGood}}Does not hold: {{/.isGood}}</span><strong>{{.what}}</strong>{{#.detail}} <span>{{.}}</span>{{/.detail}}{{#.fix}}<p class="fix">{{.}}</p>{{/.fix}}</li>
    {{/.steps}}
    </ol>
    <dl class="facts">
    {{#.facts}}<div><dt>{{.name}}</dt><dd>{{#.code}}<code title="{{value}}">{{.}}</code>{{/.code}}{{^.code}}{{.value}}{{/.code}}</dd></div>{{/.facts}}
    {{#.labels}}<div><dt>{{.name}}</dt><dd>{{.value}}</dd></div>{{/.labels}}
    </dl>
    <ul class="paths">{{#.driftPaths}}<li><code>{{.}}</code></li>{{/.driftPaths}}</ul>
    <ul class="lines">
    {{#.events}}
    <li data-key="pane-{{.number}}"><span class="badge {{.style}}">{{.kind}}</span> {{#.detail}}<span>{{.}}</span>{{/.detail}}{{#.at}} <time class="dim" datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.at}}</li>
    {{/.events}}
    </ul>
    </section>
    {{/pane}}
    </div>

    <section class="card table" aria-labelledby="devices-title">
    <div class="head"><h2 id="devices-title">Devices</h2><p class="head-end dim" id="devices-count">{{shown}} of {{total}}{{#isNarrowed}} that fit · <a href="{{allLink}}" data-in-page>show all</a>{{/isNarrowed}}</p></div>
    <form class="filter" id="filter" method="get" action="/" role="search" aria-label="Filter the devices" data-keep>
    <label class="grow"><span class="sr">Part of an id or a label</span><input type="search" name="text" value="{{text}}" placeholder="Part of an id or a label" maxlength="128" autocomplete="off" spellcheck="false"></label>
    <label><span class="sr">State</span><select name="state"><option value="">every state</option>{{#states}}<option value="{{.value}}"{{#.isChosen}} selected{{/.isChosen}}>{{.words}}</option>{{/states}}</select></label>
    <label class="grow"><span class="sr">Label selector</span><input type="text" name="selector" value="{{selector}}" placeholder="Selector: ring=canary, !legacy" maxlength="4096" autocomplete="off" spellcheck="false"></label>
    <label class="check"><input type="checkbox" name="drift" value="true"{{#isOnlyDrifting}} checked{{/isOnlyDrifting}}> with drift</label>
    <button class="quiet" type="submit">Filter</button>
    </form>
    <div class="scroll" id="devices" tabindex="-1">
    <table class="devices">
    <caption class="sr">Devices, what they have and how they are</caption>
    <thead><tr><th scope="col">Device</th><th scope="col">State</th><th scope="col">Labels</th><th scope="col">Wave</th><th scope="col">Release</th><th scope="col" class="number">Generation</th><th scope="col" class="number">Drift</th><th scope="col">Heard</th><th scope="col">Problem</th></tr></thead>
    <tbody>
    {{#rows}}
    <tr data-key="device-{{.id}}"{{#.isChosen}} class="chosen"{{/.isChosen}}>
    <th scope="row"><span class="presence{{#.isOnline}} online{{/.isOnline}}" title="{{#.isOnline}}online{{/.isOnline}}{{^.isOnline}}offline{{/.isOnline}}"></span><a href="{{.link}}" data-in-page>{{.id}}</a><span class="sr">, {{#.isOnline}}online{{/.isOnline}}{{^.isOnline}}offline{{/.isOnline}}</span></th>
    <td data-label="State"><span class="badge {{.style}}">{{.state}}</span></td>
    <td data-label="Labels" class="labels">{{#.labels}}<span>{{.}}</span> {{/.labels}}</td>
    <td data-label="Wave">{{.wave}}</td>
    <td data-label="Release">{{#.differs}}<code class="differs">{{.release}}</code><span class="sr"> not what its channel says</span>{{/.differs}}{{^.differs}}{{#.release}}<code>{{.}}</code>{{/.release}}{{/.differs}}</td>
    <td data-label="Generation" class="number">{{.generation}}{{#.isUnconfirmed}}<span class="dim" title="not confirmed">?</span>{{/.isUnconfirmed}}</td>
    <td data-label="Drift" class="number">{{#.drift}}<span class="caution-text">{{.}}</span>{{/.drift}}</td>
    <td data-label="Heard">{{#.heard}}<time datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.heard}}</td>
    <td data-label="Problem" class="problem">{{#.problem}}<span title="{{.}}">{{.}}</span>{{/.problem}}</td>
    </tr>
    {{/rows}}
    </tbody>
    </table>
    {{^rows}}<p class="empty">No device fits.</p>{{/rows}}
    </div>
    <nav class="pages" id="pages" aria-label="Pages of devices">{{#firstLink}}<a class="button quiet" href="{{.}}" data-in-page>First page</a>{{/firstLink}}{{#nextLink}}<a class="button quiet" href="{{.}}" data-in-page rel="next">Next page</a>{{/nextLink}}</nav>
    </section>

    </div>
    <div class="narrow">

    <section class="card" id="decisions" aria-labelledby="decisions-title">
    <h2 id="decisions-title">Decisions</h2>
    <ol class="timeline">
    {{#decisions}}
    <li>{{#.at}}<time class="dim" datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.at}}<p>{{.text}}</p></li>
    {{/decisions}}
    </ol>
    {{^hasDecisions}}<p class="empty">Nothing was decided yet.</p>{{/hasDecisions}}
    </section>

    <section class="card" id="drift" aria-labelledby="drift-title">
    <h2 id="drift-title">Drift</h2>
    <ul class="lines">
    {{#drift}}
    <li data-key="drift-{{.id}}"><a href="{{.link}}" data-in-page>{{.id}}</a> <span class="caution-text">{{.what}}</span>{{#.since}} <time class="dim" datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.since}}<ul class="paths">{{#.paths}}<li><code>{{.}}</code></li>{{/.paths}}</ul></li>
    {{/drift}}
    </ul>
    {{^drift}}<p class="empty">Every device is as its generation says.</p>{{/drift}}
    {{#moreDrift}}<p class="dim">and {{.}} more</p>{{/moreDrift}}
    </section>

    <section class="card" id="events" aria-labelledby="events-title">
    <h2 id="events-title">Events</h2>
    <ol class="lines">
    {{#events}}
    <li data-key="event-{{.number}}"><div class="event-head"><a href="{{.link}}" data-in-page>{{.device}}</a><span class="badge {{.style}}">{{.kind}}</span>{{#.at}}<time class="dim" datetime="{{.text}}" title="{{.text}}" data-at="{{.milliseconds}}">{{.age}}</time>{{/.at}}</div>{{#.detail}}<p class="dim">{{.}}</p>{{/.detail}}</li>
    {{/events}}
    </ol>
    {{^events}}<p class="empty">Nothing happened yet.</p>{{/events}}
    </section>

    </div>
    </div>
    </main>
    <noscript><p class="foot dim">Without JavaScript this page stands still: reload it for what is new.</p></noscript>
    </body>
    </html>
    """#

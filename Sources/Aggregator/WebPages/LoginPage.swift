package import FleetModel
internal import Mustache

/// Where a browser's user gives the token.
package struct LoginPage: Sendable {
    private struct View {
        let fleet: String
        let channel: String
        let problem: String?
        let stylesheet = Asset.stylesheet.path
        let icon = Asset.icon.path
    }

    private let view: View

    package init(channel: ChannelName, problem: String? = nil) {
        view = View(fleet: channel.fleet, channel: channel.channel, problem: problem)
    }

    package var html: String { Templates.login.render(view) }
}

let loginTemplate = #"""
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Log in · {{fleet}}/{{channel}} · Flotilla</title>
    <link rel="icon" href="{{icon}}" type="image/svg+xml">
    <link rel="stylesheet" href="{{stylesheet}}">
    </head>
    <body class="login">
    <main class="card">
    <h1><img src="{{icon}}" alt="" width="32" height="32"> Flotilla</h1>
    <p class="dim">Fleet <strong>{{fleet}}</strong>, channel <strong>{{channel}}</strong></p>
    {{#problem}}<p class="alert" role="alert">{{.}}</p>{{/problem}}
    <form method="post" action="/login">
    <label for="token">Token</label>
    <input id="token" name="token" type="password" autocomplete="current-password" required autofocus spellcheck="false">
    <button type="submit">Log in</button>
    </form>
    <p class="dim small">It is in the aggregator's <code>tokenFile</code>.</p>
    </main>
    </body>
    </html>
    """#

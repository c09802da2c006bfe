"""`sluice sync`: the commands about syncs that several modules have."""

from cli import sync, sync_pause, sync_probe

app = sync.app
app.command()(sync_pause.pause)
app.command()(sync_pause.resume)
app.command()(sync_probe.probe)

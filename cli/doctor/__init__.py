"""`sluice doctor`: what would make a deploy fail, or a deployed stack not work, before it does.

commands      the command, and the order of the checks
findings      what a check says, and the marks before each line
deployment    what would be deployed where: settings, workspace, template, the stack as it is
account       credentials and region, functions that may run at once
names         the stack's name, names that are too long or taken
key           the KMS key of the stack, where it has one
secrets       every secret that a destination or a function names
subscribers   who gets the alarms
workspace     template and workspace, syncs that go, plain http, what was built
"""

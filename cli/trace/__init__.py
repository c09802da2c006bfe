"""`sluice trace`: what became of one event, and why.

scan        the lines of the bucket that name the event, and what reading them costs
workspaces  the configuration that decided, by the digest in the archive line
decided     which event types took the event, and which condition kept the others from it
fate        the attempts of each sync and event type, and where the event is now
story       all of it together
show        for the eye
as_json     for programs
"""

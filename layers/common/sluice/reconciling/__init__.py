"""Conservation: of every event that matched a sync, the archive can say how it ended.

hours      which hour a run looks at, and where its events, attempts and dead letters are filed
units      what is looked for, so many that they fit into memory
reconcile  joins the archive of events with the delivery log and the dead letters
"""

"""The router's core: ingest packs in, archive lines and sync packs out.

claims    who of several packs with the same events may pass
govern    what privacy, contracts and functions make of the events
skip      which syncs must not get an event
decide    which event types of which syncs take an event
verdicts  a pack becomes archive lines and the items of each sync; judge is the same with rules
archive   lines become Firehose records
fanout    items of several ingest packs become sync packs
route     claim → decide → archive → sync packs → acknowledge, and what fails on the way
"""

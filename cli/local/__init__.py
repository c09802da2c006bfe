"""The local stack: the product's own template on an embedded AWS, with a sink that plays the destinations.

Nothing in here ships: whatever the emulator lacks is made up for in this package, never in product code.

    settings      ports, folders and switches of one local stack
    processes     background programs, each holding a lock as long as it lives
    server        the embedded AWS (MiniStack), started by ministack_launcher in an environment of its own
    sink          the local destination: stores what arrives and answers as scripted
    overlay       what local development changes in a compiled workspace
    deployment    compile, render, `sam deploy`, patches
    stack         up, down and `.local/stack.json`
    story, demo   events of a small shop sent by a real SDK, and the account of what became of them
"""

"""`sluice replay`: events of the archive, or of `dead/`, once more.

plan      what is taken and where it goes; the same for a resume
progress  how far a replay is, in a file
history   the objects of the archive, a window of them at a time
select    which of their lines are taken
packing   taken events become packs
run       windows → packs → SQS, in steps that a resume can go on from
report    what people see
"""

from cli.replay.commands import replay

__all__ = ["replay"]

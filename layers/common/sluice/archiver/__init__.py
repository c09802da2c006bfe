"""The archiver's core: letters leave their queue before SQS drops them, and none before `dead/` has it.

ports     what it needs from outside
letters   what lies in a dead-letter queue, and the archive's lines for it
shelf     which letters of a day `dead/` has
drain     receive → make sure of the archive → delete
"""

"""`sluice preview`: what a sync makes of an event, and what a change of the workspace changes."""

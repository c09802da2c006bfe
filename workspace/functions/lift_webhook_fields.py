"""Webhooks put what matters deep into their body: here it becomes a track with an id and flat properties.

A helpdesk's webhook arrives as a track `Ticket Webhook` whose properties are the webhook's body:
{"ticket": {"id": 7, "status": "solved", "requester": {"external_id": "u-1"}}, "event": "ticket.solved"}
"""


def transform_events(events: list[dict]) -> list[dict]:
    for event in events:
        if event["type"] == "track" and event["event"] == "Ticket Webhook":
            lift_ticket(event)
    return events


def lift_ticket(event: dict) -> None:
    body = event.get("properties") or {}
    ticket = body.get("ticket")
    if not isinstance(ticket, dict):
        return  # not the webhook that this is for: it goes on as it came
    requester = ticket.get("requester")
    user_id = requester.get("external_id") if isinstance(requester, dict) else None
    event["event"] = "Ticket " + str(body.get("event", "ticket.updated")).rpartition(".")[2].capitalize()
    event["userId"] = user_id or event.get("userId")
    event["properties"] = {"ticket_id": ticket.get("id"), "status": ticket.get("status")}

"""Ingest: from an HTTP request to packs for the router, in the order the files are used.

request.py   what the gateway hands over        paths.py      which endpoint it is
keys.py      whose request it is                encodings.py  bytes unpacked, bounded
body.py      bytes to JSON, repaired
pixels.py    events in an image's address       accept.py     the request as a whole
normalise.py one event as the router wants it   measure.py    how large and how deep it is
packer.py    all of them, cut into packs        answers.py    what the client is told
proxies.py   the client behind a CDN           quota.py     how much a source may send
serve.py     the one durable write, then the answer
"""

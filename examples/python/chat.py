"""A streaming chat through the gateway, with the reasoning apart from the answer.

Usage: python chat.py "Why is the sky blue?"
"""

import os
import sys

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("GATEWAY_URL", "http://127.0.0.1:8787/v1"),
    api_key=os.environ.get("GATEWAY_KEY", "none"),
)

stream = client.chat.completions.create(
    model="step-3.7-flash",
    messages=[{"role": "user", "content": sys.argv[1]}],
    stream=True,
)
answering = False
for chunk in stream:
    if not chunk.choices:
        continue
    delta = chunk.choices[0].delta
    # `reasoning` is not a field of OpenAI's API: the client keeps it as an extra attribute.
    reasoning = getattr(delta, "reasoning", None)
    if reasoning:
        print(reasoning, end="", file=sys.stderr, flush=True)
    if delta.content:
        if not answering:
            print(file=sys.stderr)
            answering = True
        print(delta.content, end="", flush=True)
print()

"""The message that squall sends, sent by Locust's fast client."""

import hashlib
import hmac
import json
import os
import uuid
from datetime import datetime, timezone

from locust import FastHttpUser, constant, task

SECRET = os.environ["WEBHOOK_SECRET"].encode()
PATH = os.environ["GATEWAY_PATH"]


class Visitor(FastHttpUser):
    wait_time = constant(0)

    @task
    def message(self):
        body = json.dumps({
            "event_id": str(uuid.uuid4()),
            "tenant_id": "11111111-1111-4111-8111-111111111111",
            "brand_id": "22222222-2222-4222-8222-222222222221",
            "channel_id": "33333333-3333-4333-8333-333333333331",
            "sender_id": "locust",
            "conversation_id": "44444444-4444-4444-8444-444444444444",
            "locale": "en-US",
            "message": "Where is my order?",
            "occurred_at": datetime.now(timezone.utc).isoformat(),
            "metadata": {"channel": "webchat", "source": "locust", "run": "bench"},
            "attachments": [],
        }).encode()
        self.client.post(PATH, data=body, headers={
            "Content-Type": "application/json",
            "X-Webchat-Signature": hmac.new(SECRET, body, hashlib.sha256).hexdigest(),
        })

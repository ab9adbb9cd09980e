"""A little traffic for the files that squall's are held against: right answers, wrong ones, and an exception."""

from locust import FastHttpUser, constant, task


class Visitor(FastHttpUser):
    wait_time = constant(0.02)

    @task(4)
    def healthy(self):
        self.client.get("/health")

    @task
    def unsigned(self):
        self.client.post("/webchat/webhook", data=b"{}")

    @task
    def wrong(self):
        raise ValueError("a fault of the script, on purpose")

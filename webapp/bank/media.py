"""The two media types of bank events."""

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

"""Schedules: EventBridge's cron expressions."""

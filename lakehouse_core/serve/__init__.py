"""Serve: what readers see, as values made from contracts: view SQL for any engine, the same as a frame for Spark."""

from lakehouse_core.serve.revenue import revenue_by_tenant_sql
from lakehouse_core.serve.views import athena_view_sql, reader, view_sql

__all__ = ["athena_view_sql", "reader", "revenue_by_tenant_sql", "view_sql"]

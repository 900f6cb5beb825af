"""The source application: a multi-tenant SaaS business in Django, whose rows change. It knows nothing of the lake."""

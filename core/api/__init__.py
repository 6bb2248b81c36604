"""The API kit: view sets, permissions, pagination, filters, fields, errors, schema and request middleware."""

"""The schemas of v1's errors."""

ERROR = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string", "description": "What went wrong, in one sentence."}},
}
VALIDATION_ERROR = {
    "type": "object",
    "required": ["loc", "msg", "type"],
    "properties": {
        "loc": {
            "type": "array",
            "items": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
            "description": "Where: `body`, `query` or `header`, and then the name of the field or parameter.",
        },
        "msg": {"type": "string", "description": "What is wrong, in one sentence."},
        "type": {"type": "string", "description": "A stable code for the kind of error, such as `missing`."},
    },
}
HTTP_VALIDATION_ERROR = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/ValidationError"},
            "description": "Each invalid parameter and field.",
        }
    },
}
COMPONENTS = {"Error": ERROR, "HTTPValidationError": HTTP_VALIDATION_ERROR, "ValidationError": VALIDATION_ERROR}

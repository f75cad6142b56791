"""The designer: the browser application, its texts, and the WSGI entry."""

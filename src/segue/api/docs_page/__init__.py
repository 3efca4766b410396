"""``/docs``: the API reference as a page by Swagger UI, which is part of the package.

The page loads nothing from other hosts; its content security policy forbids it.
"""

from segue.api.docs_page.routes import docs_routes

__all__ = ["docs_routes"]

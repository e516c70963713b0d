"""Where a person reads about a thing. Rows and the API name things as resources (`/groups/g1`); messages and share
links lead to the pages, whose addresses are short because an SMS is paid for by its length.
"""

PAGES = {"groups": "g", "orders": "o", "shares": "s", "campaigns": "c"}

DESKS = ("confirm", "desk", "deliver", "lead", "manage", "my", "supply", "work")
"""Pages of one's own and of those who work on a group: their addresses are the resource's own."""


def page_path(resource: str) -> str:
    """`/groups/g1` -> `/g/g1`. Anything else that is a path of ours leads to the hall."""
    kind, _, rest = resource.strip("/").partition("/")
    if kind in DESKS:
        return f"/{resource.strip('/')}"
    return f"/{PAGES[kind]}/{rest}" if kind in PAGES and rest else "/"

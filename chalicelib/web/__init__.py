"""What the pages look like and say. Nothing here knows a service: handlers/pages_*.py decide what is shown.

templates/   one a page; base.html is the frame, parts.html holds the macros they share
static/      one stylesheet, one script, one icon, served under names that hold their content's hash
words/       every sentence in Chinese and English side by side, one file per kind of reader
say.py       those sentences, and money, moments and plurals, in one reader's language (Babel)
render.py    a template filled in
"""

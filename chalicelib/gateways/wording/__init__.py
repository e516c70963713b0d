"""What notices say: one file per language. Their parameters are listed in domain/notice.py."""

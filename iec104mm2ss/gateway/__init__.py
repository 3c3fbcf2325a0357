"""Assembly: one object per group, one supervisor."""

"""What people type, one file a group of verbs: signatures and words; the work is imported when asked for."""

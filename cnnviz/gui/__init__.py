"""What a person sees: panels around one session, without torch."""

"""How the window and the engine talk: values, a mailbox for arrays, the engine's life."""

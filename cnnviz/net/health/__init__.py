"""How healthy a training is: what is read of it, the signs of trouble that follow, and what could be tried."""

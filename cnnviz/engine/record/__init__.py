"""The recorded run: writing it, the weights of its steps, and the state that a training goes on from."""

"""How a network learns: batches, loss, optimizer, measurements, and the generator that makes the steps."""

"""Ways out of the program: source for PyTorch and Keras, ONNX, a drawing; each run beside the network it came from."""

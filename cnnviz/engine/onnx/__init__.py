"""ONNX files as networks: operators become declared layers, with their weights; others are refused by name."""

"""What the commands without a window do, one module each; `cnnviz.cli` reads the arguments."""

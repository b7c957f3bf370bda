"""What a network is: values and rules, without torch and without Qt."""

"""Threads for what takes its time, each with one kind of work: beside the training thread and the looking one."""

"""Processes and devices: the job, its watchdog, signals, meshes and shardings."""

"""The FastAGI server: what a dialplan reports with AGI()."""

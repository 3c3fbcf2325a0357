"""What a program measures, and the page of it that Prometheus reads; nothing here knows what a group is."""

"""The pictures of the windows in docs/pictures, taken of both programs at work: `python -m docs.screenshots`."""

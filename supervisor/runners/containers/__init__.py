"""Bots as containers of a Docker engine; the door is runners/docker.py.

engine.py is the only file that speaks to an engine (with the Docker SDK for orders, over aiohttp for streams);
creation.py and labels.py are pure; output.py reads logs; images.py pulls and builds.
"""

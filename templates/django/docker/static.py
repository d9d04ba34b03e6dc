# Run by manage.py's shell while the image is made: collects the static files, and puts them where nginx reads them,
# wherever STATIC_ROOT is. With STATIC_WATCH, in compose.yaml, it goes on to collect what changes.
import os
import shutil

from django.conf import settings
from django.core.management import call_command

place = "/srv/static"
watching = "STATIC_WATCH" in os.environ
os.makedirs(place, exist_ok=True)
settings.STATIC_ROOT = place if watching else settings.STATIC_ROOT or place
call_command("collectstatic", interactive=False)
if os.path.isdir(settings.STATIC_ROOT) and os.path.realpath(settings.STATIC_ROOT) != place:
    shutil.copytree(settings.STATIC_ROOT, place, dirs_exist_ok=True)
if watching:
    from watchfiles import watch

    for _ in watch(".", debounce=400, step=50):
        try:
            call_command("collectstatic", interactive=False)
        except Exception as error:
            print(error)

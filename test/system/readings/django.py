"""What Django says under `do`, wherever an app asks for it. `python3 django.py PORT` says `ready` once it listens."""

import sys

sys.path.pop(0)  # This file is called as the framework is.

import json
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import re_path


def values(ask):
    try:
        return ask()
    except Exception:
        return []  # The app would answer 400 or 500.


def view(request):
    said = values(lambda: request.GET.getlist("do")) + values(lambda: request.POST.getlist("do"))
    if request.content_type == "application/json":
        told = values(lambda: json.loads(request.body))
        said += [told["do"]] if isinstance(told, dict) and isinstance(told.get("do"), str) else []
    return JsonResponse([it.encode("utf-8", "replace").decode() for it in said], safe=False)


settings.configure(SECRET_KEY="a test's", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, LOGGING_CONFIG=None)
urlpatterns = [re_path("", view)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


server = Server(("127.0.0.1", int(sys.argv[1])), Quiet)
server.set_app(get_wsgi_application())
print("ready", flush=True)
server.serve_forever()

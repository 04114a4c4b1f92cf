# Runs the middleware without Django: {"jwks", "audience", "tokens"} comes in, {name: [status, sub, by]} goes out.
import json
import sys
import types


def module(name, **members):
    it = types.ModuleType(name)
    it.__dict__.update(members)
    sys.modules[name] = it


class Answer:
    def __init__(self, content, status=200):
        self.content, self.status_code = content, status


class Request:
    def __init__(self, token):
        self.META = {} if token is None else {"HTTP_X_GUISE_ASSERTION": token}


asked = json.load(sys.stdin)
settings = types.SimpleNamespace(GUISE_JWKS=asked["jwks"], GUISE_AUDIENCE=asked["audience"])
module("django")
module("django.conf", settings=settings)
module("django.http", HttpResponse=Answer)
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from guise import GuiseMiddleware  # noqa: E402


def page(request):
    claims = request.guise or {"sub": "session"}
    return Answer([claims["sub"], claims.get("act", {}).get("sub")])


middleware = GuiseMiddleware(page)
said = {}
for name, token in asked["tokens"].items():
    answer = middleware(Request(token))
    who = answer.content if answer.status_code == 200 else [None, None]
    said[name] = [answer.status_code, *who]
json.dump(said, sys.stdout)

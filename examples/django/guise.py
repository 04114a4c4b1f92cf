import json
import time
from urllib.request import urlopen

import jwt
from django.conf import settings
from django.http import HttpResponse


class GuiseMiddleware:
    """An invalid token stops the request, also where the app would know the user by itself.

    request.guise["sub"] is whom to show the page for; request.guise["act"]["sub"], only while impersonating, is who is
    really there. request.guise is None where Guise says nothing.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.keys, self.fetched = {}, float("-inf")

    def __call__(self, request):
        request.guise = None
        token = request.META.get("HTTP_X_GUISE_ASSERTION")
        if token is not None:
            try:
                request.guise = self.verify(token)
            except jwt.PyJWTError:
                return HttpResponse("This token is not good.", status=401)
            except (OSError, ValueError, KeyError):
                return HttpResponse("The keys are not there.", status=503)
        return self.get_response(request)

    def verify(self, token):
        key = self.key(jwt.get_unverified_header(token).get("kid"))
        return jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            issuer=getattr(settings, "GUISE_ISSUER", "guise"),
            audience=settings.GUISE_AUDIENCE,
            leeway=5,
            options={"require": ["sub", "exp", "iss", "aud"]},
        )

    def key(self, kid):
        # Four minutes: Guise shows a new key five minutes before it signs with it. Thirty seconds: nobody can make us ask often.
        if time.monotonic() - self.fetched > (240 if kid in self.keys else 30):
            with urlopen(settings.GUISE_JWKS, timeout=5) as answer:
                found = json.load(answer)["keys"]
            self.keys = {it["kid"]: jwt.PyJWK(it, "ES256").key for it in found}
            self.fetched = time.monotonic()
        if kid not in self.keys:
            raise jwt.InvalidTokenError("nobody knows this key")
        return self.keys[kid]

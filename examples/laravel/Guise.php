<?php

namespace App\Http\Middleware;

use Closure;
use Firebase\JWT\JWK;
use Firebase\JWT\JWT;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Http;
use Throwable;

/**
 * An invalid token stops the request, also where the app would know the user by itself.
 *
 * $request->attributes->get('guise')->sub is whom to show the page for; ->act->sub, only while impersonating, is who is
 * really there.
 */
final class Guise
{
    public function handle(Request $request, Closure $next)
    {
        $token = $request->header('X-Guise-Assertion');
        if ($token === null) {
            return $next($request);
        }
        $claims = $this->verify($token);
        abort_if($claims === null, 401);
        // For this request alone: the app's own session is not touched.
        abort_unless(Auth::onceUsingId($claims->sub), 403);
        $request->attributes->set('guise', $claims);
        return $next($request);
    }

    private function verify(string $token): ?object
    {
        $keys = JWK::parseKeySet($this->keys($this->kidOf($token)), 'ES256');
        try {
            JWT::$leeway = 5;
            $headers = new \stdClass();
            $claims = JWT::decode($token, $keys, $headers);
        } catch (Throwable) {
            return null;
        }
        $good = $headers->alg === 'ES256'
            && ($claims->iss ?? null) === config('services.guise.issuer', 'guise')
            && ($claims->aud ?? null) === config('services.guise.audience')
            && is_string($claims->sub ?? null)
            && isset($claims->exp);
        return $good ? $claims : null;
    }

    private function keys(?string $kid): array
    {
        $kept = Cache::get('guise.jwks');
        // Four minutes: Guise shows a new key five minutes before it signs with it. Thirty seconds: nobody can make us ask often.
        $known = in_array($kid, array_column($kept['jwks']['keys'] ?? [], 'kid'), true);
        if ($kept === null || time() - $kept['at'] > ($known ? 240 : 30)) {
            $jwks = Http::timeout(5)->get(config('services.guise.jwks'))->throw()->json();
            $kept = ['at' => time(), 'jwks' => $jwks];
            Cache::put('guise.jwks', $kept, 240);
        }
        return $kept['jwks'];
    }

    private function kidOf(string $token): ?string
    {
        $head = json_decode(base64_decode(strtr(explode('.', $token)[0], '-_', '+/')) ?: '');
        return is_string($head->kid ?? null) ? $head->kid : null;
    }
}
